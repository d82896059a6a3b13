"""The exact interval of a share: Clopper and Pearson, Biometrika 26(4), 1934, doi:10.1093/biomet/26.4.404."""

from __future__ import annotations

import math
from collections.abc import Callable

BISECTIONS = 60
"""Each halves the error: far below what a double can tell."""


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the limits of a binomial share that cover it with at least *level*.

    Raises:
        ValueError: unless ``0 <= hits <= trials``, ``trials >= 1`` and ``0 < level < 1``.
    """
    if not (0 <= hits <= trials and trials >= 1 and 0 < level < 1):
        raise ValueError("hits of trials, and a level between 0 and 1")
    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else _solve(lambda share: at_least(hits, trials, share) < tail)
    high = 1.0 if hits == trials else _solve(lambda share: 1.0 - at_least(hits + 1, trials, share) > tail)
    return low, high


def at_least(hits: int, trials: int, share: float) -> float:
    """Return the probability of *hits* or more in *trials* at a share."""
    if hits <= 0:
        return 1.0
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    yes, no = math.log(share), math.log1p(-share)
    whole = math.lgamma(trials + 1)
    logs = [
        whole - math.lgamma(count + 1) - math.lgamma(trials - count + 1) + count * yes + (trials - count) * no
        for count in range(hits, trials + 1)
    ]
    top = max(logs)
    return min(1.0, math.exp(top) * math.fsum(math.exp(one - top) for one in logs))


def _solve(below: Callable[[float], bool]) -> float:
    """Return where a predicate of a share turns from true to false."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2.0
