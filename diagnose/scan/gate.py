"""Which lines nobody wants: texts one of which every wanted line contains, found in all lines at once."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import chain
from re import _parser  # type: ignore[attr-defined,unused-ignore]  # it has no public name
from typing import Any

from diagnose.patterns import lazy

CONTROL = tuple(bytes([code]) for code in (*range(9), *range(11, 32), 127))
"""A line with terminal control is only known once it is decoded."""
FOLDED = ("\u017f".encode(), "\u212a".encode())
"""Letters beyond ASCII that equal ``s`` and ``k`` where case is ignored."""
SPACES = tuple(
    "\t\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Blanks other than the space."""
BLANKS = 4
"""Spaces at the end of a line that are told from more of them."""
ZEROS = str.maketrans("123456789", "0" * 9)
MOST = 60_000
"""States of the automaton."""
DIGITS = frozenset(b"0123456789")
SINGLE_DIGITS = frozenset(bytes([digit]) for digit in DIGITS)
MOST_JOINED = 48
"""Texts that are made of neighbours in a pattern."""


BLANK = str(_parser.parse(r"\s"))
END = [(str(operation), argument) for operation, argument in _parser.parse("$")]


class Gate:
    """Lines that hold one of some texts, whatever its case, or terminal control."""

    def __init__(self, texts: Iterable[str], table: tuple[bytes, ...] = ()) -> None:
        """Take the texts; a line that matches is wanted. *table* is what ``table`` of such a gate returns, if known."""
        self._table = table
        self.texts = tuple(sorted({text.lower().encode() for text in texts})) + CONTROL + FOLDED
        self._words = tuple(text for text in self.texts if len(text) > 1)
        self._letters = lazy(b"[%s]" % re.escape(b"".join(text for text in self.texts if len(text) == 1)))

    def wants(self, line: bytes) -> bool:
        """Whether a line with its newline holds one of the texts."""
        low = line.lower()
        return self._letters.search(low) is not None or any(map(low.__contains__, self._words))

    @cached_property
    def blank(self) -> Gate:
        """The gate for lines whose digits were made zeros: what it drops is dropped whatever the digits were."""
        own = self.texts[: len(self.texts) - len(CONTROL + FOLDED)]
        return Gate([text.decode().translate(ZEROS) for text in own])

    def table(self) -> tuple[bytes, ...]:
        """Return the classes of bytes, and the next state for each state and class; state 1 is reached by a hit."""
        return self._table or _table(self.texts)

    @property
    def tells_digits(self) -> bool:
        """Whether it may let a line pass and not another that differs from it in its digits only."""
        return any(DIGITS & set(text) for text in _shortest(self.texts)) and not set(self.texts) >= SINGLE_DIGITS


def _shortest(texts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return texts without those that hold another one of a single byte."""
    single = {text[0] for text in texts if len(text) == 1}
    return tuple([text for text in texts if len(text) == 1 or single.isdisjoint(text)])


@lru_cache(maxsize=32)
def _table(texts: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    texts = _shortest(texts)
    alone = [text[0] for text in texts if len(text) == 1]  # they need one class together
    letters = [*alone[:1], *sorted({byte for text in texts if len(text) > 1 for byte in text})]
    classes = bytearray(256)
    for byte in alone:
        classes[byte] = classes[ord(chr(byte).upper())] = 1
    for number, byte in enumerate(letters, 1):
        classes[byte] = number
        classes[ord(chr(byte).upper())] = number if byte < 128 else classes[ord(chr(byte).upper())]
    return bytes(classes), _automaton([bytes(classes[byte] for byte in text) for text in texts], len(letters))


def _automaton(words: list[bytes], letters: int) -> bytes:
    """Return the table of Aho and Corasick's automaton for words over 1..*letters*; state 1 absorbs."""
    goto: list[dict[int, int]] = [{}, {}]
    for word in words:
        state = 0
        for letter in word[:-1]:
            if goto[state].get(letter) == 1:
                break
            if letter not in goto[state]:
                goto.append({})
                goto[state][letter] = len(goto) - 1
            state = goto[state][letter]
        else:
            goto[state][word[-1]] = 1
    width = letters + 1
    nowhere = [0] * width
    rows = [nowhere, [1] * width, *(nowhere for _ in goto[2:])]
    fail = [0] * len(goto)
    order = [0]
    for state in order:
        row = rows[state] = rows[fail[state]].copy()
        for letter, target in sorted(goto[state].items()):
            if row[letter] == 1:
                continue
            row[letter], fail[target] = target, row[letter]
            if target != 1:
                order.append(target)
    if len(rows) > MOST:
        raise ValueError("too many texts for one gate")
    return array("H", chain.from_iterable(rows)).tobytes()


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
