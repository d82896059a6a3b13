import math

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from diagnose.errors import SettingsError  # noqa: E402
from diagnose.live import gradient_conflicts, prefix_groups  # noqa: E402


class TwoHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(4, 6)
        self.cls, self.box = nn.Linear(6, 3), nn.Linear(6, 2)
        self.frozen = nn.Linear(4, 4)
        for parameter in self.frozen.parameters():
            parameter.requires_grad_(False)

    def forward(self, x):
        features = torch.tanh(self.backbone(self.frozen(x)))
        return self.cls(features), self.box(features)


@pytest.fixture
def model():
    torch.manual_seed(5)
    return TwoHeads()


@pytest.fixture
def losses(model):
    classes, boxes = model(torch.randn(32, 4))
    return {
        "loss_cls": nn.functional.cross_entropy(classes, torch.arange(32) % 3),
        "loss_bbox": boxes.square().mean(),
    }


def flat(loss, parameters):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters, retain_graph=True)])


def test_cosine_on_what_both_reach(model, losses) -> None:
    shared = list(model.backbone.parameters())
    expected = torch.cosine_similarity(flat(losses["loss_cls"], shared), flat(losses["loss_bbox"], shared), dim=0)
    (pair,) = gradient_conflicts(losses, model).pairs
    assert (pair.first, pair.second, pair.shared) == ("loss_cls", "loss_bbox", 2)
    assert pair.cosine == pytest.approx(expected.item(), abs=1e-6)
    assert pair.first_norm == pytest.approx(flat(losses["loss_cls"], shared).norm().item(), rel=1e-5)


