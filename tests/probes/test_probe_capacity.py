from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
from arms import medians, observe  # noqa: E402

from diagnose.api.reproducer import read  # noqa: E402
from diagnose.errors import SettingsError  # noqa: E402
from diagnose.model import Place  # noqa: E402
from diagnose.probes.mechanisms import capacity_vs_data as mechanism  # noqa: E402
from diagnose.probes.parameters import about, resolve  # noqa: E402


@pytest.mark.parametrize(("samples", "epochs"), [(200, 40), (4000, 2), (100_000, 1)])
def test_epochs_that_go_with_the_samples_of_a_log(samples: int, epochs: int) -> None:
    place = Place("run.log", 4)
    found = mechanism.as_many_seen(
        SimpleNamespace(facts={"train_samples": SimpleNamespace(value=samples, place=place)})
    )
    assert (found.value, found.places) == (epochs, (place,))
    assert mechanism.as_many_seen(SimpleNamespace(facts={})) is None


def test_learned_by_heart() -> None:
    large, fresh = (observe("capacity-vs-data", arm, samples=100, epochs=30) for arm in ("suspect", "control"))
    assert large.symptom.sum() >= 5
    assert not fresh.symptom.any()
    assert medians(large)["gap"] > 0.1


def test_the_control_has_as_many_updates_of_batches_as_large() -> None:
    """Also where the batch is above the samples: each epoch is one update of all of them."""
    for given in ({}, {"batch": 512}):
        arms = (medians(observe("capacity-vs-data", arm, 2, epochs=6, **given)) for arm in ("suspect", "control"))
        assert len({found["updates"] for found in arms}) == 1


def test_the_small_model_is_small() -> None:
    small, large = (
        medians(observe("capacity-vs-data", arm, 4, samples=100, epochs=30)) for arm in ("small model", "suspect")
    )
    assert small["train accuracy"] < large["train accuracy"]


def test_what_is_advised_keeps_the_model_from_learning_by_heart() -> None:
    given = {"samples": 100, "epochs": 30, "hidden": 128}
    seen = {arm: medians(observe("capacity-vs-data", arm, **given)) for arm in ("suspect", "noise", "fix")}
    learned = {arm: found["train accuracy"] for arm, found in seen.items()}
    assert learned["fix"] <= learned["noise"] < learned["suspect"]
    assert seen["fix"]["gap"] < seen["suspect"]["gap"]


def test_the_best_epoch_is_kept() -> None:
    best, last = (
        medians(observe("capacity-vs-data", arm, samples=100, epochs=30)) for arm in ("best epoch", "suspect")
    )
    assert best["gap"] < last["gap"]
    assert best["val accuracy"] > last["val accuracy"] - 0.01


def test_more_data_means_as_many_updates() -> None:
    more, few = (medians(observe("capacity-vs-data", arm, 2, epochs=8)) for arm in ("more data", "suspect"))
    assert more["updates"] == pytest.approx(few["updates"], rel=0.15)


def test_noise_of_a_replica_does_not_depend_on_how_many_there_are() -> None:
    few, many = (observe("capacity-vs-data", "noise", count, samples=40, epochs=2) for count in (2, 4))
    torch.testing.assert_close(few.measures["val accuracy"], many.measures["val accuracy"][:2])


@pytest.mark.parametrize(
    ("told", "samples", "epochs"),
    [
        ("Train samples: 4000\nEpoch 1/3", (4000, "log"), (1, "derived")),
        ("Train samples: 40000\nEpoch 2/3", (20_000, "log"), (2, "derived")),
    ],
)
def test_the_epochs_are_those_that_the_log_came_to(tmp_path: Path, told: str, samples: object, epochs: object) -> None:
    (tmp_path / "run.log").write_text(f"{told} - 1.0s - loss: 1.0000 - val_loss: 1.1000\n")
    segment = about(mechanism, read(str(tmp_path / "run.log")))
    used = {one.name: (one.value, one.origin) for one in resolve(mechanism, segment, {})}
    assert (used["samples"], used["epochs"]) == (samples, epochs)


def test_epochs_of_a_log_need_its_samples(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("Epoch 1/3 - 1.0s - loss: 1.0000 - val_loss: 1.1000\n")
    segment = about(mechanism, read(str(tmp_path / "run.log")))
    with pytest.raises(SettingsError, match=r"--set samples"):
        resolve(mechanism, segment, {})
