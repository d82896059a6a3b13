"""Logging commands that Azure Pipelines shows as issues of the build."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Change, Comparison, FileReport, Finding, Report
from diagnose.text import changes, wording
from diagnose.text.escape import azure_data, azure_property, plain

NAME = "azure"
TITLE = "Azure Pipelines logging commands"
SUFFIX = ".txt"

HEAD = "##vso[task.logissue "


def emit(report: Report, context: Context) -> str:
    """Return one command per unread file, error, warning, and dangerous change that no finding points to.

    Azure knows nothing milder, so the rest is plain text.
    """
    lines = [_unread(file, context) for file in report.files if wording.problem(file)]
    lines += [_issue(finding, context) for finding in wording.worst_first(report.findings)]
    lines += [_changed(change, comparison, context) for comparison, change in changes.alarming(report)]
    lines.sort(key=lambda line: "type=error;" not in line[: len(HEAD) + len("type=error;")])
    return "\n".join([*lines, plain(wording.found(report)) + "."]) + "\n"


def _issue(finding: Finding, context: Context) -> str:
    path = context.relative(finding.place.path)
    if finding.severity not in {"error", "warning"}:
        where = wording.position(finding, path)
        return plain(f"{where}: {finding.severity} {finding.code} {finding.name}: {finding.message}")
    properties = {"type": finding.severity, "sourcepath": path}
    if finding.place.line:
        properties["linenumber"] = str(finding.place.line)
        properties["columnnumber"] = str(max(finding.place.column, 1))
    return _command({**properties, "code": finding.code}, f"{finding.name}: {finding.message}")


def _changed(change: Change, comparison: Comparison, context: Context) -> str:
    place = changes.place(change, comparison)
    properties = {"type": "warning", "sourcepath": context.relative(place.path)}
    if place.line:
        properties |= {"linenumber": str(place.line), "columnnumber": str(max(place.column, 1))}
    return _command(properties, f"change [{change.risk}] {changes.sentence(change)}")


def _unread(file: FileReport, context: Context) -> str:
    kind = "error" if file.status == "error" else "warning"
    return _command({"type": kind, "sourcepath": context.relative(file.path)}, wording.problem(file))


def _command(properties: dict[str, str], message: str) -> str:
    listed = "".join(f"{key}={azure_property(value)};" for key, value in properties.items())
    return f"{HEAD}{listed}]{azure_data(message)}"
