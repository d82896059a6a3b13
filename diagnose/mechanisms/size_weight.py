"""Size-aware weighting of a detection loss: small objects count more, by ``w = a * exp(-area / t)`` within [1, a].

The clamp is part of the mechanism: without it objects beyond ``t * ln(a)`` pixels would count less than before.
"""

from __future__ import annotations

import math

ALPHA = 2.5
THRESHOLD = 1024.0


def raw_weight(area: float, alpha: float = ALPHA, threshold: float = THRESHOLD) -> float:
    """Return the weight before it is clamped.

    Args:
        area: of the object, in square pixels.
        alpha: the weight of an object without extent.
        threshold: the area at which the weight has fallen to ``alpha / e``.

    Raises:
        ValueError: for a negative area, an alpha below 1, or a threshold that is not positive.
    """
    if not area >= 0:
        raise ValueError("an area is not negative")
    if not alpha >= 1 or not threshold > 0:
        raise ValueError("alpha is at least 1 and the threshold is positive")
    return alpha * math.exp(-area / threshold)


def weight(area: float, alpha: float = ALPHA, threshold: float = THRESHOLD) -> float:
    """Return the weight of an object in the loss, between 1 and *alpha*. Raises ValueError as ``raw_weight``."""
    return min(max(raw_weight(area, alpha, threshold), 1.0), alpha)


def neutral_area(alpha: float = ALPHA, threshold: float = THRESHOLD) -> float:
    """Return the area from which on an object counts as before: ``t * ln(a)``. Raises ValueError as ``raw_weight``."""
    raw_weight(0.0, alpha, threshold)
    return threshold * math.log(alpha)
