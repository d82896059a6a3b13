"""Configs between baseline and suspect, the command that gets them, and what the user may ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from diagnose.confirm.arrange import Arrangement, arrange, read_fix
from diagnose.confirm.given import read_given
from diagnose.confirm.jobs import Jobs
from diagnose.confirm.model import FIX, Trial
from diagnose.confirm.runs.budget import Budget
from diagnose.confirm.spec import Spec, left_out, read_budget, read_seconds
from diagnose.confirm.template import read_template
from diagnose.engine.diff.side import read_side
from diagnose.errors import SettingsError, SourceError
from diagnose.sources import MAX_BYTES

COMMAND = ("python", "train.py", "{config}", "--seed={seed}", "-o", "{out}/log")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arranged(old: str, new: str, suffix: str = ".yaml", **more: Any) -> Arrangement:
    Path(f"old{suffix}").write_text(old)
    Path(f"new{suffix}").write_text(new)
    spec = Spec(baseline=f"old{suffix}", suspect=f"new{suffix}", **{"command": COMMAND, **more})
    return arrange(spec, MAX_BYTES)


def settings(path: Path) -> dict[str, Any]:
    return {key: one.value for key, one in read_side(str(path), MAX_BYTES).config.settings.items()}


YAML = (
    "lr0: 0.01  # tuned\nmomentum: 0.9\nname: first\nmixup: 0.0\n",
    "lr0: 0.3\nmomentum: 0.8\nname: second\nmixup: 0.5\n",
)


def test_every_subset_is_the_baseline_with_some_changes() -> None:
    made = arranged(*YAML)

    assert set(made.varied) == {"lr0", "momentum", "mixup"}
    (alone,) = made.variants.write(("lr0",), 1)
    (all_,) = made.variants.write(tuple(made.varied), 1)
    assert settings(alone) == {"lr0": 0.3, "momentum": 0.9, "name": "first", "mixup": 0.0}
    assert settings(all_) == {"lr0": 0.3, "momentum": 0.8, "name": "first", "mixup": 0.5}
    assert "# tuned" in alone.read_text()
    assert made.variants.write((), 1)[0].read_text() == YAML[0]
    assert any("name" in text for text in made.not_varied)


def test_the_most_dangerous_has_the_largest_prior() -> None:
    made = arranged(*YAML)

    assert made.prior["lr0"] == 1.0
    assert all(0 < weight <= 1 for weight in made.prior.values())
    named = arranged(*YAML, named=("momentum",))
    assert named.prior["momentum"] == pytest.approx(2 * made.prior["momentum"])


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        (".json", '{"optimizer": {"lr": 0.01, "momentum": 0.9}}\n', '{"optimizer": {"lr": 0.3, "momentum": 0.8}}\n'),
        (".toml", "[optimizer]\nlr = 0.01\nmomentum = 0.9\n", "[optimizer]\nlr = 0.3\nmomentum = 0.8\n"),
        (
            ".py",
            "optimizer = dict(type='SGD', lr=0.01, momentum=0.9)\n",
            "optimizer = dict(type='SGD', lr=0.3, momentum=0.8)\n",
        ),
    ],
)
def test_formats(suffix: str, old: str, new: str) -> None:
    made = arranged(old, new, suffix)

    (path,) = made.variants.write(("optimizer.lr",), 1)
    assert settings(path)["optimizer.lr"] == 0.3
    assert settings(path)["optimizer.momentum"] == 0.9


def test_a_base_file_is_found_from_the_folder_of_the_variants() -> None:
    Path("base.py").write_text("optimizer = dict(type='SGD', lr=0.01, momentum=0.9)\n")
    head = "_base_ = './base.py'\n"
    made = arranged(
        f"{head}train_cfg = dict(max_epochs=12)\n",
        f"{head}train_cfg = dict(max_epochs=12)\noptimizer = dict(lr=0.3)\n",
        ".py",
    )

    (path,) = made.variants.write(tuple(made.varied), 1)
    text = path.read_text()
    assert "base.py'" in text
    base = text.split("'")[1]
    assert (path.parent / base).resolve() == Path("base.py").resolve()


def test_settings_that_belong_together_are_one() -> None:
    made = arranged("lr: 0.1\noptimizer: SGD\n", "lr: 0.001\noptimizer: Adam\n")

    assert len(made.varied) == 1
    assert next(iter(made.varied.values())).atom.because


def test_fix_lies_over_all_parts() -> None:
    made = arranged(*YAML, fix={"lr": 0.05})

    (path,) = made.variants.write((*made.varied, FIX), 1)
    assert settings(path) == {"lr0": 0.05, "momentum": 0.8, "name": "first", "mixup": 0.5}


def test_fix_from_a_config() -> None:
    Path("fix.yaml").write_text("lr0: 0.02\nmomentum: 0.8\nname: second\nmixup: 0.5\n")

    assert read_fix(["fix.yaml", "mixup=0.1"]) == ({"mixup": 0.1}, "fix.yaml")
    made = arranged(*YAML, fix_config="fix.yaml", fix={"mixup": 0.1})
    assert dict(made.variants.fix) == {"lr0": 0.02, "mixup": 0.1}


def test_job_of_a_trial_keeps_its_key(here: Path) -> None:
    made = arranged(*YAML)
    jobs = Jobs(made.spec, made.template, made.variants, made.folder / "runs")

    one, again, other = jobs(Trial(("lr0",), 3)), jobs(Trial(("lr0",), 3)), jobs(Trial(("lr0",), 4))
    assert one.key() == again.key() != other.key()
    assert one.folder == again.folder != other.folder
    assert one.argv[:2] == ("python", "train.py")
    assert one.argv[3] == "--seed=3"
    assert one.argv[5] == f"{one.out}/log"
    assert Path(one.argv[2]).is_relative_to(here / ".diagnose" / "confirm")


def test_single_settings() -> None:
    made = arranged(*YAML, command=("train", "{set}", "{seed}"), set_form="--{key} {value}")
    jobs = Jobs(made.spec, made.template, made.variants, made.folder / "runs")

    argv = jobs(Trial(("lr0",), 1)).argv
    pairs = dict(zip(argv[1:-1:2], argv[2:-1:2], strict=True))
    assert pairs == {"--lr0": "0.3", "--momentum": "0.9", "--mixup": "0.0"}


def test_braces_that_are_no_placeholders_stay() -> None:
    made = read_template(("t", "{config}", "{seed}", '{"a": 1}', "${HOME}", "a{seed}b"))

    assert made.filled("c", 7, "o", {}) == ("t", "c", "7", '{"a": 1}', "${HOME}", "a7b")


def test_nothing_to_vary() -> None:
    with pytest.raises(SourceError, match="nothing that could be varied"):
        arranged("lr0: 0.1\nmomentum: 0.9\nname: a\n", "lr0: 0.1\nmomentum: 0.9\nname: b\n")


@pytest.mark.parametrize(
    ("texts", "budget"),
    [
        (("30",), Budget(runs=30)),
        (("30 runs, 2 gpu-hours", "45 min"), Budget(runs=30, gpu_hours=2, wall=2700)),
        (("1.5h",), Budget(wall=5400)),
        ((), Budget()),
    ],
)
def test_budgets(texts: tuple[str, ...], budget: Budget) -> None:
    assert read_budget(texts) == budget


def test_steps_and_times() -> None:
    assert left_out("", "path,noise") == ("noise", "path")
    assert left_out("control,culprit", "") == ("noise", "confirmation", "path", "fix")
    assert read_seconds("--hang", "2 hours") == 7200
    assert read_seconds("--hang", "none") == 0
    with pytest.raises(SettingsError):
        left_out("", "sleep")


def test_report_as_source(here: Path) -> None:
    raw = {
        "schema": "diagnose/report-v1",
        "baseline": "good.log",
        "measured": {
            "comparisons": [{"old": "a.yaml", "new": "b.yaml"}],
            "runs": [
                {"path": "bad.log", "findings": [{"name": "loss-nan", "severity": "error", "subject": "train/loss"}]}
            ],
        },
    }
    Path("r.json").write_text(json.dumps(raw))

    found = read_given("r.json")
    assert (found.baseline, found.suspect) == ("a.yaml", "b.yaml")
    assert (found.suspect_run, found.baseline_run) == ("bad.log", "good.log")
    assert found.named == ("train/loss",)
    for text in ("{", "[]", '{"schema": "diagnose/report-v1"}', '{"schema": "x"}'):
        Path("r.json").write_text(text)
        with pytest.raises(SourceError):
            read_given("r.json")
