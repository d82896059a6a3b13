"""Metrics of classifications, one number per replica."""

from __future__ import annotations

import torch


def confusion(answers: torch.Tensor, truth: torch.Tensor, classes: int) -> torch.Tensor:
    """Return counts (replicas x true class x answer) of answers and true classes (replicas x samples)."""
    hot = torch.nn.functional.one_hot
    return torch.einsum("rni,rnj->rij", hot(truth, classes).float(), hot(answers, classes).float())


def accuracy(answers: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the share of right answers."""
    return (answers == truth).float().mean(1)


def kappa(answers: torch.Tensor, truth: torch.Tensor, classes: int) -> torch.Tensor:
    """Return Cohen's kappa; 0 where one class is all there is (https://doi.org/10.1177/001316446002000104)."""
    table = confusion(answers, truth, classes)
    total = table.sum((1, 2))
    agreed = table.diagonal(dim1=1, dim2=2).sum(1) / total
    chance = (table.sum(1) * table.sum(2)).sum(1) / total**2
    return torch.where(chance < 1.0, (agreed - chance) / (1.0 - chance).clamp_min(1e-12), 0.0)


def largest_share(answers: torch.Tensor, classes: int) -> torch.Tensor:
    """Return the share of the class that is answered most."""
    return torch.nn.functional.one_hot(answers, classes).float().mean(1).amax(1)
