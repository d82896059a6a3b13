"""Half a step from one number to another, on the scale on which the setting acts."""

from __future__ import annotations

import math

from diagnose.names import Hyperparameter

FAR = 2.0
"""Factor below which both middles are nearly one."""
BATCHES = frozenset({"batch_size", "batch_size_per_device"})
"""Numbers that are divided among devices, mostly two or more: what powers of two divide stays so where it can."""


def halfway(old: float, new: float, row: Hyperparameter | None) -> int | float | None:
    """Return a number between two, or None if there is none.

    It is the arithmetic middle; on a log scale and over a factor of ``FAR`` the geometric one, with as few digits as
    lie between the two. Whole numbers stay whole, and on the old side of the middle where that is none.
    """
    if not all(math.isfinite(number) and abs(number) < 1e15 for number in (old, new)):
        return None
    if row is not None and row.scale == "log" and old > 0 and new > 0 and max(old / new, new / old) >= FAR:
        middle: float = _short(math.sqrt(old * new), old, new)
    else:
        middle = float(f"{(old + new) / 2:.12g}")
    if isinstance(old, int) and isinstance(new, int):
        grid = math.gcd(old, new) if row is not None and row.name in BATCHES else 1
        grid &= -grid
        while grid:
            number = (math.floor if new > old else math.ceil)(middle / grid) * grid
            if min(old, new) < number < max(old, new):
                return number
            grid //= 2
        return None
    return middle if min(old, new) < middle < max(old, new) else None


def _short(number: float, old: float, new: float) -> float:
    for digits in range(2, 8):
        short = float(f"{number:.{digits}g}")
        if min(old, new) < short < max(old, new):
            return short
    return number
