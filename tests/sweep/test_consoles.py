"""Searches that a log holds: trials that Optuna prints, attempts that fail, titled configs of several fits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.engine.sweep import consoles
from diagnose.engine.sweep.entries import gather
from diagnose.engine.sweep.stages import title_of, without_shared
from diagnose.sources import from_bytes

STAMP = "[I 2026-03-02 08:16:41,730] "


def finished(number: int, value: float, best: int, least: float, mapping: str = "{'lr': 0.1}") -> str:
    return (
        f"{STAMP}Trial {number} finished with value: {value} and parameters: {mapping}."
        f" Best is trial {best} with value: {least}.\n"
    )


def test_the_best_so_far_tells_the_direction() -> None:
    text = finished(0, 0.5, 0, 0.5) + finished(1, 0.7, 0, 0.5) + finished(2, 0.4, 2, 0.4)
    entries = consoles.trials_of(from_bytes("x.log", text.encode()), "optuna")
    assert entries is not None
    assert {entry.goal for entry in entries} == {"min"}
    up = text.replace("value: 0.5.\n", "value: 0.7.\n").replace("value: 0.4.\n", "value: 0.7.\n")
    entries = consoles.trials_of(from_bytes("x.log", up.encode()), "optuna")
    assert entries is not None
    assert {entry.goal for entry in entries} == {"max"}


def test_one_trial_tells_no_direction() -> None:
    text = finished(0, 0.5, 0, 0.5)
    entries = consoles.trials_of(from_bytes("x.log", text.encode()), "optuna")
    assert entries is not None
    assert [entry.goal for entry in entries] == [""]


def test_settings_of_all_kinds_are_kept() -> None:
    mapping = "{'lr': 0.1, 'act': 'relu', 'norm': True, 'sched': None}"
    text = (
        finished(3, 0.5, 3, 0.5, mapping) + "Trial 4 failed with parameters: {'lr': 2} because of the following error: "
    )
    text += "ValueError('too high').\nTrial 4 failed with value None.\n"
    entries = consoles.trials_of(from_bytes("x.log", text.encode()), "optuna")
    assert entries is not None
    assert [entry.name for entry in entries] == ["trial 3", "trial 4"]
    told = {key: one.value for key, one in entries[0].segment.config.settings.items()}
    assert told == {"lr": 0.1, "act": "relu", "norm": True, "sched": "None"}
    assert (entries[1].state, entries[1].reason) == ("failed", "ValueError: 'too high'")


def test_studies_without_names_are_numbered() -> None:
    study = f"{STAMP}A new study created in memory with name: no-name-1f\n" + finished(0, 0.5, 0, 0.5)
    entries = consoles.trials_of(from_bytes("x.log", (study * 2).encode()), "optuna")
    assert entries is not None
    assert [entry.name for entry in entries] == ["study 1 trial 0", "study 2 trial 0"]


def test_trials_between_the_lines_of_a_trainer(project: Path) -> None:
    fit = "".join(f"Metric val_loss improved by 0.1 >= min_delta = 0.0. New best score: 0.{n}\n" for n in (6, 5, 4))
    fit += "`Trainer.fit` stopped: `max_epochs=30` reached.\n"
    head = "GPU available: False, used: False\nMetric val_loss improved. New best score: 0.700\n"
    text = "".join(
        head + fit + finished(number, value, number, value) for number, value in ((7, 0.34), (8, 0.33), (9, 0.32))
    )
    (project / "run.log").write_text(text)
    found = gather(["run.log"], 10**9)
    assert [entry.name for entry in found.entries] == ["trial 7", "trial 8", "trial 9"]
    assert [float(entry.segment.series["objective"].value[0]) for entry in found.entries] == [0.34, 0.33, 0.32]


def test_attempts_that_end_in_an_error(project: Path) -> None:
    begin = (
        "[2026-01-05 10:00:00] Starting training with hyperparameters: {'batch_size': 16, 'lr': 0.01, 'width': %d}\n"
    )
    failed = "[2026-01-05 10:00:09] Error: shapes do not fit\n"
    epochs = "".join(
        f"[2026-01-05 10:1{n}:00] Epoch {n} - Validation Loss: 0.{9 - n}, Validation Accuracy: {50 + n}.5\n"
        for n in range(5)
    )
    (project / "run.log").write_text(begin % 1 + failed + begin % 2 + failed + begin % 3 + epochs)
    found = gather(["run.log"], 10**9)
    assert [(entry.name, entry.state) for entry in found.entries] == [
        ("attempt 1", "failed"), ("attempt 2", "failed"), ("attempt 3", ""),
    ]  # fmt: skip
    assert found.entries[0].reason == "shapes do not fit"
    assert [entry.segment.config.settings["width"].value for entry in found.entries] == [1, 2, 3]


BLOCK = """
================
CONFIG: {name}
  backbone=net_a, head=[64, 32], lr={lr}
  rf: trees={trees}, depth=8
  mixup=False(0.2)
