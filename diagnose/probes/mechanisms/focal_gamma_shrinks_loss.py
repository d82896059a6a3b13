"""The focal loss is switched on and nothing else is fitted to it: what is left of the object loss?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values
from diagnose.probes.sources import fact, number, setting, whole

if TYPE_CHECKING:
    import torch

    from diagnose.probes.lab import Lab

NAME = "focal-gamma-shrinks-loss"
TITLE = "A focal loss switched on without retuning shrinks the object loss: alpha does, gamma 0.5 alone does not"
RULES = (
    "loss-term-activated",
    "loss-term-switched-on",
    "focal-pair",
    "series-scale-differs",
    "lower-loss-in-the-broken-run",
)
SUSPECTS = ()
SYMPTOM = (
    'after the last epoch the average precision of "is there an object" is below half of the best possible; how much '
    "of the gradient of plain cross-entropy is left, at the same weights, is told as a measure"
)
PROXY = (
    "A dense network on generated cells stands in for the detector: one shared trunk, an object loss over all cells, "
    "class and box losses over the few with an object. Gamma, alpha, the loss weights and the share of objects carry "
    "over; what the loss of a large detector does to its mAP does not. A weight is judged by what it finds of objects: "
    "what it costs classes and boxes is told as measures."
)
IMAGE_CELLS, IMAGES, VAL_CELLS = 16, 256, 2048
GAINS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)

PARAMETERS = (
    Parameter(
        "gamma",
        0.5,
        "focusing parameter",
        (fact("focal_gamma", number), setting("focal_gamma", number)),
        least=0.0,
        most=5.0,
    ),
    Parameter(
        "alpha",
        0.25,
        "weight of objects in the focal loss, as common code has it by default; most of what shrinks it; 0: none",
        (setting("focal_alpha", number),),
        least=0.0,
        most=1.0,
    ),
    Parameter("obj", 1.4, "weight of the object loss", (setting("obj_weight", number),), least=0.0),
    Parameter("objects", 0.05, "share of cells with an object", least=0.001, most=0.5),
    Parameter(
        "batch",
        20,
        "images of one update, of 16 cells each",
        (fact("batch_size", whole), setting("batch_size", whole)),
        least=1,
        most=256,
    ),
    Parameter("momentum", 0.94, "momentum", (setting("momentum", number),), least=0.0, most=0.999),
    Parameter("lr", 0.02, "learning rate of the small network", least=0.0, most=10.0),
    Parameter("epochs", 24, "epochs of 256 images", least=2, most=1000),
)
ARMS = (
    Arm("suspect", "focal loss on, the weight of the object loss as it was"),
    Arm("control", "plain cross-entropy: the focal loss off again", lambda _: {"gamma": 0.0, "alpha": 0.0}),
    Arm(
        "fix",
        "focal loss on, the object loss's weight tuned anew: the best of 1, 2, 4 ... 64 times, on cells of its own",
        lambda _: {"searched": True},
    ),
    Arm(
        "as large as it was",
        "focal loss on, its weight raised so that the object loss begins as large as it was",
        lambda _: {"fitted": True},
    ),
)
FACTORS = (
    Factor("gamma", "gamma 0", lambda _: {"gamma": 0.0}),
    Factor("alpha", "objects and background count alike", lambda _: {"alpha": 0.0}),
)


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm: each replica once, or once at each weight that is tried, of which it keeps the best."""
    from dataclasses import replace

    import torch

    from diagnose.probes import cells
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Sgd
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: cells.cells(generator, IMAGES * IMAGE_CELLS, 2 * VAL_CELLS, values["objects"]))
    chosen_on = {name: one[:, VAL_CELLS:] for name, one in sets.items() if name.startswith("val_")}
    sets |= {name: one[:, :VAL_CELLS] for name, one in sets.items() if name.startswith("val_")}
    gains = GAINS if values.get("searched") else (1.0,)
    each = len(gains)
    wide = replace(lab, seeds=tuple(seed for seed in lab.seeds for _ in gains))
    nets = wide.build(lambda: Mlp(cells.SIZES))
    gamma, alpha, none = (wide.each(one) for one in (values["gamma"], values["alpha"], 0.0))

    def loss(
        model: Any,
        x: torch.Tensor,
        there: torch.Tensor,
        y: torch.Tensor,
        box: torch.Tensor,
        weight: torch.Tensor,
        *focus: Any,
    ) -> Any:
        objects, classes, boxes = cells.parts(model, x, there, y, box, *focus)
        return weight * objects + classes + boxes

    def alone(model: Any, x: torch.Tensor, there: torch.Tensor, *focus: Any) -> Any:
        return cells.object_loss(model(x)[:, 0], there, *focus)

    optimizer = Sgd(values["lr"], momentum=values["momentum"])
    trainer = Trainer(wide, nets, loss, optimizer)
    shared = Trainer(wide, nets, alone, optimizer, trains=lambda name: name.startswith(cells.TRUNK))
    weight, ratios = values["obj"] * torch.tensor(gains, device=lab.device).repeat(lab.replicas), []
    whole_set = sets["x"], sets["there"]
    if values.get("fitted"):
        plain, focused = (nets.map(alone, *whole_set, *focus) for focus in ((none, none), (gamma, alpha)))
        weight = weight * plain / focused
    for epoch, batches in enumerate(lab.batches(IMAGES * IMAGE_CELLS, values["batch"] * IMAGE_CELLS, values["epochs"])):
        for index in batches:
            batch = [take(sets[key], index).repeat_interleave(each, 0) for key in ("x", "there", "y", "box")]
            trainer.step(*batch, weight, gamma, alpha)
        if 2 * (epoch + 1) > values["epochs"]:
            before, now = (_norm(shared.gradients(*batch[:2], *focus)[0]) for focus in ((none, none), (gamma, alpha)))
            ratios.append(weight * now / (values["obj"] * before))
    tried = [{name: one[place::each] for name, one in nets.params.items()} for place in range(each)]
    reached = [
        cells.average_precision(nets.predict(chosen_on["val_x"], params)[..., 0], chosen_on["val_there"])
        for params in tried
    ]
    best = torch.stack(reached).nan_to_num(0.0).argmax(0) + each * torch.arange(lab.replicas, device=lab.device)
    kept = {name: one[best] for name, one in nets.params.items()}
    out = nets.predict(sets["val_x"], kept)
    plain, focused = (
        nets.map(alone, *whole_set, *(one[best] for one in focus), params=kept)
        for focus in ((none, none), (gamma, alpha))
    )
    precision = cells.average_precision(out[..., 0], sets["val_there"])
    possible = cells.average_precision(cells.evidence(sets), sets["val_there"])
    return Observation(
        symptom=~(precision >= 0.5 * possible),
        measures={
            "weight over the old": weight[best] / values["obj"],
            "gradient left": torch.stack(ratios).median(0).values[best],
            "object loss left": weight[best] * focused / (values["obj"] * plain),
            "AP": precision,
            "AP of the possible": precision / possible,
            "class accuracy of the possible": cells.class_accuracy(out, sets),
            "box fit of the possible": cells.box_fit(out, sets),
        },
        diverged=~nets.finite()[best],
        result="AP",
    )


def _norm(gradients: dict[str, torch.Tensor]) -> torch.Tensor:
    import torch

    return torch.cat([one.flatten(1) for one in gradients.values()], dim=1).norm(dim=1)
