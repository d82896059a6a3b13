"""The weights of the parts of a loss are moved against one another: does the part that was lowered stop to learn?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Arm, Factor, Observation, Parameter, Values, documented
from diagnose.probes.sources import number, setting

if TYPE_CHECKING:
    import torch

    from diagnose.probes.lab import Lab

NAME = "loss-weight-imbalance"
TITLE = "The object loss is raised and the losses of class and box are lowered"
RULES = ("loss-terms-unbalanced", "loss-balance-shifted")
SUSPECTS = ("loss-weight-imbalance",)
SYMPTOM = (
    "on the objects of the validation set the class accuracy is below 90 % of the best possible, or the box fit "
    "below 80 %"
)
PROXY = (
    "A dense network on generated cells stands in for the detector. The old weights are taken to be balanced: each "
    "loss is scaled so that at the start it sends a gradient of the same norm into the shared layers, and the new "
    "weights count by their factors over the old ones. Absolute weights do not carry over, nor does mAP."
)
IMAGE_CELLS, IMAGES, VAL_CELLS, MEASURED = 16, 256, 2048, 512
DOCUMENT = {"obj": 1.4, "cls": 0.25, "box": 0.025}
OLD = {"obj_before": 1.2, "cls_before": 0.3, "box_before": 0.03}

PARAMETERS = (
    Parameter("obj", 6.0, "weight of the object loss", (setting("obj_weight", number),), least=0.0),
    Parameter("cls", 0.06, "weight of the class loss", (setting("cls_weight", number),), least=0.0),
    Parameter("box", 0.006, "weight of the box loss", (setting("box_weight", number),), least=0.0),
    Parameter(
        "obj_before",
        OLD["obj_before"],
        "weight of the object loss in the run that worked",
        least=1e-9,
        earlier_of="obj",
    ),
    Parameter(
        "cls_before",
        OLD["cls_before"],
        "weight of the class loss in the run that worked",
        least=1e-9,
        earlier_of="cls",
    ),
    Parameter(
        "box_before",
        OLD["box_before"],
        "weight of the box loss in the run that worked",
        least=1e-9,
        earlier_of="box",
    ),
    Parameter("objects", 0.25, "share of cells with an object", least=0.01, most=0.5),
    Parameter("batch", 16, "images of one update, of 16 cells each", least=1, most=256),
    Parameter("lr", 0.01, "learning rate of Adam, of the small network", least=0.0, most=1.0),
    Parameter("epochs", 14, "epochs of 256 images", least=1, most=1000),
)


def before(values: Values) -> dict[str, float]:
    """Return the old weights."""
    return {name: values[f"{name}_before"] for name in ("obj", "cls", "box")}


def refuse(values: Values) -> str:
    """Say so where the object loss did not gain on the others."""
    factor = {name: values[name] / values[f"{name}_before"] for name in ("obj", "cls", "box")}
    if factor["obj"] > min(factor["cls"], factor["box"]):
        return ""
    return "the object loss gains on neither of the others over the weights before: this is about one that does"


ARMS = (
    Arm("suspect", "the new weights"),
    Arm("control", "the old weights", before),
    Arm("fix", "weights set so that all send equal gradients, anew after each epoch", lambda _: {"equal": True}),
    documented("object 1.2 to 1.4, class 0.3 to 0.25, box 0.03 to 0.025", **DOCUMENT, **OLD),
)
FACTORS = (
    Factor("object-loss-raised", "the object loss as it was", lambda v: {"obj": v["obj_before"]}),
    Factor(
        "others-lowered",
        "class and box losses as they were",
        lambda v: {"cls": v["cls_before"], "box": v["box_before"]},
    ),
)


def observe(values: Values, lab: Lab) -> Observation:
    """Train one arm."""
    import torch

    from diagnose.probes import cells
    from diagnose.probes.lab import take
    from diagnose.probes.networks import Mlp
    from diagnose.probes.optimizers import Adam
    from diagnose.probes.trainer import Trainer

    sets = lab.draw(lambda generator: cells.cells(generator, IMAGES * IMAGE_CELLS, VAL_CELLS, values["objects"]))
    nets = lab.build(lambda: Mlp(cells.SIZES))
    none = lab.each(0.0)

    def loss(
        model: Any,
        x: torch.Tensor,
        there: torch.Tensor,
        y: torch.Tensor,
        box: torch.Tensor,
        weights: torch.Tensor,
        *focus: Any,
    ) -> Any:
        return (weights * torch.stack(cells.parts(model, x, there, y, box, *focus))).sum()

    optimizer = Adam(values["lr"])
    trainer = Trainer(lab, nets, loss, optimizer)
    shared = Trainer(lab, nets, loss, optimizer, trains=lambda name: name.startswith(cells.TRUNK))
    everything = [sets[key] for key in ("x", "there", "y", "box")]
    some = [one[:, :MEASURED] for one in everything]

    def norms() -> torch.Tensor:
        """Return the norm that each loss by itself sends into the shared layers: replicas x 3."""
        rows = [lab.rows(tuple(float(part == one) for part in range(3))) for one in range(3)]
        found = [shared.gradients(*some, row, none, none)[0].values() for row in rows]
        return torch.stack([torch.cat([one.flatten(1) for one in each], dim=1).norm(dim=1) for each in found], dim=1)

    factors = lab.rows(tuple(values[name] / values[f"{name}_before"] for name in ("obj", "cls", "box")))
    balanced = 1.0 / norms()
    weights = balanced / balanced.mean(1, keepdim=True)
    if not values.get("equal"):
        weights = weights * factors
    for batches in lab.batches(IMAGES * IMAGE_CELLS, values["batch"] * IMAGE_CELLS, values["epochs"]):
        for index in batches:
            trainer.step(*(take(one, index) for one in everything), weights, none, none)
        if values.get("equal"):
            balanced = 1.0 / norms().clamp_min(1e-6)
            weights = balanced / balanced.mean(1, keepdim=True)
    pulls = norms() * weights
    out = nets.predict(sets["val_x"])
    classes, boxes = cells.class_accuracy(out, sets), cells.box_fit(out, sets)
    return Observation(
        symptom=~((classes >= 0.9) & (boxes >= 0.8)),
        measures={
            "class accuracy of the possible": classes,
            "box fit of the possible": boxes,
            "AP": cells.average_precision(out[..., 0], sets["val_there"]),
            "share of the object loss in the gradient": pulls[:, 0] / pulls.sum(1),
        },
        diverged=~nets.finite(),
    )
