"""Weight decay goes up while the learning rate goes down: does the model still learn its own training data?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values, documented
from diagnose.probes.sources import fact, number, series, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.probes.lab import Lab

NAME = "overregularised"
TITLE = "More weight decay with a lower learning rate keeps the model from learning"
RULES = ("over-regularised", "decay-and-lr-changed")
SUSPECTS = ("strong-regularisation",)
SYMPTOM = "after the last step the accuracy on the training data is below 90 % of the best possible"
PROXY = (
    "A dense network on generated normal clouds, trained by SGD with momentum. Learning rate, decay, momentum and "
    "batch carry over as numbers, the length of training only in part: over a run that is n times longer the decay "
    "removes n times as much."
)
SAMPLES = 1024

PARAMETERS = (
    Parameter(
        "lr",
        0.004,
        "learning rate of SGD",
        (series("lr"), fact("lr", number), setting("lr", number)),
        least=0.0,
        most=1.0,
        optimizer="sgd",
    ),
    Parameter(
        "weight_decay",
        0.8,
        "weight decay",
        (fact("weight_decay", number), setting("weight_decay", number)),
        least=0.0,
        most=10.0,
    ),
    Parameter("lr_before", 0.005, "learning rate of the run that worked", least=1e-9, most=1.0, earlier_of="lr"),
    Parameter(
        "weight_decay_before",
        0.0005,
        "weight decay of the run that worked",
        least=0.0,
        most=10.0,
        earlier_of="weight_decay",
    ),
    Parameter("momentum", 0.937, "momentum", (setting("momentum", number),), least=0.0, most=0.999),
    Parameter(
        "batch",
        16,
        "samples of one update",
        (fact("batch_size", whole), setting("batch_size", whole)),
        least=1,
        most=SAMPLES,
    ),
    Parameter("steps", 400, "updates", least=1, most=200_000),
)


def product_kept(values: Values) -> dict[str, float]:
    """Return the decay whose product with the new learning rate is the old one."""
    return {"weight_decay": values["weight_decay_before"] * values["lr_before"] / values["lr"]} if values["lr"] else {}


def refuse(values: Values) -> str:
    """Say so where the decay did not go up, or the rate did."""
    decay, old = values["weight_decay"], values["weight_decay_before"]
    if decay <= old:
        return f"weight_decay = {decay:g} is no more than weight_decay_before = {old:g}: this is about one that went up"
    if values["lr"] > values["lr_before"]:
        return f"lr = {values['lr']:g} is above lr_before = {values['lr_before']:g}: this is about one that went down"
    return ""


ARMS = (
    Arm("suspect", "the new learning rate and weight decay"),
    Arm("control", "the old ones", lambda v: {"lr": v["lr_before"], "weight_decay": v["weight_decay_before"]}),
    Arm("fix", "the new learning rate, the decay such that their product is as it was", product_kept),
    documented("decay 0.0005 to 0.0008, rate 0.005 to 0.004", weight_decay=0.0008, lr=0.004, momentum=0.937),
)
FACTORS = (
    Factor("weight-decay", "the old weight decay", lambda v: {"weight_decay": v["weight_decay_before"]}),
    Factor("learning-rate", "the old learning rate", lambda v: {"lr": v["lr_before"]}),
)


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from itertools import chain, islice

    from torch.nn import functional

    from diagnose.probes import clouds
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Sgd
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: clouds.clouds(generator, SAMPLES, SAMPLES))
    nets = lab.build(lambda: Mlp([16, 32, 4]))
    first = nets.flat.norm(dim=1)

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
        return functional.cross_entropy(model(x), y)

    trainer = Trainer(lab, nets, loss, Sgd(values["lr"], values["weight_decay"], values["momentum"]))
    epochs = values["steps"] * values["batch"] // SAMPLES + 1
    for index in islice(chain.from_iterable(lab.batches(SAMPLES, values["batch"], epochs)), values["steps"]):
        trainer.step(take(sets["x"], index), take(sets["y"], index))
    fitted = clouds.of_possible(nets, sets, "")
    return Observation(
        symptom=~(fitted >= 0.9),
        measures={
            "train accuracy of the possible": fitted,
            "val accuracy of the possible": clouds.of_possible(nets, sets),
            "size of the weights against the start": nets.flat.norm(dim=1) / first,
        },
        diverged=~nets.finite(),
        result="val accuracy of the possible",
    )
