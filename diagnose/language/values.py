"""The values an expression can have besides numbers, texts and series."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diagnose.model import Change, Event, Fact, Finding, Place, Point, Series, Setting
from diagnose.records import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MissingError(Exception):
    """The log does not hold what the expression asks for; the rule is skipped for want of it.

    Its argument names what is missing, as a rule author would: ``series val/loss``, ``fact batch_size``.
    """

    @property
    def what(self) -> str:
        """What is missing."""
        return str(self.args[0])


class ValueTypeError(Exception):
    """A function or operator was given a value of the wrong kind: a fault of the rule."""


@dataclass(slots=True)
class Mask:
    """True or false for each point of a series, from a comparison; NaN compares false."""

    series: Series
    where: NDArray[np.bool_]

    def points(self) -> Series:
        """Return the points where the mask is true."""
        return self.series.take(self.where)


@dataclass(frozen=True, slots=True)
class Span:
    """An amount with a unit: ``3 epochs``, ``50 steps``, ``10 points``; seconds and bytes are plain numbers."""

    amount: float
    unit: str


class Number(float):
    """A number out of a fact or a setting, which remembers its place."""

    __slots__ = ("place",)
    place: Place


class Text(str):
    """A text out of a fact or a setting, which remembers its place."""

    __slots__ = ("place",)
    place: Place


class Mapping(dict[str, Any]):
    """A mapping out of a fact or a setting, which remembers its place; lists become mappings from "0"."""

    __slots__ = ("place",)
    place: Place


def placed(value: Any, place: Place) -> Any:
    """Return a fact's or setting's value in a form that remembers *place*; booleans stay as they are."""
    result: Number | Text | Mapping
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        try:
            result = Number(value)
        except OverflowError:
            result = Number(math.inf if value > 0 else -math.inf)
    elif isinstance(value, dict):
        result = Mapping({str(key): item for key, item in value.items()})
    elif isinstance(value, list | tuple):
        result = Mapping({str(index): item for index, item in enumerate(value)})
    else:
        result = Text(value)
    result.place = place
    return result


def place_of(value: Any) -> Place | None:
    """Return the place a value was read from, or None for computed values."""
    if isinstance(value, Point):
        return value.place
    if isinstance(value, Change | Event | Fact | Finding | Setting | Number | Text | Mapping):
        return value.place
    if isinstance(value, Mask):
        value = value.points()
    if isinstance(value, Series) and len(value):
        return value.point(-1).place
    return None
