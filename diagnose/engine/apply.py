"""One rule on one segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from diagnose.engine.hit import Hit
from diagnose.engine.view import View
from diagnose.engine.wording import words
from diagnose.language import LanguageError, MissingError, Node, Scope, evaluate, parse, place_of, truth
from diagnose.model import SEVERITIES, Change, Event, Evidence, Place, Segment, Series, Setting
from diagnose.names import hyperparameter
from diagnose.records import dataclass
from diagnose.rules import Rule, param

MOST_EVIDENCE = 8
"""Places shown for one finding."""


@dataclass(slots=True)
class Ready:
    """A rule as it was made ready for segments of one outline, and for one of the series that it looks at.

    Attributes:
        when: its condition.
        parts: the named parts that the condition needs.
    """

    when: Node
    parts: Mapping[str, Node]


def apply(
    rule: Rule, view: View, overrides: Mapping[str, Any], ready: Sequence[Ready] | None = None, *, holds: bool = False
) -> list[Hit]:
    """Return the hits of a rule in a segment that ``view.lack`` finds nothing lacking in, merged if the rule says so.

    Args:
        rule: the rule.
        view: where to look.
        overrides: thresholds from the settings; ``{"metrics": {"val/map50": {...}}}`` holds those of one metric.
        ready: the rule for each series that it looks at, if it was made ready for segments like this one.
        holds: whether it is known that one of its conditions holds.

    Raises:
        MissingError: if the segment lacks something that the rule cannot do without; the rule is skipped.
        LanguageError: if the rule is at fault.
    """
    if ready is not None:
        try:
            if not holds and _finds_nothing(ready, view.scope):
                return []
            if rule.evidence:  # else it is what the condition comes upon as it is written
                return _found(rule, view, overrides, ready, holds=holds and len(ready) == 1)
        except LanguageError:  # told of as the rule is written
            pass
    return _found(rule, view, overrides, None)


def _found(
    rule: Rule, view: View, overrides: Mapping[str, Any], ready: Sequence[Ready] | None, *, holds: bool = False
) -> list[Hit]:
    hits: list[Hit] = []
    missing = ""  # an error that is kept holds this frame, and with it the run, until Python looks for such circles
    when = parse(rule.when)
    tried = False
    for number, (value, scope) in enumerate(scopes(rule, view, overrides)):
        try:
            if ready is not None:
                scope.lets = {**scope.lets, **ready[number].parts}
            if holds or truth(when if ready is None else ready[number].when, scope):
                hits.append(_hit(rule, view, scope, value))
            tried = True
        except MissingError as error:
            missing = error.what
    if missing and not tried:
        raise MissingError(missing)
    return [_merged(hits)] if len(hits) > 1 and rule.merge else hits


def _finds_nothing(ready: Sequence[Ready], scope: Scope) -> bool:
    """Whether a rule finds nothing. Raises as ``apply`` does."""
    missing, tried = "", False
    for one in ready:
        try:
            if truth(one.when, scope):
                return False
            tried = True
        except MissingError as error:
            missing = error.what
    if missing and not tried:
        raise MissingError(missing)
    return True


def scopes(rule: Rule, view: View, overrides: Mapping[str, Any], **more: Any) -> Iterator[tuple[Any, Scope]]:
    """Yield what a rule's ``each`` takes on, None for a rule that looks at the whole, with the scope of each.

    Where ``view.lack`` tells that the segment lacks something, there is nothing to look at.

    Args:
        rule: the rule.
        view: where to look.
        overrides: thresholds from the settings.
        more: further attributes of the scopes.

    """
    variable = ""
    found: list[Any] = [None]
    if rule.each is not None:
        variable, selector = rule.each
        found, _ = view.candidates(selector)
    lets, run, kept = rule.parts(), view.run, view.scope.kept
    for value in found:
        thresholds = thresholds_of(rule, overrides, value) if overrides else {}
        values = {**rule.params, **thresholds, **view.given}
        if variable:
            values[variable] = value
        yield value, Scope(view.segment, lets, values, view.baseline, run.segments, memo=view.memo, kept=kept, **more)


def thresholds_of(rule: Rule, overrides: Mapping[str, Any], about: Any) -> dict[str, Any]:
    """Return the parameters of a rule that settings override, for what it looks at."""
    params = {key: param(item) for key, item in overrides.items() if key in rule.params}
    if isinstance(about, Series):
        of_metric = overrides.get("metrics", {}).get(about.name, {})
        params.update({key: param(item) for key, item in of_metric.items() if key in rule.params})
    return params


def _hit(rule: Rule, view: View, scope: Scope, about: Any) -> Hit:
    segment = view.segment
    severity = next(level for level, when in rule.severity if not when or _holds(when, scope))
    evidence = list(islice(_evidence(rule, scope, about), MOST_EVIDENCE))
    if segment.summary is not None:
        evidence.append(Evidence(segment.summary, f"{segment.name} in the summary that was linted"))
    place = None
    if rule.at:
        try:
            place = place_of(evaluate(parse(rule.at), scope))
        except MissingError:
            place = None
    if place is None or not place.line:
        place = evidence[0].place if evidence else Place(segment.path, segment.first_line)
    named = subject(about, segment)
    if rule.subject:
        named = str(_or_none(rule.subject, scope) or named)
    return Hit(rule, view.run, segment, scope, severity, named, place, evidence)


def subject(about: Any, segment: Segment) -> str:
    """Return what a hit is about: a metric, the kind of an event, a setting or change by its canonical name."""
    if isinstance(about, Series):
        return about.name
    if isinstance(about, Event):
        return about.kind
    if isinstance(about, Change):
        return about.name or about.key
    if isinstance(about, Setting):
        row = hyperparameter(about.key, segment.config.framework)
        return about.key if row is None or segment.config.canonical.get(row.name) is not about else row.name
    return ""


def _holds(when: str, scope: Scope) -> bool:
    try:
        return truth(parse(when), scope)
    except MissingError:
        return False


def _or_none(text: str, scope: Scope) -> Any:
    try:
        return evaluate(parse(text), scope)
    except MissingError:
        return None


def _evidence(rule: Rule, scope: Scope, about: Any) -> Iterator[Evidence]:
    seen: set[tuple[str, int, str]] = set()
    for text, statement in rule.evidence or (("", ""),):
        values = [_or_none(text, scope)] if text else [about, *(scope.values.get(name) for name in rule.lets)]
        for value in values:
            for item in value if isinstance(value, list) else [value]:
                place = place_of(item)
                if place is None or not place.line:
                    continue
                worded = words(statement, scope) if statement else ""
                if (place.path, place.line, worded) not in seen:
                    seen.add((place.path, place.line, worded))
                    yield Evidence(place, worded)


def _merged(hits: list[Hit]) -> Hit:
    """Return the first of the worst hits with the others as evidence."""
    first, *others = sorted(hits, key=lambda hit: SEVERITIES.index(hit.severity))
    for other in others:
        if len(first.evidence) >= MOST_EVIDENCE:
            break
        first.evidence.append(Evidence(other.place, "also: " + words(other.rule.message, other.scope)))
    return first
