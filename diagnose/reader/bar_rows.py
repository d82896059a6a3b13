"""Epochs of a Keras console whose headers and bars the scan engine has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from diagnose.reader.bars import Bar, Epochs
from diagnose.reader.console_rows import FIRST, Batch, Numbers, is_just, stretches
from diagnose.reader.grammar import Match

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLOAT = ("NUMBER", "NONFINITE", "PERCENT")


class Header(NamedTuple):
    """``Epoch 3/100``; its columns are the epoch and how many are planned."""


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


class BarRows:
    """Tells epochs the headers and bars that were read in bulk."""

    def __init__(self, epochs: Epochs, header: Callable[[int, int, int], object]) -> None:
        """Tell *epochs* of bars; *header* is called with epoch, planned epochs and line of a header."""
        self._epochs, self._header = epochs, header

    def row(self, plan: Header | BarPlan, line: int, columns: Sequence[float]) -> None:
        """Tell one row."""
        if isinstance(plan, Header):
            self._header(int(columns[0]), int(columns[1]), line)
            return
        like = plan.bar
        self._epochs.bar(
            Bar(
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
        )

    def batch(self, batch: Batch[Header | BarPlan]) -> None:
        """Tell many rows: epochs that follow one another with a bar each at once, all others one by one."""
        for at, count in stretches(_goes_on(batch)):
            self.row(*batch.row(at))
            if not count:
                continue
            self.row(*batch.row(at + 1))
            first, last = at + 2, at + 2 * count  # of the headers; the last epoch is told by itself
            if not self._several(batch, first, last):
                last = first
            for rest in range(last, first + 2 * count):
                self.row(*batch.row(rest))

    def _several(self, batch: Batch[Header | BarPlan], first: int, last: int) -> bool:
        """Tell the epochs whose headers are rows first, first + 2, ... before last; return whether they were taken."""
        plan = batch.plans[batch.which[first + 1]]
        if isinstance(plan, Header):
            return False
        headers, bars = slice(first, last, 2), slice(first + 1, last, 2)
        epoch = batch.rows[batch.which[first]][batch.place[headers], FIRST]
        rows = batch.rows[batch.which[first + 1]][batch.place[bars], FIRST:]
        metrics = {name: rows[:, at] if at >= 0 else plan.bar.metrics[name] for name, at in plan.columns}
        seconds = rows[:, plan.seconds] if plan.seconds >= 0 else plan.bar.seconds
        return self._epochs.several(epoch, int(batch.line[last - 2]), batch.line[bars], metrics, seconds)


def _goes_on(batch: Batch[Header | BarPlan]) -> NDArray[np.bool_]:
    """Return at which rows the header of the next epoch stands, between bars that differ in their metrics only."""
    import numpy as np

    is_header = np.array([isinstance(plan, Header) for plan in batch.plans])[batch.which]
    number, total = np.zeros(len(is_header)), np.zeros(len(is_header))
    for index, (plan, rows) in enumerate(zip(batch.plans, batch.rows, strict=True)):
        here = batch.which == index
        place = batch.place[here]
        if isinstance(plan, Header):
            number[here], total[here] = rows[place, FIRST], rows[place, FIRST + 1]
        elif plan.total >= 1:
            total[here] = rows[place, FIRST + plan.total]
    found = np.zeros(len(is_header), dtype=bool)
    found[2:-1] = is_header[2:-1] & is_header[:-3] & ~is_header[3:] & ~is_header[1:-2]
    found[2:-1] &= (number[2:-1] == number[:-3] + 1) & (number[2:-1] > 1) & (total[2:-1] == total[:-3])
    found[2:-1] &= (
        (batch.which[3:] == batch.which[1:-2]) & (batch.which[2:-1] == batch.which[:-3]) & (total[3:] == total[1:-2])
    )
    return found
