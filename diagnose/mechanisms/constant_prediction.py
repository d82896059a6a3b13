"""What a model scores that predicts one class for everything: the accuracy of that class's share, and a kappa of 0."""

from __future__ import annotations

from collections.abc import Sequence


def accuracy(shares: Sequence[float], predicted: int) -> float:
    """Return the accuracy of predicting one class for all. Raises ValueError for shares that sum to nothing."""
    total = sum(shares)
    if not total > 0 or min(shares) < 0:
        raise ValueError("shares are not negative and sum to more than 0")
    return shares[predicted] / total


def kappa(shares: Sequence[float], predicted: int) -> float:
    """Return Cohen's kappa of predicting one class for all, which is 0. Raises ValueError as ``accuracy``."""
    agreed = expected = accuracy(shares, predicted)
    return 0.0 if expected == 1 else (agreed - expected) / (1 - expected)


def which(shares: Sequence[float], measured: float, tolerance: float = 0.005) -> int | None:
    """Return the class whose share an accuracy equals, which then is all the model predicts; None if none fits."""
    fits = [index for index in range(len(shares)) if abs(accuracy(shares, index) - measured) <= tolerance]
    return min(fits, key=lambda index: abs(accuracy(shares, index) - measured), default=None)
