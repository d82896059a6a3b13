"""What a comparison must not take as it stands: percent for shares, NaN under a `not`, a glob for one metric."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.api.session import Request
from diagnose.api.verifier import Verifier, skeleton
from diagnose.errors import DiagnoseError
from diagnose.model.verdict import Verdict

PERCENT = "epoch,train_char_acc,val_char_acc,val_loss\n1,30,20.5,2.0\n2,41,38.5,1.5\n3,44,36.0,1.4\n"
SHARE = "epoch,train_char_acc,val_char_acc,val_loss\n1,0.5,0.40,2.0\n2,0.6,0.62,1.5\n3,0.7,0.61,1.4\n"
NOTHING = "epoch,train_char_acc,val_char_acc,val_loss\n1,0.5,0.40,nan\n2,0.6,0.62,nan\n3,0.7,0.61,nan\n"


def verify(folder: Path, when: str, *runs: str, more: str = "") -> Verdict:
    for name, text in (("percent", PERCENT), ("share", SHARE), ("nothing", NOTHING)):
        (folder / f"{name}.csv").write_text(text)
    file = folder / "e.yaml"
    file.write_text(f"experiment: e\n{more}criteria:\n  minimum:\n    - id: a\n      when: >-\n        {when}\n")
    paths = [f"{run}={folder / run}.csv" if len(runs) > 1 else f"{folder / run}.csv" for run in runs]
    return Verifier(Request(paths=(str(file), *paths), isolated=True)).verify()


@pytest.mark.parametrize(
    ("when", "status"),
    [
        ("best(val/char_acc) >= 70%", "not-met"),
        ("best(val/char_acc) >= 38%", "met"),
        ("best(val/char_acc) > 0.38", "met"),
        ("best(val/char_acc) >= 30", "unknown"),
        ("30 <= val/char_acc", "unknown"),
        ("last(val/loss) < 1.6", "met"),
        ('best(metric("val/*acc")) > 38%', "met"),
        ('best(metric("*acc")) > 38%', "unknown"),
    ],
)
def test_percent_is_read_as_a_share(tmp_path: Path, when: str, status: str) -> None:
    (one,) = verify(tmp_path, when, "percent").criteria

    assert one.status == status
    assert (one.missing != "") == (status == "unknown")


def test_runs_on_two_scales_are_compared_on_one(tmp_path: Path) -> None:
    when = 'in_run("percent", best(val/char_acc)) > in_run("share", best(val/char_acc))'
    verdict = verify(tmp_path, when, "percent", "share", more="runs: {percent: x, share: y}\n")

    assert {one.status for one in verdict.criteria} == {"not-met"}


def test_figures_and_percent_are_compared_on_one_scale(tmp_path: Path) -> None:
    more = "baseline: {figures: {val/char_acc: 0.312}}\n"

    (one,) = verify(tmp_path, "0.07 < better_by(val/char_acc) < 0.08", "percent", more=more).criteria
    assert one.status == "met"
    (one,) = verify(tmp_path, "better_by(val/char_acc) > 5", "percent", more=more).criteria
    assert one.status == "unknown"


@pytest.mark.parametrize(
    ("when", "status"),
    [
        ("last(val/loss) < 5", "not-met"),
        ("not last(val/loss) > 5", "unknown"),
        ("not (last(val/loss) > 5 or last(val/char_acc) > 2%)", "unknown"),
        ("not not last(val/loss) < 5", "not-met"),
    ],
)
def test_nan_meets_nothing(tmp_path: Path, when: str, status: str) -> None:
    (one,) = verify(tmp_path, when, "nothing").criteria

    assert one.status == status


def test_a_form_of_a_difference_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiagnoseError, match="percent"):
        verify(tmp_path, 'better_by(val/char_acc, "percent") > 5', "share")


def test_series_that_may_be_meant_are_named(tmp_path: Path) -> None:
    (one,) = verify(tmp_path, "best(val/seq_acc) > 0", "share").criteria

    assert "val/char_acc" in one.missing


def test_rules_that_could_not_be_judged_are_not_taken_for_silent(tmp_path: Path) -> None:
    (risk,) = verify(tmp_path, "epochs > 1", "share", more='risks: [{text: x, rule: "grad*"}]\n').risks

    assert risk.status == "unknown"
    assert "grad-explosion" in risk.missing


def test_verdict_of_a_hypothesis_has_lines(tmp_path: Path) -> None:
    more = "hypotheses: [{id: H, text: x, supported: best(val/char_acc) > 0.5, weakened: best(val/char_acc) <= 0.5}]\n"
    (one,) = verify(tmp_path, "epochs > 1", "share", more=more).hypotheses

    assert one.verdict == "supported"
    assert [(Path(item.place.path).name, item.place.line) for item in one.evidence] == [("share.csv", 3)]


def test_unfinished_run_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("".join(f"Epoch {n}/30\n9/9 - 1s - loss: {1 / n:.4f}\n" for n in range(1, 9)))
    (tmp_path / "e.yaml").write_text("experiment: e\ncriteria: {minimum: [{id: a, when: last(train/loss) < 2}]}\n")
    paths = str(tmp_path / "e.yaml"), str(tmp_path / "run.log")
    (note,) = Verifier(Request(paths=paths, isolated=True)).verify().notes

    assert "8 of 30" in note


@pytest.mark.parametrize(
    ("best", "target"),
    [
        ("0.3", 'better_by(val/char_acc, "share") >= 5%'),
        ("0.98", "better_by(val/char_acc) >= 0.01"),
        ("217.7", ""),
    ],
)
def test_skeleton_asks_for_what_can_be_reached(tmp_path: Path, best: str, target: str) -> None:
    (tmp_path / "run.csv").write_text(f"epoch,val_char_acc\n1,0.1\n2,{best}\n3,0.2\n")
    text = skeleton(Request(paths=(str(tmp_path / "run.csv"),), isolated=True), "")

    assert target in text
    assert ("target:" in text) == bool(target)
