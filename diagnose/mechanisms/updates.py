"""Epochs as optimizer updates: a patience of 20 epochs is 20 updates where one batch holds all samples."""

from __future__ import annotations

import math


def per_epoch(samples: int, batch: int, *, drop_last: bool = False, accumulate: int = 1) -> int:
    """Return the updates of one epoch.

    Args:
        samples: of the training data.
        batch: samples of one step.
        drop_last: whether an incomplete batch is left out.
        accumulate: steps of one update.

    Raises:
        ValueError: for numbers below 1.
    """
    if min(samples, batch, accumulate) < 1:
        raise ValueError("samples, batch and accumulation are at least 1")
    steps = samples // batch if drop_last else math.ceil(samples / batch)
    return math.ceil(steps / accumulate)


def in_patience(patience: int, samples: int, batch: int) -> int:
    """Return the updates that early stopping waits for. Raises ValueError as ``per_epoch``."""
    return patience * per_epoch(samples, batch)
