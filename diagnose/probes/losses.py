"""Losses of one replica, for use inside ``vmap``: plain arithmetic, whatever varies is an argument."""

from __future__ import annotations

import torch


def focal(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """Return the mean of ``-w (1 - p)^g log p`` over the samples; at gamma 0 the weighted cross-entropy.

    Args:
        logits: samples x classes.
        labels: one class per sample.
        weights: one per class (alpha of the focal loss; https://arxiv.org/abs/1708.02002).
        gamma: the focusing parameter, a scalar.
    """
    log_p = torch.log_softmax(logits, dim=-1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    # The clamp keeps the slope of the power finite where p is 1 and gamma below 1.
    easy = (1.0 - log_p.exp()).clamp_min(1e-7).pow(gamma)
    return -(weights[labels] * easy * log_p).mean()
