"""Optimizers for stacked parameters: every hyperparameter may differ from replica to replica."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch

PerReplica = float | torch.Tensor
"""A number for all replicas, or one for each."""


def column(value: PerReplica) -> PerReplica:
    """Return one number per replica such that it multiplies a tensor of replicas x numbers."""
    return value.reshape(-1, 1) if isinstance(value, torch.Tensor) and value.ndim else value


def of(value: PerReplica, replica: int) -> float:
    """Return the number of one replica."""
    return float(value[replica] if isinstance(value, torch.Tensor) and value.ndim else value)


def decays_not(weight_decay: PerReplica) -> bool:
    """Whether a weight decay is plainly 0; a tensor is taken to decay, since asking would wait for the device."""
    return not isinstance(weight_decay, torch.Tensor) and weight_decay == 0.0


class Optimizer(ABC):
    """Updates stacked parameters in place; replicas that are not alive stay as they are."""

    def __init__(self, lr: PerReplica, weight_decay: PerReplica = 0.0) -> None:
        """Take a learning rate and a weight decay, for all replicas or one for each."""
        self.lr, self.weight_decay = lr, weight_decay
        self.taken = 0

    @torch.no_grad()
    def step(
        self, weight: torch.Tensor, gradient: torch.Tensor, alive: torch.Tensor | None, scale: PerReplica = 1.0
    ) -> None:
        """Take one step on parameters of replicas x numbers; *scale* multiplies the rate (warm-up, schedules)."""
        self.taken += 1
        change = self.change(weight, gradient).mul_(column(self.lr))
        if isinstance(scale, torch.Tensor) or scale != 1.0:
            change = change.mul_(column(scale))
        if alive is not None:
            change = torch.where(alive.reshape(-1, 1), change, 0.0)
        weight.sub_(change)

    @abstractmethod
    def change(self, weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """Return what a learning rate of 1 would subtract, as a tensor of its own."""

    @abstractmethod
    def plain(self, parameters: Iterable[torch.nn.Parameter], replica: int) -> torch.optim.Optimizer:
        """Return torch's own optimizer with one replica's numbers, for the plain loop that ``speed`` measures."""


class Sgd(Optimizer):
    """Gradient descent with momentum; the decay is part of the gradient, as in ``torch.optim.SGD``."""

    def __init__(self, lr: PerReplica, weight_decay: PerReplica = 0.0, momentum: PerReplica = 0.0) -> None:
        """Take the numbers of ``torch.optim.SGD``."""
        super().__init__(lr, weight_decay)
        self.momentum = momentum
        self.velocity: torch.Tensor | None = None

    def change(self, weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """Return the velocity."""
        gradient = gradient + column(self.weight_decay) * weight
        before = self.velocity
        self.velocity = gradient if before is None else before.mul_(column(self.momentum)).add_(gradient)
        return self.velocity.clone()

    def plain(self, parameters: Iterable[torch.nn.Parameter], replica: int) -> torch.optim.Optimizer:
        """Return ``torch.optim.SGD``."""
        return torch.optim.SGD(
            parameters,
            lr=of(self.lr, replica),
            momentum=of(self.momentum, replica),
            weight_decay=of(self.weight_decay, replica),
        )


class Adam(Optimizer):
    """Adam (https://arxiv.org/abs/1412.6980), its weight decay decoupled as in AdamW."""

    def __init__(
        self,
        lr: PerReplica,
        weight_decay: PerReplica = 0.0,
        betas: tuple[PerReplica, PerReplica] = (0.9, 0.999),
        eps: PerReplica = 1e-8,
    ) -> None:
        """Take the numbers of ``torch.optim.AdamW``."""
        super().__init__(lr, weight_decay)
        self.betas, self.eps = betas, eps
        self.mean: torch.Tensor | None = None
        self.square: torch.Tensor | None = None

    def change(self, weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """Return the mean of the gradient over the root of that of its square, both corrected for their start."""
        first, second = map(column, self.betas)
        if self.mean is None or self.square is None:
            self.mean, self.square = torch.zeros_like(weight), torch.zeros_like(weight)
        self.mean.mul_(first).add_(gradient * (1.0 - first))
        self.square.mul_(second).add_((gradient * gradient).mul_(1.0 - second))
        size = (self.square / (1.0 - second**self.taken)).sqrt_().add_(column(self.eps))
        made = (self.mean / (1.0 - first**self.taken)).div_(size)
        return made if decays_not(self.weight_decay) else made.add_(column(self.weight_decay) * weight)

    def plain(self, parameters: Iterable[torch.nn.Parameter], replica: int) -> torch.optim.Optimizer:
        """Return ``torch.optim.AdamW``."""
        return torch.optim.AdamW(
            parameters,
            lr=of(self.lr, replica),
            betas=(of(self.betas[0], replica), of(self.betas[1], replica)),
            eps=of(self.eps, replica),
            weight_decay=of(self.weight_decay, replica),
        )


def named(name: str, lr: PerReplica, weight_decay: PerReplica = 0.0, momentum: PerReplica = 0.9) -> Optimizer:
    """Return the optimizer whose name begins so: ``sgd`` with momentum, everything else is taken for Adam."""
    if name.lower().startswith("sgd"):
        return Sgd(lr, weight_decay, momentum)
    return Adam(lr, weight_decay)
