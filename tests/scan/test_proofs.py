"""What templates rest upon, proved by automaton for every grammar.

It needs ``interegular``, which is in no extra: where Lark can import it, each grammar takes seconds to compile. It is
found in the folder that ``DIAGNOSE_PROOF`` names (``pip install --no-deps --target FOLDER interegular``), as in CI.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import difference
import pytest

from diagnose.parsers import own, parser, tables
from diagnose.scan import LineParser, Shapes
from diagnose.scan.template import (
    BEGINS_WITH_POINT,
    BLANKS,
    ENDS_IN_POINT,
    EXPONENT,
    FRACTION,
    LEADING_ZERO,
    LITERAL,
    MINUS,
    NUMBER,
    PLUS,
    RUN,
    WHOLE,
)

FOLDER = os.environ.get("DIAGNOSE_PROOF", "")
TOO_LARGE = {("remarks", "BEST")}
"""Terminals whose automaton takes half a minute."""
AROUND = re.compile(r"\(\?(?:=|!|<!)(?:[^()\[\]\\]|\\.|\[(?:[^\]\\]|\\.)*\]|\((?:[^()\\]|\\.)*\))*\)")
"""What stands before or behind: a condition more, without which the pattern reads more texts, never fewer."""

pytestmark = pytest.mark.skipif(
    not FOLDER and importlib.util.find_spec("interegular") is None, reason="interegular is not installed"
)


def asked(questions):
    """Return what is wrong, by name."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("proofs.py")],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | ({"PYTHONPATH": FOLDER} if FOLDER else {}),
    )
    return {name: wrong for name, wrong in json.loads(done.stdout) if wrong}


VARIABLE = re.compile(r"\[0-9\](\+|\{(?!(\d+),\2\}))")
"""A run of digits of no fixed width."""
LONGEST = 150
"""Characters of a pattern that is tried; longer ones are whole lines of text, and take seconds each."""


@cache
def templates(grammar):
    """Return a template of each sample that a grammar accepts."""
    read = LineParser(tables(grammar))
    shapes = Shapes(grammar, read)
    shapes.enough = 1
    for line in difference.samples():
        parsed = read(line)
        if parsed is not None and shapes.match(line) is None:
            shapes.note(line, parsed)
    return shapes.templates


@cache
def patterns(grammar):
    """Return the patterns of terminals, by the names that matches have, without what they ask of their neighbours."""
    return {
        own(terminal.name): bare(terminal.pattern.to_regexp())
        for terminal in parser(grammar).terminals
        if (grammar, own(terminal.name)) not in TOO_LARGE
    }


def bare(pattern):
    pattern = AROUND.sub("", pattern)
    return re.sub(r"\\b|(?<!\\)\$(?=$|\)|\|)", "", pattern)


def printed(mask):
    """Return a pattern for the numbers of a mask of shapes."""
    whole = "[0-9]+" if mask & LEADING_ZERO else "(0|[1-9][0-9]*)"
    forms = {
        WHOLE: whole,
        FRACTION: rf"{whole}\.[0-9]+",
        ENDS_IN_POINT: rf"{whole}\.",
        BEGINS_WITH_POINT: r"\.[0-9]+",
    }
    sign = "[+]" * bool(mask & PLUS) + "|" * (mask & (PLUS | MINUS) == PLUS | MINUS) + "-" * bool(mask & MINUS)
    one = "|".join(form for bit, form in forms.items() if mask & bit)
    return (f"({sign})?" if sign else "") + f"({one})" + ("([eE][+-]?[0-9]+)?" if mask & EXPONENT else "")


def tokens(template):
    """Yield each token's terminal, and a pattern for all texts that the template lets it have."""
    atoms, ends, surplus = [], {-1: 0}, {-1: 0}  # where each variable part ends, and bytes beyond one per character
    more = 0
    for part in template.parts:
        if part.operation == LITERAL:
            text = part.text.decode()
            more += len(part.text) - len(text)
            atoms += [re.escape(letter) if letter.isascii() else letter for letter in text]
            continue
        one = {RUN: "[0-9]", BLANKS: " "}.get(part.operation)
        atoms.append(printed(part.low) if part.operation == NUMBER else f"{one}{{{part.low},{part.high}}}")
        ends[len(ends) - 1] = len(atoms)
        surplus[len(surplus) - 1] = more
    for name, (a, p), (b, q) in template.spans:
        yield name, "".join(atoms[ends[a] + p + surplus[a] : ends[b] + q + surplus[b]])


def free(template):
    """Yield the terminals that have numbers of any width."""
    variable = [part for part in template.parts if part.operation != LITERAL]
    for name, (a, _), (b, _) in template.spans:
        if any(part.operation == NUMBER for part in variable[a + 1 : b + 1]):
            yield name


def test_what_is_wrong_is_told():
    questions = [
        ("within", "capitals", "[0-9]+([eE][0-9]+)?s", "[0-9]+(e[0-9]+)?s"),
        ("within", "longer", "[0-9]{1,18}", r"\d{1,12}"),
        ("idempotent", "counted", r"\d\d:\d\d", ""),
        ("idempotent", "some", "a[1-5]+", ""),
        ("idempotent", "fine", r"\d+(\.\d+)?%", ""),
        ("within", "fine, too", "[0-9]{2}", r"\d+"),
    ]

    assert set(asked(questions)) == {"capitals", "longer", "counted", "some"}


@pytest.mark.parametrize("grammar", difference.GRAMMARS)
def test_terminals_of_numbers_count_no_digits(grammar):
    names = sorted({name for template in templates(grammar) for name in free(template)})

    assert asked([("idempotent", name, patterns(grammar)[name], "") for name in names]) == {}


@pytest.mark.parametrize("grammar", difference.GRAMMARS)
def test_whatever_a_template_accepts_is_of_its_terminals(grammar):
    questions = {
        ("within", f"{name} {pattern}", pattern, patterns(grammar)[name])
        for template in templates(grammar)
        for name, pattern in tokens(template)
        if name in patterns(grammar) and VARIABLE.search(pattern) and len(pattern) < LONGEST
    }

    assert asked(sorted(questions)) == {}
