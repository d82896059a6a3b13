"""Which rules there are: the built-in ones and those of the settings' folders, without clashes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from diagnose.errors import RuleError, did_you_mean
from diagnose.model import Place
from diagnose.rules import Rule, builtin, from_folder, selects


def catalogue(folders: tuple[Path, ...] = ()) -> tuple[Rule, ...]:
    """Return the built-in rules and those of these folders, by code.

    Raises:
        RuleError: for invalid rules, and for a code or name that is taken.
    """
    rules = list(builtin())
    taken = {word: rule for rule in rules for word in (rule.code, rule.name)}
    for folder in folders:
        for rule in from_folder(folder):
            for word in (rule.code, rule.name):
                if word in taken:
                    owner = taken[word].path if taken[word] not in builtin() else "a built-in rule"
                    raise RuleError(f"{word!r} is taken by {owner}", place=Place(str(rule.path)), mend="choose another")
                taken[word] = rule
            rules.append(rule)
    return tuple(sorted(rules, key=lambda rule: rule.code))


def is_builtin(rule: Rule) -> bool:
    """Whether a rule ships with the program."""
    return _by_code().get(rule.code) is rule


@cache
def _by_code() -> dict[str, Rule]:
    return {rule.code: rule for rule in builtin()}


def named(selector: str, rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules that a selector names.

    Raises:
        LookupError: if there are none, with the way out as its text.
    """
    found = [rule for rule in rules if selects(selector, rule)]
    if not found:
        words = (word for rule in rules for word in (rule.code, rule.name, rule.family))
        raise LookupError(did_you_mean(selector, words) or "see `diagnose rules list`")
    return found
