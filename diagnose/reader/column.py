"""The points of one metric while they are read, and what only the whole of them shows."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from diagnose.model import Series
from diagnose.reader.room import FIRST, Places, Room, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]
    Points: TypeAlias = tuple[Floats, Floats, Floats, Indices, int, Indices | None, Floats | None]
    Shared: TypeAlias = dict[Any, tuple[Places, NDArray[np.intp] | None]]

ABSENT = -1.0
"""What some print where there is nothing to measure."""
ENOUGH = 8
"""Points within epochs that show whether a time is that of an iteration or has been running since the epoch began."""
RISING = 0.98
"""Share of those points that lie above the one before: a clock, where times of iterations wobble."""
HUNDRED = (67.0, 150.0)
"""Factor between two neighbours where the log goes over from percent to shares, or back."""
NO_NUMBERS, NO_LINES = array("d"), array("q")
"""What all columns share to which no point was added by itself."""
MANY = 1 << 17
"""Points that came one by one of which a table is made, to be thinned."""


class _Part(NamedTuple):
    """Points that were read together with others: values at places of their own, or a column of a table."""

    places: Places | None = None
    value: Floats | None = None
    table: Table | None = None
    at: int = -1
    constant: float = 0.0
    absent: bool = False

    def taken(self) -> tuple[Floats, Places]:
        """Return the values, without those that stand for none, and their places."""
        import numpy as np

        if self.table is None or self.value is not None:
            return cast("Floats", self.value), cast("Places", self.places)
        places = self.table.places
        value = np.full(len(places.line), self.constant) if self.at < 0 else self.table.column(self.at)
        if not self.absent or np.count_nonzero(there := value != ABSENT) == len(value):
            return value, places
        index, weight = (None if one is None else one[there] for one in (places.number, places.weight))
        return value[there], Places(places.step[there], places.epoch[there], places.line[there], index, weight)


class Column:
    """Values in the order of the file, with their places.

    Attributes:
        printed: the metric's name in the log.
        value, step, epoch, line: points that came one by one, the last ones of them if there were very many.
    """

    __slots__ = ("_parts", "_stored", "epoch", "line", "path", "printed", "step", "value")

    def __init__(self, printed: str, path: str) -> None:
        """Begin without points."""
        self.printed, self.path = printed, path
        self.value = self.step = self.epoch = NO_NUMBERS
        self.line = NO_LINES
        self._parts: list[_Part] = []
        self._stored: Table | None = None

    def _begin(self) -> None:
        self.value, self.step, self.epoch, self.line = array("d"), array("d"), array("d"), array("q")

    def put(self, value: float, step: float, epoch: float, line: int) -> None:
        """Add a point."""
        if self.line is NO_LINES:
            self._begin()
        self.value.append(value)
        self.step.append(step)
        self.epoch.append(epoch)
        self.line.append(line)

    def put_all(self, values: Sequence[float], step: float, epochs: Sequence[float], lines: Sequence[int]) -> None:
        """Add a few points of one step, as ``put`` does one by one."""
        if self.line is NO_LINES:
            self._begin()
        self.value.extend(values)
        self.step.extend([step] * len(lines))
        self.epoch.extend(epochs)
        self.line.extend(lines)

    def extend(self, value: Floats, step: Floats, epoch: Floats, line: NDArray[np.int64]) -> None:
        """Add points that were read in bulk, some of which may stand before others that are already here."""
        self.add(value, Places(step, epoch, line))

    def add(self, value: Floats, places: Places) -> None:
        """Add points that were read in bulk, as ``extend`` does; they may have been thinned."""
        self._parts.append(_Part(places, value))

    def attach(self, table: Table, at: int, constant: float = 0.0, *, absent: bool = False) -> None:
        """Add what is or will be in a column of a table; at -1 every row stands for the constant.

        Args:
            table: where it is.
            at: the column.
            constant: the value of each row, where there is no column.
            absent: whether -1 means that there is no value.
        """
        self._parts.append(_Part(None, None, table, at, constant, absent))

    def store(self, room: Room) -> None:
        """Put points that came one by one, but the last, where they can be thinned."""
        import numpy as np

        count = len(self.value) - 1
        rows = np.array([self.line[:count], self.epoch[:count], self.step[:count], self.value[:count]]).T
        for column in (self.value, self.step, self.epoch, self.line):
            del column[:count]
        if self._stored is None:
            self._stored = Table(room, FIRST + 1, 0, lambda rows: (rows[:, 0], rows[:, 1]))
            self.attach(self._stored, FIRST)
        self._stored.add(rows.tobytes())

    def series(self, name: str, shared: Shared) -> Series:
        """Return the points as a series of the model, in the order of their lines.

        Args:
            name: canonical name.
            shared: places that series of the same lines have in common; it is filled here.
        """
        value, step, epoch, line, thinned, index, weight = self.points(shared)
        return Series(name, self.printed, self.path, value, step, epoch, line, thinned, index=index, weight=weight)

    def points(self, shared: Shared) -> Points:
        """Return the same as columns: value, step, epoch and line, points left out, numbers and weights."""
        value, (step, epoch, line, number, weight) = self._rows(shared)
        thinned = 0 if weight is None else max(0, round(float(weight.sum())) - len(value))
        return value, step, epoch, line, thinned, number, weight

    def _rows(self, shared: Shared) -> tuple[Floats, Places]:
        import numpy as np

        parts = [part for part in self._parts if part.table is None or len(part.table)]
        if len(parts) == 1 and not self.value:
            return parts[0].taken()
        values = [np.frombuffer(self.value, dtype=np.float64)]
        taken = [part.taken() for part in parts]
        values += [value for value, _ in taken]
        places = [place for _, place in taken]
        if any(part.absent for part in parts):
            shared = {}  # places of its own
        key = (self.step.tobytes(), self.epoch.tobytes(), self.line.tobytes(), *(id(at.line) for at in places))
        known = shared.get(key)
        if known is None:
            single = Places(
                np.frombuffer(self.step, dtype=np.float64),
                np.frombuffer(self.epoch, dtype=np.float64),
                np.frombuffer(self.line, dtype=np.int64),
            )
            known = shared[key] = _merged([single, *places]) if places else (single, None)
        value = np.concatenate(values) if places else values[0]
        return (value if known[1] is None else value[known[1]]), known[0]

    def settle(self) -> None:
        """Put points that were read in bulk among the others; no more are to come."""
        value, places = self._rows({})
        self._parts = [_Part(places, value)]
        self.value, self.step, self.epoch, self.line = NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_LINES

    def is_clock(self) -> bool:
        """Whether the values run on within each epoch: seconds since it began, not seconds of an iteration."""
        import numpy as np

        value, places = self._rows({})
        inside = ~(places.epoch[:-1] < places.epoch[1:])
        count = int(inside.sum())
        if count < ENOUGH or (value[1:] > value[:-1])[inside].sum() < RISING * count:
            return False
        return bool(np.fmax.reduce(value) > 2 * np.fmin.reduce(value))

    def to_one_scale(self) -> None:
        """Turn shares into percent where the log goes over from one to the other: by a factor of 100, and for good."""
        import numpy as np

        value, places = self._rows({})
        positive = np.flatnonzero(value > 0)
        shares = value[positive] <= 1
        over = np.flatnonzero(shares[1:] != shares[:-1]) + 1
        if len(over) != 1 or not 1 < over[0] < len(positive) - 1:
            return
        one, other = value[positive[over[0] - 1]], value[positive[over[0]]]
        if HUNDRED[0] <= max(one, other) / min(one, other) <= HUNDRED[1]:
            value = value.copy()
            value[positive[shares]] *= 100
            self._parts = [_Part(places, value)]


def _merged(all_places: Sequence[Places]) -> tuple[Places, NDArray[np.intp] | None]:
    """Return places in the order of lines, and that order if it is another one."""
    import numpy as np

    step, epoch, line = (np.concatenate([places[at] for places in all_places]) for at in range(3))
    index = weight = None
    if any(places.weight is not None for places in all_places):
        weight = np.concatenate(
            [np.ones(len(places.line)) if places.weight is None else places.weight for places in all_places]
        )
        index = _numbered([places for places in all_places if len(places.line)])
    if not len(line) or not (line[1:] < line[:-1]).any():
        return Places(step, epoch, line, index, weight), None
    order = np.argsort(line, kind="stable")
    step, epoch, line = step[order], epoch[order], line[order]
    return Places(step, epoch, line, index, None if weight is None else weight[order]), order


def _numbered(all_places: Sequence[Places]) -> NDArray[np.int64]:
    """Return the number of each point among all, in the order of lines, from the numbers it has where it comes from."""
    import numpy as np

    line = np.concatenate([places.line for places in all_places])
    order = np.argsort(line, kind="stable")
    number = np.full(len(line), -1)
    start = 0
    for places in all_places:
        end = start + len(places.line)
        before = np.zeros(len(line), dtype=np.int64)
        before[start:end] = (np.arange(end - start) if places.number is None else places.number) + 1
        number += np.maximum.accumulate(before[order])
        start = end
    return number
