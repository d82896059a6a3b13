"""Hundreds of learning rates in one run: how wide is the range that works, and what does more than the best cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, documented
from diagnose.probes.sources import fact, whole

if TYPE_CHECKING:
    import torch

    from diagnose.probes.declare import Values
    from diagnose.probes.lab import Lab

NAME = "lr-sensitivity"
TITLE = "A learning rate some times the best one costs much of the result"
RULES = ("learning-rate-too-high", "lr-too-high", "lr-raised")
SUSPECTS = ()
SYMPTOM = (
    "after the last update the validation accuracy is more than 5 % below what the replica's own sweep came to at its "
    "best learning rate"
)
PROXY = (
    "A dense network of several layers without normalisation on generated normal clouds, trained by Adam. Each replica "
    "sweeps 16 rates of its own on its own data first, hundreds in all at once; then it begins anew, from other "
    "weights and in another order, at so many times its best one. The factor and the number of updates carry over; the "
    "rate itself does not, so that a log cannot tell the factor, nor does how steeply a deep or recurrent network "
    "falls off beyond its best."
)
LOW, HIGH = 1e-5, 1.0
RATES = 16
"""Rates of each replica's sweep, evenly in the logarithm; those of different replicas lie between one another."""
NEAR = 0.95
ANEW = 1 << 40
"""Added to the seeds of weights and order once the best rate is known, lest its luck in the sweep count again."""

PARAMETERS = (
    Parameter("factor", 20.0, "the suspected rate over the best one", least=1e-4, most=1e4),
    Parameter("depth", 6, "hidden layers of 32 units", least=1, most=32),
    Parameter("samples", 4000, "training samples", (fact("train_samples", whole),), least=10, most=200_000),
    Parameter("batch", 32, "samples of one update", (fact("batch_size", whole),), least=1),
    Parameter("epochs", 2, "epochs", (fact("planned_epochs", whole),), least=1, most=100),
)
ARMS = (
    Arm("suspect", "the best rate times the factor"),
    Arm("control", "the best rate, trained anew", lambda _: {"factor": 1.0}),
    Arm("fix", "a third of the suspected rate", lambda v: {"factor": v["factor"] / 3.0}),
    documented("5 times the best rate", factor=5.0),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Sweep in each replica, then train it anew on the same data."""
    from dataclasses import replace

    from diagnose.probes import clouds

    sets = lab.draw(lambda generator: clouds.clouds(generator, values["samples"], 1024))
    rates = _rates(lab)
    swept = tuple(values[name] for name in ("depth", "samples", "batch", "epochs"))
    reached = lab.once(swept, lambda: _train(values, lab, sets, rates)[0])
    smooth = _running_median(reached)
    near = smooth >= 0.99 * smooth.amax(1, keepdim=True)
    best = _middle(near)  # on a plateau the highest of all is where chance put it
    rate, bar = (one.gather(1, best).squeeze(1) for one in (rates, smooth))
    good = smooth >= NEAR * bar.unsqueeze(1)
    anew = replace(lab, seeds=tuple(seed + ANEW for seed in lab.seeds))
    result, finite = (one.squeeze(1) for one in _train(values, anew, sets, rate.unsqueeze(1) * values["factor"]))
    return Observation(
        symptom=~(result >= NEAR * bar),
        measures={
            "val accuracy of the possible": result,
            "the same at the best rate of the sweep": bar,
            "best rate": rate,
            "lowest rate within 5 %": rates.masked_fill(~good, float("inf")).amin(1),
            "highest rate within 5 %": rates.masked_fill(~good, 0.0).amax(1),
        },
        diverged=~finite,
        counts_diverged=True,
        result="val accuracy of the possible",
    )


def _rates(lab: Lab) -> torch.Tensor:
    """Return the rates of each replica's sweep (replicas x rates): one grid, shifted by chance within a step."""
    import torch

    from diagnose.probes.lab import FURTHER

    shift = lab.draw(lambda generator: {"shift": torch.rand(1, generator=generator)}, FURTHER)["shift"]
    part = (torch.arange(RATES, device=lab.device) + shift) / RATES
    return LOW * (HIGH / LOW) ** part


def _train(
    values: Values, lab: Lab, sets: dict[str, torch.Tensor], rates: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Train each replica once at each of its rates; return the accuracy of the possible, and whether it is finite."""
    from dataclasses import replace

    from torch.nn import functional

    from diagnose.probes import clouds
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    each = rates.shape[1]
    wide = replace(lab, seeds=tuple(seed for seed in lab.seeds for _ in range(each)))
    nets = wide.build(lambda: Mlp([16, *[32] * values["depth"], 4]))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
        return functional.cross_entropy(model(x), y)

    trainer = Trainer(wide, nets, loss, Adam(rates.flatten()))
    for batches in lab.batches(values["samples"], values["batch"], values["epochs"]):
        for index in batches:
            x, y = (take(sets[name], index).repeat_interleave(each, 0) for name in ("x", "y"))
            trainer.step(x, y)
    asked = {name: sets[name].repeat_interleave(each, 0) for name in ("val_x", "val_y", "means")}
    reached = clouds.of_possible(nets, asked).nan_to_num(0.0)
    return reached.reshape(rates.shape), nets.finite().reshape(rates.shape)


def _middle(marked: torch.Tensor) -> torch.Tensor:
    """Return, for each row, the column of the middle one of those that are marked (replicas x 1)."""
    middle = marked.sum(1, keepdim=True) // 2
    return (marked.cumsum(1) > middle).int().argmax(1, keepdim=True)


def _running_median(values: torch.Tensor) -> torch.Tensor:
    """Return the median of each value and its two neighbours in a row: one training alone is lucky or not."""
    import torch

    padded = torch.cat([values[:, :1], values, values[:, -1:]], dim=1)
    return padded.unfold(1, 3, 1).median(-1).values
