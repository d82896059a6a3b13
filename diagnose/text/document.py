"""The contract ``diagnose/findings-v1`` as plain dictionaries. Keys are added, never renamed or removed."""

from __future__ import annotations

from typing import Any

from diagnose.model import SEVERITIES, FileReport, Finding, Report
from diagnose.text import wording
from diagnose.text.change_records import change_records, comparison_records

SCHEMA = "diagnose/findings-v1"


def document(report: Report, version: str, *, comparing: bool = False) -> dict[str, Any]:
    """Return a whole report; ``changes`` and ``comparisons`` are there where something was, or was to be, compared."""
    compared: dict[str, Any] = {}
    if report.comparisons or comparing:
        compared = {"changes": change_records(report), "comparisons": comparison_records(report)}
    return {
        "schema": SCHEMA,
        "version": version,
        "files": [file_record(file) for file in report.files],
        "findings": finding_records(report),
        **compared,
        "rules": {"ran": sorted(report.ran), "skipped": dict(sorted(report.skipped.items()))},
        "notes": list(report.notes),
        "summary": summary(report),
    }


def file_record(file: FileReport) -> dict[str, Any]:
    """Return what became of one input; ``detail`` is there when it was not, or not fully, checked."""
    record = {
        "path": file.path,
        "format": file.format,
        "status": file.status,
        "runs": file.runs,
        "epochs": file.epochs,
        "series": file.series,
    }
    if problem := wording.problem(file):
        record["detail"] = problem
    return record


def finding_records(report: Report) -> list[dict[str, Any]]:
    """Return the findings in the order of the report."""
    prints = wording.fingerprints(report.findings)
    return [_finding(finding, print_) for finding, print_ in zip(report.findings, prints, strict=True)]


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "path": finding.place.path,
        "line": max(finding.place.line, 1),
        "column": max(finding.place.column, 1),
        "segment": finding.segment,
        "subject": finding.subject,
        "message": finding.message,
        "why": finding.why,
        "advice": finding.advice,
        "evidence": [
            {
                "path": shown.place.path,
                "line": max(shown.place.line, 1),
                "text": shown.place.text or shown.text,
                "note": shown.text if shown.place.text and shown.text != shown.place.text else "",
            }
            for shown in finding.evidence
        ],
        "suspects": [
            {"name": suspect.name, "score": wording.score(suspect), "because": list(suspect.because)}
            for suspect in finding.suspects
        ],
        "folded": list(finding.folded),
        "fingerprint": fingerprint,
    }


def summary(report: Report) -> dict[str, int]:
    """Return how many findings of each severity there are, and what is not among them."""
    tally = {severity: report.count(severity) for severity in SEVERITIES}
    return {**tally, "skipped_rules": len(report.skipped), "suppressed": report.suppressed}
