"""Suspects in order: those that rules on causes weighed, else those that the findings name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diagnose.engine.causes import causes_of
from diagnose.engine.diff.run import BASELINE
from diagnose.engine.lint import Options
from diagnose.engine.story.reading import Reading
from diagnose.model import Argument, Cause, Change, Finding, Run
from diagnose.rules import Rule, builtin

MOST = 8
NO_CAUSE = ("hint",)
"""Severities of findings whose suspects are not worth a test of their own."""


def suspicions(
    reading: Reading, options: Options, changes: tuple[Change, ...] | None
) -> tuple[tuple[Cause, ...], bool]:
    """Return the suspects, the strongest first, and whether rules on causes weighed them."""
    found: list[Cause] = []
    for run in _runs(reading, changes):
        # What the run as a whole shows is told once; beside its baseline only what needs one is added.
        known = {cause.name for cause in found}
        made = causes_of(run, reading.findings, options.rules, thresholds=options.thresholds, sources=reading.sources)
        found += [cause for cause in made if cause.name not in known]
    if found:
        return tuple(sorted(found, key=lambda cause: (-cause.score, cause.code))), True
    return _named(reading.findings), False


def _runs(reading: Reading, changes: tuple[Change, ...] | None) -> list[Run]:
    """Return the run as a whole, and each of its segments beside that of the baseline."""
    run = reading.run
    segments = [replace(segment, changes=changes) for segment in run.segments]
    whole = replace(run, segments=segments)
    pairs = [
        replace(run, segments=[segment, replace(before, name=BASELINE, index=len(segments))])
        for segment in segments
        if (before := reading.baseline.get(segment.index)) is not None
    ]
    return [whole, *pairs] if len(segments) > 1 or not pairs else pairs


def _named(findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """Return what the findings name as suspects; the score is the highest weight that any of them gives."""
    arguments: dict[str, list[Argument]] = {}
    for finding in findings:
        if finding.severity in NO_CAUSE:
            continue
        for suspect in finding.suspects:
            reasons = "; ".join(suspect.because) or f"the finding {finding.name} names it, without a reason of this run"
            argument = Argument(suspect.score, f"{finding.name}: {reasons}", (finding.place,), finding.name)
            arguments.setdefault(suspect.name, []).append(argument)
    rules = {rule.name: rule for rule in builtin()}
    there = {finding.name: finding for finding in findings}
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
        advice=finding.advice if finding else "",
    )