================
"""
PRE = """
  PRE-TRAINING: branch_a (standalone config)
    backbone=net_b, lr=0.003, epochs=50
Epoch 19: early stopping
Restoring model weights from the end of the best epoch: 4.
  Stage 1 best: val_kappa=0.4020 at epoch 4/19
"""
FIT = """
Epoch 21: early stopping
Restoring model weights from the end of the best epoch: 3.
  Fusion best: val_kappa={best:.4f} at epoch 3/21
"""


def search(project: Path) -> str:
    text = BLOCK.format(name="R1_a", lr=0.1, trees=100) + PRE + FIT.format(best=0.0)
    text += BLOCK.format(name="R1_b", lr=0.01, trees=200) + FIT.format(best=0.25)
    (project / "search.log").write_text(text)
    return "search.log"


def test_a_config_of_several_fits_is_one_run(project: Path) -> None:
    found = gather([search(project)], 10**9)
    assert [entry.name for entry in found.entries] == ["R1_a", "R1_b"]
    values = [entry.segment.series["val/kappa"].value.tolist() for entry in found.entries]
    assert values == [[0.0], [0.25]]


def test_settings_of_a_part_are_not_those_of_the_run(project: Path) -> None:
    found = gather([search(project)], 10**9)
    for entry, lr, trees in zip(found.entries, (0.1, 0.01), (100, 200), strict=True):
        told = {key: one.value for key, one in entry.segment.config.settings.items()}
        assert told == {
            "backbone": "net_a", "head": [64, 32], "lr": lr, "rf.trees": trees, "rf.depth": 8, "mixup": "False(0.2)",
        }  # fmt: skip


def test_titles() -> None:
    assert title_of("config a, Stage 2: unfreezing (48 layers, BN frozen), fit 2") == "config a"
    assert title_of("config lr=1, bs=2") == "config lr=1, bs=2"
    assert title_of("stage 2") == "stage 2"
    assert without_shared(["CONFIG [x]: a", "CONFIG [x]: b"]) == ["a", "b"]
    assert without_shared(["one: a", "two: b"]) == ["one: a", "two: b"]


def test_reports_of_our_own_are_no_runs(project: Path) -> None:
    (project / "runs").mkdir()
    rows = [{"run": "a", "lr": 0.1, "val_acc": 0.5}, {"run": "b", "lr": 0.2, "val_acc": 0.6}]
    (project / "runs" / "table.json").write_text(json.dumps(rows))
    (project / "runs" / "out.json").write_text(json.dumps({"schema": "diagnose/sweep-v1", "ranking": rows}))
    found = gather(["runs"], 10**9)
    assert [entry.name for entry in found.entries] == ["a", "b"]
    assert [file.path for file in found.files] == ["runs/table.json"]


def test_the_oracle_tells_the_epochs_of_a_full_run(project: Path) -> None:
    trial = {
        "trial_id": "0003", "hyperparameters": {"space": [], "values": {"units": 32, "tuner/epochs": 3}},
        "metrics": {"metrics": {"val_accuracy": {"direction": "max", "observations": [{"value": [0.9], "step": 2}]}}},
        "score": 0.9, "best_step": 2, "status": "COMPLETED", "message": None,
    }  # fmt: skip
    folder = project / "tuner" / "trial_0003"
    folder.mkdir(parents=True)
    (folder / "trial.json").write_text(json.dumps(trial))
    (project / "tuner" / "oracle.json").write_text(json.dumps({"ongoing_trials": {}, "max_epochs": 20}))
    (entry,) = gather(["tuner"], 10**9).entries
    assert (entry.ran, entry.plan) == (3, 20)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/a/results.csv", "x/b/results.csv"], ["a", "b"]),
        (["x/a/one.csv", "x/a/20250101.csv", "x/a/20250202.csv"], ["a/one", "a/20250101", "a/20250202"]),
        (["/r/e/one.log", "/r/e/one.txt"], ["one.log", "one.txt"]),
    ],
)
def test_names_tell_runs_apart(paths: list[str], names: list[str]) -> None:
    from diagnose.engine.sweep.entries import _homes

    found = list(_homes(paths).values())
    assert len(set(found)) == len(found)
    assert not any(name.startswith("/") for name in found)
    assert [name.split("/")[-1] for name in found] == [name.split("/")[-1] for name in names]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.text(max_size=30), st.sampled_from([
    "Trial 1 finished with value: 0.4 and parameters: {'lr': 0.1}. Best is trial 1 with value: 0.4.",
    "Trial 1 failed with value None.", "Trial 2 failed with parameters: {'a': [1} because of the following error: X(.",
    "Starting trial {'lr': 1, 'batch_size': 2}", "Error: no", "Starting trial {'lr': nan, 'batch_size': {}",
])), max_size=8))  # fmt: skip
def test_any_text(rows: list[str]) -> None:
    source = from_bytes("x.log", "\n".join(rows).encode("utf-8", "replace"))
    consoles.trials_of(source, "optuna")
    consoles.attempts(source, [])
    assert np.isnan(consoles._number("?"))
