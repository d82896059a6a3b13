import pytest

pytest.importorskip("torch")
from arms import medians, observe

NAME = "fusion-weight-gradient"


def test_with_sgd_at_a_low_rate_the_weight_holds_the_branch_back() -> None:
    arms = ("suspect", "control", "branch alone", "fix", "learned weight")
    fixed, rescaled, alone, own, learned = (observe(NAME, arm, 8) for arm in arms)
    assert fixed.symptom.sum() >= 4
    assert rescaled.symptom.sum() <= 1
    assert medians(rescaled)["weight at the end"] == medians(fixed)["weight at the end"] == pytest.approx(0.3)
    assert not alone.symptom.any()
    assert not own.symptom.any()
    assert learned.symptom.sum() >= 4, "a learned weight turns away from the branch"
    assert medians(learned)["weight at the end"] < 0.3


def test_with_adam_it_does_not() -> None:
    assert not observe(NAME, "documented").symptom.any()
