import pytest

torch = pytest.importorskip("torch")
from arms import medians, observe  # noqa: E402

from diagnose.probes.lab import Lab, Meter  # noqa: E402
from diagnose.probes.mechanisms import lr_sensitivity as mechanism  # noqa: E402

LIMITS = ("lowest rate within 5 %", "best rate", "highest rate within 5 %")


def test_running_median() -> None:
    found = mechanism._running_median(torch.tensor([[1.0, 9.0, 1.0, 2.0, 3.0], [0.0, 0.0, 5.0, 5.0, 0.0]]))
    assert found.tolist() == [[1, 1, 2, 2, 3], [0, 0, 5, 5, 0]]


def test_the_middle_of_those_that_are_marked() -> None:
    marked = torch.tensor([[False, True, True, True], [True, False, False, False], [False, True, False, True]])
    assert mechanism._middle(marked).flatten().tolist() == [2, 0, 3]


def test_every_replica_has_its_best_rate_and_too_much_ruins() -> None:
    small = {"samples": 1000, "depth": 3, "replicas": 8, "factor": 100.0}
    best, ruined = (observe("lr-sensitivity", arm, **small) for arm in ("control", "suspect"))
    low, rate, high = (best.measures[name] for name in LIMITS)
    assert (mechanism.LOW < low).all()
    assert (low <= rate).all()
    assert (rate <= high).all()
    assert (high < mechanism.HIGH).all()
    assert len(set(rate.tolist())) == 8, "no estimate is shared"
    assert best.symptom.sum() <= 2
    assert ruined.symptom.sum() >= 7
    assert ruined.measures["best rate"].tolist() == rate.tolist()  # the arms are paired


def test_a_replica_is_the_same_among_few_and_many() -> None:
    small = {"samples": 100, "depth": 1, "epochs": 1}
    few, many = (observe("lr-sensitivity", replicas=count, **small) for count in (2, 4))
    for name in ("best rate", "val accuracy of the possible"):
        assert few.measures[name].tolist() == pytest.approx(many.measures[name][:2].tolist())


def test_arms_of_one_experiment_share_the_sweep() -> None:
    values = {one.name: one.default for one in mechanism.PARAMETERS} | {"samples": 100, "depth": 1, "epochs": 1}
    meter = Meter()
    lab = Lab(torch.device("cpu"), tuple(range(3)), meter)
    first = mechanism.observe(values, lab)
    taken = meter.total()
    again = mechanism.observe(values, lab)
    anew = 3 * 4
    assert (taken, meter.total()) == (mechanism.RATES * anew + anew, mechanism.RATES * anew + 2 * anew)
    assert medians(first) == medians(again)
