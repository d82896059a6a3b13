"""No terminal of a line grammar tells one digit from another: the parse of one line serves for all of its shape."""

import re
from re import _parser

import difference
import pytest

from diagnose.parsers import parser

DIGITS = "0123456789"
KNOWN = {("console", "UNREAD")}
"""Terminals with a digit in their words, which no number could stand for in such a line."""


def choices(parsed):
    """Yield every set of characters, and every single one, that a parsed pattern reads."""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            yield {chr(argument)} & set(DIGITS)
        elif name == "IN":
            yield {digit for digit in DIGITS if re.fullmatch(_parser_pattern(argument), digit)}
        elif name == "SUBPATTERN":
            yield from choices(argument[3])
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from choices(branch)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield from choices(argument[2])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from choices(argument[1])


def _parser_pattern(items) -> str:
    """Return a set of a parsed pattern as a pattern for one digit."""
    texts, negated = [], False
    for operation, argument in items:
        name = str(operation)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            texts.append(re.escape(chr(argument)))
        elif name == "RANGE":
            texts.append(f"[{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}]")
        elif name == "CATEGORY":
            kind = str(argument).removeprefix("CATEGORY_")
            letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[kind.removeprefix("NOT_")]
            texts.append("\\" + (letter.upper() if kind.startswith("NOT_") else letter))
    inside = "|".join(texts)
    return f"(?!{inside})." if negated else inside


def terminals():
    return [
        pytest.param(name, one, id=f"{name}-{one.name}")
        for name in difference.GRAMMARS
        for one in parser(name).terminals
        if one.pattern.type != "str"
    ]


@pytest.mark.parametrize(("grammar", "terminal"), terminals())
def test_all_digits_are_alike(grammar, terminal):
    """A pattern of which every set holds all digits or none cannot tell one digit from another."""
    odd = [digits for digits in choices(_parser.parse(terminal.pattern.to_regexp())) if len(digits) not in (0, 10)]

    assert not odd or (grammar, terminal.name) in KNOWN
