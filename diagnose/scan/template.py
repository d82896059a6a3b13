"""A line shape: literal text and variable parts, and where the tokens of its parse stand between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

# Operations; the same numbers stand in _kernel.c.
LITERAL, RUN, NUMBER, BLANKS, END = range(5)

# What a printed number shows.
MINUS, PLUS, WHOLE, FRACTION, EXPONENT, ENDS_IN_POINT, BEGINS_WITH_POINT, LEADING_ZERO = (1 << bit for bit in range(8))
ANY_NUMBER = (1 << 8) - 1

PRINTED = re.compile(rb"([+-]?+)(?:([0-9]++)(\.[0-9]*+)?+|(\.[0-9]++))([eE][+-]?+[0-9]++)?+")
"""The longest number at a place; no other reading of it is tried."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line.

    Attributes:
        operation: ``LITERAL``, ``RUN`` of digits, ``NUMBER`` or ``BLANKS``.
        text: of a literal.
        low, high: fewest and most bytes of a run or of blanks; *low* of a number is the mask of its shapes.
    """

    operation: int
    text: bytes = b""
    low: int = 0
    high: int = 0

    def pattern(self) -> bytes:
        """Return a regular expression for the bytes it accepts; a number's shape is left to ``shape_of``."""
        if self.operation == LITERAL:
            return re.escape(self.text)
        if self.operation == NUMBER:
            return rb"([+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+)"
        one = b"[0-9]" if self.operation == RUN else b" "
        return b"(%s{%d,%d}+(?!%s))" % (one, self.low, self.high, one)


Place: TypeAlias = tuple[int, int]
"""Where a token starts or ends: a variable part, or -1 for the line's start, and how many characters behind its end."""


@dataclass(frozen=True, slots=True)
class Template:
    """What all lines of one shape have in common.

    Attributes:
        kind: the rule that accepts them.
        parts: their bytes, from left to right.
        spans: terminal, start and end of each named token.
    """

    kind: str
    parts: tuple[Part, ...]
    spans: tuple[tuple[str, Place, Place], ...]

    def tokens(self, text: str, ends: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
        """Return the tokens of a line, given where its variable parts end, in bytes."""
        ends = (*ends, 0)  # the line's start, as the part -1
        return tuple([(name, text[ends[a] + p : ends[b] + q]) for name, (a, p), (b, q) in self.spans])

    def exact_parts(self) -> dict[tuple[Place, Place], int]:
        """Return the numbers and runs of digits by the places where they start and end."""
        found: dict[tuple[Place, Place], int] = {}
        last, surplus = -1, 0  # the part before, and bytes beyond one per character
        start = (-1, 0)
        for part in self.parts:
            if part.operation == LITERAL:
                characters = len(part.text.decode())
                start = (start[0], start[1] + characters)
                surplus += len(part.text) - characters
                continue
            last += 1
            end = (last, -surplus)
            if part.operation in (NUMBER, RUN):
                found[start, end] = last
            start = end
        return found

    def numbers_within(self, text: str, ends: tuple[int, ...]) -> list[list[tuple[int, str]]]:
        """Return for each token of a line the numbers and runs of digits in it: which variable parts, and their text.

        Args:
            text: the line.
            ends: where its variable parts end, in bytes.
        """
        data, at, shown = text.encode(), 0, list[str]()
        last = iter(ends)
        for part in self.parts:
            end = at + len(part.text) if part.operation == LITERAL else next(last)
            if part.operation != LITERAL:
                shown.append(data[at:end].decode() if part.operation in (NUMBER, RUN) else "")
            at = end
        return [
            [(part, shown[part]) for part in range(start[0] + 1, end[0] + 1) if shown[part]]
            for _, start, end in self.spans
        ]


def shape_of(printed: bytes) -> int:
    """Return what a printed number shows; -1 if the text is none."""
    found = PRINTED.fullmatch(printed)
    if found is None:
        return -1
    sign, whole, fraction, bare, exponent = found.groups()
    shape = {b"-": MINUS, b"+": PLUS}.get(sign, 0)
    if whole and whole.startswith(b"0") and len(whole) > 1:
        shape |= LEADING_ZERO
    if bare:
        shape |= BEGINS_WITH_POINT
    elif not fraction:
        shape |= WHOLE
    else:
        shape |= ENDS_IN_POINT if fraction == b"." else FRACTION
    return shape | (EXPONENT if exponent else 0) if whole or bare else -1
