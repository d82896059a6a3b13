"""Changes under the pair they are of, then findings under the file they are in, aligned in columns."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Comparison, Finding, Report
from diagnose.text import changes, wording
from diagnose.text.escape import plain
from diagnose.text.terminal import Style, columns

NAME = "grouped"
TITLE = "findings grouped by file"
SUFFIX = ".txt"


def emit(report: Report, context: Context) -> str:
    """Return each file that has findings or was not checked, with one line per finding, then a summary."""
    style = Style(context.colour, context.hyperlinks)
    lines = []
    for comparison in report.comparisons:
        lines += [*_changes(comparison, style), ""]
    for file, findings in wording.by_file(report):
        problem = wording.problem(file)
        if not findings and not problem:
            continue
        read = wording.read(file)
        lines.append(style.paint(plain(file.path), "bold") + (f" ({plain(read)})" if read else "") + ":")
        if problem:
            severity = "error" if file.status == "error" else "warning"
            lines.append(f"  {style.severity(severity, severity)}: {plain(problem)}")
        lines += [*_rows(findings, context, style), ""]
    lines += [f"note: {plain(note)}" for note in report.notes]
    skipped = wording.skipped(report)
    lines.append(plain(wording.found(report) + (f" ({skipped})" if skipped else "") + "."))
    return "\n".join(lines) + "\n"


def _changes(comparison: Comparison, style: Style) -> list[str]:
    title = style.paint(plain(f"{comparison.old} -> {comparison.new}"), "bold")
    listed = changes.ordered(comparison)
    places = [str(change.place.line) if change.place.line else "-" for change in listed]
    place_width = max(map(columns, places), default=0)
    risk_width = max((len(change.risk) for change in listed), default=0)
    lines = [f"{title}: {plain(changes.tally(comparison))}"]
    for change, place in zip(listed, places, strict=True):
        risk = style.risk(change.risk, change.risk) + " " * (risk_width - len(change.risk))
        lines.append(f"  {place.rjust(place_width)}  {risk}  {plain(changes.sentence(change))}")
    return lines


def _rows(findings: list[Finding], context: Context, style: Style) -> list[str]:
    places = [f"{each.place.line}:{each.place.column}" if each.place.line else "-" for each in findings]
    place_width = max(map(len, places), default=0)
    code_width = max((len(each.severity) + len(each.code) + 1 for each in findings), default=0)
    rows = []
    for each, place in zip(findings, places, strict=True):
        label = plain(f"{each.severity} {each.code}")
        painted = style.link(style.severity(label, each.severity), context.url(each.name))
        segment = f" [{plain(each.segment)}]" if each.segment else ""
        gap = " " * (code_width - len(label))
        rows.append(f"  {place.rjust(place_width)}  {painted}{gap}  {plain(each.name)}: {plain(each.message)}{segment}")
    return rows
