"""Numbers of a series of which points were left out: each that is here stands for as many as its weight says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diagnose.language.functions.registry import different
from diagnose.language.functions.rolling import rolling_median

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from diagnose.model import Series

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

UNBROKEN = 8
"""Neighbours from which on a stretch shows how a curve goes on, and not only that it had an extreme."""


def quantile(values: Floats, weight: Floats, share: float) -> float:
    """Return the value below which a share of the points lies."""
    order = np.argsort(values, kind="stable")
    parts = weight[order]
    reached = np.cumsum(parts)
    return float(np.interp(share * (reached[-1] - 1), reached - (parts + 1) / 2, values[order]))


def mean(values: Floats, weight: Floats) -> float:
    """Return the arithmetic mean."""
    return float(np.average(values, weights=weight))


def deviation(values: Floats, weight: Floats) -> float:
    """Return the standard deviation (of the population)."""
    return float(np.sqrt(np.average((values - mean(values, weight)) ** 2, weights=weight)))


def longest(where: Flags, weight: Floats) -> float:
    """Return how many points the longest unbroken stretch of true ones stands for."""
    before = np.concatenate([[0.0], np.cumsum(weight)])
    false = np.flatnonzero(~where)
    begins, ends = np.append(0, false + 1), np.append(false, len(where))
    return float(round((before[ends] - before[begins]).max()))


def ranks(values: Floats, weight: Floats) -> Floats:
    """Return the rank of each value among all points, equal ones on the middle of theirs."""
    kinds = different(values)
    at = np.searchsorted(kinds, values)
    number = np.bincount(at, weight)
    return np.asarray((np.cumsum(number) - number / 2)[at])


def correlation(first: Floats, second: Floats, weight: Floats) -> float:
    """Return the correlation of two rows."""
    covariance = np.cov(first, second, aweights=weight)
    return float(np.clip(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), -1, 1))


def follows(series: Series, points: int = 1) -> Flags:
    """Return of which points the one that stands here so many places before them is the one so many points before."""
    found = np.arange(len(series)) >= points
    if series.index is not None and points > 0:
        found[points:] = series.index[points:] - series.index[:-points] == points
    return found


def unbroken(series: Series) -> Series:
    """Return the points that lie in stretches of neighbours: a fair sample, without extremes that stand alone."""
    stretch = np.cumsum(~follows(series))
    held = np.bincount(stretch)[stretch] >= UNBROKEN
    return series.take(held) if held.any() else series


def rolled(series: Series, points: float, roll: Callable[[Floats, int], Floats]) -> tuple[Series, Floats]:
    """Return points and what a trailing window gives at each: a narrow one where all of it is here, else a share."""
    sample = unbroken(series)
    if points > UNBROKEN:
        return sample, roll(sample.value, max(1, round(points * len(sample) / series.total)))
    values = roll(sample.value, int(points))
    behind = int(points) - 1
    if behind > 0:
        whole = follows(sample, behind)
        whole[:behind] = True
        values = np.where(whole, values, np.nan)
    return sample, values


def level_before(series: Series, points: int) -> Floats:
    """Return the median magnitude of the last points before each one that lie in stretches."""
    sample = unbroken(series)
    if series.index is None or sample.index is None:
        raise ValueError("a series that was not thinned")
    levels = np.append(rolling_median(np.abs(sample.value), points), np.nan)
    return np.asarray(levels[np.searchsorted(sample.index, series.index) - 1])


def turns(series: Series) -> float:
    """Return the share of neighbouring steps that change direction."""
    steps = np.diff(series.value)
    stretch = np.cumsum(~follows(series))[1:]
    moved = follows(series)[1:] & (steps != 0)
    signs, stretch = np.sign(steps[moved]), stretch[moved]
    beside = stretch[1:] == stretch[:-1]
    return float((signs[1:] != signs[:-1])[beside].mean()) if beside.any() else 0.0


def rows_of(several: list[Series], after: float = -np.inf) -> float:
    """Return on how many lines beyond one the points of several series stand."""
    line = np.concatenate([series.line for series in several])
    weight = np.concatenate([np.ones(len(one)) if one.weight is None else one.weight for one in several])
    later = line > after
    line, weight = line[later], weight[later]
    if not len(line):
        return 0.0
    order = np.argsort(line, kind="stable")
    line, weight = line[order], weight[order]
    starts = np.flatnonzero(np.concatenate([[True], line[1:] != line[:-1]]))
    return float(round(np.maximum.reduceat(weight, starts).sum()))
