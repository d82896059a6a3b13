"""What ``diagnose confirm`` refuses before it wastes runs, what it does not repeat, and what it keeps to itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

WRITE = """
import sys, os
config, seed, out, mode = sys.argv[1:5]
open("started", "a").write(seed + chr(10))
bad = "lr: 0.4" in open(config).read()
if mode == "elsewhere":
    out = "."
if mode == "broken":
    open(os.path.join(out, "metrics.csv"), "wb").write(bytes(range(256)) * 9)
elif mode == "other":
    open(os.path.join(out, "metrics.csv"), "w").write("epoch,loss\\n1,0.5\\n2,0.4\\n")
elif mode != "nothing":
    score = (0.5 if bad else 0.8) + 0.001 * int(seed[-2:])
    rows = "".join(f"{n},{1 - score},{score}\\n" for n in (1, 2, 3))
    open(os.path.join(out, "metrics.csv"), "w").write("epoch,val_loss,val_accuracy\\n" + rows)
"""
SYMPTOM = ("--symptom", "best(val/accuracy) < 0.7")
CONTROL = ("--steps", "control", "--no-progress")


def command(mode: str = "good", *more: str) -> tuple[str, ...]:
    return ("--", sys.executable, "-S", "write.py", "{config}", "{seed}", "{out}", mode, *more)


def started() -> int:
    return len(Path("started").read_text().splitlines()) if Path("started").exists() else 0


@pytest.fixture(autouse=True)
def a_training(project: Path) -> None:
    (project / ".git").mkdir()
    (project / "write.py").write_text(WRITE)
    (project / "old.yaml").write_text("lr: 0.1\nmomentum: 0.9\nbatch_size: 8\n")
    (project / "new.yaml").write_text("lr: 0.4\nmomentum: 0.8\nbatch_size: 8\n")


@pytest.mark.parametrize(
    ("mode", "symptom", "told"),
    [
        ("nothing", SYMPTOM[1], "write {out} where the command takes its folder"),
        ("elsewhere", SYMPTOM[1], "wrote nothing into its folder"),
        ("broken", SYMPTOM[1], "no log that can be read (out/metrics.csv)"),
        ("other", SYMPTOM[1], "metrics.csv has no series val/accuracy (there is train/loss)"),
        ("good", "best(val/acuracy) < 0.7", "no series val/acuracy (did you mean val/accuracy?)"),
    ],
)
def test_a_run_that_says_nothing_is_the_last(diagnose: Any, mode: str, symptom: str, told: str) -> None:
    done = diagnose("confirm", "old.yaml", "new.yaml", "--symptom", symptom, "--slots", "1", *CONTROL, *command(mode))

    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())
    assert started() == 1


def test_a_silent_run_is_made_again_or_read_again(diagnose: Any, project: Path) -> None:
    given = ("confirm", "old.yaml", "new.yaml", *SYMPTOM, "--slots", "1", *CONTROL)
    assert diagnose(*given, *command("nothing")).exit_code == 2
    (project / "write.py").write_text(WRITE.replace('"nothing"', '"silent"'))
    assert diagnose(*given, *command("nothing")).exit_code == 2
    assert started() == 1
    assert diagnose(*given, "--again", *command("nothing")).exit_code in (0, 1)
    assert started() == 9

    assert "did you mean" in diagnose(*given[:3], "--symptom", "best(val/acuracy) < 0.7", *CONTROL, *command()).stderr
    before = started()
    assert diagnose(*given, *command()).exit_code in (0, 1)
    assert started() <= before + 7


@pytest.mark.parametrize("folder", ["old.yaml", "old.yaml/below", "/proc/nope"])
def test_a_folder_that_cannot_be_made_is_told(diagnose: Any, folder: str) -> None:
    done = diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, "--folder", folder, *CONTROL, *command())

    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
    assert folder in done.stderr
    assert "internal error" not in done.stderr


def test_a_record_that_cannot_be_written_is_told_before_the_first_run(diagnose: Any) -> None:
    Path(".diagnose").mkdir()
    Path(".diagnose/confirmations").write_text("a file in its place")
    done = diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, *CONTROL, *command())

    assert done.exit_code == 2
    assert "cannot write the confirmation: File exists" in done.stderr
    assert started() == 0


def test_a_record_that_can_no_longer_be_written_costs_no_report(diagnose: Any) -> None:
    last = "import os, shutil; shutil.rmtree('.diagnose/confirmations', True); open('.diagnose/confirmations', 'w')\n"
    Path("write.py").write_text(WRITE + last)
    done = diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, *CONTROL, "-o", "v.json", *command())

    found = json.loads(Path("v.json").read_text())
    assert done.exit_code == 2
    assert "cannot write the confirmation" in done.stderr
    assert "internal error" not in done.stderr
    assert (found["verdict"], found["record"]) == ("undecided", None)
    assert "Without this record the id is worth nothing to a waiver" in found["notes"][-1]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("-o", "nowhere/of/this.html"), "no such folder"),
        (("--output-format", "markdown:."), "it is a folder"),
        (("-o", "v.json", "-o", "v.md"), "name several with --output-format html:FILE --output-format json:FILE"),
        (("--dry-run", "--output-format", "html:p.html"), "full or json, not as html"),
        (("--symptom", "best(val/accuracy)"), "a number is no condition"),
        (("--symptom", "best(val/accuracy) < 'high'"), "cannot compare a number with a text"),
        (("--metric", "val/loss * 2"), "a series is no number"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(diagnose: Any, more: tuple[str, ...], told: str) -> None:
    done = diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, *more, *CONTROL, *command())

    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())
    assert not Path(".diagnose").exists()
    assert started() == 0
    assert not Path("p.html").exists()


def test_a_dry_run_counts_what_is_known(diagnose: Any) -> None:
    def plan(*more: str) -> dict[str, Any]:
        done = diagnose(
            "confirm", "old.yaml", "new.yaml", *more, "--dry-run", "--output-format", "json", *command()
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    assert plan(*SYMPTOM, *CONTROL)["expected_runs"] == 8
    diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, *CONTROL, *command())
    ran = started()

    known = plan(*SYMPTOM, *CONTROL)
    assert (known["known_runs"], known["expected_runs"], known["largest_runs"]) == (ran, 0, 0)
    whole = plan(*SYMPTOM)
    assert whole["known_runs"] == ran
    assert whole["expected_runs"] == sum(step["expected"] for step in whole["steps"]) - ran
    assert plan("--symptom", "best(val/accuracy) < 0.6", *CONTROL)["known_runs"] == 0
    Path("old.yaml").write_text("lr: 0.1\nmomentum: 0.9\nbatch_size: 16\n")
    Path("new.yaml").write_text("lr: 0.4\nmomentum: 0.8\nbatch_size: 16\n")
    assert plan(*SYMPTOM, *CONTROL)["known_runs"] == 0
    assert started() == ran


def test_first_runs_that_are_known_tell_the_plan_what_to_ask(diagnose: Any) -> None:
    diagnose("confirm", "old.yaml", "new.yaml", *CONTROL, *command())

    done = diagnose("confirm", "old.yaml", "new.yaml", *CONTROL, "--dry-run", "--output-format", "json", *command())
    found = json.loads(done.stdout)
    assert found["metric"] == "best(val/accuracy)"
    assert found["pilots"] == 2
    assert found["expected_runs"] == 0
    assert found["known_runs"] == started()


def test_secrets_stay_out_of_records_and_reports(diagnose: Any, project: Path) -> None:
    for name in ("old", "new"):
        text = (project / f"{name}.yaml").read_text()
        (project / f"{name}.yaml").write_text(f"{text}api_key: sesame-{name}\n")
    outputs = [
        word for kind in ("full", "html", "markdown", "json") for word in ("--output-format", f"{kind}:o.{kind}")
    ]
    done = diagnose(
        "confirm", "old.yaml", "new.yaml", *SYMPTOM, *CONTROL, *outputs, "--env", "WANDB_API_KEY=sesame-env",
        *command("good", "--token=sesame-word", "--password", "sesame-next"),
    )  # fmt: skip
    assert done.exit_code in (0, 1), done.stderr

    told = [Path(f"o.{kind}") for kind in ("full", "html", "markdown", "json")]
    records = [*Path(".diagnose/confirmations").iterdir()]
    (ledger,) = Path(".diagnose/confirm").glob("*/ledger.sqlite")
    assert len(records) == 1
    for file in (*told, *records, ledger):
        assert b"sesame" not in file.read_bytes(), file
    assert "--token=***" in records[0].read_text()
    jobs = [*Path(".diagnose/confirm").glob("*/runs/*/job-*.json")]
    assert jobs
    assert {file.stat().st_mode & 0o777 for file in jobs} == {0o600}


def test_a_config_of_one_line_is_one_where_it_is_named(diagnose: Any, project: Path) -> None:
    (project / "old.yaml").write_text("lr: 0.1  # usual\n")
    (project / "new.yaml").write_text("lr: 0.4\n")
    done = diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, *CONTROL, *command())

    assert done.exit_code in (0, 1), done.stderr
    texts = sorted(file.read_text() for file in Path(".diagnose/confirm").glob("*/configs/*/old.yaml"))
    assert texts[0] == "lr: 0.1  # usual\n"
    assert texts[1].startswith("lr: 0.4")
    (project / "new.yaml").write_text("- lr\n")
    assert "no mapping" in diagnose("confirm", "old.yaml", "new.yaml", *SYMPTOM, *CONTROL, *command()).stderr
