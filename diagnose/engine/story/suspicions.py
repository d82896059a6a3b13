"""Suspects in order: those that rules on causes weighed, else those that the findings name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from diagnose.engine.causes import causes_of
from diagnose.engine.lint import Options
from diagnose.engine.story.reading import Reading
from diagnose.engine.story.settings import changed
from diagnose.model import Argument, Cause, Change, Finding, Segment
from diagnose.records import replace
from diagnose.rules import Rule, builtin

MOST = 8
NO_CAUSE = ("hint",)
"""Severities of findings whose suspects are not worth a test of their own."""
NOT_WEIGHED = "no rule on causes fits: what speaks against it was not looked for"


def suspicions(
    reading: Reading, options: Options, changes: tuple[Change, ...] | None
) -> tuple[tuple[Cause, ...], bool]:
    """Return the suspects, the strongest first, and whether rules on causes weighed them."""
    run = replace(reading.run, segments=[_compared(reading, segment, changes) for segment in reading.run.segments])
    found = causes_of(
        run,
        reading.findings,
        options.rules,
        thresholds=options.thresholds,
        sources=reading.sources,
        baselines=reading.baseline or reading.beside,
    )
    if found:
        return tuple(found), True
    return _named(reading.findings, reading.file.ran), False


def _compared(reading: Reading, segment: Segment, changes: tuple[Change, ...] | None) -> Segment:
    """Return a segment with how its settings differ from those it is compared with: as was said, or as both state."""
    before = reading.baseline.get(segment.index)
    if changes is None and before is not None and segment.config and before.config:
        changes = changed(segment, before)[0]
    return replace(segment, changes=changes)


def _named(findings: Sequence[Finding], ran: Collection[str]) -> tuple[Cause, ...]:
    """Return what the findings name as suspects; the score is the highest weight that any of them gives.

    What this run gives no reason for is left out, and so is what a rule looked for in this run and did not find.
    """
    arguments: dict[str, list[Argument]] = {}
    there = {finding.name: finding for finding in findings}
    seen = there.keys() | {name for finding in findings for name in finding.folded}
    for finding in findings:
        if finding.severity in NO_CAUSE:
            continue
        for suspect in finding.suspects:
            if suspect.name not in seen and (suspect.name in ran or not suspect.because):
                continue
            reasons = "; ".join(suspect.because) or f"the finding {finding.name} names it, and it was found too"
            argument = Argument(suspect.score, f"{finding.name}: {reasons}", (finding.place,), finding.name)
            arguments.setdefault(suspect.name, []).append(argument)
    rules = {rule.name: rule for rule in builtin()}
    causes = [_cause(name, found, rules.get(name), there.get(name)) for name, found in arguments.items()]
    causes.sort(key=lambda cause: (-cause.score, -len(cause.supports), cause.name))
    return tuple(causes[:MOST])


def _cause(name: str, arguments: list[Argument], rule: Rule | None, finding: Finding | None) -> Cause:
    supports = tuple(sorted(arguments, key=lambda argument: -argument.weight))
    place = supports[0].places[0] if supports[0].places else None
    return Cause(
        rule.code if rule else "",
        name,
        rule.title if rule else name.replace("-", " "),
        place.path if place else "",
        finding.segment if finding else "",
        supports[0].weight,
        supports,
        (Argument(0.0, NOT_WEIGHED),),
        advice=finding.advice if finding else "",
    )
