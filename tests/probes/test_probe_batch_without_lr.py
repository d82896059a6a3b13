import pytest

pytest.importorskip("torch")
from arms import medians, observe

from diagnose.probes.mechanisms import batch_without_lr as mechanism


def test_updates_are_those_of_the_batch() -> None:
    few, more = (observe("batch-without-lr", arm, 2, epochs=2, batch=64) for arm in ("suspect", "control"))
    assert (medians(few)["updates"], medians(more)["updates"]) == (20, 80)


def test_the_rate_follows_the_batch() -> None:
    values = {"lr": 0.005, "batch": 20, "batch_before": 16, "samples": 640}
    assert mechanism.scaled(values) == {"lr": pytest.approx(0.00625)}
    assert mechanism.scaled({**values, "batch": 20_000}) == {"lr": pytest.approx(0.2)}, "no update takes more than all"


def test_a_batch_16_times_as_large() -> None:
    slow, old, scaled = (observe("batch-without-lr", arm) for arm in ("suspect", "control", "fix"))
    assert slow.symptom.all()
    assert old.symptom.sum() + scaled.symptom.sum() <= 1


def test_the_batch_of_the_document_does_nothing() -> None:
    assert not observe("batch-without-lr", "documented").symptom.any()
