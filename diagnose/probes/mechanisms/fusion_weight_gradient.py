"""A branch enters a sum of predictions with a small fixed weight: does its scaled gradient keep it from learning?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values, documented
from diagnose.probes.sources import fact, number

if TYPE_CHECKING:
    import torch

    from diagnose.model import Segment
    from diagnose.probes.classification import Task
    from diagnose.probes.lab import Lab
    from diagnose.probes.replicas import Replicas

NAME = "fusion-weight-gradient"
TITLE = "A fixed small fusion weight scales down the gradient of a branch, beside another branch that is sure of itself"
RULES = ("scaled-down-branch",)
SUSPECTS = ()
SYMPTOM = "the best validation kappa of the branch alone is below half of what its data allow"
PROXY = (
    "A small dense network stands in for the image branch; the other branch is a table of probabilities that puts "
    "most weight on the right class for a given share of the samples. Weights, samples, batch and epochs carry over; "
    "what the two branches know in common does not. The control takes the scaled gradient away alone; the sure other "
    "branch stays, without which about half as many replicas show the symptom (--vary)."
)
HIDDEN = 32


def smallest(value: Any) -> float | None:
    """Read the smallest share of branch weights."""
    if not isinstance(value, Mapping) or len(value) < 2:
        return None
    weights = [number(one) for one in value.values()]
    known = [one for one in weights if one is not None and one > 0]
    return min(known) / sum(known) if len(known) == len(weights) else None


PARAMETERS = (
    common.samples(500),
    common.val_samples(300),
    common.classes(),
    common.batch(32),
    common.waiting(10),
    common.epochs(20),
    common.rate(1e-3, ""),
    common.optimizer("sgd"),
    Parameter(
        "weight",
        0.3,
        "weight of the branch in the sum; the other has the rest",
        (fact("branch_weights", smallest),),
        least=1e-6,
        most=1.0,
    ),
    Parameter(
        "other_right", 0.95, "share of the training samples that the other branch gets right", least=0.0, most=1.0
    ),
    Parameter("other_sure", 0.8, "probability that the other branch gives to its answer", least=0.0, most=1.0),
    Parameter("learnable", "no", "whether the weight is learned", choices=("no", "yes")),
    common.signal(3.0),
)
ARMS = (
    Arm("suspect", "the fixed weight"),
    Arm("control", "the same weight, the branch's gradient multiplied by its inverse", lambda _: {"rescaled": True}),
    Arm("fix", "the fixed weight, and a loss of its own for the branch", lambda _: {"own_loss": True}),
    Arm(
        "learned weight",
        "the document's fix: the weight is learned, from the same start",
        lambda _: {"learnable": "yes"},
    ),
    Arm("branch alone", "weight 1: neither a scaled gradient nor another branch", lambda _: {"weight": 1.0}),
    documented("weight 0.3, Adam", weight=0.3, optimizer="adam"),
)
FACTORS = (
    Factor(
        "scaled-gradient",
        "the gradient of the branch multiplied by the inverse of its weight",
        lambda _: {"rescaled": True},
    ),
    Factor("sure-other-branch", "another branch that knows nothing", lambda v: {"other_sure": 1.0 / v["classes"]}),
    common.LARGE_BATCH,
)


def segment(one: Segment) -> bool:
    """Whether a segment knows the weights of branches, and trains with some layers frozen."""
    return "branch_weights" in one.facts and "frozen_layers" in one.facts


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    import torch

    from diagnose.probes import classification
    from diagnose.probes.lab import FURTHER, take
    from diagnose.probes.networks import Mlp, Weighted
    from diagnose.probes.optimizers import named
    from diagnose.probes.stopping import EarlyStop
    from diagnose.probes.trainer import Trainer

    classes = values["classes"]
    work = classification.task(lab, values["samples"], values["val_samples"], classes, values["signal"])
    right = lab.draw(lambda generator: {"right": torch.rand(work.samples, generator=generator)}, FURTHER)["right"]
    answers = torch.where(right < values["other_right"], work.y, (work.y + 1) % classes)
    sure = values["other_sure"]
    hot = torch.nn.functional.one_hot(answers, classes).float()
    other = hot * sure + (1.0 - hot) * (1.0 - sure) / (classes - 1)
    nets = lab.build(lambda: Weighted(Mlp((classification.FEATURES, HIDDEN, classes)), values["weight"]))
    factor = 1.0 / values["weight"] if values.get("rescaled") else 1.0
    own = 1.0 if values.get("own_loss") else 0.0

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        weight, logits = model(x)
        mixed = (1.0 - weight) * table + weight * torch.softmax(logits, dim=-1)
        joined = factor * torch.nn.functional.nll_loss((mixed + 1e-7).log(), y)
        return joined + own * torch.nn.functional.cross_entropy(logits, y)

    fixed = values["learnable"] != "yes"
    optimizer = named(values["optimizer"], values["lr"])
    trainer = Trainer(lab, nets, loss, optimizer, trains=lambda name: not (fixed and name == "logit"))
    stop = EarlyStop(lab, values["patience"])
    for epoch, indices in enumerate(lab.batches(work.samples, values["batch"], values["epochs"]), start=1):
        for index in indices:
            batch = (take(one, index) for one in (work.x, work.y, other))
            trainer.step(*batch, alive=stop.alive)
        stop.update(epoch, _alone(nets, work))
        if stop.over:
            break
    return Observation(
        symptom=classification.below_half(stop.best, work.attainable),
        measures={
            "best kappa": stop.best,
            "attainable": work.attainable,
            "best epoch": stop.best_epoch,
            "weight at the end": torch.sigmoid(nets.params["logit"]),
        },
        diverged=~nets.finite(),
        result="best kappa",
    )


def _alone(nets: Replicas, work: Task) -> torch.Tensor:
    """Return the validation kappa of the branch alone."""
    from diagnose.probes import metrics

    answers = nets.map(lambda model, x: model(x)[1].argmax(-1), work.val_x)
    return metrics.kappa(answers, work.val_y, work.classes)
