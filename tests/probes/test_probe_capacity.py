import pytest

pytest.importorskip("torch")
from arms import medians, observe

from diagnose.probes.mechanisms import capacity_vs_data as mechanism


def test_few_samples_in_as_many_updates() -> None:
    assert mechanism.few({"samples": 4000, "epochs": 2}) == {"samples": 200, "epochs": 40}
    assert mechanism.few({"samples": 50, "epochs": 2})["samples"] == 10


def test_learned_by_heart() -> None:
    large, fresh = (observe("capacity-vs-data", arm, samples=100, epochs=30) for arm in ("suspect", "control"))
    assert large.symptom.all()
    assert not fresh.symptom.any()
    assert medians(large)["gap"] > 0.1


def test_the_small_model_is_small() -> None:
    small, large = (medians(observe("capacity-vs-data", arm, 4, samples=100, epochs=30)) for arm in ("fix", "suspect"))
    assert small["train accuracy"] < large["train accuracy"]
