"""A detector in small: cells of a grid, few of them with an object, and a shared trunk under three losses.

A cell's features are noise; where there is an object, one part of them lies around the centre of its class and another
part tells its box. How well class and box can be known at best follows from how they were made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from diagnose.probes import data

CLASSES, BOX = 4, 4
CLASS_PART, BOX_PART = 16, 8
FEATURES = CLASS_PART + BOX_PART
OUTPUTS = 1 + CLASSES + BOX
SIZES = (FEATURES, 16, 16, OUTPUTS)
TRUNK = ("layers.0.", "layers.1.")
"""Names of the parameters that all three losses train begin so."""
SIGNAL, BOX_NOISE = 2.5, 0.7
Model = Callable[[torch.Tensor], torch.Tensor]


def cells(generator: torch.Generator, train: int, val: int, objects: float) -> dict[str, torch.Tensor]:
    """Return training and validation cells (``x``, ``there``, ``y``, ``box``) and how they were made (``means``)."""
    means = data.class_means(generator, CLASSES, CLASS_PART, SIGNAL)
    spread = torch.randn(BOX, BOX_PART, generator=generator) / BOX**0.5
    made = {"means": means, "spread": spread}
    for prefix, count in (("", train), ("val_", val)):
        there = torch.rand(count, generator=generator) < objects
        y = torch.randint(CLASSES, (count,), generator=generator)
        box = torch.randn(count, BOX, generator=generator)
        told = means[y], box @ spread / BOX_NOISE
        x = torch.randn(count, FEATURES, generator=generator) + there.unsqueeze(1) * torch.cat(told, dim=1)
        made |= {f"{prefix}x": x, f"{prefix}there": there.float(), f"{prefix}y": y, f"{prefix}box": box}
    return made


def object_loss(logit: torch.Tensor, there: torch.Tensor, gamma: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """Return the focal loss of "is there an object" over all cells.

    Args:
        logit: one per cell.
        there: 1 where an object is.
        gamma: the focusing parameter; 0 is the plain binary cross-entropy.
        alpha: weight of objects, 1 - alpha being that of the background; both count 1 where it is 0.
    """
    plain = functional.binary_cross_entropy_with_logits(logit, there, reduction="none")
    wrong = (1.0 - (-plain).exp()).clamp_min(1e-7)
    balance = torch.where(alpha > 0, there * alpha + (1.0 - there) * (1.0 - alpha), 1.0)
    return (balance * wrong**gamma * plain).mean()


def class_loss(out: torch.Tensor, there: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the class, over the cells with an object."""
    log_p = torch.log_softmax(out[:, 1 : 1 + CLASSES], dim=-1).gather(1, y.unsqueeze(1)).squeeze(1)
    return -(there * log_p).sum() / there.sum().clamp_min(1.0)


def box_loss(out: torch.Tensor, there: torch.Tensor, box: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error of the box, over the cells with an object."""
    away = (out[:, 1 + CLASSES :] - box).abs().mean(1)
    return (there * away).sum() / there.sum().clamp_min(1.0)


def parts(model: Model, x: torch.Tensor, there: torch.Tensor, y: torch.Tensor, box: torch.Tensor, *focus: Any) -> Any:
    """Return the three losses of a batch of cells: object, class, box."""
    out = model(x)
    return object_loss(out[:, 0], there, *focus), class_loss(out, there, y), box_loss(out, there, box)


def average_precision(score: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """Return how well scores (replicas x cells) rank cells with an object first; by chance it is their share."""
    order = score.argsort(dim=1, descending=True)
    hit = there.gather(1, order)
    precision = hit.cumsum(1) / torch.arange(1, hit.shape[1] + 1, device=hit.device)
    return (precision * hit).sum(1) / hit.sum(1).clamp_min(1.0)


def evidence(sets: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the log-likelihood ratio of "there is an object": on average no score ranks cells better."""
    x, means, mixing = sets["val_x"], sets["means"], sets["spread"] / BOX_NOISE
    told = x[..., :CLASS_PART] @ means.transpose(1, 2) - 0.5 * means.square().sum(2).unsqueeze(1)
    spread = mixing.transpose(1, 2) @ mixing + torch.eye(BOX_PART, device=x.device)  # of the box part around an object
    part = x[..., CLASS_PART:]
    whitened = (part @ torch.linalg.inv(spread) * part).sum(2)
    box = 0.5 * (part.square().sum(2) - whitened - torch.logdet(spread).unsqueeze(1))
    return told.logsumexp(2) + box


def class_accuracy(out: torch.Tensor, sets: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the share of right classes among validation objects, over that of who knows the centres."""
    there, y = sets["val_there"], sets["val_y"]
    best = data.bayes(sets["val_x"][..., :CLASS_PART], sets["means"], (1 / CLASSES,) * CLASSES)
    right, possible = ((answers == y) * there for answers in (out[..., 1 : 1 + CLASSES].argmax(-1), best))
    return right.sum(1) / possible.sum(1).clamp_min(1.0)


def box_fit(out: torch.Tensor, sets: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the explained variance of the validation boxes, over that of who knows how they were made."""
    there, box = sets["val_there"].unsqueeze(-1), sets["val_box"]
    total = (there * box.square()).sum((1, 2)).clamp_min(1e-9)
    found = 1.0 - (there * (out[..., 1 + CLASSES :] - box).square()).sum((1, 2)) / total
    mixing = sets["spread"] / BOX_NOISE  # box ~ N(0, 1) and noise ~ N(0, 1): the posterior mean is linear
    inner = mixing.transpose(1, 2) @ mixing + torch.eye(BOX_PART, device=box.device)
    best = sets["val_x"][..., CLASS_PART:] @ torch.linalg.solve(inner, mixing.transpose(1, 2))
    return found / (1.0 - (there * (best - box).square()).sum((1, 2)) / total)
