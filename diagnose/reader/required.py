"""Texts that a pattern cannot do without: a search for them is much faster than one for the pattern itself."""

from __future__ import annotations

from functools import lru_cache
from re import _constants as op
from re import _parser

from diagnose.foreseen import foreseen
from diagnose.patterns import lazy

Groups = tuple[tuple[tuple[str, str], ...], ...]
SHORTEST = 2
"""Characters below which a text occurs in nearly every log."""
LETTERS = lazy(r"[A-Za-z]{2,}")


@lru_cache(maxsize=512)
def required(pattern: str) -> Groups:
    """Return groups of texts, the longest first: every match of *pattern* holds at least one text of each group.

    Each text comes with the longest run of letters in it, empty if there is none. The pattern is read without flags but
    those that stand in it.
    """
    found = foreseen("required", pattern, lambda: worked_out(pattern))
    return tuple(tuple((text, core) for text, core in one) for one in found)


def worked_out(pattern: str) -> Groups:
    """Return what ``required`` does."""
    from diagnose.scan.literals import groups

    found = dict.fromkeys(texts for texts in groups(pattern) if min(map(len, texts)) >= SHORTEST)
    return tuple(
        tuple((text, max(LETTERS.findall(text), key=len, default="")) for text in sorted(one))
        for one in sorted(found, key=lambda texts: -min(map(len, texts)))
    )


def begins_line(pattern: str) -> bool:
    """Whether a pattern (``re.MULTILINE``) begins with ``^`` and so matches at the beginning of lines only."""
    begins: bool = foreseen("begins", pattern, lambda: _begins_line(pattern))
    return begins


def _begins_line(pattern: str) -> bool:
    first = next(iter(_parser.parse(pattern)), None)
    return first is not None and tuple(first) == (op.AT, op.AT_BEGINNING)
