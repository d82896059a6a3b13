"""Functions over a whole series: single points and single numbers. NaN values are left out unless said otherwise."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnose.language.functions import thinned
from diagnose.language.functions.registry import Registry, a_series, finite, how_many, middle
from diagnose.language.values import Mask, MissingError, ValueTypeError
from diagnose.model import Point, Series
from diagnose.names import traits

if TYPE_CHECKING:
    from numpy.typing import NDArray

function = Registry()


def _highest(series: Series) -> Point:
    """Return the first of the highest finite points. Raises MissingError if there are none."""
    found = series.point(int(series.value.argmax()))
    return found if isfinite(found) else (some := finite(series)).point(int(some.value.argmax()))


def _lowest(series: Series) -> Point:
    """Return the first of the lowest finite points. Raises MissingError if there are none."""
    found = series.point(int(series.value.argmin()))
    return found if isfinite(found) else (some := finite(series)).point(int(some.value.argmin()))


@function
def first(series: Any) -> Point:
    """First point, NaN included; of a mask, the first point where it is true."""
    return a_series(series, "first").point(0)


@function
def last(series: Any) -> Point:
    """Last point, NaN included; of a mask, the last point where it is true."""
    return a_series(series, "last").point(-1)


@function
def best(series: Any) -> Point:
    """Best point: the highest of a score, the lowest of a loss or error; the first of equals."""
    points = a_series(series, "best")
    return _highest(points) if traits(points.name).better == "higher" else _lowest(points)


@function
def worst(series: Any) -> Point:
    """Worst point: the lowest of a score, the highest of a loss or error; the first of equals."""
    points = a_series(series, "worst")
    return _lowest(points) if traits(points.name).better == "higher" else _highest(points)


@function
def argbest(series: Any) -> float:
    """Position of the best point among the finite ones, from 0."""
    points = finite(a_series(series, "argbest"))
    index = int(points.value.argmax() if traits(points.name).better == "higher" else points.value.argmin())
    return float(index if points.weight is None else round(points.weight[:index].sum()))


def _parts(value: Any, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the finite values of a series and their weights, if points of it were left out."""
    if isinstance(value, Series | Mask):
        points = finite(a_series(value, name))
        return None if points.weight is None else (points.value, points.weight)
    return None


def _numbers(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        numbers = [float(item) for item in value if isinstance(item, int | float)]
        if not numbers:
            raise MissingError(f"numbers for `{name}`")
        return np.array(numbers)
    return finite(a_series(value, name)).value


def _extreme(value: Any, highest: bool, name: str) -> Any:
    if isinstance(value, Series | Mask):
        return _highest(a_series(value, name)) if highest else _lowest(a_series(value, name))
    return float((np.max if highest else np.min)(_numbers(value, name)))


@function
def max_(values: Any, other: Any = None) -> Any:
    """Highest point of a series, highest number of a list or mapping, or the higher of two numbers."""
    if other is None:
        return _extreme(values, True, "max")
    return other if float(values) < float(other) else values


@function
def min_(values: Any, other: Any = None) -> Any:
    """Lowest point of a series, lowest number of a list or mapping, or the lower of two numbers."""
    if other is None:
        return _extreme(values, False, "min")
    return other if float(values) > float(other) else values


@function
def mean(values: Any) -> float:
    """Arithmetic mean."""
    if (some := _parts(values, "mean")) is not None:
        return thinned.mean(*some)
    return float(np.mean(_numbers(values, "mean")))


@function
def median(values: Any) -> float:
    """Median."""
    if isinstance(values, Series | Mask):
        points = finite(a_series(values, "median"))
        if points.weight is not None:
            return thinned.quantile(points.value, points.weight, 0.5)
        return float(middle(points.value))
    numbers = _numbers(values, "median")
    return float("nan") if np.isnan(numbers).any() else float(middle(numbers))


@function
def std(values: Any) -> float:
    """Standard deviation (of the population)."""
    if (some := _parts(values, "std")) is not None:
        return thinned.deviation(*some)
    return float(np.std(_numbers(values, "std")))


@function
def sum_(values: Any) -> float:
    """Sum."""
    if (some := _parts(values, "sum")) is not None:
        return float(np.dot(*some))
    return float(np.sum(_numbers(values, "sum")))


@function
def quantile(values: Any, share: Any) -> float:
    """Quantile with linear interpolation, *share* in 0..1."""
    if (some := _parts(values, "quantile")) is not None:
        return thinned.quantile(*some, float(share))
    return float(np.quantile(_numbers(values, "quantile"), float(share)))


@function
def count(values: Any) -> float:
    """Points of a series (NaN included), true points of a mask, items of a list or mapping."""
    if isinstance(values, Series):
        return float(len(values.value)) if values.weight is None else values.total
    if isinstance(values, Mask):
        weight = values.series.weight
        return float(how_many(values.where) if weight is None else round(weight[values.where].sum()))
    return float(len(values))


@function
def share(mask: Any) -> float:
    """Share of the points where a mask is true, in 0..1."""
    if not isinstance(mask, Mask):
        raise ValueTypeError("`share` needs a mask, such as `loss > 1`")
    if not len(mask.where):
        raise MissingError(f"points of {mask.series.name}")
    if mask.series.weight is not None:
        return thinned.mean(mask.where.astype(np.float64), mask.series.weight)
    return how_many(mask.where) / len(mask.where)


@function
def any_(mask: Any) -> bool:
    """Whether a mask is true anywhere."""
    return bool(how_many(mask.where)) if isinstance(mask, Mask) else any(mask)


@function
def all_(mask: Any) -> bool:
    """Whether a mask is true everywhere (and has points)."""
    return 0 < len(mask.where) == how_many(mask.where) if isinstance(mask, Mask) else all(mask)


@function
def longest(mask: Any) -> float:
    """Length in points of the longest unbroken stretch where a mask is true."""
    if not isinstance(mask, Mask):
        raise ValueTypeError("`longest` needs a mask, such as `loss > 1`")
    if mask.series.weight is not None:
        return thinned.longest(mask.where, mask.series.weight)
    false = np.flatnonzero(~mask.where)
    return float(np.diff(false, prepend=-1, append=len(mask.where)).max() - 1)


@function
def trailing(mask: Any) -> float:
    """Length in points of the stretch at the end of the series where a mask is true."""
    if not isinstance(mask, Mask):
        raise ValueTypeError("`trailing` needs a mask, such as `loss > 1`")
    back = mask.where[::-1]
    held = int(back.argmin()) if len(back) else 0  # up to the first that is false from the end
    if not held and len(back) and back[0]:
        held = len(back)
    return float(held if mask.series.weight is None else round(mask.series.weight[len(back) - held :].sum()))


@function
def since_best(series: Any) -> float:
    """Finite points after the best one."""
    points = finite(a_series(series, "since_best"))
    return points.total - 1 - argbest(points)
