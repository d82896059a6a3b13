"""Medians and means over trailing windows, of any width, in time that the width does not multiply."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnose.language.functions.registry import how_many, middle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AT_ONCE = 1 << 17
"""Values of windows that are copied at once."""
NARROW = 64
"""Width up to which sorting each window costs less than to select in all of them together."""
LONGEST = 100_000


def rolling_median(values: Floats, size: int) -> Floats:
    """Return the median of the last *size* values at each value, NaN left out; NaN where there is nothing else."""
    size = max(1, min(size, LONGEST, len(values)))
    if size == 1:
        return values.copy()
    if size > NARROW:
        return _wide(values, size)
    return _narrow(values, size, middle) if how_many(np.isnan(values)) else _whole(values, size)


def rolling_mean(values: Floats, size: int) -> Floats:
    """Return the mean of the last *size* values at each value, NaN left out; NaN where there is nothing else."""
    size = max(1, min(size, LONGEST, len(values)))
    if size == 1:
        return values.copy()
    if size <= NARROW:
        return _narrow(values, size, np.nanmean)
    with np.errstate(all="ignore"):
        total = _windowed(np.where(np.isfinite(values), values, 0).astype(np.longdouble), size)
        for infinite in (np.inf, -np.inf):
            total = np.where(_windowed(values == infinite, size) > 0, total + infinite, total)
        return np.asarray(total / _windowed(~np.isnan(values), size), dtype=np.float64)


def _windowed(numbers: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the sums of trailing windows."""
    sums = np.cumsum(numbers)
    sums[size:] -= sums[:-size].copy()
    return sums


def _whole(values: Floats, size: int) -> Floats:
    """Return medians of values without NaN: of those that are not so many yet, and of windows of one width."""
    out = np.empty(len(values))
    out[: size - 1] = _so_far(values[: size - 1].tolist())
    if size == 3:
        first, second, third = values[:-2], values[1:-1], values[2:]
        out[2:] = np.maximum(np.minimum(first, second), np.minimum(np.maximum(first, second), third))
        return out
    block = max(1, AT_ONCE // size)
    for start in range(0, len(values) - size + 1, block):
        part = np.ascontiguousarray(values[start : start + block + size - 1])
        windows = np.ndarray((len(part) - size + 1, size), np.float64, part, 0, part.strides * 2).copy()
        windows.sort(axis=1)
        lows, highs = windows[:, (size - 1) // 2], windows[:, size // 2]
        if not size % 2:
            with np.errstate(invalid="ignore"):
                lows = np.where(lows == highs, lows, (lows + highs) / 2)
        out[start + size - 1 : start + size - 1 + len(windows)] = lows
    return out


def _so_far(values: list[float]) -> list[float]:
    """Return the median of the values up to each one."""
    ordered: list[float] = []
    found = []
    for number, value in enumerate(values):
        insort(ordered, value)
        low, high = ordered[number // 2], ordered[(number + 1) // 2]
        found.append(low if low == high else (low + high) / 2)
    return found


def _narrow(values: Floats, size: int, reduce: Callable[..., Any]) -> Floats:
    padded = np.concatenate([np.full(size - 1, np.nan), values])
    whole = not how_many(np.isnan(values))
    out = np.full(len(values), np.nan)
    block = max(1, AT_ONCE // size)
    for start in range(0, len(values), block):
        part = padded[start : start + block + size - 1]
        windows = np.lib.stride_tricks.as_strided(part, (len(part) - size + 1, size), part.strides * 2, writeable=False)
        if whole:
            out[start : start + block] = reduce(windows, axis=1)
            continue
        known = ~np.isnan(windows).all(axis=1)
        if known.any():
            out[start : start + block][known] = reduce(windows[known], axis=1)
    return out


def _wide(values: Floats, size: int) -> Floats:
    """Select the middle of all windows at once, one bit of its rank after the other (a wavelet matrix).

    The ranks of the values, in their order, are split by their highest bit, keeping that order; how many of a window
    went left tells whether its middle did, and where the window lies in that part. So for all further bits.
    """
    count = len(values)
    order = np.argsort(values, kind="stable")  # NaN comes last, so that it is never the middle
    ranks = np.empty(count, dtype=np.int32)
    ranks[order] = np.arange(count, dtype=np.int32)
    known = _windowed(~np.isnan(values), size)
    wanted = np.concatenate([(known - 1) // 2, known // 2]).astype(np.int32).clip(0)
    first = np.arange(count, dtype=np.int32) - np.int32(size - 1)
    low = np.tile(first.clip(0), 2)
    high = np.tile(np.arange(1, count + 1, dtype=np.int32), 2)
    found = np.zeros(2 * count, dtype=np.int32)
    for bit in reversed(range(count.bit_length())):
        left = (ranks >> bit & 1) == 0
        before = np.zeros(count + 1, dtype=np.int32)
        np.cumsum(left, out=before[1:])
        low_left, high_left = before[low], before[high]
        held = high_left - low_left
        goes_right = wanted >= held
        wanted -= np.where(goes_right, held, 0).astype(np.int32)
        low = np.where(goes_right, low - low_left + before[-1], low_left)
        high = np.where(goes_right, high - high_left + before[-1], high_left)
        found |= goes_right.astype(np.int32) << bit
        ranks = np.concatenate([ranks[left], ranks[~left]])
    ordered = values[order]
    lower, upper = ordered[found[:count].clip(0, count - 1)], ordered[found[count:].clip(0, count - 1)]
    with np.errstate(invalid="ignore"):
        middles = np.where(lower == upper, lower, (lower + upper) / 2)
    return np.where(known > 0, middles, np.nan)
