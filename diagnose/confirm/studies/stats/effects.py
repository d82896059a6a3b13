"""Sizes of effects."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MANY = 8
"""Runs from which on the mean leaves out the outer quarters."""


def middle(values: Array) -> Array:
    """Return the mean along the last axis, or the interquartile mean from eight values on.

    Source: Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice, NeurIPS, section
    4.3. A quarter of the values, rounded down, is left out at either end.
    """
    size = values.shape[-1]
    cut = size // 4 if size >= MANY else 0
    return np.asarray(np.sort(values, axis=-1)[..., cut : size - cut].mean(axis=-1))


def cohen_d(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the difference of means in units of the pooled deviation.

    Source: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, section 2.2. Infinite if neither arm
    varies and they differ; None if they do not, or below two values each.
    """
    if len(one) < 2 or len(other) < 2:
        return None
    difference = float(np.mean(one) - np.mean(other))
    squares = float(np.var(one, ddof=1)) * (len(one) - 1) + float(np.var(other, ddof=1)) * (len(other) - 1)
    pooled = math.sqrt(squares / (len(one) + len(other) - 2))
    if not pooled:
        return math.copysign(math.inf, difference) if difference else None
    return difference / pooled


def chance_above(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the chance that a value of the first arm is above one of the second, ties counted half.

    Source: Mann and Whitney 1947, Annals of Mathematical Statistics 18(1); as a report on training runs: Bouthillier et
    al. 2021, Accounting for Variance in Machine Learning Benchmarks, MLSys.

    Raises:
        ZeroDivisionError: an arm is empty.
    """
    won = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in one for b in other)
    return won / (len(one) * len(other))


def badness(metric: float | None, better: str | None) -> float | None:
    """Return a metric so turned that higher is worse; NaN is the worst there is."""
    if metric is None:
        return None
    if math.isnan(metric):
        return math.inf
    return -metric if better == "higher" else metric
