"""One line per finding: ``path:line:col: severity CODE name: message``.

Before them stands a line per change: ``path:line: change [risk] key old -> new (reason)``.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import wording
from diagnose.text.escape import plain
from diagnose.text.terminal import Style

NAME = "concise"
TITLE = "one line per finding"
SUFFIX = ".txt"


def emit(report: Report, context: Context) -> str:
    """Return one line per finding and per file that was not checked, then a summary."""
    style = Style(context.colour, context.hyperlinks)
    lines: list[str] = []
    if report.comparisons:
        lines += _changes(report, style)
    for finding in report.findings:
        where = style.paint(plain(wording.position(finding)), "bold")
        what = style.severity(f"{finding.severity} {finding.code}", finding.severity)
        what = style.link(what, context.url(finding.name)) if context.hyperlinks else what
        segment = f" [{plain(finding.segment)}]" if finding.segment else ""
        lines.append(f"{where}: {what} {finding.name}: {plain(finding.message)}{segment}")
    for file in report.files:
        if problem := wording.problem(file):
            severity = "error" if file.status == "error" else "warning"
            where = style.paint(plain(file.path), "bold")
            lines.append(f"{where}: {style.severity(severity, severity)}: {plain(problem)}")
    lines += [f"note: {plain(note)}" for note in report.notes]
    skipped = wording.skipped(report)
    lines.append(plain(wording.found(report) + (f" ({skipped})" if skipped else "") + "."))
    return "\n".join(lines) + "\n"


def _changes(report: Report, style: Style) -> Iterator[str]:
    from diagnose.text import changes

    for index, change in changes.worst_first(report):
        where = style.paint(plain(changes.where(change, report.comparisons[index])), "bold")
        what = style.risk(f"change [{change.risk}]", change.risk)
        yield f"{where}: {what} {plain(changes.sentence(change))}"
