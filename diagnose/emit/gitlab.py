"""GitLab's Code Quality report."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import changes, escape, wording

NAME = "gitlab"
TITLE = "GitLab Code Quality report"
SUFFIX = ".json"

SEVERITIES = {"error": "critical", "warning": "major", "info": "minor", "hint": "info"}
RISKS = {"critical": "major", "high": "minor"}


def emit(report: Report, context: Context) -> str:
    """Return a JSON array: an entry per finding, unread file, and dangerous change that no finding points to.

    GitLab shows the description only, so that begins with the code.
    """
    entries = [
        _entry(
            f"{finding.code} {finding.name}: {finding.message}",
            finding.name,
            SEVERITIES[finding.severity],
            print_,
            context.relative(finding.place.path),
            finding.place.line,
        )
        for finding, print_ in zip(report.findings, wording.fingerprints(report.findings), strict=True)
    ]
    taken = {entry["fingerprint"] for entry in entries}
    for file in report.files:
        print_ = wording.hashed(f"unread\0{file.path}")
        if file.status == "error" and print_ not in taken:
            taken.add(print_)
            path = context.relative(file.path)
            entries.append(_entry(f"diagnose: {wording.problem(file)}", "unread-file", "critical", print_, path, 1))
    for comparison, change in changes.alarming(report):
        place = changes.place(change, comparison)
        path = context.relative(place.path)
        print_ = wording.hashed(f"change\0{path}\0{change.key}")
        if print_ not in taken:
            taken.add(print_)
            text = f"{change.risk} risk: {changes.sentence(change)}"
            entries.append(_entry(text, "dangerous-change", RISKS[change.risk], print_, path, place.line))
    return escape.json(entries, indent=2) + "\n"


def _entry(text: str, check: str, severity: str, fingerprint: str, path: str, line: int) -> dict[str, object]:
    return {
        "description": escape.line(text),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": escape.line(path) or ".", "lines": {"begin": max(line, 1)}},
    }
