"""Workflow commands that GitHub shows as annotations of the changed lines."""

from __future__ import annotations

from collections import Counter

from diagnose.emit.context import Context
from diagnose.model import Change, Comparison, FileReport, Finding, Report
from diagnose.text import changes, wording
from diagnose.text.escape import github_data, github_property, plain

NAME = "github"
TITLE = "GitHub Actions annotations"
SUFFIX = ".txt"

SHOWN = 10
"""GitHub shows this many annotations of each kind per step."""
COMMANDS = {"error": "error", "warning": "warning", "info": "notice", "hint": "notice"}
RISKS = {"critical": "warning", "high": "notice"}
"""A change alone fails nothing, so it is no error."""
ORDER = ("::error", "::warning", "::notice")


def emit(report: Report, context: Context) -> str:
    """Return one command per file not (fully) read, per finding, and per dangerous change that no finding points to.

    The worst come first; a summary in plain words comes last.
    """
    lines = [_unread(file, context) for file in report.files if wording.problem(file)]
    lines += [_annotation(finding, context) for finding in wording.worst_first(report.findings)]
    lines += [_changed(change, comparison, context) for comparison, change in changes.alarming(report)]
    lines.sort(key=lambda line: ORDER.index(line.split()[0]))
    lines.append(plain(wording.found(report)) + ".")
    kinds = Counter(line.split()[0].strip(":") for line in lines[:-1])
    if any(number > SHOWN for number in kinds.values()):
        lines.append(
            f"GitHub shows the first {SHOWN} annotations of each kind per step; all of them stand in this log. "
            "For a table of all: --output-format markdown:$GITHUB_STEP_SUMMARY"
        )
    return "\n".join(lines) + "\n"


def _annotation(finding: Finding, context: Context) -> str:
    path = context.relative(finding.place.path)
    properties = {"title": f"diagnose ({finding.code} {finding.name})", "file": path}
    if finding.place.line:
        properties |= {"line": str(finding.place.line), "col": str(max(finding.place.column, 1))}
    message = f"{wording.position(finding, path)}: {finding.code} {finding.name}: {finding.message}"
    return _command(COMMANDS[finding.severity], properties, message)


def _changed(change: Change, comparison: Comparison, context: Context) -> str:
    place = changes.place(change, comparison)
    path = context.relative(place.path)
    properties = {"title": f"diagnose ({change.risk} risk)", "file": path}
    if place.line:
        properties |= {"line": str(place.line), "col": str(max(place.column, 1))}
    message = f"{changes.where(change, comparison, path)}: change [{change.risk}] {changes.sentence(change)}"
    return _command(RISKS[change.risk], properties, message)


def _unread(file: FileReport, context: Context) -> str:
    path = context.relative(file.path)
    kind = "error" if file.status == "error" else "warning"
    return _command(kind, {"title": "diagnose", "file": path}, f"{path}: {wording.problem(file)}")


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={github_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{github_data(message)}"
