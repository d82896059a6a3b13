"""Epochs of a YOLO console whose tables the scan engine has read."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from diagnose.reader.console_rows import FEW, FIRST, Batch, Numbers, is_just, stretches
from diagnose.reader.grammar import Match, number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


class Value(NamedTuple):
    """A number of a line: its column, or -1 and what all such lines print."""

    column: int
    text: str

    def of(self, columns: Sequence[float]) -> float:
        """Return the number of a row."""
        return columns[self.column] if self.column >= 0 else number(self.text)


class Titles(NamedTuple):
    """Names of columns: ``train_header`` or ``val_header``, and what all such lines print."""

    kind: str
    match: Match

    @property
    def layout(self) -> tuple[object, ...]:
        """Alike for all, since nothing is read of them."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names, which are all that counts."""
        return tuple(self.match.all("COLUMN"))


class Train(NamedTuple):
    """A state of the training row; its first two columns are the epoch and the last one.

    Attributes:
        memory, values: its numbers.
        done: batches done and planned, or percent; empty if the row has no bar.
        spent: hours, minutes and seconds.
    """

    memory: Value
    values: list[Value]
    done: list[Value]
    spent: list[Value]

    def progress(self, columns: Sequence[float]) -> tuple[float, float, float]:
        """Return the share done, the seconds spent, and the batches planned."""
        seconds = 0.0
        for one in self.spent:
            seconds = seconds * 60 + one.of(columns)
        if not self.done:
            return 1.0, seconds, math.nan
        done, total = (self.done[0].of(columns), self.done[1].of(columns) if len(self.done) > 1 else 100.0)
        return (min(1.0, done / total) if total else 1.0), seconds, total if len(self.done) > 1 else math.nan

    @property
    def layout(self) -> tuple[object, ...]:
        """Alike for rows that are read in the same way, though other texts stand between their numbers."""
        return _layout([self.memory]), _layout(self.values), _layout(self.done), _layout(self.spent)


class Val(NamedTuple):
    """The row of all classes."""

    values: list[Value]

    @property
    def layout(self) -> tuple[object, ...]:
        """As that of a row of training."""
        return (_layout(self.values),)


def _layout(values: list[Value]) -> tuple[tuple[int, str], ...]:
    return tuple([(at, "" if at >= 0 else text) for at, text in values])


Plan: TypeAlias = Titles | Train | Val


def plan_of(match: Match, numbers: Numbers) -> tuple[Plan, list[int]] | None:
    """Return how lines like one are read; None if they are not."""
    taken: list[int] = []

    def value(text: str, found: list[tuple[int, str]]) -> Value | None:
        if is_just(text, found):
            taken.append(found[0][0])
            return Value(len(taken) - 1, text)
        return None if found else Value(-1, text)

    if match.kind in ("train_header", "val_header"):
        names = [found for (name, _), found in zip(match.tokens, numbers, strict=True) if name == "COLUMN"]
        return None if any(names) else (Titles(match.kind, match), [])
    tokens = [(*token, found) for token, found in zip(match.tokens, numbers, strict=True)]
    end = next((at for at, (name, *_) in enumerate(tokens) if name == "COLON"), len(tokens))
    values = [value(text, found) for name, text, found in tokens[:end] if name in ("NUMBER", "NONFINITE")]
    if None in values:
        return None
    known = [one for one in values if one is not None]
    if match.kind == "all_row":
        return Val(known), taken
    if match.kind != "train_row" or tokens[0][0] != "FRACTION" or tokens[1][0] != "MEMORY":
        return None
    at = _pieces(tokens[0], "/")
    memory = value(tokens[1][1].rstrip("KMG"), tokens[1][2])
    bar = _bar(tokens[end:])
    if at is None or len(at) != 2 or memory is None or bar is None:
        return None
    # The epoch and the last one come first.
    count = len(taken)
    taken += [part for part, _ in (*at, *bar[0], *bar[1])]
    done = [Value(count + 2 + index, text) for index, (_, text) in enumerate(bar[0])]
    spent = [Value(count + 2 + len(done) + index, text) for index, (_, text) in enumerate(bar[1])]
    order = [count, count + 1, *range(count), *range(count + 2, len(taken))]
    moved = {old: new for new, old in enumerate(order)}

    def move(one: Value) -> Value:
        return Value(moved.get(one.column, -1), one.text)

    plan = Train(move(memory), [move(one) for one in known], [move(one) for one in done], [move(one) for one in spent])
    return plan, [taken[old] for old in order]


