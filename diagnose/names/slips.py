"""Keys of a config that look like a slip of the pen for a known one."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from diagnose.assets import packed
from diagnose.names.frameworks import lineage
from diagnose.names.hyperparameters import ANY, hyperparameter, hyperparameters

SHORTEST = 6
"""Letters of a key that may be a slip for another; shorter ones resemble each other by chance."""
UNSURE = frozenset({"bookkeeping", "hardware"})
"""Roles whose keys are too many and too free for a slip to be certain."""


@lru_cache(maxsize=16384)
def slip_for(key: str, framework: str = "") -> str:
    """Return the known key that a key misses by one letter, or an empty text.

    Args:
        key: dotted, as written; its last part counts.
        framework: whose keys are meant; without it those that all frameworks share.
    """
    word = key.rpartition(".")[2].lower().replace("-", "_")
    if len(word) < SHORTEST or word in _all_words() or not word.replace("_", "").isalpha():
        return ""
    ends = _by_ends(framework)
    found = {known for end in _ends(word) for known in ends.get(end, ()) if is_slip(word, known)}
    return found.pop() if len(found) == 1 else ""


def is_slip(word: str, meant: str) -> bool:
    """Return whether two words are one letter apart; a plural is no slip, nor is an underscore more or less."""
    if word.replace("_", "") == meant.replace("_", "") or word.rstrip("s") == meant.rstrip("s"):
        return False
    return one_off(word, meant)


def one_off(word: str, meant: str) -> bool:
    """Return whether two words differ by one letter that is missing, too much, changed or swapped with the next.

    Digits do not count: ``stage1`` and ``stage2`` are two things.
    """
    if abs(len(word) - len(meant)) > 1 or re.findall(r"\d+", word) != re.findall(r"\d+", meant):
        return False
    at = next((at for at, (one, two) in enumerate(zip(word, meant, strict=False)) if one != two), -1)
    if at < 0:
        at = min(len(word), len(meant))
    one, two = word[at:], meant[at:]
    return one[1:] == two or one == two[1:] or one[1:] == two[1:] or (one[:2] == two[1::-1] and one[2:] == two[2:])


@cache
def _by_ends(framework: str) -> dict[tuple[str, str], list[str]]:
    """Return the long words by how they begin and end: with one letter wrong, one of the two is still right."""
    found: dict[tuple[str, str], list[str]] = {}
    for known in _words(framework):
        if len(known) >= SHORTEST:
            for end in _ends(known):
                found.setdefault(end, []).append(known)
    return found


def _ends(word: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (word[:2], ""), ("", word[-2:])


@cache
def _words(framework: str) -> frozenset[str]:
    """Return the words of a framework, as the build of a wheel has found them, which takes 8 ms."""
    known = packed("words")
    if known is None:
        return words(framework)
    return frozenset(known[""]) ^ frozenset(known.get(framework, ()) if framework else ())


def words(framework: str) -> frozenset[str]:
    """Return the keys of a framework, with what stands before the last point left out; of all without a name."""
    names = {*lineage(framework), ANY}
    return frozenset(
        alias.rpartition(".")[2].lower()
        for row in hyperparameters().values()
        if row.role not in UNSURE
        for name, aliases in (row.keys or {}).items()
        if name in names
        for alias in aliases
        if "*" not in alias.rpartition(".")[2] and hyperparameter(alias.rpartition(".")[2], framework) is row
    )


@cache
def _all_words() -> frozenset[str]:
    """Return every part of every key of every framework."""
    return frozenset(
        part.lower()
        for row in hyperparameters().values()
        for aliases in (row.keys or {}).values()
        for alias in aliases
        for part in alias.split(".")
    )
