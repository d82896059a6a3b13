"""A weighted sum of predictions: each branch learns from a gradient that is scaled by its weight."""

from __future__ import annotations

from collections.abc import Sequence


def gradient_shares(weights: Sequence[float]) -> list[float]:
    """Return the factor on the gradient of each branch. Raises ValueError for weights that do not sum to 1."""
    if abs(sum(weights) - 1.0) > 1e-6 or min(weights) < 0:
        raise ValueError("the weights of a fusion are not negative and sum to 1")
    return list(weights)


def fused(predictions: Sequence[float], weights: Sequence[float]) -> float:
    """Return the fused prediction. Raises ValueError as ``gradient_shares``."""
    return sum(one * weight for one, weight in zip(predictions, gradient_shares(weights), strict=True))
