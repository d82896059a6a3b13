"""The report on runs whose failure was written up by hand before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from diagnose.api.reporter import Reporter
from diagnose.api.session import Request
from diagnose.api.verifier import Verifier
from diagnose.model.story import Story

FOCAL = Path(__file__).parents[2] / "fixtures" / "expect" / "focal_switched_on"


@pytest.fixture(scope="module")
def focal() -> tuple[Reporter, Story]:
    """A run with twenty settings changed at once, against the proven one."""
    reporter = Reporter(Request(paths=(str(FOCAL / "trial3"),), isolated=True))
    pair = str(FOCAL / "trial2" / "hyp.yaml"), str(FOCAL / "trial3" / "hyp.yaml")
    return reporter, reporter.run(baseline=str(FOCAL / "trial2"), pair=pair, folder="plan")


def test_what_was_measured(focal: tuple[Reporter, Story]) -> None:
    _, story = focal
    said = {finding.name: finding.message for _, finding in story.findings}
    (chapter,) = story.chapters

    assert "27 of 100" in chapter.summary[0].text
    assert "27 of 100" in said["run-truncated"]
    assert "metric-near-zero" in said
    (factor,) = re.findall(r"obj_loss is ([\d.]+) times smaller", said["series-scale-differs"])
    assert 7.9 < float(factor) < 8.7
    assert "loss-nan" not in said
    assert said["too-many-at-once"].startswith("20 settings")


def test_focal_loss_is_the_first_suspect_and_not_isolated(focal: tuple[Reporter, Story]) -> None:
    _, story = focal
    first, *others = story.chapters[0].causes

    assert first.name == "loss-term-activated"
    assert all(first.score > other.score for other in others)
    assert any("not isolated" in reason.text for reason in first.against)
    assert any("none was changed alone" in one.text for one in story.untested)


def test_recovery_in_phases_with_the_next_trial(focal: tuple[Reporter, Story], tmp_path: Path) -> None:
    reporter, story = focal
    assert story.recovery is not None
    assert [phase.title for phase in story.recovery.phases] == ["Control", "Isolation", "Progressive", "Next trial"]

    reporter.write_plan(str(tmp_path / "plan"))
    old, trial, first = (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (
            FOCAL / "trial2" / "hyp.yaml",
            tmp_path / "plan" / "next_trial.yaml",
            tmp_path / "plan" / "single_01_fl_gamma.yaml",
        )
    )
    assert first == {**old, "fl_gamma": 0.5}
    assert trial["fl_gamma"] == 0.0
    assert trial["lr0"] == 0.005
    assert (trial["obj"], trial["batch_size"]) == (1.3, 18)


def test_mild_signs_that_agree_make_a_suspect(tmp_path: Path) -> None:
    folder = FOCAL.parent / "gradient_conflict"
    reporter = Reporter(Request(paths=(str(folder / "stage2_1.log"),), isolated=True))
    story = reporter.run()
    (chapter,) = story.chapters

    assert {finding.severity for _, finding in story.findings} <= {"info", "hint"}
    assert not chapter.healthy
    assert chapter.causes[0].name == "objective-mismatch"
    assert story.recovery is not None
    isolation = next(phase for phase in story.recovery.phases if phase.title == "Isolation")
    assert "weight 0" in isolation.steps[0].title

    assert [path.name for path in reporter.write_plan(str(tmp_path / "plan"))] == ["EXPECT.yaml"]
    paths = str(tmp_path / "plan" / "EXPECT.yaml"), f"A={folder / 'plan_a.log'}"
    verdict = Verifier(Request(paths=paths, isolated=True)).verify()
    assert {one.id: one.verdict for one in verdict.hypotheses}["objective-mismatch"] == "weakened"


def test_what_a_look_up_settles_is_given_no_run(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("".join(f"Epoch {n}/9\n9/9 - 1s - loss: {1 / n:.3f} - val_map: 0.0000\n" for n in range(1, 10)))
    story = Reporter(Request(paths=(str(log),), isolated=True)).run()

    assert story.recovery is not None
    assert any(one.text.startswith("evaluation-broken: Feed the labels") for one in story.recovery.lookups)
    steps = [step.title for phase in story.recovery.phases for step in phase.steps]
    assert not any("evaluation-broken" in title for title in steps)


def test_fine_tuning_that_falls_below_its_checkpoint(tmp_path: Path) -> None:
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_text("epoch,loss,val_map\n1,0.3,0.50\n2,0.25,0.59\n3,0.24,0.63\n")
    after.write_text("epoch,loss,val_map\n1,0.24,0.63\n2,0.24,0.59\n3,0.24,0.53\n")
    story = Reporter(Request(paths=(str(after),), isolated=True)).run(baseline=str(before))
    (said,) = [one for one in story.chapters[0].summary if "baseline" in one.text]

    assert "as good as the baseline's: 0.63 against 0.63" in said.text
    assert said.text.endswith("its last is worse than the baseline's: 0.53 against 0.63.")
    assert [place.line for place in said.places] == [2, 4, 4, 4]
