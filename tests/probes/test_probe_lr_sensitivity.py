import pytest

torch = pytest.importorskip("torch")
from arms import medians, observe  # noqa: E402

from diagnose.probes.lab import Lab, Meter  # noqa: E402
from diagnose.probes.mechanisms import lr_sensitivity as mechanism  # noqa: E402


def test_running_median() -> None:
    found = mechanism._running_median(torch.tensor([1.0, 9.0, 1.0, 2.0, 3.0]), 3)
    assert found.tolist() == [1, 1, 2, 2, 3]


def test_every_replica_has_its_rate_and_too_much_ruins() -> None:
    small = {"samples": 1500, "depth": 3, "replicas": 24, "factor": 100.0}
    best, ruined = (observe("lr-sensitivity", arm, **small) for arm in ("control", "suspect"))
    found = medians(best)
    assert (
        mechanism.LOW
        < found["lowest rate within 5 %"]
        < found["best rate"]
        <= found["highest rate within 5 %"]
        < mechanism.HIGH
    )
    assert best.symptom.float().mean() < 0.3
    assert ruined.symptom.float().mean() > 0.8
    assert medians(ruined)["best rate"] == found["best rate"]  # the arms are paired


def test_arms_of_one_experiment_share_the_sweep() -> None:
    values = {one.name: one.default for one in mechanism.PARAMETERS} | {"samples": 100, "depth": 1, "epochs": 1}
    meter = Meter()
    lab = Lab(torch.device("cpu"), tuple(range(3)), meter)
    first = mechanism.observe(values, lab)
    taken = meter.total()
    again = mechanism.observe(values, lab)
    assert (taken, meter.total()) == (2 * 3 * 4, 3 * 3 * 4)
    assert medians(first) == medians(again)
