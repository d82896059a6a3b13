import pytest

pytest.importorskip("torch")
from arms import medians, observe

from diagnose.probes.mechanisms import loss_weight_imbalance as mechanism

SMALL = {"epochs": 4, "batch": 32}


def test_balanced_old_weights_and_a_fivefold_shift() -> None:
    old, shifted = (medians(observe("loss-weight-imbalance", arm, **SMALL)) for arm in ("control", "suspect"))
    share = "share of the object loss in the gradient"
    assert shifted[share] > 0.8 > 0.6 > old[share]
    assert shifted["class accuracy of the possible"] < old["class accuracy of the possible"] - 0.1


def test_new_weights_that_are_the_old_ones_are_the_control() -> None:
    same = {f"{name}{when}": 1.0 for name in ("obj", "cls", "box") for when in ("", "_before")}
    suspect, control = (observe("loss-weight-imbalance", arm, 3, **SMALL, **same) for arm in ("suspect", "control"))
    assert medians(suspect) == medians(control)


def test_the_weights_of_the_document_hardly_move_the_gradient() -> None:
    old, moved = (medians(observe("loss-weight-imbalance", arm, 3, **SMALL)) for arm in ("control", "documented"))
    share = "share of the object loss in the gradient"
    assert old[share] < moved[share] < old[share] + 0.15


def test_only_factors_count() -> None:
    values = {"obj": 1.4, "cls": 0.25, "box": 0.025, "obj_before": 1.2, "cls_before": 0.3, "box_before": 0.03}
    assert mechanism.before(values) == {"obj": 1.2, "cls": 0.3, "box": 0.03}
