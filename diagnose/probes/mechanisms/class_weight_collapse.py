"""Class weights on resampled data, under a focal loss: is answering one class always the cheapest?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

from diagnose.mechanisms.class_weights import capped
from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Found, Observation, Parameter, Values, documented
from diagnose.probes.sources import event, fact, number, numbers, reached, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.model import Segment
    from diagnose.probes.lab import Lab

NAME = "class-weight-collapse"
TITLE = "Class weights on resampled data collapse the prediction to one class"
RULES = ("class-weights-too-strong", "extreme-class-weights", "class-collapse", "imbalance-collapse")
SUSPECTS = ()
SYMPTOM = "after the last epoch one class makes up 99 % or more of the validation answers"
PROXY = (
    "A network of batch-normalised hidden layers on generated normal clouds stands in for the model on its data. "
    "Shares, weights, samples, batch and epochs carry over; how separable the classes are (signal) and what a step of"
    " the learning rate does to a large network do not."
)
COLLAPSED = 0.99
FEATURES, HIDDEN = 16, 32
PLENTY = 10
"""How many times the samples are multiplied where few samples are taken away as a cause."""


def original_counts(segment: Segment) -> Found | None:
    """Return the counts before resampling: the original shares, scaled so that the middle class kept its count."""
    shares, counts = fact("train_class_distribution", numbers)(segment), fact("class_counts", numbers)(segment)
    if shares is None or counts is None or len(shares.value) != len(counts.value) or min(shares.value) <= 0:
        return None
    total = median(count / share for count, share in zip(counts.value, shares.value, strict=True))
    made = tuple(float(round(total * share)) for share in shares.value)
    how = "shares before resampling, scaled so that the middle class keeps its count"
    return Found(made, (*shares.places, *counts.places), how)


PARAMETERS = (
    Parameter(
        "class_weights",
        (0.087, 0.043, 2.87),
        "weight of each class in the loss",
        (fact("class_weights", numbers),),
        least=0.0,
        alike="classes",
    ),
    Parameter(
        "gamma",
        2.0,
        "focusing parameter of the focal loss",
        (fact("focal_gamma", number), setting("focal_gamma", number)),
        least=0.0,
        most=10.0,
    ),
    Parameter(
        "class_counts",
        (1000.0, 1000.0, 1000.0),
        "training samples of each class",
        (fact("class_counts", numbers),),
        least=1,
        alike="classes",
    ),
    Parameter(
        "unique_counts",
        (1000.0, 2000.0, 30.0),
        "different samples of each class, before resampling",
        (fact("unique_class_counts", numbers), original_counts),
        least=1,
        alike="classes",
    ),
    Parameter(
        "val_shares",
        (0.33, 0.66, 0.01),
        "shares of the classes in validation",
        (fact("val_class_distribution", numbers), fact("train_class_distribution", numbers)),
        least=0.0,
        alike="classes",
    ),
    Parameter("val_samples", 500, "validation samples", (fact("val_samples", whole),), least=10, most=20_000),
    Parameter("batch", 32, "samples of one update", (fact("batch_size", whole), setting("batch_size", whole)), least=1),
    Parameter(
        "epochs",
        3,
        "epochs",
        (event("early_stop", "epoch", whole), reached, fact("planned_epochs", whole)),
        least=1,
        most=400,
    ),
    common.rate(1e-3),
    common.optimizer(),
    Parameter("signal", 0.5, "distance of a class's centre from the middle, in standard deviations", least=0.0),
    Parameter("depth", 1, "hidden layers", least=1, most=16),
    Parameter("shift", 0.0, "how far inputs lie from those that the starting statistics were made for", least=0.0),
    Parameter(
        "norm_momentum", 0.99, "momentum of the moving statistics of batch normalisation", least=0.0, most=0.9999
    ),
)


def even(values: Values) -> dict[str, Any]:
    """Return weights of 1, and which class was the heaviest."""
    return {"class_weights": (1.0,) * len(values["class_weights"]), "heaviest": heaviest(values)}


def heaviest(values: Values) -> int:
    """Return the class that is, or was, weighted most."""
    weights = values["class_weights"]
    return int(values.get("heaviest", weights.index(max(weights))))


ARMS = (
    Arm("suspect", "class weights and focal loss as they are"),
    Arm("control", "all weights 1 and gamma 0", lambda v: {**even(v), "gamma": 0.0}),
    Arm("fix", "weights capped at 3 times the lightest", lambda v: {"class_weights": capped(v["class_weights"], 3.0)}),
    documented(
        "weights 0.599, 0.311 and 2.09, 471 samples, batch 600, 21 epochs; its rate is not stated: Adam's default",
        class_weights=(0.599, 0.311, 2.09),
        class_counts=(157.0, 157.0, 157.0),
        unique_counts=(157.0, 302.0, 45.0),
        val_shares=(0.299, 0.552, 0.149),
        val_samples=529,
        batch=600,
        epochs=21,
        lr=1e-3,
        optimizer="adam",
        gamma=2.0,
    ),
)
FACTORS = (
    Factor("class-weights", "all weights 1", even),
    Factor("focal-gamma", "gamma 0", lambda v: {"gamma": 0.0}),
    Factor("few-updates", "batch 32 in as many epochs", lambda v: {"batch": min(32, v["batch"])}),
    Factor(
        "stale-statistics",
        "batch normalisation validates with the statistics of the training data",
        lambda _: {"norm_momentum": 0.0},
    ),
    Factor(
        "few-samples", f"{PLENTY} times the samples, none of them twice, in as many updates", lambda _: {"few": False}
    ),
)


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    import torch

    from diagnose.probes import losses, metrics
    from diagnose.probes.lab import take
    from diagnose.probes.networks import NormedMlp
    from diagnose.probes.optimizers import named
    from diagnose.probes.trainer import Trainer

    weights = values["class_weights"]
    classes = len(weights)
    sets = lab.draw(lambda generator: _sets(values, generator))
    nets = lab.build(lambda: NormedMlp(FEATURES, HIDDEN, classes, values["depth"]))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, g: torch.Tensor) -> Any:
        logits, statistics = model(x)
        return losses.focal(logits, y, w, g), statistics

    trainer = Trainer(lab, nets, loss, named(values["optimizer"], values["lr"]), further=True)
    w, g, keep = lab.rows(weights), lab.each(values["gamma"]), values["norm_momentum"]
    mean = torch.zeros(lab.replicas, values["depth"], HIDDEN, device=lab.device)
    variance = torch.ones_like(mean)
    for index in _updates(values, lab, sets["x"].shape[1]):
        _, (seen, spread) = trainer.step(take(sets["x"], index), take(sets["y"], index), w, g)
        mean, variance = keep * mean + (1 - keep) * seen, keep * variance + (1 - keep) * spread
    if keep == 0.0:
        mean, variance = nets.map(lambda model, x: model(x)[1], sets["x"])
    answers = nets.map(lambda model, x, m, v: model(x, (m, v))[0].argmax(-1), sets["val_x"], mean, variance)
    fitted = nets.map(lambda model, x: model(x)[0].argmax(-1), sets["x"])
    collapsed = metrics.largest_share(answers, classes) >= COLLAPSED
    on_top = answers.mode(1).values == heaviest(values)
    return Observation(
        symptom=collapsed,
        measures={
            "val kappa": metrics.kappa(answers, sets["val_y"], classes),
            "largest share": metrics.largest_share(answers, classes),
            "heaviest class on top": on_top,
            "collapsed to the heaviest": collapsed & on_top,
            "train accuracy": metrics.accuracy(fitted, sets["y"]),
        },
        diverged=~nets.finite(),
        result="val kappa",
    )


def _updates(values: Values, lab: Lab, samples: int) -> Iterator[torch.Tensor]:
    """Yield the indices of each batch; as many and as large ones as with the samples that there are."""
    of_all = round(sum(values["class_counts"]))
    left = values["epochs"] * math.ceil(of_all / values["batch"])
    size = samples if samples == of_all and values["batch"] >= of_all else min(values["batch"], of_all)
    for batches in lab.batches(samples, size, left):
        for index in batches:
            yield index
            left -= 1
            if not left:
                return


def _sets(values: Values, generator: torch.Generator) -> dict[str, torch.Tensor]:
    import torch

    from diagnose.probes import data

    classes = len(values["class_weights"])
    means = data.class_means(generator, classes, FEATURES, values["signal"])
    away = values["shift"] * torch.randn(FEATURES, generator=generator)
    val_y = data.labels_of(data.counts_of(values["val_shares"], values["val_samples"]))
    val_x = data.around(generator, means, val_y) + away
    if values.get("few", True):
        y = data.labels_of(values["unique_counts"])
        chosen = data.resampled(generator, y, values["class_counts"])
    else:
        y = data.labels_of([PLENTY * count for count in values["class_counts"]])
        chosen = torch.arange(len(y))
    x = data.around(generator, means, y) + away
    return {"x": x[chosen], "y": y[chosen], "val_x": val_x, "val_y": val_y}
