"""Where the numbers of an experiment come from."""

from pathlib import Path

import pytest

from diagnose.api.reproducer import read
from diagnose.errors import SettingsError
from diagnose.model import Segment
from diagnose.probes.parameters import about, given_for, resolve
from diagnose.probes.registry import mechanisms

LOG = """\
Batch size: 512
Train dist: {0: 0.30, 1: 0.60, 2: 0.10}
Valid dist: {0: 0.25, 1: 0.55, 2: 0.20}
After oversampling (ordered):
Class 0: 90
Class 1: 90
Class 2: 90

Alpha values (ordered) [A, B, C]: [0.7, 0.3, 2.0]
PRE-TRAINING 1/1: rgb
Epoch 1/100 - 3.0s - loss: 1.9000 - val_loss: 1.8000 - kappa: 0.0100 - val_kappa: 0.0000
Epoch 15/100 - 2.0s - loss: 1.8000 - val_loss: 1.7000 - kappa: 0.1100 - val_kappa: 0.0000
Epoch 16: early stopping
Restoring model weights from the end of the best epoch: 1.
STAGE 2: Fine-tuning with UNFROZEN image branches (1 modalities)
  Learning rate: 1e-6 (very low to prevent overfitting)
Epoch 11: early stopping
Restoring model weights from the end of the best epoch: 1.
"""


@pytest.fixture
def segment_of(tmp_path: Path):
    (tmp_path / "run.log").write_text(LOG)
    run = read(str(tmp_path / "run.log"))

    def of(name: str) -> Segment:
        found = about(mechanisms()[name], run)
        assert found is not None
        return found

    return of


def test_numbers_of_the_log_with_their_lines(segment_of) -> None:
    used = {
        one.name: one
        for one in resolve(mechanisms()["class-weight-collapse"], segment_of("class-weight-collapse"), {"gamma": "1.5"})
    }

    assert used["class_weights"].value == (0.7, 0.3, 2.0)
    assert used["class_weights"].places[0].line == 9
    assert used["batch"].value == 512
    assert used["epochs"].value == 16
    assert used["val_shares"].value == (0.25, 0.55, 0.2)
    assert (used["unique_counts"].value, used["unique_counts"].origin) == ((90.0, 180.0, 30.0), "derived")
    assert (used["gamma"].value, used["gamma"].origin) == (1.5, "given")
    assert used["lr"].origin == "default", "the rate of another stage is not this one's"
    assert used["signal"].origin == "default"


def test_counts_that_the_log_states_are_not_derived(tmp_path: Path) -> None:
    stated = "Original class distribution:\nClass 0: 91\nClass 1: 179\nClass 2: 29\n\n"
    (tmp_path / "run.log").write_text(stated + LOG)
    one = mechanisms()["class-weight-collapse"]
    used = {name.name: name for name in resolve(one, about(one, read(str(tmp_path / "run.log"))), {})}
    assert (used["unique_counts"].value, used["unique_counts"].origin) == ((91.0, 179.0, 29.0), "log")
    assert used["class_counts"].value == (90.0, 90.0, 90.0)


def test_samples_of_the_validation_that_the_log_states(tmp_path: Path) -> None:
    told = "Validation batch size adjusted: 512 → 510 (n_samples=511, num_gpus=2)\n"
    (tmp_path / "run.log").write_text(LOG.replace("PRE-TRAINING", f"{told}PRE-TRAINING", 1))
    one = mechanisms()["few-updates"]
    used = {name.name: name for name in resolve(one, about(one, read(str(tmp_path / "run.log"))), {})}
    assert (used["val_samples"].value, used["val_samples"].origin) == (511, "log")


def test_the_segment_that_a_mechanism_is_about(segment_of) -> None:
    used = {
        one.name: one for one in resolve(mechanisms()["finetune-lr-too-low"], segment_of("finetune-lr-too-low"), {})
    }

    assert used["lr"].value == 1e-6
    assert used["patience"].value == 10
    assert used["patience"].how == "epochs from the restored one to the stop"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("batch=many", "batch takes a whole number"),
        ("lr=-1", "outside 0.."),
        ("lr=inf", "lr takes finite numbers, not inf"),
        ("signl=1", "did you mean signal"),
        ("signal", "NAME=VALUE"),
    ],
)
def test_what_is_given_wrongly(text: str, told: str) -> None:
    one = mechanisms()["few-updates"]
    with pytest.raises(SettingsError) as error:
        resolve(one, None, given_for([one], [text])[one.NAME])
    assert told in str(error.value)


def test_lists_and_words_are_read_as_the_default_is() -> None:
    one = mechanisms()["class-weight-collapse"]
    used = {one.name: one.value for one in resolve(one, None, {"class_weights": "[1, 2,3]", "batch": "8"})}

    assert used["class_weights"] == (1.0, 2.0, 3.0)
    assert used["batch"] == 8
