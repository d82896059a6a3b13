import pytest

pytest.importorskip("torch")
from arms import medians, observe

from diagnose.probes.mechanisms import overregularised as mechanism


def test_the_fix_keeps_the_product() -> None:
    values = {"lr": 0.004, "weight_decay": 0.0008, "lr_before": 0.005, "weight_decay_before": 0.0005}
    assert mechanism.product_kept(values)["weight_decay"] * 0.004 == pytest.approx(0.005 * 0.0005)
    assert mechanism.product_kept({**values, "lr": 0.0}) == {}


def test_decay_that_outweighs_learning() -> None:
    seen = observe("overregularised", "strong", steps=150)
    assert seen.symptom.all()
    assert medians(seen)["size of the weights against the start"] < 0.1


def test_the_decay_that_worked() -> None:
    assert not observe("overregularised", "control", steps=250).symptom.any()
