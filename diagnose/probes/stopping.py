"""Early stopping of each replica by itself, as masks: patience, the best epoch, and its weights."""

from __future__ import annotations

import torch

from diagnose.probes.lab import Lab
from diagnose.probes.replicas import Replicas, State


class EarlyStop:
    """Stops a replica after *patience* epochs without a better metric, as Keras does: a tie is no improvement.

    Attributes:
        alive: replicas that still train.
        best: the best metric of each so far.
        best_epoch: its epoch, from 1; 0 before the first finite metric.
        stopped_epoch: the epoch at whose end a replica stopped; 0 while it trains.
    """

    def __init__(
        self, lab: Lab, patience: float | torch.Tensor, *, higher: bool = True, keep: Replicas | None = None
    ) -> None:
        """Take the patience in epochs, whether *higher* is better, and the replicas whose best weights are kept."""
        self.patience = lab.each(patience)
        self.sign = 1.0 if higher else -1.0
        self.keep = keep
        self._kept = None if keep is None else keep.flat.clone()
        self.alive = torch.ones(lab.replicas, dtype=torch.bool, device=lab.device)
        self._best = torch.full((lab.replicas,), -torch.inf, device=lab.device)
        self._waited = torch.zeros(lab.replicas, device=lab.device)
        self.best_epoch = torch.zeros(lab.replicas, device=lab.device)
        self.stopped_epoch = torch.zeros(lab.replicas, device=lab.device)

    @property
    def best(self) -> torch.Tensor:
        """The best metric of each replica."""
        return self._best * self.sign

    @property
    def weights(self) -> State:
        """The parameters of each replica's best epoch, by name.

        Raises:
            ValueError: if they were not kept.
        """
        if self.keep is None or self._kept is None:
            raise ValueError("no replicas were named whose weights are kept")
        return self.keep.views(self._kept)

    def update(self, epoch: int, metric: torch.Tensor) -> None:
        """Take the metric at the end of an epoch (from 1); NaN is no improvement."""
        score = metric * self.sign
        better = (score > self._best) & self.alive
        self._best = torch.where(better, score, self._best)
        self.best_epoch = torch.where(better, float(epoch), self.best_epoch)
        self._waited = torch.where(better, 0.0, self._waited + self.alive)
        if self.keep is not None and self._kept is not None:
            self._kept = torch.where(better.reshape(-1, 1), self.keep.flat, self._kept)
        stops = self.alive & (self._waited >= self.patience)
        self.stopped_epoch = torch.where(stops, float(epoch), self.stopped_epoch)
        self.alive = self.alive & ~stops

    @property
    def over(self) -> bool:
        """Whether every replica has stopped. Waits for the device: ask once an epoch."""
        return not bool(self.alive.any())
