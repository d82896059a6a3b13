"""The labelled corpus of real logs, by the logic of ``score``: recall, the mission's rules, silence on healthy files.

Skipped where the corpus is absent. The limits are those the project promises; they are never lowered to pass.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from diagnose.engine import Options, lint
from diagnose.engine.inputs import collect
from diagnose.model import Report
from diagnose.rules import Selection, builtin, select
from diagnose.sources import MAX_BYTES

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here"),
    pytest.mark.xdist_group("corpus"),  # it is linted once for all of them
]

UNKNOWABLE = {
    # The label rests on a document; the file holds no loss (pair.json quotes mAP by epoch only).
    ("metric-loss-divergence", "config_pairs/origin_b_stage2_1_macl_vs_pure_detection/pair.json"),
}
"""Labels of the mission's rules that the labelled file itself cannot show."""


@cache
def labels() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (CORPUS / "labels.jsonl").read_text(encoding="utf-8").splitlines() if line]
    return [row for row in rows if (row["healthy"] or row["expect"]) and (CORPUS / row["file"]).is_file()]


@cache
def report() -> Report:
    paths = [str(CORPUS / row["file"]) for row in labels()]
    rules = select(builtin(), Selection())
    return lint(collect(paths, limit=MAX_BYTES), Options(rules))


@cache
def names_by_file() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for finding in report().findings:
        places = {finding.place.path, *(evidence.place.path for evidence in finding.evidence)}
        for place in places:
            known = found[str(Path(place).resolve())]
            if known.get(finding.name) not in ("error", "warning"):
                known[finding.name] = finding.severity
    return found


def test_every_labelled_file_is_read() -> None:
    unread = [file.path for file in report().files if file.status != "ok"]

    assert [] == unread


def test_recall() -> None:
    expected, hit = Counter[str](), Counter[str]()
    for row in labels():
        names = names_by_file().get(str((CORPUS / row["file"]).resolve()), {})
        expected.update(row["expect"])
        hit.update(name for name in row["expect"] if name in names)

    assert hit.total() / expected.total() >= 0.85


@pytest.mark.parametrize(
    "rule", ["zero-val-metric", "restore-from-epoch-1", "metric-loss-divergence", "input-exhausted"]
)
def test_mission_rules_miss_nothing(rule: str) -> None:
    missed = [
        row["file"]
        for row in labels()
        if rule in row["expect"]
        and rule not in names_by_file().get(str((CORPUS / row["file"]).resolve()), {})
        and (rule, row["file"]) not in UNKNOWABLE
    ]

    assert [] == missed


def test_healthy_files_stay_silent() -> None:
    healthy = [row for row in labels() if row["healthy"] and not row["expect"]]
    loud = [
        row["file"]
        for row in healthy
        if {"error", "warning"} & set(names_by_file().get(str((CORPUS / row["file"]).resolve()), {}).values())
    ]

    assert len(loud) / len(healthy) <= 0.03, loud


def test_twins() -> None:
    logs = sorted((CORPUS / "twins").glob("*_*.log"))
    rules = select(builtin(), Selection())
    found = lint(collect([str(path) for path in logs], limit=MAX_BYTES), Options(rules))
    flagged = {Path(finding.place.path).name for finding in found.findings if finding.severity in ("error", "warning")}
    buggy = [path.name for path in logs if path.name.endswith("_buggy.log")]
    fixed = [path.name for path in logs if path.name.endswith("_fixed.log")]

    assert sum(name in flagged for name in buggy) / len(buggy) >= 0.5
    assert sum(name in flagged for name in fixed) / len(fixed) <= 0.05


class TestSeedLog:
    """The log of the root-cause analysis that this project began with."""

    @cache
    def found(self) -> Report:
        path = CORPUS / "keras" / "dfu_two_stage" / "training_fold1_before_fix.log"
        return lint(collect([str(path)], limit=MAX_BYTES), Options(select(builtin(), Selection())))

    def test_three_segments(self) -> None:
        assert 3 == self.found().files[0].runs

    @pytest.mark.parametrize(
        ("rule", "count"),
        [
            ("zero-val-metric", 1),
            ("class-collapse", 1),
            ("restore-from-epoch-1", 3),
            ("metric-constant", 0),
            ("lr-too-low", 1),
        ],
    )
    def test_findings(self, rule: str, count: int) -> None:
        assert count == sum(finding.name == rule for finding in self.found().findings)

    @pytest.mark.parametrize("rule", ["patience-few-updates", "batch-larger-than-dataset"])
    def test_what_its_author_did_not_weigh(self, rule: str) -> None:
        assert rule in {finding.name for finding in self.found().findings}

    def test_collapse_names_the_class(self) -> None:
        (collapse,) = [finding for finding in self.found().findings if finding.name == "class-collapse"]

        assert "class 2" in collapse.message
        assert "0.1496" in collapse.message
        assert "metric-constant" in collapse.folded
        assert any("6.7" in reason for suspect in collapse.suspects for reason in suspect.because)

    def test_exhausted_input_is_no_alarm(self) -> None:
        severities = {finding.severity for finding in self.found().findings if finding.name == "input-exhausted"}

        assert severities == {"info"}

    def test_after_the_fix_only_stage_one_restores(self) -> None:
        path = CORPUS / "keras" / "dfu_two_stage" / "training_fold1_after_fix.log"
        after = lint(collect([str(path)], limit=MAX_BYTES), Options(select(builtin(), Selection())))
        names = Counter(finding.name for finding in after.findings)

        assert 0 == names["zero-val-metric"]
        assert 1 == names["restore-from-epoch-1"]
