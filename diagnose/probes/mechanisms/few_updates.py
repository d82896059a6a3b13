"""One batch holds the whole data set, and patience counts epochs: does early stopping end it before it has learned?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Observation, Values, documented

if TYPE_CHECKING:
    from diagnose.model import Segment
    from diagnose.probes.lab import Lab

NAME = "few-updates"
TITLE = "A batch as large as the data set with a patience in epochs: training stops before it has learned"
RULES = (
    "too-few-updates",
    "batch-larger-than-dataset",
    "patience-few-updates",
    "early-stop-premature",
    "steps-per-epoch-mismatch",
)
SUSPECTS = ()
SYMPTOM = "the best validation kappa, whose weights early stopping keeps, is below half of what the data allow"
PROXY = (
    "A small dense network from random weights on generated normal clouds stands in for the model. Samples, batch, "
    "patience, epochs and the optimizer's rate carry over; how far a large pretrained network comes in one update "
    "does not."
)
HIDDEN = 32
UPDATES = 300
"""Updates that a patience should span, as the advice of patience-few-updates has it."""


PARAMETERS = (
    common.samples(120, beside="batch"),
    common.val_samples(200),
    common.classes(),
    common.batch(128),
    common.waiting(10),
    common.epochs(400),
    common.rate(1e-4),
    common.optimizer(),
    common.signal(3.0),
)


def segment(one: Segment) -> bool:
    """Whether a segment is one that early stopping ended."""
    return "early_stop" in one.kinds


def small(values: Values) -> dict[str, Any]:
    """Return the batch that gives ten updates an epoch, or 32 where that is less."""
    return {"batch": max(1, min(32, values["samples"] // 10))}


def patient(values: Values) -> dict[str, Any]:
    """Return a patience that spans enough updates at the same batch."""
    return {"patience": max(values["patience"], _epochs_of(UPDATES, values))}


def longer(values: Values) -> dict[str, Any]:
    """Return epochs that hold twice as many updates as such a patience, at the same batch."""
    return {"epochs": max(values["epochs"], _epochs_of(2 * UPDATES, values))}


def _epochs_of(updates: int, values: Values) -> int:
    return math.ceil(updates / math.ceil(values["samples"] / values["batch"]))


ARMS = (
    Arm("suspect", "batch and patience as they are"),
    Arm("control", "ten updates an epoch or more, as many epochs of patience", small),
    Arm("fix", f"the same batch and epochs, patience for {UPDATES} updates", patient),
    Arm("more epochs", f"the same batch and patience, epochs for {2 * UPDATES} updates", longer),
    Arm("both", "the longer patience and more epochs", lambda v: {**patient(v), **longer(v)}),
    documented(
        "batch 600 of 471 samples, patience 20 of 200 epochs; its rate is not stated, so Adam's default of 0.001",
        samples=471,
        batch=600,
        patience=20,
        epochs=200,
        lr=1e-3,
        optimizer="adam",
    ),
)
FACTORS = (
    Factor("large-batch", "ten updates an epoch or more", small),
    Factor("short-patience", f"patience for {UPDATES} updates", patient),
    Factor("few-epochs", f"epochs for {2 * UPDATES} updates", longer),
    Factor("low-rate", "ten times the learning rate", lambda v: {"lr": 10 * v["lr"]}),
)


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from diagnose.probes import classification
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import named
    from diagnose.probes.trainer import Trainer

    work = classification.task(lab, values["samples"], values["val_samples"], values["classes"], values["signal"])
    nets = lab.build(lambda: Mlp((classification.FEATURES, HIDDEN, values["classes"])))
    trainer = Trainer(lab, nets, classification.cross_entropy, named(values["optimizer"], values["lr"]))
    stop = classification.train(
        lab, nets, work, trainer, batch=values["batch"], epochs=values["epochs"], patience=values["patience"]
    )
    return Observation(
        symptom=classification.below_half(stop.best, work.attainable),
        measures={
            "best kappa": stop.best,
            "attainable": work.attainable,
            "best epoch": stop.best_epoch,
            "stopped early": (ended := stop.stopped_epoch > 0),
            "stopped after": stop.stopped_epoch.where(ended, math.nan),
        },
        diverged=~nets.finite(),
        result="best kappa",
    )
