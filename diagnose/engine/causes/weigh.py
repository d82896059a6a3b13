"""One cause in one segment: its arguments that hold, with their weights and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.engine.apply import scopes, subject
from diagnose.engine.view import View
from diagnose.engine.wording import advice, words
from diagnose.language import Mask, MissingError, Node, Scope, evaluate, parse, place_of, truth
from diagnose.language.functions.findings import found
from diagnose.model import Finding, Place, Segment
from diagnose.records import dataclass
from diagnose.rules import ArgumentRule, ExplainRule, Rule

MOST_PLACES = 6
"""Lines shown for one argument."""
FINDINGS = ("found", "warned")
"""Functions that give findings."""


@dataclass(slots=True)
class Held:
    """An argument that holds; ``number`` is its position in the rule, ``rests`` the findings that it rests on."""

    number: int
    weight: float
    text: str
    places: list[Place]
    rests: list[Finding]

    @property
    def finding(self) -> str:
        """The name of the first finding that it rests on, if it rests on one."""
        return self.rests[0].name if self.rests else ""


@dataclass(slots=True)
class Weighed:
    """A cause in one segment, worded for it; ``subject`` is what the rule walked over, if it did."""

    rule: Rule
    segment: Segment
    subject: str
    title: str
    score: float
    supports: list[Held]
    against: list[Held]
    refutation: str
    experiment: str
    advice: str
    explains: list[Finding]


def weigh(rule: Rule, view: View, findings: Sequence[Finding], overrides: Mapping[str, Any]) -> Iterator[Weighed]:
    """Yield a cause where enough speaks for it: once for the segment, or for each thing that its rule walks over.

    Raises:
        MissingError: if the segment lacks something that the rule cannot do without.
        LanguageError, RuleError: if the rule is at fault.
    """
    if lack := view.lack(rule):
        raise MissingError(lack)
    for value, scope in scopes(rule, view, overrides, findings=findings):
        try:
            if not truth(parse(rule.when), scope):
                continue
        except MissingError:
            continue
        supports = list(_held(rule.supports, scope))
        against = list(_held(rule.against, scope, sign=-1.0))
        score = sum(item.weight for item in (*supports, *against))
        if not supports or score < rule.least:
            continue
        yield Weighed(
            rule,
            view.segment,
            subject(value, view.segment),
            words(rule.message, scope),
            score,
            supports,
            against,
            words(rule.refutation, scope),
            words(rule.experiment, scope),
            advice(rule.advice, scope),
            [finding for item in rule.explains for finding in _followed(item, scope, subject(value, view.segment))],
        )


def _held(arguments: Sequence[ArgumentRule], scope: Scope, sign: float = 1.0) -> Iterator[Held]:
    for number, argument in enumerate(arguments):
        when = parse(argument.when)
        try:
            value = evaluate(when, scope)
        except MissingError:
            continue  # what the log does not tell speaks neither for nor against
        if not (value.where.any() if isinstance(value, Mask) else value):
            continue
        named = _named(when, scope)
        shown = [_value(text, scope) for text in argument.at] or [value, named]
        finding = named[0] if named else None
        scope.values["told"] = finding.message if finding else ""
        scope.lacking.clear()  # for want of it
        places = list(dict.fromkeys(_places(shown, scope.segment.name)))[:MOST_PLACES]
        text = words(argument.text, scope)
        yield Held(number, sign * argument.weight, text, places, named)


def _named(when: Node, scope: Scope) -> list[Finding]:
    """Return the findings that a condition rests on."""
    named = []
    for part in when.walk():
        if part.kind == "call" and part.args[0] in FINDINGS:
            named += evaluate(part, scope)
    return named


def _value(text: str, scope: Scope) -> Any:
    try:
        return evaluate(parse(text), scope)
    except MissingError:
        return None


def _places(values: Sequence[Any], segment: str) -> Iterator[Place]:
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            place = item.place_in(segment) if isinstance(item, Finding) else place_of(item)
            if place is not None and place.line:
                yield place


def _followed(item: ExplainRule, scope: Scope, about: str) -> list[Finding]:
    """Return the findings that follow from the cause where it reaches: those about the same thing, if any are."""
    if scope.findings is None:
        return []
    try:
        holds = not item.when or truth(parse(item.when), scope)
    except MissingError:
        holds = False
    findings = found(scope, item.name, "after" if item.later else "") if holds else []
    return [finding for finding in findings if about and finding.subject == about] or findings
