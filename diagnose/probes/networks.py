"""Small networks that stand in for large ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

Statistics = tuple[torch.Tensor, torch.Tensor]
"""Means and variances of a normalised layer."""


class Mlp(nn.Module):
    """Dense layers with ReLU between them."""

    def __init__(self, sizes: Sequence[int]) -> None:
        """Take the numbers of inputs, of hidden units per layer, and of outputs."""
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in zip(sizes, sizes[1:], strict=False))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return logits (samples x outputs)."""
        for layer in list(self.layers)[:-1]:
            inputs = torch.relu(layer(inputs))
        return self.layers[-1](inputs)  # type: ignore[no-any-return]


class NormedMlp(nn.Module):
    """A hidden layer with batch normalisation, whose statistics the caller keeps: no buffers that change in a step.

    Given statistics it normalises by them, as in validation; without, by those of the batch, which it returns.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        """Take the numbers of inputs, hidden units and outputs."""
        super().__init__()
        self.before = nn.Linear(inputs, hidden)
        self.gain = nn.Parameter(torch.ones(hidden))
        self.shift = nn.Parameter(torch.zeros(hidden))
        self.after = nn.Linear(hidden, outputs)

    def forward(
        self, inputs: torch.Tensor, mean: torch.Tensor | None = None, variance: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, Statistics]:
        """Return logits, and the statistics that normalised the hidden layer."""
        hidden = self.before(inputs)
        if mean is None or variance is None:
            mean = hidden.mean(0)
            variance = (hidden - mean).square().mean(0)
        normed = (hidden - mean) / (variance + 1e-3).sqrt() * self.gain + self.shift
        return self.after(torch.relu(normed)), (mean, variance)
