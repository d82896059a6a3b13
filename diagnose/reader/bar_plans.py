"""What the scan engine takes of the headers and bars of a Keras console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from diagnose.reader.bars import Bar
from diagnose.reader.console_rows import Numbers, is_just
from diagnose.reader.grammar import Match

FLOAT = ("NUMBER", "NONFINITE", "PERCENT")


class Header(NamedTuple):
    """``Epoch 3/100``; its columns are the epoch and how many are planned."""

    @property
    def layout(self) -> tuple[object, ...]:
        """Alike for all."""
        return ()


class BarPlan(NamedTuple):
    """A bar, or a line that stands for one.

    Attributes:
        bar: as the first such line shows it.
        columns: for each metric its column, or -1 if all such lines print the same.
        total, seconds: their columns, -1 without; the batches done are column 0 if there is a total or a gauge.
    """

    bar: Bar
    columns: tuple[tuple[str, int], ...]
    total: int
    seconds: int

    @property
    def layout(self) -> tuple[object, ...]:
        """Alike for bars that are read in the same way, though other texts stand between their numbers."""
        like = self.bar
        same = [like.metrics[name] for name, at in self.columns if at < 0]
        seconds = like.seconds if self.seconds < 0 else None
        return *self[1:], *same, seconds, like.running, like.gauge, like.steps, like.samples


def header_plan(match: Match, numbers: Numbers) -> tuple[Header, list[int]] | None:
    """Return how headers like one are read; None if they are not."""
    whole = [found[0][0] for (_, text), found in zip(match.tokens, numbers, strict=True) if is_just(text, found)]
    return (Header(), whole) if len(whole) == len(match.tokens) == 2 else None


def bar_plan(bar: Bar, match: Match, numbers: Numbers) -> tuple[BarPlan, list[int]] | None:
    """Return how lines like one that shows *bar* are read; None if they are not."""
    taken: list[int] = []
    metrics: dict[str, int] = {}
    total = seconds = -1
    for at, ((name, text), found) in enumerate(zip(match.tokens, numbers, strict=True)):
        key = match.tokens[at - 1] if at else ("", "")
        if name == "KEY" and found:
            return None  # digits of a name vary
        if name == "INT":
            if not is_just(text, found) or len(taken) != at:
                return None
            total = at
            taken.append(found[0][0])
        elif name in FLOAT and key[0] == "KEY":
            metrics[key[1]] = len(taken) if name != "NONFINITE" else -1
            if name != "NONFINITE":
                if not is_just(text.removesuffix("%"), found):
                    return None
                taken.append(found[0][0])
        elif name == "DURATION" and bar.seconds is not None:
            seconds = -1
            if text[-2:-1].isdigit():
                if not is_just(text[:-1], found):
                    return None
                seconds = len(taken)
                taken.append(found[0][0])
    if not metrics or metrics.keys() != bar.metrics.keys():
        return None
    return BarPlan(bar, tuple(metrics.items()), total, seconds), taken


def bar_of(plan: BarPlan, line: int, columns: Sequence[float]) -> Bar:
    """Return the bar of a row."""
    like = plan.bar
    return Bar(
        int(columns[0]) if plan.total >= 0 else 0,
        int(columns[plan.total]) if plan.total >= 1 else 0,
        {name: columns[at] if at >= 0 else like.metrics[name] for name, at in plan.columns},
        line,
        columns[plan.seconds] if plan.seconds >= 0 else like.seconds,
        like.running,
        like.gauge,
        like.steps,
        like.samples,
    )
