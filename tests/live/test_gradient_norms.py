import json
import math
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from diagnose.errors import SettingsError  # noqa: E402
from diagnose.live import gradient_norms, optimizer_groups, prefix_groups  # noqa: E402
from diagnose.logs import read  # noqa: E402
from diagnose.sources import from_bytes  # noqa: E402


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.ModuleDict({"stem": nn.Linear(4, 4), "layer1": nn.Linear(4, 4)})
        self.head = nn.Linear(4, 3)
        self.spare = nn.Linear(2, 2)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        for layer in self.backbone.values():
            x = torch.tanh(layer(x))
        return self.scale * self.head(x)


@pytest.fixture
def model():
    torch.manual_seed(3)
    model = Detector()
    nn.functional.cross_entropy(model(torch.randn(16, 4)), torch.arange(16) % 3).backward()
    return model


def norm(*parameters) -> float:
    return torch.cat([parameter.grad.flatten() for parameter in parameters]).norm().item()


def test_total_and_shares(model) -> None:
    found = gradient_norms(model)
    assert list(found.groups) == ["scale", "backbone", "head", "spare"]
    assert found.total == pytest.approx(
        nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None]).item()
    )
    assert found.groups["head"].norm == pytest.approx(norm(*model.head.parameters()))
    assert sum(group.share for group in found.groups.values()) == pytest.approx(1)
    assert found.groups["head"].share == pytest.approx((found.groups["head"].norm / found.total) ** 2)
    assert (found.groups["spare"].norm, found.groups["spare"].without, found.groups["head"].without) == (0, 2, 0)


def test_the_gradient_is_left_alone(model) -> None:
    before = [None if p.grad is None else (p.grad.data_ptr(), p.grad.clone()) for p in model.parameters()]
    gradient_norms(model)
    for parameter, kept in zip(model.parameters(), before, strict=True):
        assert (parameter.grad is None) == (kept is None)
        assert kept is None or (parameter.grad.data_ptr() == kept[0] and parameter.grad.equal(kept[1]))


def test_deeper_and_by_prefix(model) -> None:
    assert list(prefix_groups(model, 2)) == ["scale", "backbone.stem", "backbone.layer1", "head", "spare"]
    found = gradient_norms(model, ["backbone", "backbone.layer1"]).groups
    assert {title: group.parameters for title, group in found.items()} == {
        "backbone": 2,
        "backbone.layer1": 2,
        "rest": 5,
    }
    assert list(gradient_norms(model, "head").groups) == ["head", "rest"]
    with pytest.raises(SettingsError, match="no parameter under neck"):
        gradient_norms(model, ["neck"])
    with pytest.raises(SettingsError, match="by 0 parts"):
        prefix_groups(model, 0)


def test_groups_of_the_optimizer(model) -> None:
    optimizer = torch.optim.SGD(
        [
            {"params": list(model.backbone.parameters()), "lr": 0.1},
            {"params": list(model.head.parameters()), "name": "head"},
        ],
        lr=0.01,
    )
    found = gradient_norms(optimizer_groups(optimizer, model)).groups
    assert list(found) == ["group0", "head"]
    assert found["group0"].norm == pytest.approx(norm(*model.backbone.parameters()))
    assert [name for name, _ in optimizer_groups(optimizer, model)["head"]] == ["head.weight", "head.bias"]


def test_frozen_parameters_are_counted_and_not_logged(model) -> None:
    for parameter in model.spare.parameters():
        parameter.requires_grad_(False)
    found = gradient_norms(model)
    assert (found.groups["spare"].frozen, found.groups["spare"].without) == (2, 0)
    assert "gradient_norm/spare" not in found.metrics()


def test_no_gradient_is_logged_as_none_and_not_as_a_norm_of_0(model) -> None:
    model.head.bias.grad = None
    found = gradient_norms(model).metrics()
    assert found["gradient_without/spare"] == 2
    assert not {"gradient_norm/spare", "gradient_share/spare"} & set(found)
    assert found["gradient_without/head"] == 1
    assert found["gradient_norm/head"] == pytest.approx(norm(model.head.weight))
    model.scale.grad.zero_()
    assert gradient_norms(model).metrics()["gradient_norm/scale"] == 0
    model.zero_grad()
    assert {name.split("/")[0] for name in gradient_norms(model).metrics()} == {"gradient_without"}


