"""Focal loss: ``-a * (1 - p)^g * log(p)`` for the probability p of the true class (https://arxiv.org/abs/1708.02002).

It makes the loss of easy samples small, and with it the scale of the whole loss: its curve cannot be compared with one
of plain cross-entropy.
"""

from __future__ import annotations

import math


def factor(p: float, gamma: float, alpha: float = 1.0) -> float:
    """Return the factor on the cross-entropy of a sample whose true class has probability *p*.

    Raises:
        ValueError: for a probability outside [0, 1], or a negative gamma or alpha.
    """
    if not 0 <= p <= 1:
        raise ValueError("a probability lies between 0 and 1")
    if not gamma >= 0 or not alpha >= 0:
        raise ValueError("gamma and alpha are not negative")
    return float(alpha * (1.0 - p) ** gamma)


def loss(p: float, gamma: float, alpha: float = 1.0) -> float:
    """Return the loss of one sample; infinite at p = 0. Raises ValueError as ``factor``."""
    scale = factor(p, gamma, alpha)
    if p == 0:
        return math.inf if scale else 0.0
    return -scale * math.log(p) if p < 1 else 0.0
