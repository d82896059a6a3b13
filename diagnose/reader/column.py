"""The points of one metric while they are read, and what only the whole of them shows."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from diagnose.model import Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
    Shared: TypeAlias = dict[Any, tuple[Any, Any, Any, Any]]

ENOUGH = 8
"""Points within epochs that show whether a time is that of an iteration or has been running since the epoch began."""
RISING = 0.98
"""Share of those points that lie above the one before: a clock, where times of iterations wobble."""
HUNDRED = (67.0, 150.0)
"""Factor between two neighbours where the log goes over from percent to shares, or back."""


@dataclass(slots=True)
class Column:
    """Values in the order of the file, with their places.

    Attributes:
        printed: the metric's name in the log.
    """

    printed: str
    path: str
    value: array[float] = field(default_factory=lambda: array("d"))
    step: array[float] = field(default_factory=lambda: array("d"))
    epoch: array[float] = field(default_factory=lambda: array("d"))
    line: array[int] = field(default_factory=lambda: array("q"))
    bulk: list[Rows] = field(default_factory=list)

    def extend(
        self,
        value: NDArray[np.float64],
        step: NDArray[np.float64],
        epoch: NDArray[np.float64],
        line: NDArray[np.int64],
    ) -> None:
        """Add points that were read in bulk, some of which may stand before others that are already here."""
        self.bulk.append((value, step, epoch, line))

    def series(self, name: str, shared: Shared) -> Series:
        """Return the points as a series of the model, in the order of their lines.

        Args:
            name: canonical name.
            shared: places that series of the same lines have in common; it is filled here.
        """
        value, step, epoch, line = self._rows(shared)
        return Series(name, self.printed, self.path, value, step, epoch, line)

    def _rows(self, shared: Shared) -> Rows:
        import numpy as np

        if len(self.bulk) == 1 and not self.value:
            return self.bulk[0]
        value = np.frombuffer(self.value, dtype=np.float64)
        single = self.step.tobytes(), self.epoch.tobytes(), self.line.tobytes()
        key = (*single, *(id(rows[3]) for rows in self.bulk))
        places = shared.get(key)
        if places is None:
            step, epoch = (np.frombuffer(column, dtype=np.float64) for column in (self.step, self.epoch))
            line = np.frombuffer(self.line, dtype=np.int64)
            order = None
            if self.bulk:
                step, epoch, line = (
                    np.concatenate([first, *(rows[at] for rows in self.bulk)])
                    for at, first in ((1, step), (2, epoch), (3, line))
                )
                if len(line) and (line[1:] < line[:-1]).any():
                    order = np.argsort(line, kind="stable")
                    step, epoch, line = step[order], epoch[order], line[order]
            places = shared[key] = (step, epoch, line, order)
        if self.bulk:
            value = np.concatenate([value, *(rows[0] for rows in self.bulk)])
            value = value if places[3] is None else value[places[3]]
        return (value, *places[:3])

    def settle(self) -> None:
        """Put points that were read in bulk among the others."""
        if self.bulk:
            value, step, epoch, line = (column.tobytes() for column in self._rows({}))
            self.value, self.step, self.epoch = array("d", value), array("d", step), array("d", epoch)
            self.line, self.bulk = array("q", line), []

    def is_clock(self) -> bool:
        """Whether the values run on within each epoch: seconds since it began, not seconds of an iteration."""
        value, epoch = self.value, self.epoch
        inside = [at for at in range(1, len(value)) if not epoch[at - 1] < epoch[at]]
        rising = sum(value[at] > value[at - 1] for at in inside)
        return len(inside) >= ENOUGH and rising >= RISING * len(inside) and max(value) > 2 * min(value)

    def to_one_scale(self) -> None:
        """Turn shares into percent where the log goes over from one to the other: by a factor of 100, and for good."""
        places = [at for at, value in enumerate(self.value) if value > 0]
        shares = [self.value[at] <= 1 for at in places]
        over = [at for at in range(1, len(places)) if shares[at] != shares[at - 1]]
        if len(over) != 1 or not 1 < over[0] < len(places) - 1:
            return
        one, other = self.value[places[over[0] - 1]], self.value[places[over[0]]]
        if HUNDRED[0] <= max(one, other) / min(one, other) <= HUNDRED[1]:
            for at, share in zip(places, shares, strict=True):
                if share:
                    self.value[at] *= 100
