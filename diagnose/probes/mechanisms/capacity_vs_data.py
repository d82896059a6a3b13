"""A large model on few samples: does it learn them by heart, in the time that it had?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Found, Observation, Parameter, documented
from diagnose.probes.sources import fact, number, series, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.model import Segment
    from diagnose.probes.declare import Values
    from diagnose.probes.lab import Lab

NAME = "capacity-vs-data"
TITLE = "A large model on few samples learns them by heart"
RULES = ("data-too-few-for-model", "overfitting", "generalisation-gap", "size-against-result")
SUSPECTS = ("too-few-samples",)
SYMPTOM = (
    "after the last epoch the accuracy on the training data is at least 10 points above that on the validation data"
)
PROXY = (
    "Dense networks of one hidden layer on generated normal clouds: 512 units stand for the large model, 16 for the "
    "small one. Samples, batch, epochs and with them the number of updates carry over; parameters for each sample "
    "are far fewer than in a model of millions, so that a real one can learn by heart sooner."
)
SEEN = 8000


def as_many_seen(segment: Segment) -> Found | None:
    """Return, where only the samples are told, the epochs that show as many of them as the defaults do."""
    known = fact("train_samples", whole)(segment)
    how = f"such that {SEEN} samples are seen, as by default"
    return None if known is None else Found(max(1, SEEN // known.value), known.places, how)


PARAMETERS = (
    Parameter("samples", 200, "training samples", (fact("train_samples", whole),), least=10, most=200_000),
    Parameter("batch", 32, "samples of one update", (fact("batch_size", whole), setting("batch_size", whole)), least=1),
    Parameter("epochs", 40, "epochs", (fact("planned_epochs", whole), as_many_seen), least=1, most=200),
    Parameter(
        "lr",
        5e-4,
        "learning rate of Adam",
        (series("lr"), fact("lr", number), setting("lr", number)),
        least=0.0,
        most=1.0,
    ),
    Parameter("hidden", 512, "hidden units of the large model", least=1, most=4096),
    Parameter("hidden_small", 16, "hidden units of the small model", least=1, most=4096),
    Parameter("signal", 2.0, "distance of a class's centre from the middle, in standard deviations", least=0.0),
)


ARMS = (
    Arm("suspect", "the large model on its few samples"),
    Arm("control", "the large model, no sample seen twice in as many updates", lambda _: {"fresh": True}),
    Arm("fix", "the small model on the same samples", lambda v: {"hidden": v["hidden_small"]}),
    documented("4000 samples, 2 epochs", samples=4000, epochs=2),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from torch.nn import functional

    from diagnose.probes import clouds
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    samples, epochs = values["samples"], values["epochs"]
    if values.get("fresh"):
        samples, epochs = samples * epochs, 1
    sets = lab.draw(lambda generator: clouds.clouds(generator, samples, 1024, signal=values["signal"]))
    nets = lab.build(lambda: Mlp([16, values["hidden"], 4]))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
        return functional.cross_entropy(model(x), y)

    trainer = Trainer(lab, nets, loss, Adam(values["lr"]))
    for batches in lab.batches(samples, values["batch"], epochs):
        for index in batches:
            trainer.step(take(sets["x"], index), take(sets["y"], index))
    seen, unseen = clouds.right(nets, sets["x"], sets["y"]), clouds.right(nets, sets["val_x"], sets["val_y"])
    return Observation(
        symptom=seen - unseen >= 0.1,
        measures={
            "train accuracy": seen,
            "val accuracy": unseen,
            "gap": seen - unseen,
            "val accuracy of the possible": clouds.of_possible(nets, sets),
        },
        diverged=~nets.finite(),
    )
