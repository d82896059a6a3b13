"""Dicts and bars of a Hugging Face console that the scan engine has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from diagnose.reader.builder import RunBuilder
from diagnose.reader.console_rows import FIRST, Batch, Numbers, is_just
from diagnose.reader.grammar import Match, number
from diagnose.reader.huggingface import series_name
from diagnose.reader.room import ABSURD
from diagnose.scan.template import Template

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

SPEED = (b"it/s", b"s/it")
"""What tells a bar of training or evaluation from others."""
FEW = 16
"""Rows that are not worth to be looked at together."""


class Entry(NamedTuple):
    """A dict: for each key its column, or -1 and the number that all such lines print."""

    keys: tuple[tuple[str, int, float], ...]
    epoch: int

    def pairs(self, columns: Sequence[float]) -> dict[str, float]:
        """Return the numbers of a row by key."""
        return {key: columns[at] if at >= 0 else value for key, at, value in self.keys}


class Progress(NamedTuple):
    """A bar; its columns are how much is done and how much is planned."""


Plan: TypeAlias = Entry | Progress


class Reader(Protocol):
    """Who takes rows one by one."""

    total: int
    ended: bool

    def row(self, plan: Plan, line: int, columns: Sequence[float]) -> None:
        """Take a row."""


def entry_plan(match: Match, numbers: Numbers) -> tuple[Entry, list[int]] | None:
    """Return how dicts like one are read; None if they are not: a summary comes once."""
    taken: list[int] = []
    keys: dict[str, tuple[int, float]] = {}
    for (name, key), (kind, text), named, found in zip(
        match.tokens[::2], match.tokens[1::2], numbers[::2], numbers[1::2], strict=True
    ):
        if name != "KEY" or named or key[1:-1] in keys:
            return None
        text = text.strip("'\"")
        if is_just(text, found):
            taken.append(found[0][0])
        elif kind != "NONFINITE":
            return None
        keys[key[1:-1]] = len(taken) - 1 if found else -1, number(text)
    if "epoch" not in keys or keys["epoch"][0] < 0 or "train_runtime" in keys:
        return None
    return Entry(tuple((key, *value) for key, value in keys.items()), keys["epoch"][0]), taken


def progress_plan(template: Template) -> Callable[[Match, Numbers], tuple[Progress, list[int]] | None]:
    """Return a function that returns how bars of a template are read; None if they are not."""

    def plan(match: Match, numbers: Numbers) -> tuple[Progress, list[int]] | None:
        counts = [
            found[0][0]
            for (name, text), found in zip(match.tokens, numbers, strict=True)
            if name == "INT" and is_just(text, found)
        ]
        timed = any(speed in part.text for part in template.parts for speed in SPEED)
        return (Progress(), counts) if timed and len(counts) == 2 else None

    return plan


@lru_cache(maxsize=256)
def _named(keys: tuple[tuple[str, int, float], ...]) -> tuple[tuple[str, str, int, float], ...] | None:
    """Return keys with the names of their series, columns and values; None if two are of one series."""
    named = [(key, name, at, value) for key, at, value in keys if key != "epoch" and (name := series_name(key))]
    return tuple(named) if len({name for _, name, *_ in named}) == len(named) else None


class EntryRows:
    """Tells the rows of many epochs: those that only go on at once, all others one by one."""

    def __init__(self, build: RunBuilder, reader: Reader) -> None:
        """Report to *build* what goes on; tell *reader* the others."""
        self._build, self._reader = build, reader

    def batch(self, batch: Batch[Plan]) -> None:
        """Tell many rows."""
        import numpy as np

        epoch = batch.column([plan.epoch if isinstance(plan, Entry) else -1 for plan in batch.plans])
        is_entry = np.array([isinstance(plan, Entry) for plan in batch.plans])[batch.which]
        rows = np.flatnonzero(is_entry)
        falls = rows[1:][~(epoch[rows][1:] >= epoch[rows][:-1])]
        for start, end in pairwise([0, *falls.tolist(), len(epoch)]):
            self._stretch(batch, start, end, epoch, is_entry)

    def _one_by_one(self, batch: Batch[Plan], start: int, end: int) -> int:
        for at in range(start, end):
            self._reader.row(*batch.row(at))
        return end

    def _stretch(self, batch: Batch[Plan], start: int, end: int, epoch: Floats, is_entry: NDArray[np.bool_]) -> None:
        """Tell rows whose epochs do not fall; the first dict and the first bar may begin something."""
        import numpy as np

        bars = [-1 if isinstance(plan, Entry) else 0 for plan in batch.plans]
        at = self._one_by_one(batch, start, start + int(np.argmax(is_entry[start:end])) + 1)
        done, total = batch.column(bars)[start:end], batch.column([at + (at == 0) for at in bars])[start:end]
        planned = np.flatnonzero(total[at - start :] > 1)
        if not self._reader.total and len(planned):
            at = self._one_by_one(batch, at, at + int(planned[0]) + 1)
        here = slice(at, end)
        if end - at < FEW or not self._together(batch, here, epoch, done[at - start :], total[at - start :]):
            self._one_by_one(batch, at, end)

    def _together(self, batch: Batch[Plan], here: slice, epoch: Floats, done: Floats, total: Floats) -> bool:
        """Tell rows at once; return whether that can be done."""
        import numpy as np

        build = self._build
        which, line, at = batch.which[here], batch.line[here], epoch[here]
        entries = np.flatnonzero(~np.isnan(at))
        if self._reader.ended or not build.is_open or not len(entries):
            return False
        if not build.current_epoch <= at[entries[0]] <= at[entries[-1]] < ABSURD:
            return False
        known = np.maximum.accumulate(np.where((total == self._reader.total) & (done > 0), np.arange(len(at)), -1))
        step = np.where(known >= 0, done[known], build.current_step)
        if not (np.abs(step[known >= 0]) < ABSURD).all():
            return False
        kinds = []
        for kind in np.unique(which[entries]).tolist():
            plan = batch.plans[kind]
            named = _named(plan.keys) if isinstance(plan, Entry) else None
            if named is None or any(
                column is not None and column.printed != key
                for key, name, *_ in named
                if (column := build.column(name))
            ):
                return False
            kinds.append((np.flatnonzero(which == kind), named))
        for rows, named in sorted(kinds, key=lambda one: int(one[0][0])):
            if any(build.column(name) is None for _, name, *_ in named):
                build.current_step = float(step[rows[0]])
                self._reader.row(*batch.row(here.start + int(rows[0])))
                rows = rows[1:]
            table = batch.rows[here][rows]
            for _, name, index, value in named:
                series = build.column(name)
                values = table[:, FIRST + index].copy() if index >= 0 else np.full(len(rows), value)
                if series is not None and len(rows):
                    series.extend(values, step[rows], at[rows], line[rows])
        build.epoch(float(at[entries[-1]]), int(line[entries[-1]]))
        build.current_step = float(step[-1])
        return True
