"""The training of ``fixtures/train``, which is real: torch, generated data, a planted culprit."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TRAIN = Path(__file__).parents[2] / "fixtures" / "train"
PAIRS = [("culprit", "good", "bad"), ("none", "old", "new"), ("pair", "good", "bad")]


@pytest.mark.parametrize(("folder", "old", "new"), PAIRS)
def test_pairs_differ_in_ten_settings(folder: str, old: str, new: str) -> None:
    sides = [yaml.safe_load((TRAIN / folder / f"{name}.yaml").read_text(encoding="utf-8")) for name in (old, new)]

    assert sides[0].keys() == sides[1].keys()
    assert sum(sides[0][key] != sides[1][key] for key in sides[0]) == 10


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_planted_culprit_is_found(diagnose: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    shutil.copytree(TRAIN / "culprit", "culprit")  # the record of the study is kept where the configs are
    done = diagnose(
        "confirm", "culprit/good.yaml", "culprit/bad.yaml",
        "--symptom", "best(val/accuracy) < 0.85", "--steps", "control,culprit", "--output-format", "json", "--",
        sys.executable, TRAIN / "train.py", "--hyp", "{config}", "--seed", "{seed}", "--project", "{out}",
    )  # fmt: skip

    assert done.exit_code in (0, 1), done.stderr
    found = json.loads(done.stdout)
    steps = {step["name"]: step for step in found["steps"]}
    assert steps["control"]["outcome"] == "reproduced"
    assert found["culprits"][0]["atoms"] == ["lr0"]
    assert found["culprits"][0]["posterior"] >= 0.95
    assert found["runs"] <= 20
    accuracy = {True: [], False: []}
    for one in found["trials"]:
        accuracy["lr0" in one["parts"]].append(one["metric"])
    assert max(accuracy[True]) < 0.85 < min(accuracy[False])
