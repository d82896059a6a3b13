from pathlib import Path

import pytest

pytest.importorskip("torch")
from arms import medians, observe

from diagnose.api.reproducer import read
from diagnose.probes.mechanisms import capacity_vs_data as mechanism
from diagnose.probes.parameters import about, resolve


@pytest.mark.parametrize(
    ("told", "samples", "epochs"),
    [
        ("Train samples: 4000\nEpoch 1/3", (4000, "log"), (3, "log")),
        ("Train samples: 4000\nEpoch 1", (4000, "log"), (2, "derived")),
        ("Epoch 1", (200, "default"), (40, "default")),
    ],
)
def test_epochs_that_go_with_the_samples_of_a_log(tmp_path: Path, told: str, samples: object, epochs: object) -> None:
    (tmp_path / "run.log").write_text(f"{told} - 1.0s - loss: 1.0000 - val_loss: 1.1000\n")
    segment = about(mechanism, read(str(tmp_path / "run.log")))
    used = {one.name: (one.value, one.origin) for one in resolve(mechanism, segment, {})}
    assert (used["samples"], used["epochs"]) == (samples, epochs)


def test_learned_by_heart() -> None:
    large, fresh = (observe("capacity-vs-data", arm, samples=100, epochs=30) for arm in ("suspect", "control"))
    assert large.symptom.all()
    assert not fresh.symptom.any()
    assert medians(large)["gap"] > 0.1


def test_the_small_model_is_small() -> None:
    small, large = (medians(observe("capacity-vs-data", arm, 4, samples=100, epochs=30)) for arm in ("fix", "suspect"))
    assert small["train accuracy"] < large["train accuracy"]
