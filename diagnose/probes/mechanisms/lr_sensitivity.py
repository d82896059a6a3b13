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
SYMPTOM = "after the last update the validation accuracy is more than 5 % below that of the best learning rate"
PROXY = (
    "A dense network of several layers without normalisation on generated normal clouds, trained by Adam. One "
    "replica for each of hundreds of rates finds the best rate of this network first; the suspect then trains at so "
    "many times that rate. The factor and the number of updates carry over; the rate itself does not, nor does how "
    "steeply a deep or recurrent network falls off beyond its best."
)
LOW, HIGH = 1e-5, 1.0
NEAR = 0.95

PARAMETERS = (
    Parameter("factor", 20.0, "the suspected rate over the best one", least=1e-4, most=1e4),
    Parameter("depth", 6, "hidden layers of 32 units", least=1, most=32),
    Parameter("samples", 4000, "training samples", (fact("train_samples", whole),), least=10, most=200_000),
    Parameter("batch", 32, "samples of one update", (fact("batch_size", whole),), least=1),
    Parameter("epochs", 2, "epochs", (fact("planned_epochs", whole),), least=1, most=100),
)
ARMS = (
    Arm("suspect", "the best rate times the factor"),
    Arm("control", "the best rate", lambda _: {"factor": 1.0}),
    Arm("fix", "a third of the suspected rate", lambda v: {"factor": v["factor"] / 3.0}),
    documented("5 times the best rate", factor=5.0),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Sweep, then train one arm on the same data."""
    from torch.nn import functional

    from diagnose.probes import clouds
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: clouds.clouds(generator, values["samples"], 1024))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
        return functional.cross_entropy(model(x), y)

    def train(rate: torch.Tensor | float) -> tuple[torch.Tensor, torch.Tensor]:
        nets = lab.build(lambda: Mlp([16, *[32] * values["depth"], 4]))
        trainer = Trainer(lab, nets, loss, Adam(rate))
        for batches in lab.batches(values["samples"], values["batch"], values["epochs"]):
            for index in batches:
                trainer.step(take(sets["x"], index), take(sets["y"], index))
        return clouds.of_possible(nets, sets).nan_to_num(0.0), nets.finite()

    rates = lab.spread(LOW, HIGH, log=True)
    swept = tuple(values[name] for name in ("depth", "samples", "batch", "epochs"))
    reached, _ = lab.once(swept, lambda: train(rates))
    smooth = _running_median(reached, max(3, lab.replicas // 16))
    near = (smooth >= 0.99 * smooth.max()).nonzero().flatten()
    best = int(near[len(near) // 2])  # on a plateau the highest of all is where chance put it
    good = (smooth >= NEAR * smooth[best]).nonzero().flatten()
    result, finite = train(float(rates[best]) * values["factor"])
    return Observation(
        symptom=~(result >= NEAR * smooth[best]),
        measures={
            "val accuracy of the possible": result,
            "the same at the best rate of the sweep": lab.each(float(smooth[best])),
            "best rate": lab.each(float(rates[best])),
            "lowest rate within 5 %": lab.each(float(rates[good[0]])),
            "highest rate within 5 %": lab.each(float(rates[good[-1]])),
        },
        diverged=~finite,
        counts_diverged=True,
    )


def _running_median(values: torch.Tensor, width: int) -> torch.Tensor:
    """Return the median of each value and its neighbours: one replica alone is lucky or not."""
    import torch

    half = width // 2
    padded = torch.cat([values[:1].expand(half), values, values[-1:].expand(half)])
    return padded.unfold(0, 2 * half + 1, 1).median(-1).values
