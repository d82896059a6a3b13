"""Rules made ready for segments of one outline: conditions of which what names alone decide is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.engine.apply import Ready, thresholds_of
from diagnose.engine.view import View
from diagnose.language import parse
from diagnose.language.narrow import Names, Narrow, OddError
from diagnose.language.outline import Outline
from diagnose.rules import Rule

Thresholds = Mapping[str, Mapping[str, Any]]
"""Parameters that settings override, by the names of rules."""


def made_ready(
    rules: Sequence[Rule], view: View, outline: Outline, thresholds: Thresholds
) -> list[tuple[Rule, list[Ready] | None]]:
    """Return rules with their conditions for segments of an outline; None for a rule that stays as it is.

    Args:
        rules: those that lack nothing there.
        view: one of the segments.
        outline: of it.
        thresholds: of the rules.
    """
    make = Narrow(outline)
    made = [(rule, _ready(rule, view, make, thresholds.get(rule.name, {}))) for rule in rules]
    make.share()
    return made


def finds_nothing(ready: Sequence[Ready] | None) -> bool:
    """Whether a rule that was made ready finds nothing, whatever the values are."""
    conditions = [one.when for one in ready or ()]
    return any(when.kind == "known" for when in conditions) and not any(
        when.kind not in ("known", "lacking") or (when.kind == "known" and when.args[0]) for when in conditions
    )


def _ready(rule: Rule, view: View, make: Narrow, overrides: Mapping[str, Any]) -> list[Ready] | None:
    try:
        return [Ready(make.node(parse(rule.when), names), names.made) for names in _names(rule, view, overrides)]
    except OddError:
        return None


def _names(rule: Rule, view: View, overrides: Mapping[str, Any]) -> Iterator[Names]:
    """Yield what names mean to a rule, for each series that it looks at. Raises OddError if it looks at others."""
    if rule.each is None:
        yield Names(view.given, rule.params | thresholds_of(rule, overrides, None), rule.parts())
        return
    variable, selector = rule.each
    if not selector.of_series:
        raise OddError
    for series in view.candidates(selector)[0]:
        values = rule.params | thresholds_of(rule, overrides, series)
        yield Names(view.given, values, rule.parts(), variable, series.name)
