"""A pattern of words, whatever their case, that lines are searched for: plain words decide wherever they can."""

from __future__ import annotations

import re
from functools import cache, cached_property
from re import _parser  # it has no public name
from typing import Any

from diagnose.foreseen import foreseen
from diagnose.patterns import lazy

FOLDING = "(?i)"
"""Where case counts, expressions are fast: their search looks for the first letters of words."""


class Sieve:
    """Tells whether a pattern is found in lines, as its ``search`` does."""

    def __init__(self, pattern: str) -> None:
        """Take a regular expression; ``(?i)`` may stand before it."""
        self._pattern = pattern
        self._whole = lazy(pattern)

    def finds(self, text: str) -> bool:
        """Return whether the pattern is found in a text."""
        if not self._pattern.startswith(FOLDING) or not text.isascii():  # other letters may equal ASCII ones
            return self._whole.search(text) is not None
        words, rest, needs = self._parts
        low = text.lower()
        for word in words:
            if word in low:
                return True
        if rest is None:
            return False
        if needs is not None:
            low += "\n"
            if not any(word in low for word in needs):
                return False
        return rest.search(text) is not None

    @cached_property
    def _parts(self) -> tuple[list[str], re.Pattern[str] | None, list[str] | None]:
        """Alternatives that are plain words, the others, and texts one of which the others need."""
        words, rest, needs = foreseen("sieves", self._pattern, lambda: worked_out(self._pattern))
        return words, lazy(rest) if rest else None, needs


def worked_out(pattern: str) -> list[Any]:
    """Return alternatives that are plain words, a pattern of the others, and texts one of which the others need."""
    from diagnose.scan import needed

    words: list[str] = []
    rest: list[str] = []
    for one in _alternatives(pattern.removeprefix(FOLDING)):
        word = _literal(one)
        if word is None:
            rest.append(one)
        else:
            words.append(word.lower())
    texts = [needed(one) for one in rest]
    needs = None if None in texts else sorted({text.lower() for some in texts if some for text in some})
    return [words, FOLDING + "|".join(rest) if rest else "", needs]


@cache
def sieve(pattern: str) -> Sieve:
    """Return the sieve of a pattern."""
    return Sieve(pattern)


def _alternatives(pattern: str) -> list[str]:
    """Return the alternatives of a regular expression, as far as no brackets surround them."""
    found, depth, at, start, in_set = [], 0, 0, 0, False
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif in_set:
            in_set = character != "]"
        elif character == "[":
            in_set = True
            at += pattern[at + 1 : at + 3] == "^]" or pattern[at + 1 : at + 2] == "]"
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and not depth:
            found.append(pattern[start:at])
            start = at + 1
        at += 1
    return [*found, pattern[start:]]


def _literal(pattern: str) -> str | None:
    """Return the text that a regular expression stands for, if it stands for one."""
    parsed = [(str(name), argument) for name, argument in _parser.parse(pattern)]
    if not parsed or any(name != "LITERAL" or argument > 127 for name, argument in parsed):
        return None
    return "".join(chr(argument) for _, argument in parsed)
