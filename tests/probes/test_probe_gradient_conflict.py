from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from arms import medians, observe  # noqa: E402

from diagnose.api.reproducer import read  # noqa: E402
from diagnose.live import gradient_conflicts  # noqa: E402
from diagnose.probes import views  # noqa: E402
from diagnose.probes.lab import Meter  # noqa: E402
from diagnose.probes.mechanisms import gradient_conflict as mechanism  # noqa: E402
from diagnose.probes.parameters import resolve  # noqa: E402

SMALL = {"epochs": 1, "replicas": 4, "meter": Meter()}
COSINE = "cosine of the two gradients"


def test_opposed_losses_oppose_and_undo() -> None:
    start, end = "val accuracy of the checkpoint", "val accuracy at the end"
    opposed, control = (
        medians(observe("gradient-conflict", arm, auxiliary="opposed", **SMALL)) for arm in ("suspect", "control")
    )
    assert opposed[COSINE] < -0.2
    assert opposed[end] < opposed[start] - 0.05
    assert control[start] == opposed[start]
    assert control[end] > control[start] - 0.05


def test_a_head_that_learns_the_order_agrees_in_the_end() -> None:
    """The dip is there, and passes; a weight that comes slowly makes it smaller."""
    end, lowest = "val accuracy at the end", "lowest after an epoch"
    full, slow = (
        medians(observe("gradient-conflict", arm, replicas=4, meter=SMALL["meter"])) for arm in ("suspect", "fix")
    )
    assert full[lowest] < slow[lowest] < slow[end]
    assert full[end] < slow[end]
    assert full["cosine, last third"] > full[COSINE]


def test_the_other_head_starts_with_the_classes_one_place_on() -> None:
    head, further = torch.arange(12.0).reshape(1, 4, 3), torch.zeros(1, 4, 3)
    params = {
        "head.weight": head,
        "head.bias": head[..., 0],
        "further.weight": further,
        "further.bias": further[..., 0],
    }
    views.reorder(params)
    assert further[0].tolist() == [head[0, (place - 1) % 4].tolist() for place in range(4)]
    assert params["further.bias"][0].tolist() == [9.0, 0.0, 3.0, 6.0]


def test_the_contrastive_loss_does_not_oppose() -> None:
    documented, given = (
        medians(observe("gradient-conflict", **SMALL, **one))
        for one in ({"arm": "documented"}, {"auxiliary": "contrastive", "weight": 0.05, "lr": 1e-3})
    )
    assert abs(given[COSINE]) < 0.2
    assert documented == given


def test_a_log_tells_a_contrastive_loss_by_its_weight() -> None:
    assert mechanism.contrastive(0.05) == "contrastive"
    assert mechanism.contrastive("auto") is None


def test_a_log_tells_the_epochs_that_it_came_to(tmp_path: Path) -> None:
    rows = "".join(f"{epoch},{1 / epoch}\n" for epoch in range(1, 6))
    (tmp_path / "metrics.csv").write_text(f"epoch,loss\n{rows}")
    found = resolve(mechanism, read(str(tmp_path / "metrics.csv")).segments[0], {})
    assert [(one.value, one.origin) for one in found if one.name == "epochs"] == [(5, "derived")]


def test_each_arm_changes_one_thing() -> None:
    arms = {arm.name: arm.change({"weight": 0.05, "lower": 0.2}) for arm in mechanism.ARMS}
    assert arms["fix"] == {"shape": "linear"}
    assert arms["lower weight"] == {"weight": pytest.approx(0.01)}
    assert arms["lower and slowly"] == {**arms["fix"], **arms["lower weight"]}


def test_a_warm_up_to_the_full_weight_does_not_help_where_losses_never_agree() -> None:
    pull, end = "auxiliary gradient over main gradient", "val accuracy at the end"
    full, slow, lower = (
        medians(observe("gradient-conflict", arm, replicas=4, meter=SMALL["meter"], auxiliary="opposed", weight=1.0))
        for arm in ("suspect", "fix", "lower weight")
    )
    assert 0 < slow[pull] < full[pull]
    assert slow[end] < full[end] + 0.05 < lower[end]


def test_the_live_tool_finds_the_same() -> None:
    torch.manual_seed(2)
    model = views.TwoViews()
    made = views.pairs(torch.Generator().manual_seed(3), 64, 4, 2.0, 0.0)
    losses = {"main": views.main(model, made["x"], made["y"]), "opposed": views.opposed(model, made["x"], made["y"])}
    (pair,) = gradient_conflicts(losses, model.encoders).pairs
    encoders = list(model.encoders.parameters())
    one, other = (
        torch.cat([g.flatten() for g in torch.autograd.grad(loss, encoders, retain_graph=True)])
        for loss in losses.values()
    )
    assert pair.cosine == pytest.approx(torch.cosine_similarity(one, other, dim=0).item(), abs=1e-5)
