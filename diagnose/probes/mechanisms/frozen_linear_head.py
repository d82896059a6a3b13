"""Only a last linear layer trains, on features that nothing useful made: what is there for it to learn?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values

if TYPE_CHECKING:
    from diagnose.model import Segment
    from diagnose.probes.classification import Task
    from diagnose.probes.lab import Lab
    from diagnose.probes.replicas import Replicas

NAME = "frozen-linear-head"
TITLE = "Only a linear head on frozen, worthless features trains"
RULES = (
    "too-little-trainable",
    "few-trainable-tensors",
    "mostly-frozen",
    "frozen-whole-run",
    "best-epoch-first",
    "worthless-weights-handed-on",
    "checkpoint-from-worthless-best",
)
SUSPECTS = ("frozen-too-far",)
SYMPTOM = "the best validation kappa is below half of what the data allow"
PROXY = (
    "A narrow dense network on generated clouds stands in for a backbone; worthless features are those of random "
    "weights, as a stage that learned nothing hands on. Real backbones that were pretrained on images keep features "
    "that a probe cannot have."
)
HIDDEN = (32, 32, 16)
"""Hidden layers of the backbone; the head reads the last."""
PRETRAINING = 10
"""Epochs in which good features are made, where worthless ones are taken away as a cause."""

PARAMETERS = (
    common.samples(500),
    common.val_samples(300),
    common.classes(),
    common.batch(32),
    common.waiting(10),
    common.epochs(20),
    common.rate(1e-3),
    common.optimizer(),
    common.signal(3.0),
    Parameter("trained", "head", "what trains (block: the last hidden layer, too)", choices=("head", "block", "all")),
    Parameter("features", "worthless", "what the backbone starts from", choices=("worthless", "good")),
)
ARMS = (
    Arm("suspect", "only the head trains, on worthless features"),
    Arm("control", "everything trains, from the same weights", lambda _: {"trained": "all"}),
    Arm("fix", "the last hidden layer trains, too", lambda _: {"trained": "block"}),
)
FACTORS = (
    Factor("frozen-backbone", "everything trains", lambda _: {"trained": "all"}),
    Factor(
        "worthless-features", "features of a network that was trained on the same data", lambda _: {"features": "good"}
    ),
    common.LARGE_BATCH,
)


def segment(one: Segment) -> bool:
    """Whether a segment tells of few trainable tensors or frozen layers."""
    return "trainable_tensors" in one.facts or "frozen_layers" in one.facts


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from diagnose.probes import classification
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import named
    from diagnose.probes.trainer import Trainer

    work = classification.task(lab, values["samples"], values["val_samples"], values["classes"], values["signal"])
    nets = lab.build(lambda: Mlp((classification.FEATURES, *HIDDEN, values["classes"])))
    head, block = len(HIDDEN), len(HIDDEN) - 1
    first = {"head": head, "block": block, "all": 0}[values["trained"]]

    def trains(name: str) -> bool:
        return int(name.split(".")[1]) >= first

    trainer = Trainer(lab, nets, classification.cross_entropy, named(values["optimizer"], values["lr"]), trains=trains)
    if values["features"] == "good":
        _pretrain(lab, nets, work, head)
    stop = classification.train(
        lab, nets, work, trainer, batch=values["batch"], epochs=values["epochs"], patience=values["patience"]
    )
    return Observation(
        symptom=classification.below_half(stop.best, work.attainable),
        measures={"best kappa": stop.best, "attainable": work.attainable, "best epoch": stop.best_epoch},
        diverged=~nets.finite(),
        result="best kappa",
    )


def _pretrain(lab: Lab, nets: Replicas, work: Task, head: int) -> None:
    """Train the whole network, then put the head back to what it was."""
    from diagnose.probes import classification
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    before = {name: one.clone() for name, one in nets.params.items()}
    trainer = Trainer(lab, nets, classification.cross_entropy, Adam(1e-3))
    classification.train(lab, nets, work, trainer, batch=32, epochs=PRETRAINING, patience=PRETRAINING)
    for name, one in nets.params.items():
        if int(name.split(".")[1]) >= head:
            one.copy_(before[name])
