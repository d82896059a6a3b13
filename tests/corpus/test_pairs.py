"""Real pairs of configs and what came of them. Skipped where the corpus is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diagnose.api import Request
from diagnose.api.differ import Differ
from diagnose.logs import read
from diagnose.model import Change, Report
from diagnose.sources import open_source

PAIRS = Path(__file__).parents[2].parent / "shared" / "corpus" / "config_pairs"
NAMES = sorted(path.parent.name for path in PAIRS.glob("*/pair.json") if (path.parent / "baseline").is_dir())
SEED = "origin_a_trial2_vs_trial3_from_documents"
RESULTS = frozenset({"series-scale-differs", "worse-than-baseline", "lower-loss-in-the-broken-run"})
"""Rules that look at what came of a change."""

pytestmark = pytest.mark.skipif(not PAIRS.is_dir(), reason="the corpus is not there")


def differ(name: str) -> Differ:
    made = Differ(Request(paths=(str(PAIRS / name / "baseline"), str(PAIRS / name / "changed")), isolated=True))
    made.paths()
    return made


def report(name: str) -> Report:
    return differ(name).outcome.report


def verdict(name: str) -> str:
    return str(json.loads((PAIRS / name / "pair.json").read_text(encoding="utf-8"))["verdict"])


@pytest.mark.parametrize("name", NAMES)
def test_every_pair_is_compared(name: str) -> None:
    made = differ(name)
    assert not made.outcome.trouble
    assert len(made.pairs) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if verdict(name) in ("collapsed", "failed")])
def test_what_went_wrong_is_stopped(name: str) -> None:
    assert [finding for finding in report(name).findings if finding.severity == "error" and finding.name not in RESULTS]


def test_equal_settings_are_silent() -> None:
    found = report("agusraharja_exp19_vs_exp30_same_args")
    assert [change for change in found.comparisons[0].changes if change.risk != "none"] == []
    assert [finding.name for finding in found.findings if finding.name not in RESULTS] == []


def test_another_folder_of_data_is_no_risky_change() -> None:
    found = report("burakkagann_firstrepo_baseline_vs_exp2")
    assert [finding.name for finding in found.findings if finding.name not in RESULTS] == []


def test_the_changes_of_the_first_document() -> None:
    """All twenty, with the percentages of the document, and what it suspects in its order."""
    found = report(SEED)
    changes: dict[str, Change] = {change.key: change for change in found.comparisons[0].changes}
    written = json.loads((PAIRS / SEED / "pair.json").read_text(encoding="utf-8"))["changed_keys"]
    assert len(changes) == 20
    assert changes.keys() == written.keys()
    percent = {key: change.change_percent for key, change in changes.items()}
    told = {"lr0": -20, "lrf": -25, "weight_decay": 60, "box": -17, "obj": 17, "iou_t": -20, "batch_size": 25}
    assert {key: round(percent[key] or 0) for key in told} == told
    first = found.comparisons[0].changes[0]
    assert (first.key, first.kind, first.risk) == ("fl_gamma", "activation", "critical")
    names = {finding.name for finding in found.findings}
    assert names >= {
        "loss-term-switched-on", "decay-and-lr-changed", "loss-balance-shifted", "too-many-at-once",
    }  # fmt: skip
    # YOLOv5 reads no `iou_t`, and accumulates 16 as well as 20 to about 64.
    assert not names & {"matching-threshold-changed", "batch-without-lr"}


def test_the_plan_of_the_first_document(tmp_path: Path) -> None:
    written = {path.name: path for path in differ(SEED).write_plan(str(tmp_path / "plan"))[0]}
    run = read(open_source(written["next_trial.yaml"]))
    assert run is not None
    trial = run.segments[0].config.settings
    expected = {"lr0": 0.005, "fl_gamma": 0.0, "obj": 1.3, "batch_size": 18}
    assert {key: trial[key].value for key in expected} == expected
    assert "single_01_fl_gamma.yaml" in written
    assert {"control.yaml", "PLAN.md", "plan.json"} <= written.keys()
