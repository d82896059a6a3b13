"""Parts of a series, and series derived point by point."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from diagnose.language.align import align
from diagnose.language.functions import thinned
from diagnose.language.functions.registry import Registry, a_series, finite, how_many
from diagnose.language.functions.rolling import rolling_mean as mean_of_last
from diagnose.language.functions.rolling import rolling_median
from diagnose.language.values import Mask, MissingError, Span, ValueTypeError
from diagnose.model import Point, Series

function = Registry()


def _with(series: Series, value: Any) -> Series:
    return series.valued(np.asarray(value, dtype=np.float64))


@function
def tail(series: Any, window: Any) -> Series:
    """Last points: a number of points, `5 epochs`, `100 steps`; `25%` (below 1) is a share of the points."""
    points = a_series(series, "tail")
    if not isinstance(window, Span) or window.unit == "point":
        size = _size(points, window)
        if points.weight is not None:
            return points.take(points.weight[::-1].cumsum()[::-1] < size + 0.5)
        return points.take(slice(max(0, len(points) - size), None))
    axis = getattr(points, window.unit)
    return (
        points.take(axis > np.fmax.reduce(axis) - window.amount)
        if not np.isnan(axis).all()
        else _no_axis(points, window.unit)
    )


@function
def head(series: Any, window: Any) -> Series:
    """First points: a number of points, `5 epochs`, `100 steps`; `25%` (below 1) is a share of the points."""
    points = a_series(series, "head")
    if not isinstance(window, Span) or window.unit == "point":
        size = _size(points, window)
        if points.weight is not None:
            return points.take(points.weight.cumsum() < size + 0.5)
        return points.take(slice(0, size))
    axis = getattr(points, window.unit)
    if np.isnan(axis).all():
        return _no_axis(points, window.unit)
    return points.take(axis < np.fmin.reduce(axis) + window.amount)


def _size(points: Series, window: Any) -> int:
    """Return how many points a window spans; a plain number counts them as well."""
    amount = window.amount if isinstance(window, Span) else float(window)
    return max(1, round(amount * points.total)) if amount < 1 else int(amount)


def _no_axis(series: Series, unit: str) -> Series:
    raise MissingError(f"{unit} numbers of {series.name}")


@function
def after(series: Any, point: Any) -> Series:
    """Points that stand after a point or event (by line); may be empty."""
    return _beside(series, point, later=True)


@function
def before(series: Any, point: Any) -> Series:
    """Points that stand before a point or event (by line); may be empty."""
    return _beside(series, point, later=False)


def _beside(series: Any, point: Any, *, later: bool) -> Series:
    if isinstance(series, Mask):
        series = series.points()
    if not isinstance(series, Series):
        raise ValueTypeError("`after` and `before` need a series")
    line = point.line if isinstance(point, Point) else getattr(getattr(point, "place", None), "line", None)
    if line is None:
        raise ValueTypeError("`after` and `before` need a point or an event")
    return series.take(series.line > line if later else series.line < line)


@function
def beside(series: Any, other: Any) -> Series:
    """Points of a series that share a line (else an epoch or step) with those of another."""
    return align(a_series(series, "beside"), a_series(other, "beside"))[0]


@function
def where(mask: Any) -> Series:
    """Points where a mask is true; may be empty."""
    if not isinstance(mask, Mask):
        raise ValueTypeError("`where` needs a mask, such as `loss > 1`")
    return mask.points()


@function
def known(series: Any) -> Series:
    """Finite points of a series."""
    return finite(a_series(series, "known"))


@function
def at_epoch(series: Any, epoch: Any) -> Point:
    """Last point of an epoch. Missing if there is none."""
    points = a_series(series, "at_epoch")
    found = np.flatnonzero(np.ceil(points.epoch) == float(epoch))
    if not len(found):
        raise MissingError(f"{points.name} at epoch {float(epoch):g}")
    return points.point(int(found[-1]))


@function
def per_epoch(series: Any) -> Series:
    """The last point of each epoch: a curve logged per iteration, thinned to epochs."""
    points = a_series(series, "per_epoch")
    epochs = np.ceil(points.epoch)
    keep = np.empty(len(epochs), dtype=np.bool_)  # all, if no epoch is known: NaN is not equal to NaN
    np.not_equal(epochs[1:], epochs[:-1], out=keep[:-1])
    keep[-1] = True
    return points if how_many(keep) == len(keep) else points.take(keep)


@function
def lag(series: Any, points: Any = 1.0) -> Series:
    """The series shifted later by some points; the first ones are NaN."""
    values = a_series(series, "lag")
    return _with(values, _earlier(values, points))


@function
def delta(series: Any) -> Series:
    """Difference to the point before; the first is NaN."""
    values = a_series(series, "delta")
    steps = np.empty(len(values))
    steps[0] = np.nan
    if values.finite:  # to know it is a third of the time for short ones
        np.subtract(values.value[1:], values.value[:-1], out=steps[1:])
    else:
        with np.errstate(invalid="ignore"):
            np.subtract(values.value[1:], values.value[:-1], out=steps[1:])
    return _with(values, steps if values.index is None else np.where(thinned.follows(values), steps, np.nan))


@function
def ratio(series: Any, points: Any = 1.0) -> Series:
    """Ratio to the point some points before; NaN where there is none."""
    values = a_series(series, "ratio")
    with np.errstate(all="ignore"):
        return _with(values, values.value / _earlier(values, points))


def _earlier(series: Series, points: Any) -> Any:
    """Return the value some points before each one, NaN where there is none."""
    size = min(int(points), len(series))
    earlier = np.concatenate([np.full(size, np.nan), series.value])[: len(series)]
    return earlier if series.index is None else np.where(thinned.follows(series, size), earlier, np.nan)


@function
def smooth(series: Any, points: Any) -> Series:
    """Rolling median over some points (trailing), NaN values left out."""
    values = a_series(series, "smooth")
    if values.weight is not None:
        return _with(*thinned.rolled(values, float(points), rolling_median))
    return _with(values, rolling_median(values.value, int(points)))


@function
def rolling_mean(series: Any, points: Any) -> Series:
    """Rolling mean over some points (trailing), NaN values left out."""
    values = a_series(series, "rolling_mean")
    if values.weight is not None:
        return _with(*thinned.rolled(values, float(points), mean_of_last))
    return _with(values, mean_of_last(values.value, int(points)))


@function
def cummin(series: Any) -> Series:
    """Lowest value so far, NaN values left out."""
    values = a_series(series, "cummin")
    return _with(values, np.fmin.accumulate(values.value))


@function
def cummax(series: Any) -> Series:
    """Highest value so far, NaN values left out."""
    values = a_series(series, "cummax")
    return _with(values, np.fmax.accumulate(values.value))


@function
def is_nan(value: Any) -> Any:
    """Mask of NaN points, or whether a number is NaN."""
    if isinstance(value, float):
        return math.isnan(value)
    return Mask(value, np.isnan(value.value)) if isinstance(value, Series) else bool(np.isnan(value))


@function
def is_inf(value: Any) -> Any:
    """Mask of infinite points, or whether a number is infinite."""
    if isinstance(value, float):
        return math.isinf(value)
    return Mask(value, np.isinf(value.value)) if isinstance(value, Series) else bool(np.isinf(value))


@function
def is_finite(value: Any) -> Any:
    """Mask of finite points, or whether a number is finite."""
    if isinstance(value, float):
        return math.isfinite(value)
    return Mask(value, np.isfinite(value.value)) if isinstance(value, Series) else bool(np.isfinite(value))


def _elementwise(value: Any, call: Any) -> Any:
    with np.errstate(all="ignore"):
        if isinstance(value, Series):
            return _with(value, call(value.value))
        return float(call(float(value)))


def _rounded(value: Any, column: Any, number: Any) -> Any:
    if isinstance(value, Series):
        return _elementwise(value, column)
    return float(number(value)) if math.isfinite(value := float(value)) else value


@function
def abs_(value: Any) -> Any:
    """Absolute value."""
    return _elementwise(value, np.abs) if isinstance(value, Series) else abs(float(value))


@function
def log10(value: Any) -> Any:
    """Logarithm to base 10; NaN below 0."""
    return _elementwise(value, np.log10)


@function
def log(value: Any) -> Any:
    """Natural logarithm; NaN below 0."""
    return _elementwise(value, np.log)


@function
def exp(value: Any) -> Any:
    """Exponential function."""
    return _elementwise(value, np.exp)


@function
def sqrt(value: Any) -> Any:
    """Square root; NaN below 0."""
    return _elementwise(value, np.sqrt)


@function
def ceil(value: Any) -> Any:
    """Next whole number at or above."""
    return _rounded(value, np.ceil, math.ceil)


@function
def floor(value: Any) -> Any:
    """Next whole number at or below."""
    return _rounded(value, np.floor, math.floor)
