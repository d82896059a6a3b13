"""The contract ``diagnose/report-v1``: what was measured and what was made of it stand apart. Keys are only added."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from diagnose.model import Argument, Cause, Comparison, Place, Report
from diagnose.model.story import Chapter, Chart, Decision, Recovery, Statement, Story
from diagnose.text import escape
from diagnose.text.change_records import change_records, comparison_records, plain
from diagnose.text.document import file_record, finding_records

SCHEMA = "diagnose/report-v1"


def as_json(story: Story, version: str) -> str:
    """Return the story as one JSON document."""
    return escape.json(_document(story, version), indent=2) + "\n"


def _document(story: Story, version: str) -> dict[str, Any]:
    findings = [finding for _, finding in story.findings]
    told = Report(list(story.files), findings, comparisons=list(story.comparisons))
    records = [
        {"number": number, **record} for (number, _), record in zip(story.findings, finding_records(told), strict=True)
    ]
    by_number = {record["number"]: record for record in records}
    return {
        "schema": SCHEMA,
        "version": version,
        "title": story.title,
        "baseline": story.baseline or None,
        "files": [file_record(file) for file in story.files],
        "measured": {
            "runs": [_measured(chapter, by_number) for chapter in story.chapters],
            "comparisons": comparison_records(told),
            "changes": change_records(told),
        },
        "interpreted": {
            "runs": [_interpreted(chapter) for chapter in story.chapters],
            "recovery": _recovery(story.recovery),
            "scenarios": _decisions(story.scenarios),
            "criteria": [
                {"id": one.id, "tier": one.tier, "text": one.text, "when": one.condition or None, "basis": one.basis}
                for one in story.criteria
            ],
            "expect_yaml": story.expect or None,
            "lessons": [{"text": text, "findings": list(numbers)} for text, numbers in story.lessons],
            "change_risks": [_risk(comparison) for comparison in story.comparisons],
        },
        "not_tested": [_statement(one) for one in story.untested],
    }


def _measured(chapter: Chapter, findings: dict[int, dict[str, Any]]) -> dict[str, Any]:
    told = (
        "number",
        "code",
        "name",
        "severity",
        "path",
        "line",
        "segment",
        "subject",
        "message",
        "evidence",
        "folded",
        "fingerprint",
    )
    return {
        "path": chapter.file.path,
        "format": chapter.file.format,
        "segments": list(chapter.segments),
        "summary": [_statement(one) for one in chapter.summary],
        "findings": [{key: findings[number][key] for key in told} for number, _ in chapter.findings],
        "timeline": [
            {"path": one.place.path, "line": one.place.line, "text": one.place.text, "segment": one.segment,
             "when": one.when, "what": one.what, "kind": one.kind, "findings": list(one.findings), "times": one.times}
            for one in chapter.timeline
        ],
        "curves": [_chart(chart) for chart in chapter.charts],
        "series": [
            {"name": row.name, "printed": row.printed, "segment": row.segment, "points": row.points, "first": row.first,
             "best": row.best or None, "best_at": row.best_at or None, "last": row.last, "low": row.low or None,
             "high": row.high or None, "not_finite": row.not_finite, "path": row.place.path, "line": row.place.line}
            for row in chapter.series
        ],
        "settings": [
            {"key": row.key, "title": row.title, "role": row.role, "value": row.value, "segment": row.segment,
             "path": row.place.path, "line": row.place.line}
            for row in chapter.settings
        ],
        "expectations": [
            {"what": one.what, "expected": one.expected, "happened": one.happened, "verdict": one.verdict,
             "segment": one.segment, "places": _places(one.places)}
            for one in chapter.expectations
        ],
        "rules": {"ran": sorted(chapter.file.ran), "skipped": dict(sorted(chapter.file.skipped.items()))},
    }  # fmt: skip


def _interpreted(chapter: Chapter) -> dict[str, Any]:
    return {
        "path": chapter.file.path,
        "formulas": [_statement(one) for one in chapter.formulas],
        "causes_from": "rules" if chapter.judged else "findings",
        "causes": [_cause(cause) for cause in chapter.causes],
        "findings": [
            {"number": number, "name": finding.name, "why": finding.why, "advice": finding.advice,
             "suspects": [
                 {"name": one.name, "score": plain(one.score), "because": list(one.because)} for one in finding.suspects
             ]}
            for number, finding in chapter.findings
        ],
    }  # fmt: skip


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "code": cause.code,
        "name": cause.name,
        "title": cause.title,
        "segment": cause.segment,
        "score": cause.score,
        "supports": [_argument(one) for one in cause.supports],
        "against": [_argument(one) for one in cause.against],
        "refutation": cause.refutation,
        "experiment": cause.experiment,
        "advice": cause.advice,
        "explains": list(cause.explains),
        "tested": False,
    }


def _argument(argument: Argument) -> dict[str, Any]:
    return {
        "weight": argument.weight,
        "text": argument.text,
        "finding": argument.finding or None,
        "places": _places(argument.places),
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "unit": chart.unit,
        "log": chart.log,
        "curves": [
            {"name": curve.name, "label": curve.label, "style": curve.style, "points": curve.points, "path": curve.path,
             "x": [_number(x) for x, line in zip(curve.x, curve.lines, strict=True) if line],
             "y": [_number(y) for y, line in zip(curve.y, curve.lines, strict=True) if line],
             "line": [line for line in curve.lines if line],
             "not_finite": [{"x": _number(x), "line": line} for x, line in curve.not_finite]}
            for curve in chart.curves
        ],
        "marks": [
            {"x": _number(mark.x), "y": _number(mark.y), "kind": mark.kind, "findings": list(mark.findings),
             "told": mark.told}
            for mark in chart.marks
        ],
    }  # fmt: skip


def _recovery(recovery: Recovery | None) -> dict[str, Any] | None:
    if recovery is None:
        return None
    return {
        "look_up_first": [_statement(one) for one in recovery.lookups],
        "phases": [
            {"title": phase.title, "purpose": phase.purpose,
             "runs": [
                 {"title": step.title, "why": step.why, "command": step.command or None, "file": step.file or None,
                  "epochs": step.epochs or None}
                 for step in phase.steps
             ]}
            for phase in recovery.phases
        ],
        "decisions": _decisions(recovery.decisions),
        "budget_from": [_statement(one) for one in recovery.basis],
        "stop": [_statement(one) for one in recovery.stop],
        "command_from": _places([recovery.command_source])[0] if recovery.command_source else None,
        "template": recovery.template,
    }  # fmt: skip


def _decisions(decisions: Iterable[Decision]) -> list[dict[str, str]]:
    return [{"if": one.when, "then": one.then} for one in decisions]


def _risk(comparison: Comparison) -> dict[str, Any]:
    return {"old": comparison.old, "new": comparison.new, "ranked": [[one.key, one.risk] for one in comparison.changes]}


def _statement(statement: Statement) -> dict[str, Any]:
    return {"text": statement.text, "kind": statement.kind, "places": _places(statement.places)}


def _places(places: Iterable[Place]) -> list[dict[str, Any]]:
    return [{"path": one.path, "line": one.line, **({"text": one.text} if one.text else {})} for one in places]


def _number(value: float | None) -> float | None:
    return float(f"{value:.9g}") if value is not None and math.isfinite(value) else None
