"""How a Python function enters the table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from diagnose.language.values import Mask, MissingError, Span, ValueTypeError
from diagnose.model import Series

AT_ONCE = 1 << 22
"""Values that a rolling window copies at once: windows over a million points would fill the memory."""
Call = TypeVar("Call", bound=Callable[..., Any])


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
        self.table: list[Function] = []

    def __call__(self, call: Call) -> Call:
        """Register *call* under its name without a trailing underscore."""
        parameters = list(inspect.signature(call).parameters.values())
        scoped = bool(parameters) and parameters[0].name == "scope"
        lazy = any(parameter.name.startswith("lazy") for parameter in parameters)
        parameters = parameters[scoped:]
        least = sum(parameter.default is parameter.empty for parameter in parameters)
        name = call.__name__.rstrip("_")
        names = ", ".join(
            parameter.name.removeprefix("lazy_")
            + ("" if parameter.default is parameter.empty else f"={parameter.default}")
            for parameter in parameters
        )
        doc = (call.__doc__ or "").strip().split("\n")[0]
        self.table.append(Function(name, call, least, len(parameters), f"{name}({names})", scoped, lazy, doc))
        return call


def a_series(value: Any, name: str) -> Series:
    """Return *value* if it is a non-empty series. Raises MissingError if empty, ValueTypeError if of another kind."""
    if isinstance(value, Mask):
        value = value.points()
    if not isinstance(value, Series):
        raise ValueTypeError(f"`{name}` needs a series")
    if not len(value):
        raise MissingError(f"points of {value.name}")
    return value


def finite(series: Series) -> Series:
    """Return the finite points of a series. Raises MissingError if there are none."""
    where = np.isfinite(series.value)
    if not where.any():
        raise MissingError(f"finite points of {series.name}")
    return series if where.all() else series.take(where)


def different(values: NDArray[Any]) -> NDArray[Any]:
    """Return the different values in ascending order: ``np.unique`` without its import of ``numpy.ma``."""
    ordered = np.sort(values)
    return np.concatenate([ordered[:1], ordered[1:][ordered[1:] != ordered[:-1]]])


def middle(values: NDArray[np.float64], axis: int = -1) -> Any:
    """Return the median, NaN values left out: ``np.nanmedian`` without ``numpy.ma``. Each row must hold a number."""
    ordered = np.sort(values, axis=axis)  # NaN comes last
    known = np.expand_dims((~np.isnan(ordered)).sum(axis=axis), axis)
    low, high = (np.take_along_axis(ordered, at, axis) for at in ((known - 1) // 2, known // 2))
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, (low + high) / 2).squeeze(axis)


def amount(value: Any) -> Span:
    """Return a window as a span; a plain number counts points."""
    return value if isinstance(value, Span) else Span(float(value), "point")


def rolling(values: NDArray[np.float64], size: int, reduce: Callable[..., Any]) -> NDArray[np.float64]:
    """Return *reduce* over trailing windows of up to *size* values, NaN values left out; same length as the input."""
    size = max(1, min(size, 100_000, len(values)))
    padded = np.concatenate([np.full(size - 1, np.nan), values])
    out = np.full(len(values), np.nan)
    block = max(1, AT_ONCE // size)
    for start in range(0, len(values), block):
        part = padded[start : start + block + size - 1]
        windows = np.lib.stride_tricks.sliding_window_view(part, size)
        known = ~np.isnan(windows).all(axis=1)
        if known.any():
            out[start : start + block][known] = reduce(windows[known], axis=1)
    return out
