"""Two views of each sample, an encoder for each, and losses on them: what is it, do the views agree, what is it not?"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from diagnose.probes import data

CLASSES, PART, HIDDEN, EMBEDDED = 4, 16, 32, 8
TEMPERATURE = 0.1
Model = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]
Loss = Callable[..., torch.Tensor]


class TwoViews(nn.Module):
    """Two encoders, a linear head, and another such head for an auxiliary loss."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Sequential(nn.Linear(PART, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, EMBEDDED)) for _ in range(2)
        )
        self.head = nn.Linear(2 * EMBEDDED, CLASSES)
        self.further = nn.Linear(2 * EMBEDDED, CLASSES)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the logits, the two embeddings, and the logits of the other head."""
        one, other = self.encoders[0](x[:, :PART]), self.encoders[1](x[:, PART:])
        both = torch.cat([one, other], dim=1)
        return self.head(both), one, other, self.further(both)


def main(model: Model, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the class."""
    return functional.cross_entropy(model(x)[0], y)


def agreement(model: Model, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """Return InfoNCE (https://arxiv.org/abs/1807.03748) between the two views of each sample."""
    _, one, other, _ = model(x)
    alike = functional.normalize(one, dim=1) @ functional.normalize(other, dim=1).T / TEMPERATURE
    pairs = (torch.log_softmax(alike, dim=0) + torch.log_softmax(alike, dim=1)).diagonal()
    return -pairs.mean() / 2


def opposed(model: Model, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of a wrong class: a loss that wants the opposite of the main one."""
    return functional.cross_entropy(model(x)[0], (y + 1) % CLASSES)


def reordered(model: Model, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the class from the other head, which ``reorder`` has made sure of wrong ones."""
    return functional.cross_entropy(model(x)[3], y)


def reorder(params: dict[str, torch.Tensor]) -> None:
    """Give the other head of all replicas the head's weights, the classes one place on."""
    for name in ("weight", "bias"):
        params[f"further.{name}"].copy_(params[f"head.{name}"].roll(1, dims=1))


def joined(auxiliary: Loss) -> Loss:
    """Return the main loss plus another one times a weight."""

    def loss(model: Model, x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return main(model, x, y) + weight * auxiliary(model, x, y)

    return loss


def pairs(generator: torch.Generator, train: int, val: int, signal: float, poor: float) -> dict[str, torch.Tensor]:
    """Return training and validation samples; in a share of them (*poor*) the second view is nothing but noise."""
    means = [data.class_means(generator, CLASSES, PART, signal) for _ in range(2)]
    made: dict[str, torch.Tensor] = {}
    for prefix, count in (("", train), ("val_", val)):
        y = torch.randint(CLASSES, (count,), generator=generator)
        seen = (torch.rand(count, generator=generator) >= poor).float().unsqueeze(1)
        x = torch.cat([means[0][y], means[1][y] * seen], dim=1)
        made |= {f"{prefix}x": x + torch.randn(count, 2 * PART, generator=generator), f"{prefix}y": y}
    return made
