"""Texts that a pattern cannot do without: a search for them is much faster than one for the pattern itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from re import _constants as op
from re import _parser
from typing import Any

SHORTEST = 2
"""Characters below which a text occurs in nearly every log."""


def may_match(pattern: str, text: str) -> bool:
    """Whether *text* holds what every match of *pattern* does; if not, no search can find one."""
    return all(any(word in text for word in words) for words in required(pattern))


@lru_cache(maxsize=512)
def required(pattern: str) -> tuple[tuple[str, ...], ...]:
    """Return groups of texts: every match of *pattern* holds at least one text of each group.

    The pattern is read without flags but those that stand in it, off the tree that Python's own parser of regular
    expressions makes; what is not known here asks for nothing.
    """
    parsed = _parser.parse(pattern)
    if parsed.state.flags & re.IGNORECASE:
        return ()
    return tuple(tuple(sorted(words)) for words in dict.fromkeys(_of_sequence(parsed)))


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> Iterator[frozenset[str]]:
    run = ""
    for kind, value in (*items, (None, None)):
        if kind is op.LITERAL:
            run += chr(value)
            continue
        if len(run) >= SHORTEST:
            yield frozenset({run})
        run = ""
        yield from _of_item(kind, value)


def _of_item(kind: Any, value: Any) -> Iterator[frozenset[str]]:
    if kind is op.SUBPATTERN:
        _, added, _, inside = value
        yield from () if added & re.IGNORECASE else _of_sequence(inside)
    elif kind is op.ATOMIC_GROUP:
        yield from _of_sequence(value)
    elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        least, _, inside = value
        yield from _of_sequence(inside) if least else ()
    elif kind is op.BRANCH:
        branches = [max(_of_sequence(branch), key=_worth, default=None) for branch in value[1]]
        if None not in branches:
            yield frozenset[str]().union(*(words for words in branches if words))


def _worth(words: frozenset[str]) -> tuple[int, int]:
    return min(map(len, words)), -len(words)
