"""Small objects send less gradient than large ones: does a weight by size make up for it?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values, documented
from diagnose.probes.sources import number, setting

if TYPE_CHECKING:
    import torch

    from diagnose.probes.lab import Lab

NAME = "size-aware-weighting"
TITLE = "A loss that is blind to size neglects small objects; a weight by size makes up for it"
RULES = ()
SUSPECTS = ()
SYMPTOM = (
    "validation accuracy, as a share of the best possible for objects of that size, is at least 20 points lower on "
    "small objects (below 32 x 32 pixels) than on large ones"
)
PROXY = (
    "A dense network classifies generated objects of 8 to 128 pixels. Small objects show their class in one part of "
    "the features (the fine level), large ones in another, and an object has as many samples as it covers anchors, "
    "in proportion to its area. The formula of the weight carries over; how much noise a real fine level adds, and "
    "mAP, do not. Two epochs are 256 updates: after ten the small objects have caught up in part, and a smaller weight "
    "may be enough."
)
CLASSES, PART, SMALL = 4, 12, 32.0**2
LOW, HIGH = 8.0, 128.0

PARAMETERS = (
    Parameter(
        "weight",
        10.0,
        "largest weight of an object, that of one without extent",
        (setting("size_aware_loss", number),),
        least=1.0,
        most=1e4,
    ),
    Parameter(
        "threshold",
        1024.0,
        "area in pixels at which the weight has fallen by e",
        (setting("small_threshold", number),),
        least=1.0,
    ),
    Parameter("anchors", 16, "samples of the largest object for one of the smallest", least=1, most=256),
    Parameter(
        "signal",
        2.5,
        "distance of a class's centre from the middle, in standard deviations, at 32 pixels and above",
        least=0.0,
    ),
    Parameter("samples", 4096, "training samples", least=100, most=1_000_000),
    Parameter("batch", 32, "samples of one update", least=1),
    Parameter("lr", 5e-3, "learning rate of Adam", least=0.0, most=1.0),
    Parameter("epochs", 2, "epochs", least=1, most=1000),
)
ARMS = (
    Arm("suspect", "every sample counts alike"),
    Arm("control", "small and large objects count alike in sum", lambda _: {"scheme": "equal"}),
    Arm("fix", "the weight by size, clamped to at least 1", lambda _: {"scheme": "size"}),
    documented("the fix with a weight of at most 2.5", scheme="size", weight=2.5, threshold=1024.0),
)
FACTORS: tuple[Factor, ...] = ()


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    from torch.nn import functional

    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: _sets(values, generator))
    nets = lab.build(lambda: Mlp([2 * PART, 32, CLASSES]))

    def loss(model: Any, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> Any:
        return (w * functional.cross_entropy(model(x), y, reduction="none")).mean()

    trainer = Trainer(lab, nets, loss, Adam(values["lr"]))
    weights = _weights(values, sets["area"])
    for batches in lab.batches(values["samples"], values["batch"], values["epochs"]):
        for index in batches:
            trainer.step(take(sets["x"], index), take(sets["y"], index), take(weights, index))
    right = nets.predict(sets["val_x"]).argmax(-1) == sets["val_y"]
    best = sets["val_best"] == sets["val_y"]
    small = sets["val_area"] < SMALL
    reached = {
        name: (right & part).sum(1) / (best & part).sum(1).clamp_min(1)
        for name, part in (("small", small), ("large", ~small))
    }
    few = sets["area"] < SMALL
    return Observation(
        symptom=~(reached["small"] > reached["large"] - 0.2),
        measures={
            "small: accuracy of the possible": reached["small"],
            "large: accuracy of the possible": reached["large"],
            "mean of both": (reached["small"] + reached["large"]) / 2,
            "small: share of the samples": few.float().mean(1),
            "small: share of the weight": (weights * few).sum(1) / weights.sum(1),
        },
        diverged=~nets.finite(),
        result="mean of both",
    )


def _weights(values: Values, area: torch.Tensor) -> torch.Tensor:
    """Return the weight of each sample."""
    import torch

    scheme = values.get("scheme", "blind")
    if scheme == "size":
        return (values["weight"] * torch.exp(-area / values["threshold"])).clamp(1.0, values["weight"])
    if scheme == "equal":
        few = (area < SMALL).float()
        share = few.mean(1, keepdim=True).clamp(1e-3, 1 - 1e-3)
        return few / (2 * share) + (1 - few) / (2 * (1 - share))
    return torch.ones_like(area)


def _sets(values: Values, generator: torch.Generator) -> dict[str, torch.Tensor]:
    import torch

    from diagnose.probes import data

    fine, coarse = (data.class_means(generator, CLASSES, PART, values["signal"]) for _ in range(2))
    made: dict[str, torch.Tensor] = {}
    for prefix, count, anchors in (("", values["samples"], values["anchors"]), ("val_", 2048, 1)):
        # Sides are spread evenly in the logarithm among objects; a sample is an anchor, and large objects have more.
        side = LOW * (HIGH / LOW) ** torch.rand(4 * count, generator=generator)
        power = math.log(anchors) / math.log((HIGH / LOW) ** 2)
        chosen = torch.multinomial((side / LOW) ** (2 * power), count, replacement=True, generator=generator)
        side, y = side[chosen], torch.randint(CLASSES, (count,), generator=generator)
        small = (side**2 < SMALL).unsqueeze(1)
        shown = (side / SMALL**0.5).clamp_max(1.0).unsqueeze(1)  # of an object half as wide, half of the signal is seen
        centres = torch.cat([fine[y] * shown * small, coarse[y] * ~small], dim=1)
        x = torch.randn(count, 2 * PART, generator=generator) + centres
        made |= {f"{prefix}x": x, f"{prefix}y": y, f"{prefix}area": side**2}
        # Who knows the size and the centres: the nearest of the four.
        there = torch.where(small.unsqueeze(-1), fine * shown.unsqueeze(-1), coarse)
        part = torch.where(small, x[:, :PART], x[:, PART:])
        made[f"{prefix}best"] = (part.unsqueeze(1) - there).square().sum(2).argmin(1)
    return made
