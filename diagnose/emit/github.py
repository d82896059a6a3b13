"""Workflow commands that GitHub shows as annotations of the changed lines."""

from __future__ import annotations

from collections import Counter

from diagnose.emit.context import Context
from diagnose.model import FileReport, Finding, Report
from diagnose.text import wording
from diagnose.text.escape import github_data, github_property, plain

NAME = "github"
TITLE = "GitHub Actions annotations"
SUFFIX = ".txt"

SHOWN = 10
"""GitHub shows this many annotations of each kind per step."""
COMMANDS = {"error": "error", "warning": "warning", "info": "notice", "hint": "notice"}
ORDER = ("::error", "::warning", "::notice")


def emit(report: Report, context: Context) -> str:
    """Return one command per file not (fully) read and per finding, the worst first, then a summary in plain words."""
    lines = [_unread(file, context) for file in report.files if wording.problem(file)]
    lines += [_annotation(finding, context) for finding in wording.worst_first(report.findings)]
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


def _unread(file: FileReport, context: Context) -> str:
    path = context.relative(file.path)
    kind = "error" if file.status == "error" else "warning"
    return _command(kind, {"title": "diagnose", "file": path}, f"{path}: {wording.problem(file)}")


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={github_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{github_data(message)}"
