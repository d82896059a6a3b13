"""Intervals of a share: Clopper and Pearson's, which is exact, and Wilson's score interval."""

from __future__ import annotations

import math
from collections.abc import Callable

NORMAL = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""
BISECTIONS = 60
"""Each halves the error: far below what a double can tell."""
TERMS = 100_000
"""Of the continued fraction, at most; about the root of the number of trials is enough."""


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the limits of a binomial share that cover it with at least *level*.

    Clopper and Pearson, Biometrika 26(4), 1934, doi:10.1093/biomet/26.4.404.

    Raises:
        ValueError: unless ``0 <= hits <= trials``, ``trials >= 1`` and ``0 < level < 1``.
    """
    if not (0 <= hits <= trials and trials >= 1 and 0 < level < 1):
        raise ValueError("hits of trials, and a level between 0 and 1")
    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else _solve(lambda share: at_least(hits, trials, share) < tail)
    high = 1.0 if hits == trials else _solve(lambda share: 1.0 - at_least(hits + 1, trials, share) > tail)
    return low, high


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return the limits of the 95 % score interval: Wilson, Journal of the American Statistical Association 22, 1927.

    Raises:
        ZeroDivisionError: without trials.
    """
    share, square = hits / trials, NORMAL**2 / trials
    middle = share + square / 2
    half = NORMAL * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def at_least(hits: int, trials: int, share: float) -> float:
    """Return the probability of *hits* or more in *trials* at a share: the regularised incomplete beta function."""
    if hits <= 0 or share >= 1.0:
        return 1.0
    if hits > trials or share <= 0.0:
        return 0.0
    a, b = float(hits), float(trials - hits + 1)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(share) + b * math.log1p(-share)
    )
    if share < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(a, b, share) / a
    return 1.0 - front * _fraction(b, a, 1.0 - share) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function by Lentz's method (https://dlmf.nist.gov/8.17.v)."""
    tiny = 1e-300
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d or tiny)
    c, product = 1.0, d
    for m in range(1, TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / (1.0 + term * d or tiny)
            c = 1.0 + term / c or tiny
            product *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return product


def _solve(below: Callable[[float], bool]) -> float:
    """Return where a predicate of a share turns from true to false."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2.0
