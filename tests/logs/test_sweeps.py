"""Hyperparameter searches: Optuna's console and Keras Tuner's files."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.logs import keras_tuner, optuna
from diagnose.model import Run
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

STAMP = "[I 2026-03-02 08:16:41,730] "


def parse(format: object, text: str | bytes) -> Run:
    source = from_bytes("x", text if isinstance(text, bytes) else text.encode())
    build = RunBuilder("x", format.NAME)
    format.read(source, build)
    return build.finish()


def test_trials_are_steps() -> None:
    best = "Best is trial 1 with value: 0.4."
    run = parse(
        optuna,
        f"{STAMP}A new study created in memory with name: a\n"
        f"{STAMP}Trial 1 finished with value: 0.4 and parameters: {{'lr': 0.1, 'act': 'relu'}}. {best}\n"
        f"{STAMP}Trial 0 finished with value: nan and parameters: {{'lr': 0.2, 'act': 'elu'}}. {best}\n"
        f"{STAMP}Trial 2 pruned. \n"
        "Trial 3 failed with parameters: {'lr': 9.0} because of the following error: ValueError('too high').\n"
        "Trial 3 failed with value None.\n",
    )
    (segment,) = run.segments
    assert segment.name == "study a"
    assert segment.series["objective"].step.tolist() == [1, 0]
    assert segment.series["param/lr"].value.tolist() == [0.1, 0.2, 9.0]
    assert [event.kind for event in segment.events] == ["trial_pruned", "trial_failed", "best_summary"]
    assert segment.events[1].fields == {"trial": 3, "error": "ValueError", "message": "'too high'"}
    assert segment.events[2].fields == {"metric": "objective", "value": 0.4, "trial": 1}


def test_two_objectives_and_two_studies() -> None:
    study = "".join(
        f"{STAMP}Trial {i} finished with values: [0.{i}, 2.0] and parameters: {{'n': {i}}}. \n" for i in (0, 1)
    )
    run = parse(optuna, study * 2)
    assert [segment.series["objective/1"].value.tolist() for segment in run.segments] == [[2, 2], [2, 2]]


def test_a_finished_trial_of_keras_tuner() -> None:
    (segment,) = parse(keras_tuner, keras_tuner.SAMPLES[0]).segments
    assert segment.name == "trial 0004"
    assert segment.series["val/loss"].epoch.tolist() == [4]
    assert segment.config.settings["units"].value == 96
    assert segment.events[0].fields["value"] == 0.41


def test_a_failed_trial_of_keras_tuner() -> None:
    text = (
        '{"trial_id": "7", "hyperparameters": {"values": {}}, "metrics": {"metrics": {}}, "score": null,'
        ' "status": "FAILED", "message": "Traceback (most recent call last):\\n f\\nlib.BadShapeError: negative\\n"}'
    )
    (segment,) = parse(keras_tuner, text).segments
    assert segment.events[0].fields == {"error": "BadShapeError", "message": "negative"}


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for format in (optuna, keras_tuner):
        parse(format, b"\n" + data)
        parse(format, str(format.SAMPLES[0]).encode()[: len(data) * 2] + data)
