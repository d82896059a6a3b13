"""What a rule found, and the report that collects it. Findings are made once and never edited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from diagnose.model.place import Place
from diagnose.records import dataclass, field

if TYPE_CHECKING:
    from diagnose.model.cause import Cause
    from diagnose.model.comparison import Comparison

SEVERITIES = ("error", "warning", "info", "hint")
"""From the worst to the mildest."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line that shows the finding; ``text`` is the log's own line or a measured statement about it."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A possible cause: the name of a rule or mechanism, a written weight in 0..1, and the reasons."""

    name: str
    score: float
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code, name: the rule's two identities.
        severity: one of ``SEVERITIES``.
        message: one sentence with the numbers of this run.
        place: what must be changed if that is known, else the line that shows it.
        segment: the segment's name; empty if the file has only one, or if the finding stands for several.
        segments, places: the names of the segments that it stands for, if it stands for several, and its place in each.
        subject: the metric, config key or event it is about; part of the fingerprint.
        evidence: the lines and numbers that show it.
        why: what it means, from the rule.
        advice: what to do first, in order, as Markdown.
        folded: names of findings that this one explains and that are therefore not listed.
        fingerprint: stable over line shifts: rule, subject, segment and normalised path.
    """

    code: str
    name: str
    severity: str
    message: str
    place: Place
    segment: str = ""
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    why: str = ""
    advice: str = ""
    folded: tuple[str, ...] = ()
    fingerprint: str = ""
    segments: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()

    def place_in(self, segment: str) -> Place:
        """Return the place that shows it in a segment."""
        return dict(zip(self.segments, self.places, strict=False)).get(segment, self.place)


@dataclass(slots=True)
class FileReport:
    """What became of one input.

    Attributes:
        status: ``ok``, ``unknown`` (no format matched) or ``error``.
        detail: the message for the user where the file could not be (fully) read, with the mend.
        runs, epochs, series: how many segments, reached epochs (summed) and series were read.
        ran, skipped: rules that were evaluated, and rules that were not with what they lacked; reports may share them.
        suppressed: findings that a comment or a waiver permits.
        covers: further files that were read with it and need no report of their own.
    """

    path: str
    format: str = ""
    status: str = "ok"
    detail: str = ""
    runs: int = 0
    epochs: int = 0
    series: int = 0
    ran: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    covers: tuple[str, ...] = ()
    suppressed: int = 0


@dataclass(slots=True)
class Report:
    """The result of linting all inputs, in input order; ``comparisons`` are those of ``diagnose diff``."""

    files: list[FileReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    suppressed: int = 0
    notes: list[str] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)

    @property
    def ran(self) -> set[str]:
        """Names of rules that were evaluated on at least one input."""
        return set().union(*_once(file.ran for file in self.files))

    @property
    def skipped(self) -> dict[str, str]:
        """Rules that could be evaluated on no input, each with what it lacked."""
        ran = self.ran
        merged: dict[str, str] = {}
        for skipped in _once(file.skipped for file in self.files):
            for name, want in skipped.items():
                if name not in ran:
                    merged.setdefault(name, want)
        return merged

    def count(self, severity: str) -> int:
        """Return the number of findings of exactly this severity."""
        return sum(finding.severity == severity for finding in self.findings)


def _once(several: Iterable[Any]) -> Iterable[Any]:
    """Return objects once each: reports share many."""
    return {id(one): one for one in several}.values()
