"""How a Python function enters the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from diagnose.language.values import Mask, MissingError, ValueTypeError
from diagnose.model import Series
from diagnose.records import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

Call = TypeVar("Call", bound=Callable[..., Any])

how_many: Callable[[NDArray[Any]], int] = getattr(np.count_nonzero, "__wrapped__", np.count_nonzero)
"""How many values are not 0, without numpy's look whether the array is of another library, which takes longer."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    Attributes:
        least, most: how many arguments it takes.
        scoped: whether it also receives the scope (the segment).
        lazy: whether its arguments are passed unevaluated, as callables.
        doc: first line of its documentation.
    """

    name: str
    call: Callable[..., Any]
    least: int
    most: int
    signature: str
    scoped: bool
    lazy: bool
    doc: str


class Registry:
    """Collects the functions of one module: ``function = Registry()``, then ``@function``."""

    def __init__(self) -> None:
        self.calls: dict[str, Callable[..., Any]] = {}

    def __call__(self, call: Call) -> Call:
        """Register *call* under its name without a trailing underscore."""
        self.calls[cast("FunctionType", call).__name__.rstrip("_")] = call
        return call

    def described(self, name: str) -> Function:
        """Return a registered function as the language sees it."""
        call = cast("FunctionType", self.calls[name])
        code, defaults = call.__code__, call.__defaults__ or ()
        parameters = code.co_varnames[: code.co_argcount]
        scoped = parameters[:1] == ("scope",)
        lazy = any(parameter.startswith("lazy") for parameter in parameters)
        parameters = parameters[scoped:]
        least = len(parameters) - len(defaults)
        given = [*[""] * least, *[f"={default}" for default in defaults]]
        names = ", ".join(map("".join, zip([one.removeprefix("lazy_") for one in parameters], given, strict=True)))
        doc = (call.__doc__ or "").strip().split("\n")[0]
        return Function(name, call, least, len(parameters), f"{name}({names})", scoped, lazy, doc)


def a_series(value: Any, name: str) -> Series:
    """Return *value* if it is a non-empty series. Raises MissingError if empty, ValueTypeError if of another kind."""
    if type(value) is Series and len(value.value):
        return value
    if isinstance(value, Mask):
        value = value.points()
    if not isinstance(value, Series):
        raise ValueTypeError(f"`{name}` needs a series")
    if not value:
        raise MissingError(f"points of {value.name}")
    return value


def finite(series: Series) -> Series:
    """Return the finite points of a series. Raises MissingError if there are none."""
    if series.finite and len(series.value):
        return series
    where = np.isfinite(series.value)
    number = how_many(where)
    if not number:
        raise MissingError(f"finite points of {series.name}")
    found = series
    if number < len(where):  # differences lack the first only
        found = series.take(slice(1, None) if number == len(where) - 1 and not where.item(0) else where)
    found.finite = True
    return found


def different(values: NDArray[Any]) -> NDArray[Any]:
    """Return the different values in ascending order: ``np.unique`` without its import of ``numpy.ma``."""
    ordered = np.sort(values)
    return np.concatenate([ordered[:1], ordered[1:][ordered[1:] != ordered[:-1]]])


def number_of_different(values: NDArray[Any]) -> int:
    """Return how many different values there are."""
    ordered = np.sort(values)
    return int(how_many(ordered[1:] != ordered[:-1])) + bool(len(ordered))


def middle(values: NDArray[np.float64], axis: int = -1) -> Any:
    """Return the median, NaN values left out: ``np.nanmedian`` without ``numpy.ma``. Each row must hold a number.

    Args:
        values: a row, or rows with an *axis* of 1.
        axis: the last one.
    """
    ordered = values.copy()
    ordered.sort(axis=axis)  # NaN comes last
    if ordered.ndim == 1:
        known = len(ordered)
        if math.isnan(ordered.item(known - 1)):
            known -= int(how_many(np.isnan(ordered)))
        low, high = ordered.item((known - 1) // 2), ordered.item(known // 2)
        return low if low == high else (low + high) / 2
    counts: Any = ordered.shape[1]
    rows: Any = slice(None)
    if np.isnan(ordered[:, -1]).any():
        counts = counts - np.isnan(ordered).sum(axis=1)
        rows = np.arange(len(ordered))
    lows, highs = ordered[rows, (counts - 1) // 2], ordered[rows, counts // 2]
    with np.errstate(invalid="ignore"):
        return np.where(lows == highs, lows, (lows + highs) / 2)
