"""Series whose points are put together when they are first looked at: of many runs in a log few are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diagnose.model import Series

if TYPE_CHECKING:
    from diagnose.reader.column import Points

POINTS = ("value", "step", "epoch", "line", "thinned", "index", "weight")
"""What is not there at first."""


class Unread(Series):
    """A series that knows how its points are made, until they are."""

    __slots__ = ("_make",)
    _make: Callable[[], Points]

    def __getattr__(self, name: str) -> Any:
        """Make the points: this is only called for what is not there."""
        if name not in POINTS:
            raise AttributeError(f"{type(self).__name__} has no {name}")
        self.value, self.step, self.epoch, self.line, self.thinned, self.index, self.weight = self._make()
        del self._make
        return getattr(self, name)


def unread(name: str, printed: str, path: str, make: Callable[[], Points]) -> Series:
    """Return a series of which *make* returns the points."""
    series = Unread.__new__(Unread)
    series.name, series.printed, series.path, series.scale = name, printed, path, 1.0
    series.finite = False
    series._make = make
    return series
