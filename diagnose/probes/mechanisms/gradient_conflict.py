"""An auxiliary loss joins a trained model: do its gradients oppose those of the main loss, and does that undo it?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values, documented
from diagnose.probes.sources import fact, number, reached, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.probes.lab import Lab

NAME = "gradient-conflict"
TITLE = "An auxiliary loss in conflict with the main one leads away from a good checkpoint"
RULES = ("gradient-conflict", "drifts-off-checkpoint", "metric-loss-divergence", "metric-regression")
SUSPECTS = ()
SYMPTOM = "after the last epoch the validation accuracy is at least 5 % below that of the checkpoint"
PROXY = (
    "Two encoders, one for each modality, and a linear head classify generated pairs of views, of which a share has "
    "a second view without any signal. They are trained on the main loss alone until they are good, and then with a "
    "second loss as well. By default that is the class from a head of its own, whose classes are in another order at "
    "first, as after loading the checkpoint of another data set: it is sure of wrong answers until it has learned the "
    "order, so that the conflict passes, and with it, in a longer run, the harm. One that wants a wrong class never "
    "agrees (auxiliary=opposed): at weight 1 its best answer is a tie of right and wrong, and no way of bringing it in "
    "avoids that. A contrastive one pulls the two views of a sample together. Weight, epochs and steps carry over; the "
    "learning rate, what a backbone of millions can lose, and mAP do not. Which of the three another run has, only its "
    "own gradients tell."
)
SAMPLES, BATCH, CHECKPOINT_STEPS, CHECKPOINT_LR = 2048, 32, 150, 3e-3
CONSTANT, WARMUP = "constant", "linear"


def contrastive(value: Any) -> str | None:
    """Read the kind of the auxiliary loss from a setting that only a contrastive one has."""
    return None if number(value) is None else "contrastive"


PARAMETERS = (
    Parameter(
        "auxiliary",
        "reordered",
        "the auxiliary loss: reordered (a head that has to learn the order of the classes), opposed (wants a wrong "
        "class) or contrastive, which lambda1 weighs where a log has it",
        (setting("model.lambda1", contrastive), setting("lambda1", contrastive)),
        choices=("reordered", "opposed", "contrastive"),
    ),
    Parameter(
        "weight",
        5.0,
        "weight of the auxiliary loss",
        (setting("model.lambda1", number), setting("lambda1", number)),
        least=0.0,
        most=1e4,
    ),
    Parameter("lower", 0.2, "part of the weight that the arm with the lower one has", least=0.0, most=1.0),
    Parameter(
        "epochs", 3, "epochs with the auxiliary loss", (reached, fact("planned_epochs", whole)), least=1, most=100
    ),
    Parameter("steps_per_epoch", 50, "updates of an epoch", (fact("steps_per_epoch", whole),), least=1, most=1000),
    Parameter("poor", 0.8, "share of pairs whose second view has no signal", least=0.0, most=1.0),
    Parameter("signal", 2.0, "distance of a class's centre from the middle, in standard deviations", least=0.0),
    Parameter(
        "lr",
        CHECKPOINT_LR,
        "learning rate of Adam with the auxiliary loss; the default is that of the checkpoint",
        least=0.0,
        most=1.0,
    ),
)


def lowered(values: Values) -> dict[str, Any]:
    """Return the lower weight."""
    return {"weight": values["weight"] * values["lower"]}


ARMS = (
    Arm("suspect", "the auxiliary loss at its full weight from the first step"),
    Arm("control", "without the auxiliary loss", lambda _: {"weight": 0.0}),
    Arm("fix", "its weight brought in slowly, over the whole run, to the full weight", lambda _: {"shape": WARMUP}),
    Arm("lower weight", "a part of its weight, from the first step", lowered),
    Arm("lower and slowly", "brought in slowly, to that part", lambda v: {**lowered(v), "shape": WARMUP}),
    documented(
        "a contrastive loss times 0.05; its rate of 1e-4 does not carry over, 1e-3",
        auxiliary="contrastive",
        weight=0.05,
        lr=1e-3,
    ),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Make the checkpoint, then train one arm from it."""
    import torch

    from diagnose.live import WeightSchedule
    from diagnose.probes import metrics, views
    from diagnose.probes.lab import take
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda g: views.pairs(g, SAMPLES, 1024, values["signal"], values["poor"]))
    nets = lab.build(views.TwoViews)

    def accuracy() -> torch.Tensor:
        answers = nets.map(lambda model, x: model(x)[0].argmax(-1), sets["val_x"])
        return metrics.accuracy(answers, sets["val_y"])

    steps = values["epochs"] * values["steps_per_epoch"]
    order = _forever(lab)
    losses = {"reordered": views.reordered, "opposed": views.opposed, "contrastive": views.agreement}
    auxiliary = losses[values["auxiliary"]]
    loss = views.joined(auxiliary)
    before = [next(order) for _ in range(CHECKPOINT_STEPS)]

    def checkpoint() -> torch.Tensor:
        first = Trainer(lab, nets, loss, Adam(CHECKPOINT_LR))
        for index in before:
            first.step(take(sets["x"], index), take(sets["y"], index), lab.each(0.0))
        views.reorder(nets.params)
        return nets.flat.clone()

    nets.flat.copy_(lab.once((values["signal"], values["poor"]), checkpoint))
    start = accuracy()

    trainer = Trainer(lab, nets, loss, Adam(values["lr"]))
    encoders = [
        Trainer(lab, nets, one, trainer.optimizer, trains=lambda name: name.startswith("encoders"))
        for one in (views.main, auxiliary)
    ]
    schedule = WeightSchedule(values.get("shape", CONSTANT), 0.0, values["weight"], until=steps)
    cosines, pulls, curve, lowest = [], [], [], start
    for step in range(steps):
        index = next(order)
        x, y = take(sets["x"], index), take(sets["y"], index)
        if step % max(1, steps // 15) == 0:
            (main, told), (further, _) = (side.gradients(x, y) for side in encoders)
            one, other = (torch.cat([part.flatten(1) for part in found.values()], dim=1) for found in (main, further))
            cosines.append(torch.cosine_similarity(one, other, dim=1))
            pulls.append(schedule.at(step) * other.norm(dim=1) / one.norm(dim=1))
            curve.append(told)
        trainer.step(x, y, lab.each(schedule.at(step)))
        if (step + 1) % values["steps_per_epoch"] == 0:
            lowest = torch.minimum(lowest, accuracy())
    end = accuracy()
    third = max(1, len(curve) // 3)
    return Observation(
        symptom=~(end > 0.95 * start),
        measures={
            "val accuracy of the checkpoint": start,
            "lowest after an epoch": lowest,
            "val accuracy at the end": end,
            "cosine of the two gradients": torch.stack(cosines).mean(0),
            "cosine, last third": torch.stack(cosines[-third:]).mean(0),
            "auxiliary gradient over main gradient": torch.stack(pulls).mean(0),
            "main loss, last third over first third": torch.stack(curve[-third:]).mean(0)
            / torch.stack(curve[:third]).mean(0),
        },
        diverged=~nets.finite(),
        result="val accuracy at the end",
    )


def _forever(lab: Lab) -> Iterator[torch.Tensor]:
    """Yield batches of indices without end."""
    for batches in lab.batches(SAMPLES, BATCH, sys.maxsize):
        yield from batches
