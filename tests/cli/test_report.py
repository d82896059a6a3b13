"""``diagnose report`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

OLD = "lr0: 0.005\nfl_gamma: 0.0\nobj: 1.2\nbatch_size: 16\n"
NEW = OLD.replace("0.005", "0.004").replace("fl_gamma: 0.0", "fl_gamma: 0.5")


def test_markdown_on_stdout(diagnose: Any) -> None:
    done = diagnose("report", "sick.csv")

    assert done.exit_code == 0
    assert done.stdout.startswith("# Report: sick.csv\n")
    for title in ("Summary", "Evidence", "The story of the run", "Recovery plan", "Success criteria", "Lessons"):
        assert f"## {title}" in done.stdout


def test_healthy_run(diagnose: Any) -> None:
    done = diagnose("report", "healthy.csv")

    assert done.exit_code == 0
    assert "Recovery plan" not in done.stdout
    assert "Root causes" not in done.stdout


@pytest.mark.parametrize(("suffix", "start"), [(".md", "# Report"), (".html", "<!doctype html>"), (".json", "{")])
def test_suffix_decides(diagnose: Any, suffix: str, start: str) -> None:
    done = diagnose("report", "sick.csv", "-o", f"r{suffix}")

    assert done.exit_code == 0
    assert done.stdout == ""
    assert Path(f"r{suffix}").read_text(encoding="utf-8").lstrip().startswith(start)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sick.csv", "-o", "r.txt"], "suffix"),
        (["nowhere.log"], "no such file"),
        (["letter.txt"], "no known format"),
        (["sick.csv", "--baseline", "nowhere.log"], "no such file"),
        (["sick.csv", "--apply"], "--plan"),
        (["sick.csv", "--config-diff", "letter.txt", "letter.txt"], "letter.txt"),
        (["sick.csv", "-o", "no/such/r.md"], "cannot write"),
    ],
)
def test_what_cannot_be_done(diagnose: Any, words: list[str], said: str) -> None:
    done = diagnose("report", *words)

    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_empty_file(diagnose: Any) -> None:
    Path("empty.log").write_text("")

    done = diagnose("report", "empty.log")
    assert done.exit_code == 2
    assert "empty" in done.stderr


def test_broken_file_beside_a_good_one(diagnose: Any) -> None:
    done = diagnose("report", "sick.csv", "letter.txt")

    assert done.exit_code == 2
    assert "letter.txt" in done.stderr
    assert done.stdout.startswith("# Report")


def test_several_runs_have_chapters(diagnose: Any) -> None:
    done = diagnose("report", "sick.csv", "healthy.csv", "-o", "r.json")

    assert done.exit_code == 0
    data = json.loads(Path("r.json").read_text())
    assert [run["path"] for run in data["measured"]["runs"]] == ["sick.csv", "healthy.csv"]


def test_standard_input(diagnose: Any) -> None:
    done = diagnose("report", "-", stdin=Path("sick.csv").read_text())

    assert done.exit_code == 0
    assert "loss-nan" in done.stdout


def test_plan_is_written(diagnose: Any) -> None:
    Path("old.yaml").write_text(OLD)
    Path("new.yaml").write_text(NEW)
    words = ("report", "sick.csv", "--config-diff", "old.yaml", "new.yaml", "--plan", "plan", "-o", "r.md")

    assert diagnose(*words).exit_code == 0
    assert {"PLAN.md", "plan.json", "control.yaml", "next_trial.yaml"} <= {path.name for path in Path("plan").iterdir()}
    assert "plan/control.yaml" in Path("r.md").read_text(encoding="utf-8")
    assert diagnose(*words).exit_code == 2
    assert diagnose(*words, "--apply").exit_code == 0
