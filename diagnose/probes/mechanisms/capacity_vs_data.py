"""A large model on few samples: does it learn them by heart, in the time that it had?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes import common
from diagnose.probes.declare import Arm, Factor, Found, Observation, Parameter, documented
from diagnose.probes.sources import fact, number, reached, series, setting, whole

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
    "are far fewer than in a model of millions, so that a real one can learn by heart sooner. Noise on the inputs "
    "stands for augmentation: here it is known to leave the class as it is. How much noise and decay was chosen by "
    "what it came to in validation, not by the gap."
)
SEEN, ASKED = 8000, 1024
OTHERS, NOISE = 100, 1000
MORE = 4
"""How many times as many samples the arm with more data has."""


def as_many_seen(segment: Segment) -> Found | None:
    """Return, where only the samples are told, the epochs that show as many of them as the defaults do."""
    known = fact("train_samples", whole)(segment)
    how = f"such that {SEEN} samples are seen, as by default"
    return None if known is None else Found(max(1, SEEN // known.value), known.places, how)


PARAMETERS = (
    Parameter(
        "samples",
        200,
        "training samples",
        (fact("train_samples", whole), common.steps_times_batch),
        least=10,
        most=20_000,
        beside="epochs",
    ),
    Parameter("batch", 32, "samples of one update", (fact("batch_size", whole), setting("batch_size", whole)), least=1),
    Parameter("epochs", 40, "epochs", (reached, fact("planned_epochs", whole), as_many_seen), least=1, most=200),
    Parameter(
        "lr",
        5e-4,
        "learning rate of Adam",
        (series("lr"), fact("lr", number), setting("lr", number)),
        least=0.0,
        most=1.0,
        optimizer="adam",
    ),
    Parameter("hidden", 512, "hidden units of the large model", least=1, most=4096),
    Parameter("hidden_small", 16, "hidden units of the small model", least=1, most=4096),
    Parameter("noise", 1.0, "standard deviation of the noise on the inputs, where an arm has it", least=0.0),
    Parameter("decay", 10.0, "weight decay of AdamW, where an arm has it", least=0.0),
    Parameter("signal", 2.0, "distance of a class's centre from the middle, in standard deviations", least=0.0),
)


def more(values: Values) -> dict[str, Any]:
    """Return more samples, each of them seen less often: about as many updates."""
    return {"samples": MORE * values["samples"], "epochs": max(1, values["epochs"] // MORE)}


ARMS = (
    Arm("suspect", "the large model on its few samples"),
    Arm("control", "the large model, no sample seen twice in as many updates", lambda _: {"fresh": True}),
    Arm(
        "fix",
        "what the rules advise, together: noise on the inputs, weight decay, the epoch with the best validation",
        lambda _: {"noisy": True, "decaying": True, "best": True},
    ),
    Arm(
        "best epoch",
        "the weights of the epoch with the best validation, on samples of its own",
        lambda _: {"best": True},
    ),
    Arm("noise", "fresh noise on the inputs in every epoch", lambda _: {"noisy": True}),
    Arm("weight decay", "weight decay", lambda _: {"decaying": True}),
    Arm("small model", "the small model on the same samples", lambda v: {"hidden": v["hidden_small"]}),
    Arm("more data", f"{MORE} times the samples, in about as many updates", more),
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
    from diagnose.probes.stopping import EarlyStop
    from diagnose.probes.trainer import Trainer

    samples, fresh = values["samples"], values.get("fresh")
    sets = lab.draw(lambda generator: clouds.clouds(generator, samples, 2 * ASKED, signal=values["signal"]))
    chosen_on = {name: one[:, :ASKED] for name, one in sets.items() if name.startswith("val_")}
    sets |= {name: one[:, ASKED:] for name, one in sets.items() if name.startswith("val_")}
    nets = lab.build(lambda: Mlp([16, values["hidden"], 4]))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
        return functional.cross_entropy(model(x), y)

    decay = values["decay"] if values.get("decaying") else 0.0
    trainer, taken = Trainer(lab, nets, loss, Adam(values["lr"], decay)), 0
    stop = EarlyStop(lab, values["epochs"], keep=nets) if values.get("best") else None
    for epoch, batches in enumerate(lab.batches(samples, values["batch"], values["epochs"]), start=1):
        if fresh and epoch > 1:
            sets |= _others(lab, sets["means"], samples, OTHERS + epoch)
        inputs = sets["x"]
        if values.get("noisy"):
            inputs = inputs + values["noise"] * _noise(lab, inputs, NOISE + epoch)
        for index in batches:
            trainer.step(take(inputs, index), take(sets["y"], index))
            taken += 1
        if stop is not None:
            stop.update(epoch, clouds.right(nets, chosen_on["val_x"], chosen_on["val_y"]))
    if stop is not None:
        nets.load(stop.weights)
    seen = clouds.right(nets, sets["x"][:, :ASKED], sets["y"][:, :ASKED])
    unseen = clouds.right(nets, sets["val_x"], sets["val_y"])
    return Observation(
        symptom=seen - unseen >= 0.1,
        measures={
            "train accuracy": seen,
            "val accuracy": unseen,
            "gap": seen - unseen,
            "val accuracy of the possible": clouds.of_possible(nets, sets),
            "updates": lab.each(float(taken)),
        },
        diverged=~nets.finite(),
        result="val accuracy",
    )


def _noise(lab: Lab, inputs: torch.Tensor, purpose: int) -> torch.Tensor:
    """Return normal noise for the inputs of every replica."""
    import torch

    shape = inputs.shape[1:]
    return lab.draw(lambda generator: {"noise": torch.randn(shape, generator=generator)}, purpose)["noise"]


def _others(lab: Lab, means: torch.Tensor, samples: int, purpose: int) -> dict[str, torch.Tensor]:
    """Return training samples of the same classes that no epoch has seen."""
    import torch

    from diagnose.probes.lab import take

    classes, features = means.shape[1:]
    made = lab.draw(
        lambda generator: {
            "y": torch.randint(classes, (samples,), generator=generator),
            "noise": torch.randn(samples, features, generator=generator),
        },
        purpose,
    )
    return {"x": take(means, made["y"]) + made["noise"], "y": made["y"]}
