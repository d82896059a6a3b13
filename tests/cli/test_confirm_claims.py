"""What ``diagnose confirm`` may not say of a real command: ids, secrets, crashes, logs, and options that clash."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

TRAIN = """
import os, random, sys
config, seed, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
given = {}
for line in open(config):
    key, colon, text = line.partition("#")[0].partition(":")
    if colon:
        given[key.strip()] = text.strip()
seed = int(given.get("seed", seed))
dice = random.Random(f"{seed} {sorted(given.items())}")
bad = given["lr"] == "0.4" and given.get("guard", "0") == "0"
if given.get("crash") == "1" and seed % 2 == 0:
    sys.exit("FloatingPointError")
score = (0.6 if bad else 0.95) + 0.01 * dice.random()
with open(os.path.join(out, "metrics.csv"), "w") as file:
    file.write("epoch,loss,val_accuracy\\n")
    for epoch in range(1, 9):
        file.write(f"{epoch},{1 / epoch + 0.01 * dice.random()},{score * (1 - 0.5 / epoch)}\\n")
"""
COMMAND = ("--", sys.executable, "-I", "-S", "train.py", "{config}", "{seed}", "{out}")
LOW = ("--symptom", "best(val/accuracy) < 0.7")
CONTROL = ("--steps", "control", "-q", "--output-format", "json")


@pytest.fixture(autouse=True)
def here(project: Path) -> None:
    (project / ".git").mkdir()
    (project / "train.py").write_text(TRAIN)
    (project / "old.yaml").write_text("lr: 0.1\nmomentum: 0.9\n")
    (project / "new.yaml").write_text("lr: 0.4\nmomentum: 0.8\n")


def told(done: Any) -> dict[str, Any]:
    assert done.exit_code in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def configs(name: str = "old.yaml") -> list[Path]:
    return sorted(Path(".diagnose/confirm").glob(f"*/configs/*/{name}"))


def test_a_crashing_suspect_is_undecided_until_crashing_is_what_is_asked(diagnose: Any) -> None:
    Path("new.yaml").write_text("lr: 0.1\nmomentum: 0.8\ncrash: 1\n")

    found = told(diagnose("confirm", "old.yaml", "new.yaml", *LOW, *CONTROL, *COMMAND))
    assert found["verdict"] == "undecided"
    assert "3 of 6 runs of the suspect config failed, and 0 of 4 of the baseline" in found["reason"]
    assert "confirmed-by" not in diagnose("confirm", "old.yaml", "new.yaml", *LOW, "-q", *CONTROL[:2], *COMMAND).stdout

    Path("train.py").write_text(TRAIN.replace("seed % 2 == 0", "seed > 0"))
    first = diagnose("confirm", "old.yaml", "new.yaml", *LOW, "--folder", "f", "-q", *COMMAND)
    assert first.exit_code == 2
    assert "--symptom failed" in first.stderr
    done = told(
        diagnose(
            "confirm", "old.yaml", "new.yaml", "--symptom", "failed", "-q", "--folder", "f", "--output-format", "json",
            *COMMAND,
        )
    )  # fmt: skip
    assert (done["verdict"], done["culprits"][0]["atoms"]) == ("confirmed", ["crash"])


def test_the_id_is_of_the_baseline_too(diagnose: Any) -> None:
    plan = lambda: told(diagnose("confirm", "old.yaml", "new.yaml", *LOW, "--dry-run", *CONTROL, *COMMAND))  # noqa: E731
    first = plan()
    for name in ("old.yaml", "new.yaml"):
        Path(name).write_text(Path(name).read_text() + "guard: 1\n")
    other = plan()

    assert first["diff"] == other["diff"]
    assert first["id"] != other["id"]


def test_another_verdict_under_the_same_id_is_told(diagnose: Any) -> None:
    given = ("confirm", "old.yaml", "new.yaml", *LOW, "-q", "--output-format", "json", *COMMAND)
    first = told(diagnose(*given))
    assert first["verdict"] == "confirmed"
    record = Path(first["record"]).read_text()
    cut = told(diagnose(*given[: -len(COMMAND)], "--folder", "f", "--budget", "9 runs", *COMMAND))
    assert (cut["id"], cut["verdict"]) == (first["id"], "undecided")
    assert any(note.endswith("and stays: this time the budget was spent before") for note in cut["notes"])
    assert Path(first["record"]).read_text() == record

    Path("train.py").write_text(TRAIN.replace('given["lr"] == "0.4"', "False"))
    Path(".diagnose/confirm").rename("elsewhere")

    other = told(diagnose(*given))
    assert (other["id"], other["verdict"]) == (first["id"], "not-reproduced")
    assert any("said confirmed on" in note for note in other["notes"])


def test_configs_of_runs_are_ours_alone_and_repeat_no_old_secret(diagnose: Any) -> None:
    for name, key in (("old.yaml", "sesame-old"), ("new.yaml", "sesame-new")):
        Path(name).write_text(Path(name).read_text() + f"api_key: {key}\n")

    told(diagnose("confirm", "old.yaml", "new.yaml", *LOW, *CONTROL, *COMMAND))

    assert configs()
    for path in configs():
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert not ("sesame-old" in path.read_text() and "sesame-new" in path.read_text())
    path.chmod(0o644)
    told(diagnose("confirm", "old.yaml", "new.yaml", *LOW, *CONTROL, *COMMAND))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "words",
    [
        ("--seed", "99999999999999999999"),
        ("--seed", "-5"),
        ("--sesoi", "-1"),
        ("--sesoi", "nan"),
        ("--better", "higher", "--metric", "none"),
        ("--executor-option", "a=b"),
        ("--address", "a:1"),
        ("--budget", "2 gpu-hours"),
        ("--steps", "control,fix", "--skip", "fix"),
    ],
)
def test_options_that_cannot_be(diagnose: Any, words: tuple[str, ...]) -> None:
    done = diagnose("confirm", "old.yaml", "new.yaml", *LOW, *words, "--dry-run", *COMMAND)
    assert done.exit_code == 2
    assert "internal error" not in done.stderr


def test_a_budget_that_ends_before_anything_can_be_asked(diagnose: Any) -> None:
    found = told(diagnose("confirm", "old.yaml", "new.yaml", "--budget", "1 runs", *CONTROL, *COMMAND))

    assert found["verdict"] == "undecided"
    assert "budget was spent before the two first runs" in found["reason"]
    assert (found["runs"], found["pilots"], found["record"]) == (0, 1, None)
    text = diagnose("confirm", "old.yaml", "new.yaml", "--budget", "1 runs", "-q", *COMMAND)
    assert "confirmed-by" not in text.stdout


def test_a_seed_in_the_config_is_not_said_to_stay(diagnose: Any) -> None:
    for name, seed in (("old.yaml", 3), ("new.yaml", 4)):
        Path(name).write_text(Path(name).read_text() + f"seed: {seed}\n")
    command = (*COMMAND[:-2], "0", "{out}")

    found = told(diagnose("confirm", "old.yaml", "new.yaml", *LOW, *CONTROL, *command))
    assert any("seed: each run has one of its own" in text for text in found["not_varied"])
    assert not any("stays as in the baseline" in text for text in found["not_varied"])
    assert found["untested"] == []
    assert any("code stayed the same was not checked" in text for text in found["not_varied"])
    assert not any("Code, data, hardware" in text and "the same" in text.partition(".")[2] and "not" not in text
                   for text in found["not_varied"])  # fmt: skip


def runs(*scores: tuple[str, float]) -> None:
    for name, score in scores:
        Path(name).mkdir()
        rows = "".join(f"{epoch},{1 / epoch},{score * (1 - 0.5 / epoch)}\n" for epoch in range(1, 11))
        Path(name, "metrics.csv").write_text(f"epoch,loss,val_accuracy\n{rows}")


def test_folders_without_a_config_are_none(diagnose: Any) -> None:
    runs(("good", 0.98), ("bad", 0.6))
    done = diagnose("confirm", "good", "bad", *LOW, *COMMAND)
    assert done.exit_code == 2
    assert "no config in it" in done.stderr


def test_two_logs_tell_a_border_and_a_cut(diagnose: Any) -> None:
    runs(("good", 0.98), ("bad", 0.6), ("near", 0.95))
    plan = ("confirm", "old.yaml", "new.yaml", "--baseline-run", "good", "--dry-run", "--output-format", "json")

    found = told(diagnose(*plan, "--suspect-run", "bad", *COMMAND))
    assert found["symptom"] == "best(val/accuracy) < 0.7505"
    assert found["origins"]["symptom"] == "the middle between the scores of both logs"
    assert found["cut"]["unit"] == "epoch"
    assert 3 <= found["cut"]["at"] < 10
    for near in (("--suspect-run", "near"), ("--suspect-run", "bad", "--metric", "best(val/accuracy)")):
        assert told(diagnose(*plan, *near, *COMMAND))["symptom"] is None


@pytest.mark.parametrize("good", [0.98, 0.6])
def test_a_warning_is_no_symptom_where_the_scores_are_far_apart(diagnose: Any, good: float) -> None:
    runs(("good", good), ("bad", 0.6))
    falling = "".join(f"{epoch},{1 + epoch / 50},{0.34 - 0.006 * epoch}\n" for epoch in range(1, 11))
    Path("bad", "metrics.csv").write_text(f"epoch,loss,val_accuracy\n{falling}")
    if good < 0.9:
        rising = "".join(f"{epoch},{1 / epoch},{0.3 + 0.005 * epoch}\n" for epoch in range(1, 11))
        Path("good", "metrics.csv").write_text(f"epoch,loss,val_accuracy\n{rising}")
    logs = ("--baseline-run", "good", "--suspect-run", "bad", "--dry-run", "--output-format", "json")
    symptom = told(diagnose("confirm", "old.yaml", "new.yaml", *logs, *COMMAND))["symptom"]
    assert ("best(val/accuracy) < 0.63" in symptom) == (good > 0.9)


def test_a_cut_beyond_the_end_is_none(diagnose: Any) -> None:
    runs(("good", 0.98), ("bad", 0.6))
    done = diagnose(
        "confirm", "old.yaml", "new.yaml", "--baseline-run", "good", "--suspect-run", "bad", "--dry-run", "--symptom",
        "best(val/accuracy) < 0.91", *COMMAND,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "none, runs go to their end" in done.stdout
    assert "runs are not cut: the symptom shows at epoch" in " ".join(done.stdout.split())


def test_a_run_that_took_too_long_did_not_hang(diagnose: Any) -> None:
    Path("train.py").write_text("import time\ntime.sleep(60)\n")
    done = diagnose("confirm", "old.yaml", "new.yaml", *LOW, "--timeout", "1 s", "-q", *COMMAND)
    assert done.exit_code == 2
    assert "was given up: it took too long" in " ".join(done.stderr.split())
    assert "hung" not in done.stderr


def test_the_plan_is_sorted_by_weight(diagnose: Any) -> None:
    Path("old.yaml").write_text("lr: 0.1\nmomentum: 0.9\nalpha: 1\nbeta: 2\n")
    Path("new.yaml").write_text("lr: 0.4\nmomentum: 0.8\nalpha: 2\nbeta: 3\n")
    findings = [{"subject": "beta"}, {"subject": "momentum"}]
    given = {"comparisons": [{"old": "old.yaml", "new": "new.yaml"}], "findings": findings}
    Path("d.json").write_text(json.dumps({"schema": "diagnose/findings-v1"} | given))

    done = diagnose("confirm", "d.json", *LOW, "--dry-run", *COMMAND)
    weights = [float(line.split()[0]) for line in done.stdout.splitlines() if line.strip()[:2] in ("0.", "1.")]
    assert len(weights) == 4
    assert weights == sorted(weights, reverse=True)


def test_thousands_of_changes_are_planned_in_seconds(diagnose: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diagnose.engine.fixplan.document import Document

    made: list[int] = []
    edited = Document.edited

    def counted(self: Document, *given: Any, **more: Any) -> str:
        made.append(1)
        return edited(self, *given, **more)

    monkeypatch.setattr(Document, "edited", counted)
    Path("old.yaml").write_text("".join(f"x{at:03}: {at}.0\n" for at in range(400)))
    Path("new.yaml").write_text("".join(f"x{at:03}: {at}.5\n" for at in range(400)))
    done = diagnose("confirm", "old.yaml", "new.yaml", *LOW, "--dry-run", *COMMAND)
    assert done.exit_code == 0, done.stderr
    assert "the other 360 changes" in done.stdout or "and 354 more" in done.stdout
    assert len(made) <= 10


def test_runs_without_seeds_have_no_pairs(diagnose: Any) -> None:
    Path("train.py").write_text(TRAIN.replace("int(sys.argv[2])", "int.from_bytes(os.urandom(4))"))
    command = (*COMMAND[:-2], "0", "{out}")
    done = diagnose(
        "confirm", "old.yaml", "new.yaml", "--unseeded", "--metric", "best(val/accuracy)", "--steps", "noise,control",
        "-q", *command,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "Control: reproduced (8 runs)" in text
    for words in ("same seed", "of one seed", "seeds 1"):
        assert words not in text
