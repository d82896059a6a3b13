"""Class weights by inverse frequency, and their cap: a rare class that outweighs all others is all that is seen."""

from __future__ import annotations

from collections.abc import Sequence


def inverse_frequency(counts: Sequence[float]) -> list[float]:
    """Return weights in inverse proportion to counts or shares; they sum to the number of classes.

    Raises:
        ValueError: for a class without samples.
    """
    if not counts or min(counts) <= 0:
        raise ValueError("every class needs samples")
    inverse = [1.0 / count for count in counts]
    total = sum(inverse)
    return [len(counts) * one / total for one in inverse]


def ratio(weights: Sequence[float]) -> float:
    """Return by which factor the heaviest class outweighs the lightest. Raises ValueError for a weight of zero."""
    if not weights or min(weights) <= 0:
        raise ValueError("weights are positive")
    return max(weights) / min(weights)


def capped(weights: Sequence[float], most: float = 3.0) -> list[float]:
    """Return weights of which none is more than *most* times the lightest. Raises ValueError as ``ratio``."""
    ratio(weights)
    if not most >= 1:
        raise ValueError("the cap is at least 1")
    return [min(one, min(weights) * most) for one in weights]
