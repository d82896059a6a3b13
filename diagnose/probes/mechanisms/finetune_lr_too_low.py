"""A stage that starts from weights that learned nothing, with a rate for weights that learned all: does it move?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values

if TYPE_CHECKING:
    import torch

    from diagnose.model import Segment
    from diagnose.probes.classification import Task
    from diagnose.probes.lab import Lab
    from diagnose.probes.networks import Mlp
    from diagnose.probes.replicas import Replicas

NAME = "finetune-lr-too-low"
TITLE = "A fine-tuning rate far too low for weights that learned nothing"
RULES = ("learning-rate-too-low", "lr-too-low", "lr-tiny", "restore-from-epoch-1")
SUSPECTS = ()
SYMPTOM = "the best validation kappa is below half of what the data allow"
PROXY = (
    "A small dense network from random weights on generated clouds stands in for a model whose earlier stage learned "
    "nothing. Rate, samples, batch, patience and epochs carry over; that Adam moves each weight by about the rate per "
    "update holds for both, how far weights must move does not."
)
HIDDEN = 32
TRIED = 100
"""Updates after which the advice looks whether the loss has moved."""
MOVED = 0.05
"""The share of the training loss that must be gone by then."""
PRETRAINING = 10
TINY = 1e-5
"""A rate that marks the stage this is about."""
USUAL = {"adam": 1e-4, "sgd": 1e-3}
"""The rate of each optimizer from which on it is about no stage at all; ours, as defaults of fine-tuning recipes go."""

PARAMETERS = (
    common.samples(300),
    common.val_samples(300),
    common.classes(),
    common.batch(32),
    common.waiting(10),
    common.epochs(60),
    common.rate(1e-6),
    common.optimizer(),
    Parameter("stage_ratio", 100.0, "how many times lower the rate is than that of the stage before", least=1.0),
    common.signal(3.0),
    Parameter("start", "worthless", "the weights it starts from", choices=("worthless", "good")),
    Parameter("search", "no", "whether the rate is raised by 10 until the loss moves", choices=("no", "yes")),
)
ARMS = (
    Arm("suspect", "the low rate, from weights that learned nothing"),
    Arm("control", "the rate of the stage before", lambda v: {"lr": v["lr"] * v["stage_ratio"]}),
    Arm("fix", f"raised by 10 until {TRIED} updates move the loss by {MOVED:.0%}", lambda _: {"search": "yes"}),
    Arm("tenfold", "raised by 10 once, as the document of seed 003 does", lambda v: {"lr": 10 * v["lr"]}),
)
FACTORS = (
    Factor("low-rate", "the rate of the stage before", lambda v: {"lr": v["lr"] * v["stage_ratio"]}),
    Factor("worthless-weights", "weights that were trained on the same data", lambda _: {"start": "good"}),
    common.LARGE_BATCH,
)


def segment(one: Segment) -> bool:
    """Whether a segment states a rate so low that it moves little."""
    stated = one.facts.get("lr")
    return stated is not None and isinstance(stated.value, float | int) and stated.value <= TINY


def refuse(values: Values) -> str:
    """Say why a rate is none that this is about: most models train at it."""
    usual, name = USUAL[values["optimizer"]], {"adam": "Adam", "sgd": "SGD"}[values["optimizer"]]
    if values["lr"] <= usual:
        return ""
    return f"lr = {values['lr']:g} is no fine-tuning rate far too low: from {usual:g} on {name} moves weights soon"


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from diagnose.probes import classification
    from diagnose.probes.optimizers import Adam, named
    from diagnose.probes.trainer import Trainer

    work = classification.task(lab, values["samples"], values["val_samples"], values["classes"], values["signal"])
    rate = lab.each(values["lr"])
    if values["search"] == "yes":
        rate = _searched(values, lab, work, rate)
    nets = lab.build(lambda: _network(values))
    trainer = Trainer(lab, nets, classification.cross_entropy, named(values["optimizer"], rate))
    if values["start"] == "good":
        first = Trainer(lab, nets, classification.cross_entropy, Adam(1e-3))
        classification.train(lab, nets, work, first, batch=32, epochs=PRETRAINING, patience=PRETRAINING)
    stop = classification.train(
        lab, nets, work, trainer, batch=values["batch"], epochs=values["epochs"], patience=values["patience"]
    )
    return Observation(
        symptom=classification.below_half(stop.best, work.attainable),
        measures={"best kappa": stop.best, "attainable": work.attainable, "best epoch": stop.best_epoch, "rate": rate},
        diverged=~nets.finite(),
        result="best kappa",
    )


def _searched(values: Values, lab: Lab, work: Task, rate: torch.Tensor) -> torch.Tensor:
    """Return, for each replica, the first rate of its own times 1, 10, 100 ... whose trial moves the training loss."""
    import torch

    from diagnose.probes import classification
    from diagnose.probes.optimizers import named
    from diagnose.probes.trainer import Trainer

    found = torch.zeros_like(rate, dtype=torch.bool)
    for power in range(6):
        nets = lab.build(lambda: _network(values))
        trial = rate * torch.where(found, 1.0, 10.0 if power else 1.0)
        trainer = Trainer(lab, nets, classification.cross_entropy, named(values["optimizer"], trial))
        before = _loss(nets, work)
        for batches in work.batches(lab, values["batch"], -(-TRIED // max(1, -(-work.samples // values["batch"])))):
            for x, y in batches:
                trainer.step(x, y)
        rate = torch.where(found, rate, trial)
        found = found | (_loss(nets, work) < (1 - MOVED) * before)
        if bool(found.all()):
            break
    return rate


def _loss(nets: Replicas, work: Task) -> torch.Tensor:
    from diagnose.probes import classification

    made: torch.Tensor = nets.map(classification.cross_entropy, work.x, work.y)
    return made


def _network(values: Values) -> Mlp:
    from diagnose.probes.classification import FEATURES
    from diagnose.probes.networks import Mlp

    return Mlp((FEATURES, HIDDEN, values["classes"]))
