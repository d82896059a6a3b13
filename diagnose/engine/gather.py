"""One finding in place of many that say the same of many segments."""

from __future__ import annotations

from collections import defaultdict

from diagnose.engine.fingerprint import fingerprint
from diagnose.model import Evidence, Finding, Place
from diagnose.patterns import lazy
from diagnose.records import replace

LEAST = 4
"""Segments from which on a finding is not repeated for each: two or three stages stay apart, thirty folds do not."""
MOST_SEGMENTS = 24
"""Segments that the evidence of a gathered finding lists."""
NUMBER = lazy(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def gather(by_segment: list[list[Finding]]) -> list[Finding]:
    """Return the findings of a file, those alike in several segments gathered into the first of them.

    Alike are findings of one rule and severity about the same subject whose messages differ in numbers only. The
    gathered finding keeps place, reasons and advice of the first; its evidence names the other segments. What one line
    states for all segments, such as the batch size at the head of the file, is said once however few they are.
    """
    if len(by_segment) == 1:
        return by_segment[0]
    groups: dict[tuple[str, ...], dict[int, list[Finding]]] = defaultdict(dict)
    for index, findings in enumerate(by_segment):
        for finding in findings:
            groups[_key(finding)].setdefault(index, []).append(finding)
    firsts: dict[int, Finding] = {}  # what stands for a group, by the identity of its first finding
    gone: set[int] = set()
    for group in groups.values():
        if len(group) >= LEAST or _of_one_line(group):
            first, *others = (finding for findings in group.values() for finding in findings)
            firsts[id(first)] = _one(first, others, len(group), len(by_segment))
            gone.update(map(id, others))
    return [
        firsts.get(id(finding), finding) for findings in by_segment for finding in findings if id(finding) not in gone
    ]


def _of_one_line(group: dict[int, list[Finding]]) -> bool:
    """Whether several segments only repeat what one line above them all states."""
    told = {(finding.message, finding.place.line) for findings in group.values() for finding in findings}
    return len(group) > 1 and len(told) == 1


def _key(finding: Finding) -> tuple[str, ...]:
    return (finding.code, finding.severity, finding.subject, finding.place.path, NUMBER.sub("0", finding.message))


def _one(first: Finding, others: list[Finding], number: int, segments: int) -> Finding:
    same = all(other.message == first.message for other in others)
    where = f"in {number} of {segments} segments" + ("" if same else f", first in {first.segment}")
    places: dict[str, Place] = {}
    for item in (first, *others):
        places.setdefault(item.segment, item.place)
    return replace(
        first,
        message=f"{where}: {first.message}",
        segment="",
        segments=tuple(places),
        places=tuple(places.values()),
        evidence=(*first.evidence, *(_evidence(other, same) for other in others[: MOST_SEGMENTS - 1])),
        folded=tuple(dict.fromkeys(name for item in (first, *others) for name in item.folded)),
        fingerprint=fingerprint(first.code, first.subject, "", first.place.path),
    )


def _evidence(finding: Finding, same: bool) -> Evidence:
    said = "the same" if same else finding.message
    return Evidence(finding.place, f"{finding.segment}: {said}")
