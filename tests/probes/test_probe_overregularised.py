import pytest

pytest.importorskip("torch")
from arms import medians, observe

from diagnose.probes.mechanisms import overregularised as mechanism


def test_the_fix_keeps_the_product() -> None:
    values = {"lr": 0.004, "weight_decay": 0.0008, "lr_before": 0.005, "weight_decay_before": 0.0005}
    assert mechanism.product_kept(values)["weight_decay"] * 0.004 == pytest.approx(0.005 * 0.0005)
    assert mechanism.product_kept({**values, "lr": 0.0}) == {}


def test_decay_that_outweighs_learning() -> None:
    seen = observe("overregularised", steps=400)
    assert seen.symptom.all()
    assert medians(seen)["size of the weights against the start"] < 0.1


@pytest.mark.parametrize("arm", ["control", "fix", "documented"])
def test_decays_that_work(arm: str) -> None:
    assert not observe("overregularised", arm, steps=250).symptom.any()
