"""The suspects of a report: with a baseline alone, and where no rule on causes fits."""

from pathlib import Path

import pytest

from diagnose.api.reporter import Reporter
from diagnose.api.session import Request
from diagnose.engine.story import suspicions as module
from diagnose.engine.story.suspicions import NOT_WEIGHED
from diagnose.model import Argument, Cause, Finding, Place
from diagnose.model.finding import Suspect

FOCAL = Path(__file__).parents[2] / "fixtures" / "expect" / "focal_switched_on"
CONFLICT = Path(__file__).parents[2] / "fixtures" / "expect" / "gradient_conflict"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
PAIRS = CORPUS / "config_pairs"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the repository")


def causes(path: Path, baseline: Path) -> dict[str, Cause]:
    story = Reporter(Request(paths=(str(path),), isolated=True)).run(baseline=str(baseline))
    return {cause.name: cause for cause in story.chapters[0].causes}


def test_with_a_baseline_alone_the_changes_count() -> None:
    found = causes(FOCAL / "trial3", FOCAL / "trial2")

    assert next(iter(found)) == "loss-term-activated"
    assert "fl_gamma" in found["loss-term-activated"].title
    assert "matching-changed-positives" not in found  # YOLOv5 does not read `iou_t`
    assert "batch-changed-alone" not in found  # it accumulates to a nominal batch


def test_a_raised_rate_explains_no_end_of_a_run_whose_losses_are_flat() -> None:
    found = causes(CONFLICT / "stage2_1.log", CONFLICT / "plan_a.log")

    assert "run-truncated" not in found.get("learning-rate-too-high", Cause("", "", "", "", "", 0, ())).explains


@needs_corpus
def test_one_changed_setting_is_the_suspect() -> None:
    rate = causes(*(PAIRS / "zhaoyang97_tct_e400_lr001_vs_lr0001" / side for side in ("changed", "baseline")))
    batch = causes(*(PAIRS / "kazhili8_batch16_vs_batch1" / side for side in ("changed", "baseline")))
    height = causes(*(PAIRS / "zhaoyang97_retinanet_lr001_vs_lr01" / side for side in ("changed", "baseline")))

    assert next(iter(rate)) == "learning-rate-too-low"
    assert next(iter(batch)) == "batch-changed-alone"
    assert next(iter(height)) == "learning-rate-too-high"
    assert all("fallen below half" not in argument.text for argument in height["learning-rate-too-high"].against)
    assert "matching-changed-positives" not in height


def finding(name: str, *suspects: Suspect) -> Finding:
    return Finding("RUN099", name, "warning", "m", Place("run.log", 3), suspects=suspects)


def test_what_nothing_in_the_run_speaks_for_is_no_suspect() -> None:
    plain, reasoned = Suspect("lr-too-low", 0.4), Suspect("data-leak", 0.3, ("both folders hold one file",))

    found = module._named([finding("loss-plateau", plain, reasoned)], ran=())

    assert [cause.name for cause in found] == ["data-leak"]
    assert found[0].against == (Argument(0.0, NOT_WEIGHED),)


def test_what_was_looked_for_and_not_found_is_no_suspect() -> None:
    looked = Suspect("loss-nan", 0.5, ("a filter prints 0 for it",))
    there = Suspect("loss-plateau", 0.4)

    found = module._named(
        [finding("loss-zero", looked, there), finding("loss-plateau")], ran={"loss-nan", "loss-plateau"}
    )

    assert [cause.name for cause in found] == ["loss-plateau"]
