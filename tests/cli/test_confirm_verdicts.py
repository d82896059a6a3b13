"""``diagnose confirm`` as a user meets it: what the outputs say of a verdict, and what a record is good for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TRAIN = str(ROOT / "tests" / "confirm" / "tiny_train.py")
COMMAND = ("--", sys.executable, "-S", TRAIN, "--hyp", "{config}", "--seed", "{seed}", "--project", "{out}")
GOOD = {"epochs": 6, "lr": 0.05, "momentum": 0.5, "weight_decay": 0.0, "batch": 8, "clip": 0.0, "noise": 0.1}
BAD = GOOD | {"lr": 0.4, "momentum": 0.55}
MERGED = BAD | {"lr": 0.32, "batch": 16}


@pytest.fixture(autouse=True)
def configs(project: Path) -> None:
    (project / ".git").mkdir()
    for name, settings in (
        ("good", GOOD),
        ("bad", BAD),
        ("merged", MERGED),
        ("small", GOOD | {"lr": 0.02, "batch": 1}),
    ):
        (project / f"{name}.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))


def told(done: Any) -> dict[str, Any]:
    assert done.exit_code in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_merged_change_is_blamed_with_all_its_keys(diagnose: Any) -> None:
    done = diagnose(
        "confirm", "small.yaml", "merged.yaml", "--symptom", "loss-nan", "--output-format", "json",
        "--output-format", "full:out.txt", "--suspect", "lr", "--skip", "noise,culprit,path", *COMMAND,
    )  # fmt: skip

    found = told(done)
    assert found["verdict"] == "confirmed"
    (culprit,) = found["culprits"]
    assert culprit["atoms"] == ["lr with batch"]
    assert culprit["keys"] == ["lr", "batch"]
    record = json.loads(Path(found["record"]).read_text())
    assert record["culprits"][0]["keys"] == ["lr", "batch"]
    assert record["untested"] == []
    text = Path("out.txt").read_text()
    assert "`lr with batch`, never run apart" in text
    assert " alone" not in text


def test_what_was_left_undecided_is_no_waiver_and_a_fix_is_in_the_headline(diagnose: Any) -> None:
    done = diagnose(
        "confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--steps", "fix", "--fix", "lr=0.05",
        "--output-format", "markdown", "--output-format", "full:out.txt", "--output-format", "html:out.html", *COMMAND,
    )  # fmt: skip

    assert done.exit_code == 0, done.stderr
    texts = [done.stdout, Path("out.txt").read_text(), Path("out.html").read_text()]
    for text in texts:
        assert "the proposed fix is accepted (symptom in 0 of 4 runs)" in text
        assert "confirmed-by" not in text
        assert "control, search and confirmation were left out" in " ".join(text.split())
    assert "[31, 100]" in texts[1]


def test_first_runs_are_part_of_what_it_cost(diagnose: Any) -> None:
    done = diagnose("confirm", "good.yaml", "bad.yaml", "--steps", "control", *COMMAND)

    assert done.exit_code == 0, done.stderr
    assert "Reproduced; no cause was searched." in done.stdout
    assert "8 runs after 2 first runs" in " ".join(done.stdout.split())
