"""The shape of a curve: falls, rises, plateaus, spikes, trends. All on finite points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnose.language.align import align
from diagnose.language.functions import thinned
from diagnose.language.functions.registry import (
    Registry,
    a_series,
    different,
    finite,
    how_many,
    middle,
    number_of_different,
)
from diagnose.language.functions.rolling import rolling_median
from diagnose.language.values import Mask, MissingError
from diagnose.model import Series
from diagnose.names import traits

if TYPE_CHECKING:
    from numpy.typing import NDArray

function = Registry()
TINY = 1e-12


def _finite(series: Any, name: str) -> Series:
    return finite(a_series(series, name))


@function
def drop(series: Any) -> float:
    """Relative fall from the first point to the last: 0.9 means it lost 90 %; negative if it rose."""
    values = _finite(series, "drop").value
    return float((values[0] - values[-1]) / max(abs(values[0]), TINY))


@function
def rise(series: Any) -> float:
    """Relative rise of the last point above the lowest one: 0.5 means half above the minimum."""
    values = _finite(series, "rise").value
    lowest = values.min()
    return float((values[-1] - lowest) / max(abs(lowest), TINY))


@function
def fall(series: Any) -> float:
    """Relative fall of the last point below the highest one: 0.1 means a tenth of the maximum was lost."""
    values = _finite(series, "fall").value
    highest = values.max()
    return float((highest - values[-1]) / max(abs(highest), TINY))


@function
def worsened(series: Any) -> float:
    """By how much the last point is worse than the best one, relative to the best; never negative."""
    points = _finite(series, "worsened")
    return max(0.0, fall(points) if traits(points.name).better == "higher" else rise(points))


@function
def improved(series: Any) -> float:
    """By how much the best point is better than the first one, in the series' own unit; never negative."""
    points = _finite(series, "improved")
    values = points.value
    gain = values.max() - values[0] if traits(points.name).better == "higher" else values[0] - values.min()
    return float(gain)


@function
def spread(series: Any) -> float:
    """Highest minus lowest value."""
    return _range(_finite(series, "spread").value)


def _range(values: NDArray[np.float64]) -> float:
    """Return ``np.ptp(values)`` of finite values, in a quarter of the time for the short rows of most logs."""
    return float(values[values.argmax()] - values[values.argmin()])


@function
def flat(series: Any, tolerance: Any) -> bool:
    """Whether the values stay within a share of their mean magnitude: `flat(loss, 1%)`."""
    points = _finite(series, "flat")
    values = points.value
    level = float(np.add.reduce(values)) / len(values)  # the mean
    if points.weight is not None:
        level = thinned.mean(values, points.weight)
    return _range(values) <= float(tolerance) * max(abs(level), TINY)


@function
def constant(series: Any) -> bool:
    """Whether all values are exactly equal as printed."""
    values = _finite(series, "constant").value
    return int(how_many(values == values[0])) == len(values)


@function
def slope(series: Any) -> float:
    """Least-squares slope per epoch if epochs are known, else per point."""
    points = _finite(series, "slope")
    if len(points) < 2:
        raise MissingError(f"two points of {points.name}")
    axis = points.epoch
    if how_many(np.isnan(axis)) or np.ptp(axis) == 0:
        axis = (np.arange(len(points)) if points.index is None else points.index).astype(np.float64)
    weight = None if points.weight is None else np.sqrt(points.weight)
    return float(np.polyfit(axis, points.value, 1, w=weight)[0])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    order = values.argsort(kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values), dtype=np.float64)
    ordered = values[order]
    if how_many(ordered[1:] != ordered[:-1]) == len(values) - 1:
        return ranks
    inverse = np.searchsorted(different(values), values)
    return (np.bincount(inverse, ranks) / np.bincount(inverse))[inverse]


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64], weight: NDArray[np.float64] | None) -> float:
    if _tells_nothing(first) or _tells_nothing(second):
        return 0.0
    if weight is not None:
        return thinned.correlation(thinned.ranks(first, weight), thinned.ranks(second, weight), weight)
    return _pearson(np.array([_ranks(first), _ranks(second)]))


def _tells_nothing(values: NDArray[np.float64]) -> bool:
    """Whether values are too few, or equal, for a correlation with others."""
    return len(values) < 3 or bool(values[values.argmax()] == values[values.argmin()])


def _pearson(pair: NDArray[np.float64]) -> float:
    """Return ``np.corrcoef(pair)[0, 1]`` to the last bit, in a fifth of the time for the short rows of most logs."""
    pair -= pair.mean(axis=1)[:, None]
    products = np.dot(pair, pair.T) * np.true_divide(1, pair.shape[1] - 1)
    first, second = math.sqrt(products[0, 0]), math.sqrt(products[1, 1])
    return min(max(float(products[0, 1]) / first / second, -1.0), 1.0)


@function
def trend(series: Any) -> float:
    """Spearman rank correlation with time: 1 rises steadily, -1 falls steadily, 0 no trend or fewer than 3 points."""
    points = _finite(series, "trend")
    positions, values = np.arange(len(points), dtype=np.float64), points.value
    if points.weight is not None:
        return _correlation(positions, values, points.weight)
    return 0.0 if _tells_nothing(values) else _pearson(np.array([positions, _ranks(values)]))


@function
def correlation(left: Any, right: Any) -> float:
    """Spearman rank correlation of two series at their shared positions; 0 with fewer than 3."""
    first, second = align(a_series(left, "correlation"), a_series(right, "correlation"))
    held = np.isfinite(first.value) & np.isfinite(second.value)
    return _correlation(first.value[held], second.value[held], None if first.weight is None else first.weight[held])


@function
def noise(series: Any) -> float:
    """Robust size of the jitter: median absolute step between neighbours; 0 with fewer than 2 points."""
    points = _finite(series, "noise")
    if points.index is not None:
        points = thinned.unbroken(points)
    steps = np.abs(points.value[1:] - points.value[:-1])
    if points.index is not None:
        steps = steps[thinned.follows(points)[1:]]
    return float(middle(steps)) if len(steps) else 0.0


@function
def spike(series: Any, factor: Any, points: Any = 25.0) -> Mask:
    """Mask of points above *factor* times the median magnitude of the points before them (up to *points*)."""
    values = a_series(series, "spike")
    times = float(factor)
    with np.errstate(invalid="ignore"):
        if values.index is not None:
            return Mask(values, values.value > times * thinned.level_before(values, int(points)))
        size = np.abs(values.value)
        # A median is no less than the lowest: most curves have nothing that stands out even beside that.
        before = np.concatenate([[np.nan], np.fmin.accumulate(size)[:-1]])
        above = values.value > times * before
        if not times > 0 or how_many(above):
            before[1:] = rolling_median(size, int(points))[:-1]
            above = values.value > times * before
        return Mask(values, above)


@function
def oscillates(series: Any) -> float:
    """Share of neighbouring steps that change direction, in 0..1; steps of zero do not count."""
    points = _finite(series, "oscillates")
    if points.index is not None:
        return thinned.turns(points)
    steps = np.diff(points.value)
    steps = steps[steps != 0]
    return float((np.sign(steps[1:]) != np.sign(steps[:-1])).mean()) if len(steps) > 1 else 0.0


@function
def distinct(series: Any) -> float:
    """Number of different values."""
    return float(number_of_different(_finite(series, "distinct").value))
