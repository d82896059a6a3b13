"""Which points of a series stay where there are too many of them to be held.

Rows are taken in buckets of equal size. Of each bucket a stretch of neighbours stays, drawn by chance but the same one
whenever it is looked at: it stands for all of the bucket. Beside it stay, and stand for themselves alone, the lowest
and highest value of every column, the row before a highest one, rows around which values cease to be finite or a
counter changes or falls back, and both ends. A coarser level joins two buckets of the finer one, so that nothing is
lost by having been thinned before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from diagnose.scan.engine import engine, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]
    Chosen: TypeAlias = NDArray[np.bool_]
    Bytes: TypeAlias = bytes | bytearray | memoryview
    Portion: TypeAlias = tuple[Bytes | Floats, Indices | None]  # rows, and their numbers


MOST_TURNS = 4096
"""Rows of a column that stay because it is not finite there, or falls back or changes: the first and last ones."""


class Thinning(NamedTuple):
    """What decides which rows stay.

    Attributes:
        width: how many doubles a row is: line, epoch, then columns of which the rows stay around a fall, and values.
        first: where the values begin.
        size: how many rows there are in all.
        level: how large the buckets are.
        rises: whether the epoch is a column that rises, too; else rows stay around any change of it.
        turns: the ``MOST_TURNS`` of these rows.
    """

    width: int
    first: int
    size: int
    level: int
    rises: bool = False
    turns: int = MOST_TURNS


STRETCH_BITS = 5
STRETCH = 1 << STRETCH_BITS
"""Neighbours of a bucket that stay."""
ENDS = STRETCH // 2
"""Rows at the start, and at the end, that stay whatever they hold."""


def staying(parts: Sequence[Portion], count: int, start: int, thinning: Thinning) -> tuple[Floats, Indices, Chosen]:
    """Return what stays of rows: the rows, their numbers, and which of them do so for what they hold.

    Args:
        parts: rows, each with their numbers among all, or None where they are numbered from *start* on.
        count: how many of them are looked at.
        start: the number of the first.
        thinning: what decides.
    """
    width, first, size, level, rises, turns = thinning
    counting = 1 if rises else 2
    if engine().name == "kernel":
        told = kernel().thinned(tuple(parts), count, start, width, counting, first, size, level, turns)
        if told is not None:
            kept, numbers, own = told
            rows = np.frombuffer(kept).reshape(-1, width)
            return rows, np.frombuffer(numbers, np.int64), np.frombuffer(own, np.bool_)
    rows = np.concatenate([np.frombuffer(rows) for rows, _ in parts]).reshape(-1, width)[:count]
    known = [index for _, index in parts if index is not None]
    index = np.concatenate(known) if known else np.arange(start, start + count)
    columns = np.ascontiguousarray(rows.T)
    single = alone(columns[first:], columns[1:counting], columns[counting:first], index, size, level, turns)
    at = (single | in_stretch(index, level)).nonzero()[0]
    return rows.take(at, axis=0), index.take(at), single.take(at)


def in_stretch(index: Indices, level: int) -> Chosen:
    """Return which rows lie in the stretch of their bucket: at each level one of two halves is drawn."""
    block = index >> STRETCH_BITS
    first = block[0]
    blocks = np.arange(first, block[-1] + 1)
    held = np.ones(len(blocks), dtype=np.bool_)
    for step in range(level):
        half = blocks >> step
        held &= (half & 1) == (((half >> 1) * 0x9E3779B1 >> 13) + step & 1)
    found: Chosen = held[block - first]
    return found


def alone(
    values: Floats, changing: Floats, rising: Floats, index: Indices, size: int, level: int, turns: int = MOST_TURNS
) -> Chosen:
    """Return which rows stay for what they hold.

    Args:
        values: columns, each in one piece, of which extremes stay, and what is not finite.
        changing: columns of which the rows stay around a change, such as those of an epoch.
        rising: columns of which the rows stay around a fall, such as those of a step.
        index: the number of each row among all, thinned or not.
        size: how many rows there are in all.
        level: how large the buckets are.
        turns: the ``MOST_TURNS`` of these rows.
    """
    held = (index < ENDS) | (index >= size - ENDS)
    held[:1] = held[-1:] = True
    starts = np.flatnonzero(np.diff(index >> (STRETCH_BITS + level), prepend=-1))
    finite = np.isfinite(values)
    if not (whole := bool(finite.all())):
        values = np.where(finite, values, np.nan)
        for column in finite[~finite.all(axis=1)]:
            _keep(held, np.flatnonzero(column[1:] != column[:-1]), turns)
            held[_some(np.flatnonzero(~column), turns)] = True
    lowest, highest = _extremes(values, starts, whole)
    held[lowest] = held[highest] = held[highest - (highest > 0)] = True
    for columns, turn in ((changing, np.not_equal), (rising, np.greater)):
        for column in columns:
            _keep(held, np.flatnonzero(turn(column[:-1], column[1:]) & ~np.isnan(column[:-1])), turns)
    return held


def _extremes(values: Floats, starts: Indices, whole: bool) -> tuple[Indices, Indices]:
    """Return where the first of the lowest and of the highest values of each column stand in each group of rows."""
    count = values.shape[1]
    sizes = np.diff(starts, append=count)
    if whole and (sizes == sizes[0]).all():
        grouped = values.reshape(len(values), len(starts), sizes[0])
        return (starts + grouped.argmin(axis=2)).ravel(), (starts + grouped.argmax(axis=2)).ravel()
    backwards = np.arange(count, 0, -1)
    found = []
    for reduce in (np.fmin, np.fmax):
        extreme = np.repeat(reduce.reduceat(values, starts, axis=1), sizes, axis=1)
        first = np.maximum.reduceat(np.where(values == extreme, backwards, 0), starts, axis=1)
        found.append(count - first[first > 0])
    return found[0], found[1]


def _keep(held: Chosen, at: Indices, turns: int) -> None:
    at = _some(at, turns)
    held[at] = held[at + 1] = True


def _some(at: Indices, turns: int) -> Indices:
    return at if len(at) <= turns else np.concatenate([at[: turns // 2], at[-turns // 2 :]])


def weights(index: Indices, single: Chosen, size: int, level: int) -> Floats:
    """Return for how many rows each one stands: one for what stays for itself, its share of the rest for another.

    What is left of a bucket of which all that stays does so for itself is left to the next bucket.
    """
    bucket = index >> (STRETCH_BITS + level)
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    kept = np.diff(starts, append=len(index))
    own = np.add.reduceat(single, starts, dtype=np.int64)
    of_all = np.minimum(size - (bucket[starts] << (STRETCH_BITS + level)), 1 << (STRETCH_BITS + level))
    drawn = kept - own
    rest = (of_all - own).astype(np.float64)
    bearing = np.flatnonzero(drawn)
    if not len(bearing):
        return np.full(len(index), size / len(index))
    bearer = bearing[np.searchsorted(bearing, np.arange(len(starts))).clip(0, len(bearing) - 1)]
    share = np.bincount(bearer, rest, len(starts)) / np.maximum(drawn, 1)
    return np.where(single, 1.0, np.repeat(share, kept))
