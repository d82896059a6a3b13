"""``diagnose confirm`` as a user meets it: the real command, on a training that takes milliseconds."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial, reduce
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TRAIN = str(ROOT / "tests" / "confirm" / "tiny_train.py")
COMMAND = ("--", sys.executable, "-S", TRAIN, "--hyp", "{config}", "--seed", "{seed}", "--project", "{out}")
GOOD = """\
epochs: 6
lr: 0.05  # the rate
momentum: 0.5
weight_decay: 0.0
batch: 8
clip: 0.0
noise: 0.1
warmup: 0
ema: 0.0
label_smoothing: 0.0
dropout: 0.0
"""
CHANGES = {
    "momentum": (0.5, 0.55), "weight_decay": (0.0, 0.0001), "batch": (8, 10), "noise": (0.1, 0.12), "warmup": (0, 1),
    "ema": (0.0, 0.9), "label_smoothing": (0.0, 0.1), "dropout": (0.0, 0.2), "lr": (0.05, 0.048),
}  # fmt: skip
HARMLESS = reduce(
    lambda text, key: text.replace(f"{key}: {CHANGES[key][0]}", f"{key}: {CHANGES[key][1]}"), CHANGES, GOOD
)
BAD = HARMLESS.replace("lr: 0.048", "lr: 0.4")


@pytest.fixture(autouse=True)
def configs(project: Path) -> None:
    (project / ".git").mkdir()
    (project / "good.yaml").write_text(GOOD)
    (project / "bad.yaml").write_text(BAD)
    (project / "harmless.yaml").write_text(HARMLESS)


def confirmed(done: Any) -> dict[str, Any]:
    assert done.exit_code in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema"] == "diagnose/confirm-v1"
    return found


def attempts(folder: Path = Path(".diagnose/confirm")) -> dict[str, int]:
    """Return how often each run was begun."""
    (ledger,) = folder.glob("*/ledger.sqlite")
    with sqlite3.connect(ledger) as base:
        found = dict(base.execute("SELECT key, count(*) FROM attempt GROUP BY key").fetchall())
    base.close()
    return found


def test_planted_culprit_is_confirmed_and_its_id_is_a_waiver(diagnose: Any, project: Path) -> None:
    done = diagnose("confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--output-format", "json", *COMMAND)

    found = confirmed(done)
    assert done.exit_code == 1
    assert found["verdict"] == "confirmed"
    assert [one["atoms"] for one in found["culprits"]] == [["lr"]]
    assert found["culprits"][0]["confirmed"]
    assert found["runs"] <= 30
    assert found["failed"] == 0
    control = next(step for step in found["steps"] if step["name"] == "control")
    assert control["comparisons"][0]["p"] <= 0.0143
    assert not any(str(project) in note for note in found["not_varied"])

    record = project / ".diagnose" / "confirmations" / f"{found['id']}.json"
    assert Path(found["record"]) == record
    assert json.loads(record.read_text())["verdict"] == "confirmed"
    waiver = f'# diagnose: waive-file[DIFF] reason="known" owner=@ada expires=2999-01-31 confirmed-by={found["id"]}\n'
    (project / "diagnose.toml").write_text('[policy]\nrequire-confirmation = ["critical"]\n')
    (project / "bad.yaml").write_text(waiver + BAD)
    accepted = diagnose("diff", "good.yaml", "bad.yaml", "--output-format", "json")
    assert not [
        one for one in json.loads(accepted.stdout)["findings"] if one["name"] in ("lr-raised", "waiver-unconfirmed")
    ]
    (project / "bad.yaml").write_text(waiver + BAD.replace("lr: 0.4", "lr: 0.5"))
    other = diagnose("diff", "good.yaml", "bad.yaml", "--output-format", "json")
    names = {one["name"] for one in json.loads(other.stdout)["findings"]}
    assert {"lr-raised", "waiver-unconfirmed"} <= names

    (project / "bad.yaml").write_text(BAD)
    again = diagnose("confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--output-format", "json", *COMMAND)
    assert confirmed(again)["id"] == found["id"]
    assert set(attempts().values()) == {1}


def test_no_culprit_is_not_reproduced(diagnose: Any) -> None:
    done = diagnose(
        "confirm", "good.yaml", "harmless.yaml", "--symptom", "last(val/loss) > 1", "--output-format", "json", *COMMAND
    )

    found = confirmed(done)
    assert done.exit_code == 0
    assert found["verdict"] == "not-reproduced"
    assert found["culprits"] == []


def test_two_settings_that_do_it_together_are_found(diagnose: Any, project: Path) -> None:
    (project / "good.yaml").write_text(GOOD.replace("clip: 0.0", "clip: 1.0"))

    found = confirmed(
        diagnose("confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--output-format", "json", *COMMAND)
    )

    assert found["verdict"] == "confirmed"
    assert found["culprits"][0]["kind"] == "and"
    assert sorted(found["culprits"][0]["atoms"]) == ["clip", "lr"]


def test_first_runs_tell_what_to_ask_where_nobody_says(diagnose: Any) -> None:
    done = diagnose(
        "confirm", "good.yaml", "bad.yaml", "--steps", "control", "--output-format", "json:r.json", "--output-format",
        "html:r.html", "--output-format", "markdown:r.md", "--output-format", "full", *COMMAND,
    )  # fmt: skip

    assert done.exit_code in (0, 1), done.stderr
    found = json.loads(Path("r.json").read_text())
    assert found["symptom"] == 'found("loss-nan")'
    assert found["metric"] == "last(val/loss)"
    assert found["cut"]["unit"] == "epoch"
    assert found["cut"]["at"] < 6
    assert found["pilots"] == 2
    page = Path("r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert '| Symptom | `found("loss-nan")`' in Path("r.md").read_text(encoding="utf-8")
    assert "Control: reproduced" in done.stdout


def test_fix_is_checked(diagnose: Any) -> None:
    found = confirmed(
        diagnose(
            "confirm",
            "good.yaml",
            "bad.yaml",
            "--symptom",
            "loss-nan",
            "--fix",
            "lr=0.05",
            "--steps",
            "control,fix",
            "--output-format",
            "json",
            *COMMAND,
        )
    )

    assert found["fix_accepted"] is True
    fixed = [one for one in found["trials"] if "fix" in one["parts"]]
    assert len(fixed) == 4
    assert not any(one["symptom"] for one in fixed)


def test_wrong_suspect_is_refuted(diagnose: Any) -> None:
    found = confirmed(
        diagnose(
            "confirm",
            "good.yaml",
            "bad.yaml",
            "--symptom",
            "loss-nan",
            "--suspect",
            "momentum",
            "--skip",
            "noise,culprit,path",
            "--output-format",
            "json",
            *COMMAND,
        )
    )

    assert found["verdict"] == "refuted"
    assert found["cleared"] == ["momentum"]


def test_settings_on_the_command_line(diagnose: Any) -> None:
    command = ("--", sys.executable, "-S", TRAIN, "{set}", "--seed", "{seed}", "--project", "{out}")
    found = confirmed(
        diagnose(
            "confirm",
            "good.yaml",
            "bad.yaml",
            "--symptom",
            "loss-nan",
            "--set-form",
            "--set {key}={value}",
            "--steps",
            "control",
            "--output-format",
            "json",
            *command,
        )
    )

    assert next(step for step in found["steps"] if step["name"] == "control")["outcome"] == "reproduced"


def test_seed_in_the_config(diagnose: Any, project: Path) -> None:
    for name in ("good.yaml", "bad.yaml"):
        (project / name).write_text((project / name).read_text() + "seed: 3\n")
    command = ("--", sys.executable, "-S", TRAIN, "--hyp", "{config}", "--project", "{out}")

    found = confirmed(
        diagnose(
            "confirm",
            "good.yaml",
            "bad.yaml",
            "--symptom",
            "loss-nan",
            "--steps",
            "control",
            "--output-format",
            "json",
            *command,
        )
    )

    metrics = [one["metric"] for one in found["trials"] if not one["parts"]]
    assert len(metrics) == 4
    configs = sorted(Path(".diagnose/confirm").glob("*/configs/*/good.yaml"))
    seeds = {path.read_text().splitlines()[-1].split("#")[0].strip() for path in configs}
    assert seeds >= {"seed: 1", "seed: 2", "seed: 3", "seed: 4"}
    assert "lr: 0.4  # the rate" in "".join(path.read_text() for path in configs)


@pytest.mark.parametrize("source", ["plan", "diff"])
def test_other_commands_name_the_configs(diagnose: Any, source: str) -> None:
    if source == "plan":
        diagnose("diff", "good.yaml", "bad.yaml", "--fix-plan", "next", "--exit-zero")
        file = "next/plan.json"
    else:
        Path("d.json").write_text(diagnose("diff", "good.yaml", "bad.yaml", "--output-format", "json").stdout)
        file = "d.json"

    done = diagnose("confirm", file, "--symptom", "loss-nan", "--dry-run", "--output-format", "json", *COMMAND)

    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["baseline"], found["suspect"]) == ("good.yaml", "bad.yaml")


def test_a_lint_names_no_configs(diagnose: Any) -> None:
    Path("l.json").write_text(diagnose("lint", "sick.csv", "--output-format", "json").stdout)
    done = diagnose("confirm", "l.json", "--symptom", "loss-nan", "--dry-run", *COMMAND)

    assert done.exit_code == 2
    assert "no two configs were compared in it (name BASELINE and SUSPECT" in " ".join(done.stderr.split())


def test_dry_run_runs_nothing(diagnose: Any, project: Path) -> None:
    done = diagnose("confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--dry-run", *COMMAND)

    assert done.exit_code == 0
    for text in ("lr 0.05 -> 0.4", "Confirmation", "in all", "First run", "nothing was run"):
        assert text in done.stdout
    assert not (project / ".diagnose").exists()


def test_logs_tell_symptom_and_cut(diagnose: Any, project: Path) -> None:
    for name in ("good", "bad"):
        (project / name).mkdir()
        given = [sys.executable, "-S", TRAIN, "--hyp", f"{name}.yaml", "--seed", "9", "--project", name]
        subprocess.run(given, check=True)

    done = diagnose(
        "confirm", "good.yaml", "bad.yaml", "--suspect-run", "bad", "--baseline-run", "good", "--dry-run",
        "--output-format", "json", *COMMAND,
    )  # fmt: skip

    found = json.loads(done.stdout)
    assert found["symptom"] == 'found("loss-nan")'
    assert 3 <= found["cut"]["at"] < 6
    assert found["pilots"] == 0


def test_budget_ends_undecided_and_more_goes_on(diagnose: Any) -> None:
    given = (
        "confirm",
        "good.yaml",
        "bad.yaml",
        "--symptom",
        "loss-nan",
        "--steps",
        "control",
        "--output-format",
        "json",
    )

    few = confirmed(diagnose(*given, "--budget", "3 runs", "--fail-on", "undecided", *COMMAND))
    assert few["verdict"] == "undecided"
    assert few["spent"]["runs"] == 3
    record = json.loads(Path(few["record"]).read_text())
    assert record["verdict"] == "undecided"

    more = confirmed(diagnose(*given, "--budget", "1 h", *COMMAND))
    assert more["id"] == few["id"]
    assert next(step for step in more["steps"] if step["name"] == "control")["outcome"] == "reproduced"
    assert set(attempts().values()) == {1}


def test_killed_at_any_moment_it_goes_on(diagnose: Any, project: Path) -> None:
    for name, text in (("good.yaml", GOOD), ("bad.yaml", BAD)):
        (project / name).write_text(text + "pause: 0.05\n")
    given = ("confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--output-format", "json", "-q", *COMMAND)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    finished: dict[str, int] = {}
    for patience in (2.5, 4.0):
        process = subprocess.Popen(
            [sys.executable, "-m", "diagnose", *given],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(patience)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        finished = {**done_runs(), **finished}

    found = confirmed(diagnose(*given))

    assert found["culprits"][0]["atoms"] == ["lr"]
    begun = attempts()
    assert finished == {key: begun[key] for key in finished}, "a finished run was repeated"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_says_how_to_go_on(project: Path, number: int) -> None:
    (project / "bad.yaml").write_text(BAD + "pause: 600\n")
    given = ("confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", *COMMAND)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "diagnose", *given]
    heeded = partial(signal.signal, number, signal.SIG_DFL)  # these tests may run under nohup
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heeded) as process:
        assert process.stderr is not None
        assert "run the same again" in process.stderr.readline()
        process.send_signal(number)
        assert "interrupted: all runs were ended; run the same again to go on" in process.stderr.read()
    assert process.returncode == 130


def done_runs() -> dict[str, int]:
    """Return how often each run was begun that the ledger knows to be finished."""
    found: dict[str, int] = {}
    for ledger in Path(".diagnose/confirm").glob("*/ledger.sqlite"):
        base = sqlite3.connect(ledger)
        query = "SELECT key, count(*) FROM attempt JOIN run USING (key) WHERE run.state = 'finished' GROUP BY key"
        with suppress(sqlite3.OperationalError):  # killed before there was a table
            found |= dict(base.execute(query).fetchall())
        base.close()
    return found


def test_no_value_of_a_config_reaches_a_page_unescaped(diagnose: Any, project: Path) -> None:
    evil = "<script>alert(1)</script> | `x` ::error::"
    (project / "good.yaml").write_text(GOOD + "trick: plain\n")
    (project / "bad.yaml").write_text(GOOD.replace("lr: 0.05", "lr: 0.4") + f"trick: '{evil}'\n")

    done = diagnose(
        "confirm", "good.yaml", "bad.yaml", "--symptom", "loss-nan", "--steps", "control",
        "--output-format", "html:r.html", "--output-format", "markdown:r.md", *COMMAND,
    )  # fmt: skip

    assert done.exit_code in (0, 1), done.stderr
    page, text = Path("r.html").read_text(encoding="utf-8"), Path("r.md").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\n::error" not in text
    row = next(line for line in text.splitlines() if "script" in line and line.startswith("| `"))
    assert row.count("|") - row.count("\\|") == 5


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((), "no training command"),
        (("--",), "no training command"),
        (("--", "python", "t.py", "{seed}"), "no {config}"),
        (("--", "python", "t.py", "{confg}", "{seed}"), "did you mean {config}?"),
        (("--", "python", "t.py", "{config}"), "no {seed}"),
        (("--", "{config}", "{seed}"), "begins with a placeholder"),
        (("--", "python", "--x={set}", "{seed}"), "a word of its own"),
        (("--set-form", "{key}", "--", "python", "{set}", "{seed}"), "needs {key} and {value}"),
    ],
)
def test_commands_that_cannot_serve(diagnose: Any, command: tuple[str, ...], said: str) -> None:
    done = diagnose("confirm", "good.yaml", "bad.yaml", *command)

    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--symptom", "best(val/loss"), "ends too early"),
        (("--symptom", "loss-nam"), "did you mean loss-nan?"),
        (("--symptom", "3"), "no condition"),
        (("--symptom", "better_by(val/loss) < 0"), "another run"),
        (("--metric", "val/loss"), "write best(val/loss)"),
        (("--cut", "soon"), "no moment of a run"),
        (("--budget", "3 dogs"), "no amount"),
        (("--budget", "3,4"), "twice"),
        (("--steps", "nois"), "did you mean noise?"),
        (("--suspect", "lrr"), "did you mean lr?"),
        (("--fix", "lrr=1"), "neither config has such a setting"),
        (("--metric", "none", "--symptom", ""), ""),
        (("--hang", "ever"), "no time"),
    ],
)
def test_options_that_make_no_sense(diagnose: Any, options: tuple[str, ...], said: str) -> None:
    done = diagnose("confirm", "good.yaml", "bad.yaml", "--dry-run", *options, *COMMAND)

    assert done.exit_code == (2 if said else 0)
    assert said in done.stderr


def test_equal_configs_and_no_configs(diagnose: Any) -> None:
    assert "do not differ" in diagnose("confirm", "good.yaml", "good.yaml", *COMMAND).stderr
    assert "names no two configs" in diagnose("confirm", "good.yaml", *COMMAND).stderr
    assert diagnose("confirm", *COMMAND).exit_code == 2


def test_a_command_that_fails_ends_it_early(diagnose: Any, project: Path) -> None:
    (project / "bad.yaml").write_text(GOOD + "crash: true\n")

    done = diagnose("confirm", "good.yaml", "bad.yaml", "--symptom", "last(val/loss) > 1", *COMMAND)

    assert done.exit_code == 2
    assert "the first run of the suspect config failed" in done.stderr
    assert "this setting crashes" in done.stderr
