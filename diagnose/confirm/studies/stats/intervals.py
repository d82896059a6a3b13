"""Intervals: exact for a share, by bootstrap for a difference."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

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
STEPS = 60
"""Halvings of a bisection: to the last bit of a share."""


@cache
def clopper_pearson(shown: int, runs: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share.

    Source: Clopper and Pearson 1934, Biometrika 26(4). Its ends are the shares at which the one-sided binomial tail is
    half of what is left out, found here by bisection of the tail itself.

    Raises:
        ValueError: more were shown than there are runs.
    """
    if not 0 <= shown <= runs:
        raise ValueError(f"{shown} of {runs} is no share")
    if not runs:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if not shown else _bisect(lambda share: _at_least(shown, runs, share) < tail)
    high = 1.0 if shown == runs else _bisect(lambda share: 1 - _at_least(shown + 1, runs, share) > tail)
    return low, high


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


def _at_least(shown: int, runs: int, share: float) -> float:
    return sum(math.comb(runs, k) * share**k * (1 - share) ** (runs - k) for k in range(shown, runs + 1))


def _bisect(below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2
