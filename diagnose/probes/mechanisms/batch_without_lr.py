"""The batch grows and the learning rate does not: is there less learning in the same epochs?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Observation, Parameter, Values, documented
from diagnose.probes.sources import fact, number, series, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.probes.declare import Factor
    from diagnose.probes.lab import Lab

NAME = "batch-without-lr"
TITLE = "A larger batch at the old learning rate learns less in the same epochs"
RULES = ("batch-without-lr", "batch-changed-alone")
SUSPECTS = ()
SYMPTOM = "after the last epoch the validation accuracy is below 95 % of the best possible"
PROXY = (
    "A dense network on generated normal clouds, trained by SGD with momentum for a fixed number of epochs. Both "
    "batches, learning rate and momentum carry over; how many epochs a large network needs does not."
)

PARAMETERS = (
    Parameter(
        "batch",
        256,
        "samples of one update",
        (fact("batch_size", whole), setting("batch_size", whole)),
        least=1,
        most=100_000,
    ),
    Parameter(
        "batch_before", 16, "samples of one update in the run that worked", least=1, most=100_000, earlier_of="batch"
    ),
    Parameter(
        "lr",
        0.005,
        "learning rate of SGD, the same in both",
        (series("lr"), fact("lr", number), setting("lr", number)),
        least=0.0,
        most=1.0,
        optimizer="sgd",
    ),
    Parameter("momentum", 0.937, "momentum", (setting("momentum", number),), least=0.0, most=0.999),
    Parameter("samples", 640, "training samples", least=10, most=100_000),
    Parameter("epochs", 10, "epochs", least=1, most=1000),
)


def scaled(values: Values) -> dict[str, float]:
    """Return the learning rate that the linear rule gives for the new batch."""
    new, old = (min(values[name], values["samples"]) for name in ("batch", "batch_before"))  # no update takes more
    return {"lr": values["lr"] * new / old}


def refuse(values: Values) -> str:
    """Say so where the batch did not grow."""
    batch, old = values["batch"], values["batch_before"]
    return "" if batch > old else f"batch = {batch} is no larger than batch_before = {old}: this is about one that grew"


ARMS = (
    Arm("suspect", "the new batch at the old learning rate"),
    Arm("control", "the old batch", lambda v: {"batch": v["batch_before"]}),
    Arm("fix", "the new batch, the learning rate in proportion", scaled),
    documented("batch 16 to 20, rate 0.005", batch=20, lr=0.005, momentum=0.937),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from torch.nn import functional

    from diagnose.probes import clouds
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Sgd
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: clouds.clouds(generator, values["samples"], 1024))
    nets = lab.build(lambda: Mlp([16, 32, 4]))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
        return functional.cross_entropy(model(x), y)

    trainer = Trainer(lab, nets, loss, Sgd(values["lr"], momentum=values["momentum"]))
    taken = 0
    for batches in lab.batches(values["samples"], values["batch"], values["epochs"]):
        for index in batches:
            trainer.step(take(sets["x"], index), take(sets["y"], index))
            taken += 1
    reached = clouds.of_possible(nets, sets)
    return Observation(
        symptom=~(reached >= 0.95),
        measures={
            "val accuracy of the possible": reached,
            "train accuracy of the possible": clouds.of_possible(nets, sets, ""),
            "updates": lab.each(float(taken)),
        },
        diverged=~nets.finite(),
        result="val accuracy of the possible",
    )
