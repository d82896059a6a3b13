"""GitHub-flavoured Markdown for ``$GITHUB_STEP_SUMMARY``.

A table of the findings, one of the changes per comparison, then each finding with its evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from diagnose.emit.context import Context
from diagnose.model import Change, Comparison, Finding, Report, Result
from diagnose.text import changes, escape, excerpt, remark, wording

NAME = "markdown"
TITLE = "Markdown, for a job's summary or a comment"
SUFFIX = ".md"

SIGNS = {"error": "❌", "warning": "⚠️", "info": "ℹ️", "hint": "💡"}
RISK_SIGNS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "⚪", "none": "⚪"}
VALUE_WIDTH = 60
LONGEST = 900_000
"""GitHub refuses a step summary of more than 1 MiB."""


def emit(report: Report, context: Context) -> str:
    """Return the report, the worst findings first, cut where it would get too long for a step summary."""
    findings = wording.worst_first(report.findings)
    longest = LONGEST * 3 // 4 if report.comparisons else LONGEST
    parts = [f"## diagnose: {escape.markdown(wording.found(report))}", ""]
    if findings:
        parts += ["| | Rule | Where | What |", "|---|---|---|---|"]
        parts += _up_to(longest // 3, [[_row(finding, context)] for finding in findings])
        parts += [""]
    for comparison in report.comparisons:
        parts += _compared(comparison, LONGEST // 4 // len(report.comparisons), context)
    parts += _up_to(longest // 2, (list(_details(finding, context)) for finding in findings))
    parts += _files(report)
    return "\n".join(parts).rstrip("\n") + "\n"


def _up_to(size: int, groups: Iterable[list[str]], noun: str = "finding") -> list[str]:
    """Return the lines of as many groups as take up *size* bytes, and a line that counts the rest."""
    lines: list[str] = []
    left = 0
    for group in groups:
        size -= sum(len(line.encode()) + 1 for line in group)
        if size >= 0 and not left:
            lines += group
        else:
            left += 1
    if left:
        lines += ["", f"*{wording.plural(left, f'more {noun}')} not shown here: the list is too long.*", ""]
    return lines


def _compared(comparison: Comparison, size: int, context: Context) -> Iterator[str]:
    title = f"{escape.code_span(comparison.old)} → {escape.code_span(comparison.new)}"
    yield from (f"### {title}", "", escape.markdown(changes.tally(comparison)), "")
    relative = cache(context.relative)  # thousands of changes stand in few files
    for title, found in changes.groups(comparison):
        yield from (f"**{title.capitalize()}:**", "")
        yield from ("| Risk | Setting | Old | New | Change | Role | Why | Where |", "|---|---|---|---|---|---|---|---|")
        room = size * len(found) // len(comparison.changes)
        yield from _up_to(room, ([_change(change, comparison, relative)] for change in found), "change")
        yield ""
    if comparison.results:
        yield from ("| Result | Old | New | Noise | Verdict |", "|---|---|---|---|---|")
        yield from map(_result, comparison.results)
        yield ""


def _change(change: Change, comparison: Comparison, relative: Callable[[str], str]) -> str:
    old, new = changes.sides(change, VALUE_WIDTH)
    name = changes.label(change).removeprefix(change.key)
    where = changes.where(change, comparison, relative(changes.place(change, comparison).path))
    cells = (
        f"{RISK_SIGNS.get(change.risk, '')} {change.risk}",
        escape.code_span(change.key, cell=True) + (f" {escape.markdown(name)}" if name else ""),
        escape.code_span(old, cell=True),
        escape.code_span(new, cell=True),
        escape.markdown(changes.moved(change)),
        escape.markdown(change.role),
        escape.markdown(changes.joined(changes.reasons(change))),
        escape.code_span(where, cell=True),
    )
    return f"| {' | '.join(cells)} |"


def _result(result: Result) -> str:
    told = (changes.measured(result.old), changes.measured(result.new), changes.noise(result), result.verdict)
    return f"| {escape.code_span(result.metric, cell=True)} | {' | '.join(map(escape.markdown, told))} |"


def _row(finding: Finding, context: Context) -> str:
    segment = f" ({escape.markdown(finding.segment)})" if finding.segment else ""
    cells = (
        f"{SIGNS[finding.severity]} {finding.severity}",
        f"[{escape.code_span(finding.code, cell=True)}]({context.url(finding.name)}) {escape.markdown(finding.name)}",
        escape.code_span(wording.position(finding, context.relative(finding.place.path)), cell=True) + segment,
        escape.markdown(finding.message),
    )
    return f"| {' | '.join(cells)} |"


def _details(finding: Finding, context: Context) -> Iterator[str]:
    title = escape.html(f"{finding.code} {finding.name}: {escape.line(finding.message)}")
    where = escape.code_span(wording.position(finding, context.relative(finding.place.path)))
    yield from ("<details>", f"<summary>{SIGNS[finding.severity]} {title}</summary>", "", where, "")
    rows = list(excerpt.rows(finding))
    gutter = max((len(str(row.number)) for row in rows), default=0)
    if rows:
        yield from (escape.code_block("\n".join(_shown(row, gutter) for row in rows)), "")
    if finding.why:
        yield from (_labelled("Why", remark.sentence(finding.why)), "")
    if finding.suspects:
        yield from ("**Suspects:**", "")
        for suspect in finding.suspects:
            because = f": {escape.markdown('; '.join(suspect.because))}" if suspect.because else ""
            yield f"- {escape.code_span(suspect.name)} ({wording.score(suspect):.2f}){because}"
        yield ""
    if finding.advice:
        yield from ("**Advice:**", *remark.blocks(finding.advice), "")
    if finding.folded:
        yield from (_labelled("Explains also", ", ".join(map(escape.code_span, finding.folded))), "")
    yield from ("</details>", "")


def _shown(row: excerpt.Row, gutter: int) -> str:
    if row.kind == "path":
        return f"{' ' * gutter}--> {row.text}"
    number = str(row.number) if row.kind == "line" else ""
    return f"{number.rjust(gutter)} {'|' if number else ':'} {row.text}".rstrip()


def _labelled(label: str, text: str) -> str:
    return f"**{label}:** {text}"


def _files(report: Report) -> Iterator[str]:
    unread = [(file, problem) for file in report.files if (problem := wording.problem(file))]
    if unread:
        yield from ("**Not (fully) checked:**", "")
        yield from (f"- {escape.code_span(file.path)}: {escape.markdown(problem)}" for file, problem in unread)
        yield ""
    yield from (f"{escape.markdown(note)}\n" for note in report.notes)
    if report.skipped:
        yield "<details>"
        yield f"<summary>{wording.plural(len(report.skipped), 'rule')} skipped</summary>"
        yield ""
        for lack, names in wording.lacks(report):
            yield f"- {escape.markdown(lack)}: {', '.join(map(escape.code_span, names))}"
        yield from ("", "</details>")