@pytest.mark.parametrize("scale", [0, -1.0, math.nan, math.inf])
def test_a_scale_that_cannot_be_taken_out(model, scale) -> None:
    with pytest.raises(SettingsError, match="a loss scale of"):
        gradient_norms(model, scale=scale)


def test_a_shared_parameter_counts_once(model) -> None:
    groups = {"a": [("w", model.head.weight)], "b": [("w", model.head.weight), ("b", model.head.bias)]}
    found = gradient_norms(groups)
    assert found.total == pytest.approx(norm(*model.head.parameters()))
    assert [group.parameters for group in found.groups.values()] == [1, 1]


def test_not_finite_values_are_counted_where_they_are(model) -> None:
    model.head.weight.grad[0, :3] = torch.tensor([math.nan, math.inf, -math.inf])
    found = gradient_norms(model)
    assert found.non_finite == found.groups["head"].non_finite == 3
    assert math.isnan(found.total)
    assert math.isnan(found.groups["backbone"].share)
    assert math.isfinite(found.groups["backbone"].norm)
    assert found.metrics()["gradient_nonfinite/head"] == 3


def test_large_values_do_not_overflow_and_the_scale_is_taken_out(model) -> None:
    for parameter in model.head.parameters():
        parameter.grad.fill_(1e30)
    assert gradient_norms(model).groups["head"].norm == pytest.approx(1e30 * math.sqrt(15))
    assert gradient_norms(model, scale=65536.0).groups["head"].norm == pytest.approx(1e30 * math.sqrt(15) / 65536)


def test_under_a_gradient_scaler(model) -> None:
    plain = gradient_norms(model).total
    model.zero_grad()
    torch.manual_seed(3)
    again, scaler = Detector(), torch.amp.GradScaler("cpu")
    optimizer = torch.optim.SGD(again.parameters(), lr=0.1)
    scaler.scale(nn.functional.cross_entropy(again(torch.randn(16, 4)), torch.arange(16) % 3)).backward()
    assert gradient_norms(again, scale=scaler.get_scale()).total == pytest.approx(plain, rel=1e-6)
    scaler.unscale_(optimizer)
    assert gradient_norms(again).total == pytest.approx(plain, rel=1e-6)


def test_half_precision_and_sparse_gradients() -> None:
    half = nn.Linear(4, 4, bias=False).half()
    half.weight.grad = torch.full_like(half.weight, 3e4)
    assert gradient_norms(half).total == pytest.approx(4 * 3e4, rel=1e-3)
    table = nn.Embedding(10, 2, sparse=True)
    table(torch.tensor([1, 1, 4])).sum().backward()
    assert gradient_norms(table).total == pytest.approx(math.sqrt(2 * 4 + 2))


def test_no_gradient_at_all() -> None:
    found = gradient_norms(nn.Linear(2, 2))
    assert found.total == 0
    assert math.isnan(found.groups["weight"].share)


def test_wrapped_models_keep_their_names() -> None:
    inner = Detector()
    wrapped = nn.Module()
    wrapped.module = inner
    assert list(prefix_groups(wrapped)) == list(prefix_groups(inner))


def test_a_log_of_them_is_read_back(model) -> None:
    rows = [json.dumps({"step": step, "loss": 1 / step, **gradient_norms(model).metrics()}) for step in range(1, 9)]
    run = read(from_bytes("run.jsonl", "\n".join(rows).encode()))
    assert run is not None
    series = run.segments[0].series
    found = gradient_norms(model)
    name = next(name for name in series if name.endswith("gradient_norm/backbone"))
    assert series[name].value.tolist() == [pytest.approx(found.groups["backbone"].norm)] * 8
    assert series["grad_norm"].value[0] == pytest.approx(found.total)


def test_importing_asks_for_no_torch() -> None:
    code = (
        "import sys; import diagnose.live; assert not {'torch', 'numpy', 'lark', 'yaml', 'mmengine'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