Token: TypeAlias = tuple[str, str, list[tuple[int, str]]]


def _pieces(token: Token, between: str, around: str = "") -> list[tuple[int, str]] | None:
    """Return the numbers of a token if nothing else stands in it but what parts and surrounds them."""
    _, text, found = token
    return found if found and between.join(shown for _, shown in found) == text.strip(around) else None


def _bar(tail: list[Token]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]] | None:
    """Return the numbers that ``progress`` takes of the bar behind a row; None if it takes anything else."""
    first = {token[0]: token for token in reversed(tail)}
    spent = _pieces(first["ELAPSED"], ":", "[s") if "ELAPSED" in first else []
    if "FRACTION" in first:
        done = _pieces(first["FRACTION"], "/")
    elif "PERCENT" in first:
        done = _pieces(first["PERCENT"], "", "%")
    else:
        done = []
    return None if spent is None or done is None else (done, spent)


class Pairs:
    """Tells the rows of many epochs: those that follow one another at once, all others one by one."""

    def __init__(
        self,
        row: Callable[[Plan, int, Sequence[float]], object],
        changes: Callable[[Titles], bool],
        several: Callable[..., bool],
        states: Callable[[Batch[Plan]], object] = lambda _: None,
    ) -> None:
        """Tell rows.

        Args:
            row: called with a row that is told by itself.
            changes: called with titles; returns whether they are not those in force.
            several: called with plan, rows and lines of training, and with those of validation if there are any, one
                row each per epoch; returns whether it took them.
            states: called with rows before they are told, if each state of a bar counts.
        """
        self._row, self._changes, self._several, self._states = row, changes, several, states

    def batch(self, batch: Batch[Plan]) -> None:
        """Tell many rows: those between titles that change together."""
        import numpy as np

        is_title = np.array([isinstance(plan, Titles) for plan in batch.plans])[batch.which]
        if batch.overwritten is not None:
            is_title &= ~batch.overwritten
        titles, start = np.flatnonzero(is_title), 0
        known: set[int] = set()  # titles that are in force
        for at, which in zip(titles.tolist(), batch.which[titles].tolist(), strict=True):
            plan = batch.plans[which]
            if which in known or not isinstance(plan, Titles):
                continue
            if self._changes(plan):
                self._between(batch.only(np.arange(start, at)))
                self._row(*batch.row(at))
                known.clear()
                start = at + 1
            known.add(which)
        self._between(batch.only(np.arange(start, len(is_title))) if start else batch)

    def _between(self, batch: Batch[Plan]) -> None:
        """Tell rows between which titles do not change."""
        import numpy as np

        if batch.overwritten is not None:
            self._states(batch)
            batch = batch.only(np.flatnonzero(~batch.overwritten))
        titles = [isinstance(plan, Titles) for plan in batch.plans]
        rows = np.flatnonzero(~np.array(titles)[batch.which])
        rows, at = rows[~_is_redrawn(batch.only(rows))], 0
        for start, end in _unvalidated(batch, rows):
            self._mixed(batch, rows[at:start])
            self._alone(batch, rows[start - 1 : end])
            at = end
        self._mixed(batch, rows[at:])

    def _mixed(self, batch: Batch[Plan], rows: NDArray[np.intp]) -> None:
        """Tell rows of training and validation."""
        for at, count in stretches(_goes_on(batch, rows)):
            end = at + 2 + 2 * count if count else at + 1
            line = batch.line[rows[at:end]]
            self._one_by_one(batch, rows[at : min(at + 2, end)])
            # Points of one line are told in one way, or they change places: the last epoch may go on behind these rows.
            apart = count > 1 and line[1] < line[2] and line[-3] < line[-2]
            bulk = end - 2 if apart and self._together(batch, rows[at + 2 : end - 2]) else at + 2
            self._one_by_one(batch, rows[bulk:end])

    def _one_by_one(self, batch: Batch[Plan], rows: Sequence[int] | NDArray[np.intp]) -> None:
        for at in rows:
            self._row(*batch.row(int(at)))

    def _alone(self, batch: Batch[Plan], rows: NDArray[np.intp]) -> None:
        """Tell rows of training of epochs that follow one another; the first was told, the last may be drawn again."""
        line, told = batch.line[rows], batch.only(rows[1:-1])
        train = batch.plans[told.which[0]]
        apart = line[0] < line[1] and line[-2] < line[-1]  # as above
        if not apart or not isinstance(train, Train) or not self._several(train, told.rows[:, FIRST:], told.line):
            self._one_by_one(batch, rows[1:-1])
        self._one_by_one(batch, rows[-1:])

    def _together(self, batch: Batch[Plan], rows: NDArray[np.intp]) -> bool:
        trained, validated = rows[::2], rows[1::2]
        train, val = batch.plans[batch.which[trained[0]]], batch.plans[batch.which[validated[0]]]
        return (
            isinstance(train, Train)
            and isinstance(val, Val)
            and self._several(
                train,
                batch.only(trained).rows[:, FIRST:],
                batch.line[trained],
                val,
                batch.only(validated).rows[:, FIRST:],
                batch.line[validated],
            )
        )


