"""Training and validation sets of normal clouds, and how close a model comes to the best that is possible on them."""

from __future__ import annotations

import torch

from diagnose.probes import data
from diagnose.probes.metrics import accuracy
from diagnose.probes.replicas import Replicas

Sets = dict[str, torch.Tensor]


def clouds(
    generator: torch.Generator, train: int, val: int, classes: int = 4, features: int = 16, signal: float = 3.0
) -> Sets:
    """Return samples of equally frequent classes (``x``, ``y``, ``val_x``, ``val_y``) and their centres (``means``)."""
    means = data.class_means(generator, classes, features, signal)
    y = torch.randint(classes, (train,), generator=generator)
    val_y = torch.randint(classes, (val,), generator=generator)
    return {
        "means": means,
        "x": data.around(generator, means, y),
        "y": y,
        "val_x": data.around(generator, means, val_y),
        "val_y": val_y,
    }


def right(nets: Replicas, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the share of samples that each replica gets right."""
    return accuracy(nets.predict(x).argmax(-1), y)


def of_possible(nets: Replicas, sets: Sets, part: str = "val_") -> torch.Tensor:
    """Return the accuracy over that of who knows the centres, in validation or (*part* empty) training."""
    x, y, means = sets[f"{part}x"], sets[f"{part}y"], sets["means"]
    classes = means.shape[1]
    best = accuracy(data.bayes(x, means, (1.0 / classes,) * classes), y)
    return right(nets, x, y) / best
