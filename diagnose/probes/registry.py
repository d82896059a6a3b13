"""The mechanisms there are, by name, and those that a rule suspects."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

from diagnose.errors import SettingsError, did_you_mean
from diagnose.probes import mechanisms as folder
from diagnose.probes.declare import Mechanism

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.rules import Rule


@cache
def mechanisms() -> dict[str, Mechanism]:
    """Return every mechanism by name; none of them imports torch yet.

    Raises:
        ValueError: if two have one name.
    """
    found: dict[str, Mechanism] = {}
    for info in pkgutil.iter_modules(folder.__path__):
        module = cast("Mechanism", importlib.import_module(f"{folder.__name__}.{info.name}"))
        if module.NAME in found:
            raise ValueError(f"two mechanisms are called {module.NAME!r}")
        found[module.NAME] = module
    return found


def wanted(word: str, rules: Sequence[Rule]) -> list[Mechanism]:
    """Return what a word means: a mechanism, else those of a rule (code or name), else those of its suspects.

    Raises:
        SettingsError: if the word is unknown, or no mechanism belongs to the rule.
    """
    known = mechanisms()
    spelled = _spelled(word)
    if spelled in known:
        return [known[spelled]]
    rule = _rule(word, rules)
    if rule is None:
        mend = did_you_mean(spelled, _near(spelled, [*known, *(rule.name for rule in rules)]))
        raise SettingsError(f"unknown rule or mechanism {word!r}", mend=mend or "see `diagnose reproduce --list`")
    found = of([rule.name]) or of([suspect.name for suspect in rule.suspects])
    if not found:
        raise SettingsError(f"no mechanism belongs to {rule.name}", mend="see `diagnose reproduce --list`")
    return found


def link(mechanism: Mechanism, word: str, rules: Sequence[Rule]) -> str:
    """Return how a rule leads to a mechanism that is only one of its suspects'; empty if one names the other."""
    rule = None if _spelled(word) in mechanisms() else _rule(word, rules)
    if rule is None or rule.name in mechanism.RULES:
        return ""
    through = [suspect.name for suspect in rule.suspects if suspect.name in {*mechanism.RULES, *mechanism.SUSPECTS}]
    return f"Tried for {rule.name} because that rule suspects {' and '.join(through)}"


def _spelled(word: str) -> str:
    return word.lower().replace("_", "-").replace(" ", "-")


def _rule(word: str, rules: Sequence[Rule]) -> Rule | None:
    spelled = _spelled(word)
    return next((rule for rule in rules if spelled == rule.name or word.upper() == rule.code), None)


def _near(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that a misspelling can be of: among hundreds, some share letters with any word."""
    return difflib.get_close_matches(word, names, n=3, cutoff=0.75)


def of(names: Sequence[str]) -> list[Mechanism]:
    """Return the mechanisms of some rules or suspects, in the order of their names, each once."""
    asked = set(names)
    return [one for _, one in sorted(mechanisms().items()) if asked & {*one.RULES, *one.SUSPECTS}]
