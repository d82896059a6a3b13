"""Small networks that stand in for large ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

Statistics = tuple[torch.Tensor, torch.Tensor]
"""Means and variances of a normalised layer."""


class Mlp(nn.Module):
    """Dense layers with ReLU between them."""

    def __init__(self, sizes: Sequence[int]) -> None:
        """Take the numbers of inputs, of hidden units per layer, and of outputs."""
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return logits (samples x outputs)."""
        for layer in list(self.layers)[:-1]:
            inputs = torch.relu(layer(inputs))
        return self.layers[-1](inputs)


class NormedMlp(nn.Module):
    """Hidden layers with batch normalisation, whose statistics the caller keeps: no buffers that change in a step.

    Given statistics it normalises by them, as in validation; without, by those of the batch, which it returns.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, depth: int = 1) -> None:
        """Take the numbers of inputs, hidden units, outputs and hidden layers."""
        super().__init__()
        sizes = [inputs, *[hidden] * depth]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.gain = nn.Parameter(torch.ones(depth, hidden))
        self.shift = nn.Parameter(torch.zeros(depth, hidden))
        self.after = nn.Linear(hidden, outputs)

    def forward(self, inputs: torch.Tensor, statistics: Statistics | None = None) -> tuple[torch.Tensor, Statistics]:
        """Return logits, and the statistics (layers x units each) that normalised the hidden layers."""
        seen = []
        for index, layer in enumerate(self.layers):
            inputs = layer(inputs)
            if statistics is None:
                mean = inputs.mean(0)
                variance = (inputs - mean).square().mean(0)
            else:
                mean, variance = statistics[0][index], statistics[1][index]
            seen.append((mean, variance))
            inputs = (inputs - mean) / (variance + 1e-3).sqrt() * self.gain[index] + self.shift[index]
            inputs = torch.relu(inputs)
        means, variances = zip(*seen, strict=True)
        return self.after(inputs), (torch.stack(means), torch.stack(variances))


class Weighted(nn.Module):
    """A branch with the weight of its predictions, of which the logit is a parameter."""

    def __init__(self, branch: nn.Module, weight: float) -> None:
        """Take the branch, and the weight it starts with."""
        super().__init__()
        self.branch = branch
        self.logit = nn.Parameter(torch.logit(torch.tensor(weight), eps=1e-6))

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the weight and the branch's logits."""
        return torch.sigmoid(self.logit), self.branch(inputs)
