"""Numbers over time, and single numbers that remember where they were read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

from diagnose.model.place import Place
from diagnose.records import dataclass, field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = 4096
"""Points from which on a view is worth what it takes to find that one will do."""


class Point(float):
    """A float that knows the line, step and epoch it was read from.

    Arithmetic on it gives plain floats: only a number that stands in a log has a place.
    """

    __slots__ = ("epoch", "line", "path", "scale", "series", "step")

    epoch: float
    line: int
    path: str
    scale: float
    series: str
    step: float

    def __new__(
        cls,
        value: float,
        *,
        path: str = "",
        line: int = 0,
        step: float = math.nan,
        epoch: float = math.nan,
        series: str = "",
        scale: float = 1.0,
    ) -> Self:
        """Make a point.

        Args:
            value: the number, on the scale that rules compute with.
            path: the file it was read from.
            line: its physical line.
            step: NaN where the log does not tell it.
            epoch: NaN where the log does not tell it.
            series: canonical name of its series.
            scale: factor to the number as the log prints it, 100 for a share that is printed in percent.
        """
        self = super().__new__(cls, value)
        self.scale = scale
        self.path, self.line, self.step, self.epoch, self.series = path, line, step, epoch, series
        return self

    @property
    def place(self) -> Place:
        """The line this number was read from."""
        return Place(self.path, self.line)


@dataclass(slots=True)
class Series:
    """One quantity over the run, as columns of equal length.

    Attributes:
        name: canonical name, ``split/metric`` or a bare name (``val/kappa``, ``lr``, ``time/data``).
        printed: the name as the log prints it.
        path: the file it was read from.
        value: float64, NaN where the log printed a NaN.
        step: float64 optimizer step or iteration, NaN where unknown.
        epoch: float64 epoch counted from 1, fractional where the log says so, NaN where unknown.
        line: int64 physical line of each point.
        thinned: how many points were left out to stay within the memory bound.
        scale: factor from ``value`` to what the log prints; not 1 only after a change of scale.
        index: if points were left out, numbers of those that are here: neighbours have neighbouring ones.
        weight: if points were left out, for how many each one stands.
        finite: whether it is known that every value is finite.
    """

    name: str
    printed: str
    path: str
    value: NDArray[np.float64]
    step: NDArray[np.float64]
    epoch: NDArray[np.float64]
    line: NDArray[np.int64]
    thinned: int = 0
    scale: float = 1.0
    index: NDArray[np.int64] | None = None
    weight: NDArray[np.float64] | None = None
    finite: bool = field(default=False, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def total(self) -> float:
        """How many points there are, with those that were left out."""
        return float(len(self.value)) if self.weight is None else float(round(self.weight.sum()))

    def point(self, index: int) -> Point:
        """Return the point at *index* (negative from the end) with its place."""
        found = float.__new__(Point, self.value.item(index))
        found.path, found.series, found.scale, found.line = self.path, self.name, self.scale, self.line.item(index)
        found.step, found.epoch = self.step.item(index), self.epoch.item(index)
        return found

    def nth(self, number: int) -> Point:
        """Return the point of a number among all (negative from the end), or the next one that is here.

        Raises:
            IndexError: if there are not so many.
        """
        if self.weight is None:
            return self.point(number)
        number += round(self.total) if number < 0 else 0
        if not 0 <= number < self.total:
            raise IndexError(number)
        return self.point(min(len(self.value) - 1, int(self.weight.cumsum().searchsorted(number + 0.5))))

    def valued(self, value: NDArray[np.float64]) -> Series:
        """Return the same points with other values."""
        return Series(
            self.name, self.printed, self.path, value, self.step, self.epoch, self.line, self.thinned, self.scale,
            self.index, self.weight,
        )  # fmt: skip

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Series:
        """Return the points selected by a mask, an index array or a slice, as a new series; neighbours as views."""
        which = _as_slice(which)
        taken = Series(
            self.name, self.printed, self.path, self.value[which], self.step[which], self.epoch[which],
            self.line[which], 0, self.scale, None if self.index is None else self.index[which],
            None if self.weight is None else self.weight[which],
        )  # fmt: skip
        taken.finite = self.finite
        return taken


def _as_slice(which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> NDArray[np.bool_] | NDArray[np.intp] | slice:
    """Return a long mask of neighbours as a slice, which copies nothing; anything else as it is."""
    if isinstance(which, slice) or which.dtype.kind != "b" or len(which) < LONG:
        return which
    first, count = int(which.argmax()), int(which.sum())
    return slice(first, first + count) if which[first : first + count].all() else which