def _is_redrawn(batch: Batch[Plan]) -> NDArray[np.bool_]:
    """Return after which rows of training another one of the same epoch follows: the row itself counts for nothing."""
    import numpy as np

    epoch = batch.column([0 if isinstance(plan, Train) else -1 for plan in batch.plans])
    return np.append(epoch[:-1] == epoch[1:], False)[: len(epoch)]


def _unvalidated(batch: Batch[Plan], rows: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return where each row is the training of the epoch behind that of the row before it: the first, and the end."""
    import numpy as np

    trains = [isinstance(plan, Train) for plan in batch.plans]
    is_train = np.array(trains)[batch.which[rows]]
    found = is_train[1:] & is_train[:-1]
    if np.count_nonzero(found) < FEW:
        return []
    layout = batch.layouts([plan.layout for plan in batch.plans])[rows]
    epoch, planned = (batch.column([at if is_one else -1 for is_one in trains])[rows] for at in (0, 1))
    found &= (layout[1:] == layout[:-1]) & (epoch[1:] == epoch[:-1] + 1) & (planned[1:] == planned[:-1])
    edges = np.flatnonzero(np.diff(np.concatenate(([False, False], found, [False])))).tolist()
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start >= FEW]


def _goes_on(batch: Batch[Plan], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which rows are the training of the next epoch, followed by a validation like that of the epoch before."""
    import numpy as np

    trains = [isinstance(plan, Train) for plan in batch.plans]
    layout = batch.layouts([plan.layout for plan in batch.plans])[rows]
    is_train = np.array(trains)[batch.which[rows]]
    epoch = batch.column([0 if is_one else -1 for is_one in trains])[rows]
    planned = batch.column([1 if is_one else -1 for is_one in trains])[rows]
    found = np.zeros(len(rows), dtype=bool)
    found[2:-1] = is_train[2:-1] & is_train[:-3] & ~is_train[3:] & (layout[3:] == layout[1:-2])
    found[2:-1] &= (layout[2:-1] == layout[:-3]) & (epoch[2:-1] == epoch[:-3] + 1) & (planned[2:-1] == planned[:-3])
    return found


def alike(plan: Plan) -> Hashable:
    """Return what is the same for plans whose rows are read in the same way: titles are what they say."""
    return (plan.kind, plan.columns) if isinstance(plan, Titles) else (type(plan), plan.layout)


def columns_of(values: Sequence[Value], rows: Floats) -> Iterator[Floats]:
    """Yield the numbers of many rows."""
    import numpy as np

    for one in values:
        yield rows[:, one.column].copy() if one.column >= 0 else np.full(len(rows), number(one.text))


def elapsed(plan: Train, rows: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Return of which rows the bar has come to its end and tells the seconds, and the seconds of all."""
    import numpy as np

    seconds = np.zeros(len(rows))
    for values in columns_of(plan.spent, rows):
        seconds = seconds * 60 + values
    done = np.ones(len(rows))
    if plan.done:
        parts = [*columns_of(plan.done, rows)]
        total = parts[1] if len(parts) > 1 else np.full(len(rows), 100.0)
        done = np.divide(parts[0], total, out=np.ones(len(rows)), where=total != 0)
    return (done >= 1) & (seconds > 0), seconds
