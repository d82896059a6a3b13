"""An auxiliary loss joins a trained detector: do its gradients oppose the detector's, and does that undo what it knew?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values
from diagnose.probes.sources import fact, number, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.probes.lab import Lab

NAME = "gradient-conflict"
TITLE = "An auxiliary loss in conflict with the main one leads away from a good checkpoint"
RULES = ("drifts-off-checkpoint", "metric-loss-divergence", "metric-regression")
SUSPECTS = ()
SYMPTOM = "after the last epoch the validation accuracy is at least 5 % below that of the checkpoint"
PROXY = (
    "Two encoders, one for each modality, and a linear head classify generated pairs of views, of which a share has a second view "
    "without any signal. They are trained on the main loss alone until they are good, and then with a contrastive loss that pulls "
    "the two views of a sample together. Weight, epochs and steps carry over; the learning rate, what a backbone of millions "
    "can lose, and mAP do not."
)
CLASSES, PART, HIDDEN, EMBEDDED = 4, 16, 32, 8
SAMPLES, BATCH, CHECKPOINT_STEPS, CHECKPOINT_LR, TEMPERATURE = 2048, 64, 200, 3e-3, 0.1
STRONG = 100.0
CONSTANT, WARMUP = "constant", "linear"

PARAMETERS = (
    Parameter(
        "weight", 0.05, "weight of the auxiliary loss", (setting("model.lambda1", number), setting("lambda1", number)), least=0.0, most=1e4
    ),
    Parameter("weight_fixed", 0.01, "weight to which the fix warms up, over the whole run", least=0.0, most=1e4),
    Parameter("epochs", 3, "epochs with the auxiliary loss", (fact("planned_epochs", whole),), least=1, most=100),
    Parameter("steps_per_epoch", 100, "updates of an epoch", (fact("steps_per_epoch", whole),), least=1, most=1000),
    Parameter("poor", 0.8, "share of pairs whose second view has no signal", least=0.0, most=1.0),
    Parameter("signal", 2.0, "distance of a class's centre from the middle, in standard deviations", least=0.0),
    Parameter("lr", 1e-3, "learning rate of Adam with the auxiliary loss", least=0.0, most=1.0),
)


def strong(values: Values) -> dict[str, Any]:
    """Return a hundred times the weight."""
    return {"weight": values["weight"] * STRONG}


ARMS = (
    Arm("suspect", "the auxiliary loss at its full weight from the first step"),
    Arm("control", "without the auxiliary loss", lambda _: {"weight": 0.0}),
    Arm("fix", "its weight brought in slowly, to a lower end", lambda v: {"weight": v["weight_fixed"], "shape": WARMUP}),
    Arm("strong", "100 times the weight from the first step", strong),
    Arm("strong, fixed", "100 times the weight, brought in slowly", lambda v: {**strong(v), "shape": WARMUP}),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Make the checkpoint, then train one arm from it."""
    import torch

    from diagnose.live import WeightSchedule
    from diagnose.probes import metrics
    from diagnose.probes.lab import take
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: _sets(values, generator))
    nets = lab.build(_model)

    def accuracy() -> torch.Tensor:
        answers = nets.map(lambda model, x: model(x)[0].argmax(-1), sets["val_x"])
        return metrics.accuracy(answers, sets["val_y"])

    steps = values["epochs"] * values["steps_per_epoch"]
    order = _forever(lab)
    both = Trainer(lab, nets, _sum, Adam(CHECKPOINT_LR))
    for _ in range(CHECKPOINT_STEPS):
        index = next(order)
        both.step(take(sets["x"], index), take(sets["y"], index), lab.each(0.0))
    start = accuracy()

    trainer = Trainer(lab, nets, _sum, Adam(values["lr"]))
    sides = [Trainer(lab, nets, one, trainer.optimizer, trains=lambda name: name.startswith("encoders")) for one in (_main, _auxiliary)]
    schedule = WeightSchedule(values.get("shape", CONSTANT), 0.0, values["weight"], until=steps)
    cosines, pulls, losses = [], [], []
    for step in range(steps):
        index = next(order)
        x, y = take(sets["x"], index), take(sets["y"], index)
        if step % max(1, steps // 15) == 0:
            (main, loss), (auxiliary, _) = (side.gradients(x, y) for side in sides)
            one, other = (torch.cat([part.flatten(1) for part in found.values()], dim=1) for found in (main, auxiliary))
            cosines.append(torch.cosine_similarity(one, other, dim=1))
            pulls.append(schedule.at(step) * other.norm(dim=1) / one.norm(dim=1))
            losses.append(loss)
        trainer.step(x, y, lab.each(schedule.at(step)))
    end = accuracy()
    third = len(losses) // 3
    return Observation(
        symptom=~(end > 0.95 * start),
        measures={
            "val accuracy of the checkpoint": start,
            "val accuracy at the end": end,
            "cosine of the two gradients": torch.stack(cosines).mean(0),
            "auxiliary gradient over main gradient": torch.stack(pulls).mean(0),
            "main loss, last third over first third": torch.stack(losses[-third:]).mean(0) / torch.stack(losses[:third]).mean(0),
        },
        diverged=~nets.finite(),
    )


def _forever(lab: Lab) -> Any:
    """Yield batches of indices without end."""
    for batches in lab.batches(SAMPLES, BATCH, 1_000_000):
        yield from batches


def _model() -> torch.nn.Module:
    """Return two encoders and a head; its answer are logits and the two embeddings."""
    import torch
    from torch import nn

    class TwoViews(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoders = nn.ModuleList(
                nn.Sequential(nn.Linear(PART, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, EMBEDDED)) for _ in range(2)
            )
            self.head = nn.Linear(2 * EMBEDDED, CLASSES)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            one, other = self.encoders[0](x[:, :PART]), self.encoders[1](x[:, PART:])
            return self.head(torch.cat([one, other], dim=1)), one, other

    return TwoViews()


def _main(model: Any, x: torch.Tensor, y: torch.Tensor) -> Any:
    from torch.nn import functional

    return functional.cross_entropy(model(x)[0], y)


def _auxiliary(model: Any, x: torch.Tensor, _: torch.Tensor) -> Any:
    """Return InfoNCE (https://arxiv.org/abs/1807.03748) between the two views of each sample."""
    import torch
    from torch.nn import functional

    _, one, other = model(x)
    alike = functional.normalize(one, dim=1) @ functional.normalize(other, dim=1).T / TEMPERATURE
    pairs = (torch.log_softmax(alike, dim=0) + torch.log_softmax(alike, dim=1)).diagonal()
    return -pairs.mean() / 2


def _sum(model: Any, x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> Any:
    return _main(model, x, y) + weight * _auxiliary(model, x, y)


def _sets(values: Values, generator: torch.Generator) -> dict[str, torch.Tensor]:
    import torch

    from diagnose.probes import data

    views = [data.class_means(generator, CLASSES, PART, values["signal"]) for _ in range(2)]
    made = {}
    for prefix, count in (("", SAMPLES), ("val_", 1024)):
        y = torch.randint(CLASSES, (count,), generator=generator)
        seen = (torch.rand(count, generator=generator) >= values["poor"]).float().unsqueeze(1)
        x = torch.cat([views[0][y], views[1][y] * seen], dim=1)
        made |= {f"{prefix}x": x + torch.randn(count, 2 * PART, generator=generator), f"{prefix}y": y}
    return made
