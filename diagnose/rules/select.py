"""Which rules run: codes, prefixes and names; the longest match wins, and the later of equals."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.errors import SettingsError
from diagnose.records import dataclass
from diagnose.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Selection:
    """Selectors in the order they count: a code (LOSS001), prefix (LOSS), name (loss-nan) or ALL."""

    select: tuple[str, ...] = ("ALL",)
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def selects(selector: str, rule: Rule) -> int:
    """Return how specifically a selector names a rule: 0 not at all, 1 by ALL, more by matched letters, 100 exactly."""
    if selector in (rule.code, rule.name):
        return 100
    if selector == "ALL":
        return 1
    return 1 + len(selector) if selector.isupper() and rule.code.startswith(selector) else 0


def select(rules: Iterable[Rule], selection: Selection) -> list[Rule]:
    """Return the selected rules. Preview rules are taken only if a selector other than ALL names them.

    Raises:
        SettingsError: for a selector that names no rule.
    """
    rules = list(rules)
    for selector in (*selection.select, *selection.extend_select, *selection.ignore):
        if not any(selects(selector, rule) for rule in rules):
            words = [word for rule in rules for word in (rule.code, rule.name, rule.family)]
            import difflib

            near = difflib.get_close_matches(selector, words, n=1)
            mend = f"did you mean {near[0]}?" if near else "see `diagnose rules list`"
            raise SettingsError(f"unknown rule {selector!r}", mend=mend)
    wanted = (*selection.select, *selection.extend_select)
    chosen = []
    for rule in rules:
        for_it = max((selects(selector, rule) for selector in wanted), default=0)
        against = max((selects(selector, rule) for selector in selection.ignore), default=0)
        if for_it > against and (rule.status != "preview" or for_it > 1):
            chosen.append(rule)
    return chosen