def test_opposed_alike_and_the_weight_does_not_matter(model, losses) -> None:
    loss = losses["loss_cls"]
    found = gradient_conflicts({"a": loss, "b": -3 * loss, "c": 0.01 * loss}, model)
    assert [(pair.first, pair.second) for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [round(pair.cosine, 6) for pair in found.pairs] == [-1, 1, -1]
    assert found.pairs[0].second_norm == pytest.approx(3 * found.pairs[0].first_norm)


def test_training_goes_on_as_it_would_have(model, losses) -> None:
    model.cls.weight.grad = torch.ones_like(model.cls.weight)
    gradient_conflicts(losses, model)
    assert model.cls.weight.grad.equal(torch.ones_like(model.cls.weight))
    assert model.backbone.weight.grad is None
    assert model.frozen.weight.grad is None
    sum(losses.values()).backward()
    after = model.backbone.weight.grad.clone()
    model.zero_grad()
    torch.manual_seed(5)
    again = TwoHeads()
    classes, boxes = again(torch.randn(32, 4))
    (nn.functional.cross_entropy(classes, torch.arange(32) % 3) + boxes.square().mean()).backward()
    assert after.equal(again.backbone.weight.grad)


def test_hooks_that_accumulate_do_not_run(model, losses) -> None:
    ran = []
    model.backbone.weight.register_post_accumulate_grad_hook(ran.append)  # what DistributedDataParallel builds on
    gradient_conflicts(losses, model)
    assert ran == []


def test_frozen_unused_and_constant(model, losses) -> None:
    lost = {**losses, "constant": torch.tensor(2.0), "loss_other": nn.Linear(2, 2).weight.sum()}
    found = gradient_conflicts(lost, model)
    assert found.without == ("constant", "loss_other")
    nothing = [pair for pair in found.pairs if pair.second in found.without]
    assert all(math.isnan(pair.cosine) and pair.shared == 0 for pair in nothing)
    assert list(found.metrics()) == ["gradient_cosine/cls-vs-bbox"]
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    assert gradient_conflicts(losses, model).without == ("loss_cls", "loss_bbox")


def test_two_heads_share_nothing(model, losses) -> None:
    heads = {"heads": [*prefix_groups(model)["cls"], *prefix_groups(model)["box"]]}
    (pair,) = gradient_conflicts(losses, heads).pairs
    assert pair.shared == 0
    assert math.isnan(pair.cosine)


def test_groups(model, losses) -> None:
    found = gradient_conflicts(losses, model, by=1)
    assert list(found.groups) == ["backbone", "cls", "box", "frozen"]
    assert found.groups["backbone"][0].cosine == pytest.approx(found.pairs[0].cosine)
    assert list(found.metrics()) == ["gradient_cosine/cls-vs-bbox", "gradient_cosine/backbone/cls-vs-bbox"]
    only = gradient_conflicts(losses, {"backbone": prefix_groups(model)["backbone"]})
    assert only.pairs == only.groups["backbone"]


def test_zero_and_broken_gradients_have_no_direction(model, losses) -> None:
    loss = losses["loss_cls"]
    for other, norm in ((0 * loss, 0.0), (loss * math.nan, math.nan)):
        (pair,) = gradient_conflicts({"a": loss, "b": other}, model).pairs
        assert math.isnan(pair.cosine)
        assert pair.second_norm == pytest.approx(norm, nan_ok=True)


def test_half_precision_needs_the_scale() -> None:
    features = torch.full((8,), 1e-3, dtype=torch.float16, requires_grad=True)
    parameters = {"x": [("features", features)]}

    def losses():
        small = (features * 1e-4).float().sum() * 1e-5  # its gradient, 1e-9, is below half precision's smallest number
        return {"a": small, "b": (features.float() ** 2).sum()}

    (lost,) = gradient_conflicts(losses(), parameters).pairs
    assert math.isnan(lost.cosine)
    (kept,) = gradient_conflicts(losses(), parameters, scale=2.0**16).pairs
    assert kept.cosine == pytest.approx(1, abs=1e-3)
    assert kept.first_norm == pytest.approx(1e-9 * math.sqrt(8), rel=0.2)


def test_a_loss_of_many_values_is_refused(model, losses) -> None:
    with pytest.raises(SettingsError, match="loss_bbox has 4 values"):
        gradient_conflicts({"loss_bbox": torch.ones(4, requires_grad=True)}, model)


def test_what_has_no_gradient_is_refused_with_advice(model, losses) -> None:
    with pytest.raises(SettingsError, match=r"loss_cls is no tensor but float \(the tensor that goes into backward"):
        gradient_conflicts({"loss_cls": losses["loss_cls"].item()}, model)
    with pytest.raises(SettingsError, match="a loss scale of 0"):
        gradient_conflicts(losses, model, scale=0)
    with torch.no_grad():
        classes, boxes = model(torch.randn(4, 4))
        with pytest.raises(SettingsError, match=r"no gradient flows from a, b .*no_grad"):
            gradient_conflicts({"a": classes.mean(), "b": boxes.mean()}, model)
    with pytest.raises(SettingsError, match="detach"):
        gradient_conflicts({name: loss.detach() for name, loss in losses.items()}, model)
    assert gradient_conflicts({}, model).pairs == ()


def test_after_backward_it_is_too_late(model, losses) -> None:
    sum(losses.values()).backward()
    with pytest.raises(SettingsError, match=r"compare the losses before backward\(\)"):
        gradient_conflicts(losses, model)


def test_reentrant_checkpointing_is_told_the_other_kind() -> None:
    from torch.utils.checkpoint import checkpoint

    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))

    def losses(reentrant: bool) -> dict:
        features = checkpoint(model[1], model[0](torch.randn(2, 4)), use_reentrant=reentrant)
        return {"a": features.square().mean(), "b": features.mean()}

    assert gradient_conflicts(losses(False), model).pairs[0].shared == 4
    with pytest.raises(SettingsError, match="use_reentrant=False"):
        gradient_conflicts(losses(True), model)
    assert gradient_conflicts(losses(True), model[1]).without == ("a", "b")  # hidden, as nothing before is asked for


def test_sparse_gradients() -> None:
    table = nn.Embedding(6, 2, sparse=True)
    found = table(torch.tensor([1, 2]))
    (pair,) = gradient_conflicts({"a": found.sum(), "b": -found[0].sum()}, table).pairs
    assert pair.cosine == pytest.approx(-math.sqrt(0.5))
