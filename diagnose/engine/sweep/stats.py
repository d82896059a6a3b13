"""How surely a setting went with a result: ranks, permutations and resampling. Nothing beyond numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

EXACT = 7
"""Runs up to which all permutations are tried."""
DRAWS = 9999
RESAMPLES = 2000
LEAST_BOOTSTRAP = 6
"""Runs below which an interval would only repeat the few points there are."""
AT_ONCE = 4_000_000
"""Numbers that a permutation or resampling holds at once."""
MOST_FLAT = 0.025
"""Share of resamples in which nothing varies, beyond which they would make an end of the interval."""
SEED = 20250624

Floats = NDArray[np.float64]


def ranks(values: Sequence[float] | Floats) -> Floats:
    """Return ranks from 1; equal values share the mean of theirs."""
    array = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    last = np.cumsum(counts).astype(np.float64)
    return (last - (counts - 1) / 2.0)[inverse]


def spearman(one: Sequence[float] | Floats, other: Sequence[float] | Floats) -> float | None:
    """Return Spearman's rank correlation; None where one side does not vary."""
    return _correlation(ranks(one), ranks(other))


def _correlation(one: Floats, other: Floats) -> float | None:
    left, right = one - one.mean(), other - other.mean()
    scale = math.sqrt(float(left @ left) * float(right @ right))
    return float(np.clip(left @ right / scale, -1.0, 1.0)) if scale > 0 else None


def interval(one: Sequence[float], other: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of Spearman's rho under resampling of runs.

    None with too few runs, and where a value that only one run has decides: a resample either holds it or does not,
    and the spread of such resamples says nothing.
    """
    size = len(one)
    observed = spearman(one, other)
    if size < LEAST_BOOTSTRAP or observed is None or _lone(one) or _lone(other):
        return None
    left, right = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    resamples = max(200, min(RESAMPLES, AT_ONCE // size))
    draws = np.random.default_rng(SEED).integers(0, size, (resamples, size))
    found = [spearman(left[pick], right[pick]) for pick in draws]
    if found.count(None) > MOST_FLAT * resamples:
        return None
    # A resample in which nothing varies shows no correlation.
    low, high = np.quantile([0.0 if rho is None else rho for rho in found], (0.025, 0.975))
    return (float(low), float(high)) if low <= observed <= high else None


def _lone(values: Sequence[float]) -> bool:
    """Whether values repeat, and yet one of them stands alone."""
    _, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    return len(counts) <= len(values) / 2 and int(counts.min()) == 1


def p_of_correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the two-sided p of a permutation test of Spearman's rho; exact for up to ``EXACT`` runs."""
    left, right = ranks(one), ranks(other)
    observed = _correlation(left, right)
    if observed is None:
        return None
    left, right = left - left.mean(), right - right.mean()
    scale = math.sqrt(float(left @ left) * float(right @ right))
    return _share([abs(observed)], np.abs(_shuffled(right) @ left / scale), len(left))


def between(groups: Sequence[int], values: Sequence[float]) -> float | None:
    """Return the share of the spread of ranks that lies between groups (0..1); None where nothing varies."""
    return _between(np.asarray(groups), ranks(values))


def _between(groups: NDArray[np.intp], ranked: Floats) -> float | None:
    centred = ranked - ranked.mean()
    total = float(centred @ centred)
    if total <= 0 or len(np.unique(groups)) < 2:
        return None
    sums = np.bincount(groups, weights=centred)
    counts = np.maximum(np.bincount(groups), 1)
    return float((sums**2 / counts).sum() / total)


def p_of_groups(groups: Sequence[int], values: Sequence[float]) -> float | None:
    """Return the p of a permutation test that groups do not differ (Kruskal-Wallis)."""
    which, ranked = np.asarray(groups), ranks(values)
    observed = _between(which, ranked)
    if observed is None:
        return None
    centred = ranked - ranked.mean()
    member = np.eye(int(which.max()) + 1)[which]
    counts = np.maximum(member.sum(axis=0), 1)
    total = float(centred @ centred)
    return _share([observed], ((_shuffled(centred) @ member) ** 2 / counts).sum(axis=1) / total, len(which))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted for how many there are, by Holm's method."""
    order = sorted((index for index, value in enumerate(values) if value is not None), key=lambda i: values[i] or 0.0)
    adjusted: list[float | None] = [None] * len(values)
    worst = 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, (values[index] or 0.0) * (len(order) - place)))
        adjusted[index] = worst
    return adjusted


def _shuffled(values: Floats) -> Floats:
    """Return rows of permutations: all of them for few values, else a fixed random sample."""
    if len(values) <= EXACT:
        return np.array(list(permutations(values)))
    draws = max(199, min(DRAWS, AT_ONCE // len(values)))
    return np.random.default_rng(SEED).permuted(np.tile(values, (draws, 1)), axis=1)


def _share(observed: list[float], drawn: Floats, size: int) -> float:
    reached = int((drawn >= observed[0] - 1e-12).sum())
    return reached / len(drawn) if size <= EXACT else (reached + 1) / (len(drawn) + 1)
