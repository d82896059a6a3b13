"""One batch holds the whole data set, and patience counts epochs: does early stopping end it before it has learned?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Observation, Values

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
    common.epochs(60),
    common.rate(1e-4),
    common.optimizer(),
    common.signal(3.0),
)


def segment(one: Segment) -> bool:
    """Whether a segment is one that early stopping ended."""
    return any(event.kind == "early_stop" for event in one.events)


def small(values: Values) -> dict[str, Any]:
    """Return the batch that gives ten updates an epoch, or 32 where that is less."""
    return {"batch": max(1, min(32, values["samples"] // 10))}


def patient(values: Values) -> dict[str, Any]:
    """Return a patience, and epochs, that span enough updates at the same batch."""
    steps = math.ceil(values["samples"] / values["batch"])
    waits = max(values["patience"], math.ceil(UPDATES / steps))
    return {"patience": waits, "epochs": max(values["epochs"], 2 * waits)}


ARMS = (
    Arm("suspect", "batch and patience as they are"),
    Arm("control", "ten updates an epoch or more, as many epochs of patience", small),
    Arm("fix", f"the same batch, patience for {UPDATES} updates and epochs for twice as many", patient),
)
FACTORS = (
    Factor("large-batch", "ten updates an epoch or more", small),
    Factor("short-patience", f"patience for {UPDATES} updates", patient),
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
            "stopped after": stop.stopped_epoch,
        },
        diverged=~nets.finite(),
    )
