"""Intervals: exact for a share, of Newcombe for a difference of shares, by bootstrap for one of metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from diagnose import shares

Array = NDArray[np.float64]
# fmt: off
T975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)
# fmt: on
"""97.5 % points of Student's t with 1 to 30 degrees of freedom."""
MANY = 1.96
"""The same for any more."""


@cache
def clopper_pearson(shown: int, runs: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share.

    Source: Clopper and Pearson 1934, Biometrika 26(4). Without runs it is all there is.

    Raises:
        ValueError: more were shown than there are runs.
    """
    if shown == runs == 0:
        return 0.0, 1.0
    return shares.clopper_pearson(shown, runs, level)


def bootstrap_difference(
    one: Sequence[float],
    other: Sequence[float],
    statistic: Callable[[Array], Array],
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of the difference of a statistic between two arms; None below two runs each.

    Percentiles of the resampled differences, widened for small samples: a plain percentile interval of four runs is
    too short by sqrt((n-1)/n) and by normal in place of t quantiles.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13; the wider percentiles are the
    expanded percentile interval of Hesterberg 2015, The American Statistician 69(4), section 4.3.

    Args:
        one: finite values of the first arm.
        other: of the second.
        statistic: of each row of a matrix.
        resamples: drawn of each arm.
        seed: of the resampling, so that the same runs give the same interval.
    """
    if len(one) < 2 or len(other) < 2:
        return None
    random = np.random.default_rng(seed)
    drawn = [
        statistic(np.asarray(arm, dtype=float)[random.integers(0, len(arm), (resamples, len(arm)))])
        for arm in (one, other)
    ]
    freedom = len(one) + len(other) - 2
    smaller = min(len(one), len(other))
    quantile = T975[freedom - 1] if freedom <= len(T975) else MANY
    tail = NormalDist().cdf(-quantile * math.sqrt(smaller / (smaller - 1)))
    low, high = np.quantile(drawn[0] - drawn[1], [tail, 1 - tail])
    return float(low), float(high)


def paired_difference(
    one: Sequence[float],
    other: Sequence[float],
    statistic: Callable[[Array], Array],
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Return the 95 % interval of the same difference where runs are pairs; None below two pairs.

    Pairs are resampled, so what a seed does to both arms drops out. Their bootstrap deviation, widened by
    sqrt(n/(n-1)), is taken times the quantile of Student's t: percentiles of four pairs cannot reach far enough.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 8 and 12.

    Args:
        one: finite values of the first arm.
        other: of the second, those of one seed at the same place.
        statistic: of each row of a matrix, or of one.
        resamples: drawn of the pairs.
        seed: of the resampling.
    """
    count = len(one)
    if count < 2 or len(other) != count:
        return None
    arms = [np.asarray(arm, dtype=float) for arm in (one, other)]
    drawn = np.random.default_rng(seed).integers(0, count, (resamples, count))
    found = statistic(arms[0][drawn]) - statistic(arms[1][drawn])
    middle = float(statistic(arms[0]) - statistic(arms[1]))
    quantile = T975[count - 2] if count - 1 <= len(T975) else MANY
    reach = quantile * float(found.std()) * math.sqrt(count / (count - 1))
    return middle - reach, middle + reach


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares, each given as how many of how many.

    Source: Newcombe 1998, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17(8), method 10, of the score intervals of Wilson 1927.

    Raises:
        ZeroDivisionError: an arm is empty.
    """
    first, second = one[0] / one[1], other[0] / other[1]
    (low, high), (least, most) = shares.wilson(*one), shares.wilson(*other)
    gap = first - second
    return gap - math.hypot(first - low, most - second), gap + math.hypot(high - first, second - least)
