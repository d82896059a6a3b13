"""Rules made ready for segments of one outline: conditions of which what names alone decide is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.engine.apply import Ready, thresholds_of
from diagnose.engine.view import View
from diagnose.language import parse
from diagnose.language.narrow import Names, Narrow, OddError
from diagnose.language.outline import Outline
from diagnose.language.written import Look, Odd, written
from diagnose.rules import Rule

Thresholds = Mapping[str, Mapping[str, Any]]
"""Parameters that settings override, by the names of rules."""


WRITTEN = 48
"""The segment for which the conditions are written out: that costs what it saves in so many."""
Todo = Sequence[tuple[Rule, Sequence[Ready] | None, bool]]
"""Rules to apply, those that were made ready with their conditions, and whether it is known that one holds."""

Outcome = tuple[Todo, Mapping[str, str], frozenset[str]]
"""Rules to apply to a segment, what it lacks by the names of others, and which surely find nothing."""
MOST_KNOWN = 64
"""Outcomes of conditions that are held: most segments of an outline share a few."""


class Made:
    """Rules for segments of one outline.

    Attributes:
        todo: the rules that may find something.
        lacks: what such segments lack, by the names of rules.
        settled: names of rules that find nothing, whatever the values are.
    """

    def __init__(
        self, rules: Sequence[Rule], lacks: Mapping[str, str], view: View, outline: Outline, thresholds: Thresholds
    ) -> None:
        """Make rules ready.

        Args:
            rules: those that lack nothing there.
            lacks: what others lack.
            view: one of the segments.
            outline: of it.
            thresholds: of the rules.
        """
        make = Narrow(outline)
        made = [(rule, _ready(rule, view, make, thresholds.get(rule.name, {}))) for rule in rules]
        self._slots = make.share()
        self.lacks = {**lacks, **{rule.name: lack for rule, ready in made if (lack := lack_of(ready))}}
        self.settled = frozenset(rule.name for rule, ready in made if finds_nothing(ready))
        decided = self.settled.union(self.lacks)
        self.todo: Todo = [(rule, ready, False) for rule, ready in made if rule.name not in decided]
        self._as_written = [number for number, (_, ready, _) in enumerate(self.todo) if ready is None]
        self._looked = self.settled.union(rule.name for rule, ready, _ in self.todo if ready is not None)
        self._seen = 0
        self._look: Look | None = None
        self._known: dict[tuple[Odd, ...], Outcome] = {}

    def of(self, view: View) -> Outcome:
        """Return rules to apply to a segment, what it lacks by the names of others, and which surely find nothing."""
        self._seen += 1
        if self._seen == WRITTEN:
            self._look = written([[one.when for one in ready or ()] for _, ready, _ in self.todo], self._slots)
        if self._look is None:
            return self.todo, self.lacks, self.settled
        odd = (*self._look(view.scope),)
        known = self._known.get(odd)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[odd] = self._come_to(odd)
        return known

    def _come_to(self, odd: Sequence[Odd]) -> Outcome:
        """Return what conditions come to that hold, lack something or are at fault."""
        hits, lacks = dict.fromkeys(self._as_written, False), self.lacks.copy()
        missing: dict[int, int] = {}
        for number, what in odd:
            rule, ready, _ = self.todo[number]
            if not isinstance(what, str):
                hits[number] = what is not None
                continue
            missing[number] = missing.get(number, 0) + 1
            if missing[number] == len(ready or ()):  # all of its conditions lack something
                lacks[rule.name] = what
        todo = [(*self.todo[number][:2], hits[number]) for number in sorted(hits)]
        return todo, lacks, self._looked.difference(lacks, [rule.name for rule, _, _ in todo])


def lack_of(ready: Sequence[Ready] | None) -> str:
    """Return what a rule that was made ready lacks, whatever the values are; empty if it may lack nothing."""
    return ready[-1].when.args[0] if ready and all(one.when.kind == "lacking" for one in ready) else ""


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
