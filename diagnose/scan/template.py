"""A line shape: literal text and variable parts, and where the tokens of its parse stand between them."""

from __future__ import annotations

import re
from typing import TypeAlias

from diagnose.patterns import lazy
from diagnose.records import dataclass

# Operations; the same numbers stand in _kernel.c.
LITERAL, RUN, NUMBER, BLANKS, END = range(5)
TEXT = 5
"""A word; only ``worded`` knows of it."""

# What a printed number shows.
MINUS, PLUS, WHOLE, FRACTION, EXPONENT, ENDS_IN_POINT, BEGINS_WITH_POINT, LEADING_ZERO = (1 << bit for bit in range(8))
ANY_NUMBER = (1 << 8) - 1

PRINTED = lazy(rb"([+-]?+)(?:([0-9]++)(\.[0-9]*+)?+|(\.[0-9]++))([eE][+-]?+[0-9]++)?+")
"""The longest number at a place; no other reading of it is tried."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line.

    Attributes:
        operation: ``LITERAL``, ``RUN`` of digits, ``NUMBER``, ``BLANKS`` or ``TEXT``.
        text: of a literal.
        low, high: fewest and most bytes of a run or of blanks; *low* of a number is the mask of its shapes.
    """

    operation: int
    text: bytes = b""
    low: int = 0
    high: int = 0

    def pattern(self) -> bytes:
        """Return a regular expression, with one group if it is variable, for the bytes it accepts."""
        if self.operation == LITERAL:
            return re.escape(self.text)
        if self.operation == NUMBER:
            return _number_pattern(self.low)
        if self.operation == TEXT:
            return b"([A-Za-z_]++)"
        one = b"[0-9]" if self.operation == RUN else b" "
        return b"(%s{%d,%d}+(?!%s))" % (one, self.low, self.high, one)


def _number_pattern(mask: int) -> bytes:
    """Return a pattern for the longest number at a place, if it shows nothing but what a mask of shapes has."""
    signs = b"-" * bool(mask & MINUS) + b"[+]" * bool(mask & PLUS)
    sign = {b"": b"", b"-[+]": b"[+-]?+"}.get(signs, signs + b"?+")
    digits = b"[0-9]++" if mask & LEADING_ZERO else b"(?:0(?![0-9])|[1-9][0-9]*+)"
    ends = (FRACTION, rb"\.[0-9]++"), (ENDS_IN_POINT, rb"\.(?![0-9])"), (WHOLE, rb"(?!\.)")
    behind = b"|".join(end for bit, end in ends if mask & bit)
    forms = [digits + b"(?:%s)" % behind] * bool(behind) + [rb"\.[0-9]++"] * bool(mask & BEGINS_WITH_POINT)
    exponent = b"(?:[eE][+-]?+[0-9]++)?+" if mask & EXPONENT else b"(?![eE][+-]?[0-9])"
    return b"(%s(?:%s)%s)" % (sign, b"|".join(forms) or b"(?!)", exponent)


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
