"""GitLab's Code Quality report."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import escape, wording

NAME = "gitlab"
TITLE = "GitLab Code Quality report"
SUFFIX = ".json"

SEVERITIES = {"error": "critical", "warning": "major", "info": "minor", "hint": "info"}


def emit(report: Report, context: Context) -> str:
    """Return a JSON array with one entry per finding and per file that could not be read.

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
    return escape.json(entries, indent=2) + "\n"


def _entry(text: str, check: str, severity: str, fingerprint: str, path: str, line: int) -> dict[str, object]:
    return {
        "description": escape.line(text),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": escape.line(path) or ".", "lines": {"begin": max(line, 1)}},
    }
