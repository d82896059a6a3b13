"""A rule that fired in a segment, before it is worded."""

from __future__ import annotations

from diagnose.language import Scope
from diagnose.model import Evidence, Place, Run, Segment
from diagnose.records import dataclass, field
from diagnose.rules import Rule


@dataclass(slots=True)
class Hit:
    """One hit of a rule.

    Attributes:
        scope: the names and values it was found with; messages are worded from it.
        subject: canonical metric name, event kind or config key it is about.
        evidence: places with a statement; an empty statement means that the line speaks for itself.
        folded: names of rules whose findings this one explains.
    """

    rule: Rule
    run: Run
    segment: Segment
    scope: Scope
    severity: str
    subject: str
    place: Place
    evidence: list[Evidence]
    folded: list[str] = field(default_factory=list)
