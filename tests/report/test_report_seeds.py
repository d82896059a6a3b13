"""The report on runs whose failure was written up by hand before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from diagnose.api.reporter import Reporter
from diagnose.api.session import Request
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
