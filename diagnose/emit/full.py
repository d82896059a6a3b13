"""For people at a terminal: each finding with the lines that show it, what it means and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.emit.context import Context
from diagnose.model import Finding, Report
from diagnose.text import change_table, excerpt, markup, wording
from diagnose.text.escape import plain
from diagnose.text.terminal import Style, columns, shorten, wrap

NAME = "full"
TITLE = "findings with evidence, meaning and advice, for the terminal"
SUFFIX = ".txt"

FILES_LISTED = 12


def emit(report: Report, context: Context) -> str:
    """Return what was changed, the findings in the order of the report, then what was read, then the totals."""
    page = _Page(context)
    lines: list[str] = []
    for comparison in report.comparisons:
        lines += [*change_table.tables(comparison, page.width, page.style), ""]
    for finding in report.findings:
        lines += [*page.finding(finding), ""]
    lines += page.files(report)
    lines += [page.note("note", note) for note in report.notes]
    lines += page.totals(report)
    return "\n".join(lines) + "\n"


class _Page:
    """Writes the parts; remembers what it has explained, since the same rule often fires in several files."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.style = Style(context.colour, context.hyperlinks)
        self.width = max(context.width, 40)
        self.explained: dict[tuple[str, str], str] = {}

    def finding(self, finding: Finding) -> Iterator[str]:
        """Yield the lines of one finding."""
        gutter = max(len(str(place.line)) for place in (finding.place, *(shown.place for shown in finding.evidence)))
        code = self.style.link(
            self.style.severity(f"{finding.severity}[{plain(finding.code)}]", finding.severity),
            self.context.url(finding.name),
        )
        yield f"{code} {self.style.paint(f'{plain(finding.name)}: {plain(finding.message)}', 'bold')}"
        segment = f" ({plain(finding.segment)})" if finding.segment else ""
        yield f"{' ' * gutter}{self._bar('-->')} {plain(wording.position(finding))}{segment}"
        yield from self._evidence(finding, gutter)
        yield from self._notes(finding, gutter)

    def _evidence(self, finding: Finding, gutter: int) -> Iterator[str]:
        space = " " * gutter
        rows = list(excerpt.rows(finding, self.width - gutter - 3))
        for row in rows:
            if row is rows[0]:
                yield f"{space} {self._bar('|')}"
            if row.kind == "path":
                yield f"{space}{self._bar('-->')} {plain(row.text)}"
            elif row.kind == "said":
                yield from (
                    f"{space} {self._bar(':')} {line}" for line in wrap(plain(row.text), self.width - gutter - 3)
                )
            else:
                text = plain(row.text)
                text = self.style.severity(text, finding.severity) if row.primary else text
                yield f"{self._bar(str(row.number).rjust(gutter))} {self._bar('|')} {text}".rstrip()
        if rows:
            yield f"{space} {self._bar('|')}"

    def _notes(self, finding: Finding, gutter: int) -> Iterator[str]:
        where = wording.position(finding)
        if finding.why and self._is_new(finding.code, finding.why, where):
            yield from self._paragraph("why", finding.why, gutter)
        for number, suspect in enumerate(finding.suspects):
            text = f"{plain(suspect.name)} ({wording.score(suspect):.2f})"
            text += f": {'; '.join(map(plain, suspect.because))}" if suspect.because else ""
            yield from self._paragraph("suspects" if not number else "", text, gutter, room=len("suspects"))
        if finding.advice and self._is_new("", finding.advice, where):
            yield from self._advice(finding.advice, gutter)
        elif finding.advice:
            yield from self._paragraph("advice", f"as for {self.explained['', finding.advice]}", gutter)
        if finding.folded:
            yield from self._paragraph("explains", ", ".join(finding.folded), gutter)

    def _is_new(self, code: str, text: str, where: str) -> bool:
        known = (code, text) in self.explained
        self.explained.setdefault((code, text), where)
        return not known

    def _paragraph(self, label: str, text: str, gutter: int, room: int = 0) -> Iterator[str]:
        head = self._label(label, gutter, room)
        width = gutter + 5 + max(len(label), room)
        first, *rest = wrap(plain(text), self.width - width)
        yield head + first
        yield from (" " * width + line for line in rest)

    def _label(self, label: str, gutter: int, room: int = 0) -> str:
        if not label:
            return " " * (gutter + 5 + room)
        return f"{' ' * gutter} {self._bar('=')} {self.style.paint(label + ':', 'bold')} " + " " * (room - len(label))

    def _advice(self, advice: str, gutter: int) -> Iterator[str]:
        margin = gutter + len(" = advice: ")
        head = self._label("advice", gutter)
        for block in markup.blocks(advice):
            indent = margin + 3 * (block.depth - (block.kind == "item")) if block.depth else margin
            marker = f"{block.marker} " if block.kind == "item" else ""
            if block.kind == "code":
                lines = ["  " + shorten(plain(span.text), self.width - indent - 2)[0] for span in block.spans]
            else:
                lines = wrap(plain(_written(block)), self.width - indent - len(marker))
            for number, line in enumerate(lines):
                start = marker if number == 0 else " " * len(marker)
                yield (head or " " * margin) + (" " * (indent - margin) + start + line).rstrip()
                head = ""

    def files(self, report: Report) -> list[str]:
        """Return a line per file; of many files only those with findings or trouble."""
        groups = [(file, found) for file, found in wording.by_file(report) if file.format or wording.problem(file)]
        telling = [(file, found) for file, found in groups if found or wording.problem(file)]
        listed = groups if len(groups) <= FILES_LISTED else telling
        lines = []
        for file, found in listed:
            told = [wording.read(file), wording.counts(found) or "no problems" * (not wording.problem(file))]
            what = "; ".join(filter(None, told))
            lines.append(self.style.paint(plain(file.path), "bold") + (f": {plain(what)}" if what else ""))
            if problem := wording.problem(file):
                severity = "error" if file.status == "error" else "warning"
                lines.append(f"  {self.style.severity(severity, severity)}: {plain(problem)}")
        if len(groups) > len(listed):
            lines.append(f"{wording.plural(len(groups) - len(listed), 'more file')} without problems")
        return lines

    def totals(self, report: Report) -> list[str]:
        """Return the last sentence."""
        worst = next((severity for severity in ("error", "warning") if report.count(severity)), "")
        found = plain(wording.found(report))
        found = self.style.severity(found, worst) if worst else self.style.paint(found, "bold")
        skipped = wording.skipped(report)
        first, *rest = wrap(plain(f"({skipped})."), self.width - 2) if skipped else ["."]
        if not skipped:
            return [f"{found}."]
        if not rest and columns(wording.found(report)) + 1 + columns(first) <= self.width:
            return [f"{found} {first}"]
        return [found, *(f"  {line}" for line in (first, *rest))]

    def note(self, label: str, text: str) -> str:
        """Return a line that begins with a label."""
        return f"{self.style.paint(label, 'bold')}: {plain(text)}"

    def _bar(self, sign: str) -> str:
        return self.style.paint(sign, "bold blue")


def _written(block: markup.Block) -> str:
    """Return a block with the backticks that set off commands, and the addresses of links."""
    parts = {"code": "`{0}`", "link": "{0} ({1})"}
    return "".join(parts.get(span.kind, "{0}").format(span.text, span.url) for span in block.spans)
