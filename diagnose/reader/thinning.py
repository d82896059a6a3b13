"""Which points of a series stay where there are too many of them to be held.

Rows are taken in buckets of equal size. Of each bucket a stretch of neighbours stays, chosen by chance but the same one
whenever it is looked at: it stands for all of the bucket. Beside it stay, and stand for themselves alone, the lowest and
highest value of every column with the row before each, rows around which values cease to be finite or a counter falls
back or changes, and both ends. A coarser level joins two buckets of the finer one, so that nothing is lost by having
been thinned before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]
    Chosen: TypeAlias = NDArray[np.bool_]

STRETCH_BITS = 5
STRETCH = 1 << STRETCH_BITS
"""Neighbours of a bucket that stay."""
ENDS = 2 * STRETCH
"""Rows at the start, and at the end, that stay whatever they hold."""
MOST_TURNS = 4096
"""Rows around which a column turns (becomes NaN, falls back, changes) that stay for that: half of them the first."""


def in_stretch(index: Indices, level: int) -> Chosen:
    """Return which rows lie in the stretch of their bucket: at each level one of two halves is drawn."""
    held = np.ones(len(index), dtype=np.bool_)
    for step in range(level):
        half = index >> (STRETCH_BITS + step)
        drawn = ((half >> 1) * 0x9E3779B1 >> 13) + step & 1
        held &= (half & 1) == drawn
    return held


def certain(
    values: Sequence[Floats], changing: Sequence[Floats], rising: Sequence[Floats], index: Indices, size: int, level: int
) -> Chosen:
    """Return which rows stay for what they hold.

    Args:
        values: columns of which extremes stay, and what is not finite.
        changing: columns of which the rows stay around a change, such as those of an epoch.
        rising: columns of which the rows stay around a fall, such as those of a step.
        index: the number of each row among all, thinned or not.
        size: how many rows there are in all.
        level: how large the buckets are.
    """
    held = (index < ENDS) | (index >= size - ENDS)
    bits = STRETCH_BITS + level
    regular = len(index) and not len(index) & ((1 << bits) - 1) and int(index[-1] - index[0]) == len(index) - 1
    bucket = index >> bits
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    for column in values:
        finite = np.isfinite(column)
        whole = bool(finite.all())
        if not whole:
            _keep_turns(held, np.flatnonzero(finite[1:] != finite[:-1]))
        for sign in (1.0, -1.0):
            if regular and whole:
                by_bucket = np.ascontiguousarray(column).reshape(-1, 1 << bits)
                lowest = starts + (by_bucket.argmin(axis=1) if sign > 0 else by_bucket.argmax(axis=1))
            else:
                lowest = _lowest(np.where(finite, sign * column, np.inf), starts)
            held[lowest] = True
            held[lowest - (lowest > 0)] = True
    for column in changing:
        _keep_turns(held, np.flatnonzero((column[1:] != column[:-1]) & ~(np.isnan(column[1:]) & np.isnan(column[:-1]))))
    for column in rising:
        _keep_turns(held, np.flatnonzero(column[1:] < column[:-1]))
    held[:1] = held[-1:] = True
    return held


def _lowest(column: Floats, starts: Indices) -> Indices:
    """Return where the first of the lowest values of each group stands."""
    lowest = np.minimum.reduceat(column, starts)
    sizes = np.diff(starts, append=len(column))
    hits = np.flatnonzero(column == np.repeat(lowest, sizes))
    group = np.searchsorted(starts, hits, side="right")
    return hits[np.diff(group, prepend=0) > 0]


def _keep_turns(held: Chosen, at: Indices) -> None:
    if len(at) > MOST_TURNS:
        at = np.concatenate([at[: MOST_TURNS // 2], at[-MOST_TURNS // 2 :]])
    held[at] = held[at + 1] = True


def weights(index: Indices, alone: Chosen, size: int, level: int) -> Floats:
    """Return for how many rows each one stands: one for what stays for itself, its share of the rest for another."""
    bits = STRETCH_BITS + level
    bucket = index >> bits
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    kept = np.diff(starts, append=len(index))
    own = np.add.reduceat(alone.astype(np.int64), starts)
    of_all = np.minimum(size - (bucket[starts] << bits), 1 << bits)
    sampled = kept - own
    share = np.where(sampled > 0, (of_all - own) / np.maximum(sampled, 1), 1.0)
    every = np.where(sampled > 0, 1.0, of_all / kept)
    return np.where(alone, np.repeat(every, kept), np.repeat(share, kept))
