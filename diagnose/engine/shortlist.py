"""Which of all rules have anything to look at in a segment: the same ones in all segments that hold the same things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnose.engine.view import View
from diagnose.records import dataclass
from diagnose.rules import Rule

MOST = 256
"""Kinds of segments that are remembered."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A rule and what a segment lacks of what it needs; None where that depends on the segment's settings."""

    rule: Rule
    lack: str | None


class Shortlist:
    """Rules, sorted out for each kind of segment once."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules in the order in which they are applied."""
        self._rules = [(rule, _is_simple(rule)) for rule in rules]
        self._known: dict[object, tuple[list[_Listed], dict[str, str]]] = {}

    def of(self, view: View) -> tuple[Sequence[Rule], dict[str, str]]:
        """Return the rules that lack nothing in a segment, and what it lacks by the names of the others."""
        known = self._known.get(view.signature)
        if known is None:
            listed = [_Listed(rule, view.lack(rule) if simple else None) for rule, simple in self._rules]
            lacks = {one.rule.name: one.lack for one in listed if one.lack}
            if len(self._known) >= MOST:
                self._known.clear()
            known = self._known[view.signature] = [one for one in listed if not one.lack], lacks
        rules, more = [], {}
        for one in known[0]:
            lack = view.lack(one.rule) if one.lack is None else ""
            if lack:
                more[one.rule.name] = lack
            else:
                rules.append(one.rule)
        return rules, known[1] | more


def _is_simple(rule: Rule) -> bool:
    """Whether the signature of a segment tells what a rule lacks there."""
    if any(kind == "config" for kind, _ in rule.needs):
        return False
    if rule.each is None:
        return True
    selector = rule.each[1]
    return not (selector.change or selector.setting or selector.names or selector.roles)
