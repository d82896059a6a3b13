"""The evidence of a finding as rows: the lines of the files it quotes, and what was measured on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diagnose.model import Evidence, Finding
from diagnose.patterns import lazy
from diagnose.records import dataclass
from diagnose.text.escape import line
from diagnose.text.terminal import shorten

NUMBER = lazy(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
NOT_FINITE = lazy(r"\b(?:nan|inf)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an excerpt.

    Attributes:
        kind: ``path`` (the rows below are from that file), ``line`` (quoted) or ``said`` (measured).
        text: on one line and without control characters; a quoted one is cut to the width.
        number: of a quoted line.
        primary: whether it is the line that the finding stands on.
    """

    kind: str
    text: str
    number: int = 0
    primary: bool = False


def rows(finding: Finding, width: int = 400) -> Iterator[Row]:
    """Yield the rows of a finding's evidence in the order in which it tells the story."""
    path, last = finding.place.path, None
    for evidence in _shown(finding):
        place = evidence.place
        quoted, said = (place.text, evidence.text) if place.text else (evidence.text, "")
        if place.path != path:
            path = place.path
            yield Row("path", line(path))
        if not place.line:
            yield Row("said", line(said or quoted))
            continue
        if (path, place.line) != last:
            text = line(quoted)
            cut, _ = shorten(text, width, _interesting(finding, evidence, text))
            primary = (path, place.line) == (finding.place.path, finding.place.line)
            yield Row("line", cut, place.line, primary)
        last = (path, place.line)
        if said and line(said) != line(quoted):
            yield Row("said", line(said))


def _shown(finding: Finding) -> list[Evidence]:
    """Return the evidence, with the primary line at its place if its text is known and no evidence shows it."""
    shown, place = list(finding.evidence), finding.place
    if not place.text or not place.line:
        return shown
    if any((each.place.path, each.place.line) == (place.path, place.line) for each in shown):
        return shown
    before = [at for at, each in enumerate(shown, 1) if each.place.path == place.path and each.place.line < place.line]
    shown.insert(before[-1] if before else 0, Evidence(place, place.text))
    return shown


def _interesting(finding: Finding, evidence: Evidence, text: str) -> int:
    """Return where in a long line the eye should rest: the column, the subject, NaN, or a number of the message."""
    if evidence.place.column > 1:
        return min(evidence.place.column, len(text)) - 1
    low = text.lower()
    for word in (finding.subject, re.split(r"[/.]", finding.subject)[-1]):
        if word and (at := low.find(word.lower())) >= 0:
            return at
    if match := NOT_FINITE.search(text):
        return match.start()
    for number in sorted(NUMBER.findall(finding.message), key=len, reverse=True):
        if len(number) > 2 and (at := text.find(number)) >= 0:
            return at
    return 0
