"""A classification that mechanisms share: generated data, a training with early stopping, and what it reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from diagnose.probes import data, metrics
from diagnose.probes.lab import Lab, take
from diagnose.probes.replicas import Replicas
from diagnose.probes.stopping import EarlyStop
from diagnose.probes.trainer import Trainer

FEATURES = 16
CLOUDS = 2
"""Clouds of each class: no straight line parts classes of several clouds, so that a network has something to learn."""


@dataclass(frozen=True, slots=True)
class Task:
    """Data of every replica.

    Attributes:
        x, y, val_x, val_y: replicas x samples (x features).
        attainable: the validation kappa of who knows how the data were made.
    """

    x: torch.Tensor
    y: torch.Tensor
    val_x: torch.Tensor
    val_y: torch.Tensor
    attainable: torch.Tensor
    classes: int

    @property
    def samples(self) -> int:
        """The training samples of a replica."""
        return self.x.shape[1]

    def batches(self, lab: Lab, size: int, epochs: int) -> Iterator[list[tuple[torch.Tensor, torch.Tensor]]]:
        """Yield, for each epoch, its batches of samples and labels."""
        for indices in lab.batches(self.samples, size, epochs):
            yield [(take(self.x, index), take(self.y, index)) for index in indices]

    def kappa(self, nets: Replicas, params: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """Return the validation kappa of every replica."""
        return metrics.kappa(nets.predict(self.val_x, params).argmax(-1), self.val_y, self.classes)


def task(lab: Lab, samples: int, val_samples: int, classes: int, signal: float) -> Task:
    """Return balanced classes of a few normal clouds each, whose centres differ from replica to replica."""

    def make(generator: torch.Generator) -> dict[str, torch.Tensor]:
        means = data.class_means(generator, classes * CLOUDS, FEATURES, signal)
        made = {"means": means}
        for name, count in (("train", samples), ("val", val_samples)):
            cloud = torch.arange(count) % (classes * CLOUDS)
            made[f"{name}_x"], made[f"{name}_y"] = data.around(generator, means, cloud), cloud % classes
        return made

    sets = lab.draw(make)
    answers = data.bayes(sets["val_x"], sets["means"], (1.0,) * classes * CLOUDS, groups=classes)
    attainable = metrics.kappa(answers, sets["val_y"], classes)
    return Task(sets["train_x"], sets["train_y"], sets["val_x"], sets["val_y"], attainable, classes)


def cross_entropy(model: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the loss of one replica on one batch."""
    return torch.nn.functional.cross_entropy(model(x), y)


def train(
    lab: Lab, nets: Replicas, work: Task, trainer: Trainer, *, batch: int, epochs: int, patience: int
) -> EarlyStop:
    """Train with early stopping on the validation kappa, and return the bookkeeping."""
    stop = EarlyStop(lab, patience, keep=nets)
    for epoch, batches in enumerate(work.batches(lab, batch, epochs), start=1):
        for x, y in batches:
            trainer.step(x, y, alive=stop.alive)
        stop.update(epoch, work.kappa(nets))
        if stop.over:
            break
    return stop


def below_half(reached: torch.Tensor, attainable: torch.Tensor) -> torch.Tensor:
    """Return which replicas ended below half of what their data allow; NaN counts as below."""
    return ~(reached >= 0.5 * attainable)
