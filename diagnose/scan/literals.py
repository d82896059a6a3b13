"""Texts that every match of a regular expression contains: those are found faster than the expression."""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _parser  # type: ignore[attr-defined,unused-ignore]  # it has no public name
from typing import Any

from diagnose.scan.gate import SPACES

BLANKS = 4
"""Spaces at the end of a line that are told from more of them."""
MOST_JOINED = 48
"""Texts that are made of neighbours in a pattern."""

BLANK = str(_parser.parse(r"\s"))
END = [(str(operation), argument) for operation, argument in _parser.parse("$")]


def needed(pattern: str) -> frozenset[str] | None:
    """Return texts one of which every match of a regular expression contains, whatever their case; None if unknown.

    In the texts, the end of the line is a newline.
    """
    return _rarest(_groups(_parser.parse(pattern), of_lines=True))


def groups(pattern: str) -> list[frozenset[str]]:
    """Return groups of texts: every match of a regular expression contains one of each, letter for letter."""
    parsed = _parser.parse(pattern)
    return [] if parsed.state.flags & re.IGNORECASE else _groups(parsed, of_lines=False)


def _behind(text: str) -> frozenset[str]:
    """Return how a line may end that ends with a text and any blanks: most lines do with none of it."""
    ends = {f"{before}{' ' * count}\n" for before in (text, *SPACES) for count in range(BLANKS + 1)}
    return frozenset({*ends, " " * (BLANKS + 1) + "\n"})


def _groups(parsed: Iterable[Any], *, of_lines: bool) -> list[frozenset[str]]:
    """Return groups of texts, one of each of which every match contains.

    Args:
        parsed: a sequence, as Python's parser gives it.
        of_lines: whether what is searched are lines with their ends, whatever their case; else it is any text.
    """
    found: list[frozenset[str]] = []
    text = ""
    pieces = [(str(operation), argument) for operation, argument in parsed]
    joined = _joined(pieces) if of_lines else frozenset()
    found += [joined] if joined else []
    for at, (name, argument) in enumerate(pieces):
        if of_lines and text and name == "MAX_REPEAT" and str(argument[2]) == BLANK and pieces[at + 1 :] == END:
            return [_behind(text)]
        if name == "LITERAL" and argument < 128:
            text += chr(argument)
            continue
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, _, inside = argument
            if low and len(inside) == 1 and str(inside[0][0]) == "LITERAL" and inside[0][1] < 128:
                text += chr(inside[0][1]) * low
                found.append(frozenset([text]))
                text = ""
                continue
            members = _groups(inside, of_lines=of_lines) if low else []
        elif name == "SUBPATTERN":
            folded = argument[1] & re.IGNORECASE and not of_lines
            members = [] if folded else _groups(argument[3], of_lines=of_lines)
        elif name == "ATOMIC_GROUP":
            members = _groups(argument, of_lines=of_lines)
        elif name == "BRANCH":
            branches = [_rarest(_groups(branch, of_lines=of_lines)) for branch in argument[1]]
            members = [] if None in branches else [frozenset().union(*[texts for texts in branches if texts])]
        elif name == "AT":
            text += "\n" if of_lines and pieces[at:] == END else ""
            continue
        else:
            members = []
        found += [frozenset([text])] if text else []
        found += members
        text = ""
    found += [frozenset([text])] if text else []
    return found


def _joined(pieces: Iterable[tuple[str, Any]]) -> frozenset[str]:
    """Return the longest texts, one of which is in every match, that neighbours make together: ``(?:ab|cd)e``."""
    best: frozenset[str] = frozenset()
    run = frozenset([""])
    for name, argument in (*pieces, ("", None)):
        texts = _written(name, argument)
        if texts is not None and len(texts) * len(run) <= MOST_JOINED:
            run = frozenset(before + text for before in run for text in texts)
            continue
        best = max(best, run, key=lambda one: min(map(len, one), default=0))
        run = texts or frozenset([""])
    return frozenset() if "" in best else best


def _written(name: str, argument: Any) -> frozenset[str] | None:
    """Return all texts that a piece of a pattern matches, if they are few and of ASCII only."""
    if name == "LITERAL" and argument < 128:
        return frozenset([chr(argument)])
    if name == "IN" and all(str(kind) == "LITERAL" and code < 128 for kind, code in argument):
        return frozenset(chr(code) for _, code in argument)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[:2] == (0, 1):
        texts = _sequence(argument[2])
        return None if texts is None else texts | {""}
    inside = argument[3] if name == "SUBPATTERN" else argument if name == "ATOMIC_GROUP" else None
    if name == "BRANCH":
        branches = [_sequence(branch) for branch in argument[1]]
        return None if None in branches else frozenset().union(*[one for one in branches if one])
    return None if inside is None else _sequence(inside)


def _sequence(parsed: Iterable[Any]) -> frozenset[str] | None:
    run = frozenset([""])
    for operation, argument in parsed:
        texts = _written(str(operation), argument)
        if texts is None or len(texts) * len(run) > MOST_JOINED:
            return None
        run = frozenset(before + text for before in run for text in texts)
    return run


def _rarest(found: list[frozenset[str]]) -> frozenset[str] | None:
    """Return the group that the fewest texts will hold."""
    if ends := [texts for texts in found if all(text.endswith("\n") for text in texts)]:
        return ends[0]  # few lines end in blanks
    return max(found, key=lambda texts: (min(map(len, texts)), -len(texts)), default=None)
