"""Which lines nobody wants: texts one of which every wanted line contains, found in all lines at once."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import chain

from diagnose.patterns import lazy

CONTROL = tuple(bytes([code]) for code in (*range(9), *range(11, 32), 127))
"""A line with terminal control is only known once it is decoded."""
FOLDED = ("\u017f".encode(), "\u212a".encode())
"""Letters beyond ASCII that equal ``s`` and ``k`` where case is ignored."""
SPACES = tuple(
    "\t\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Blanks other than the space."""
ZEROS = str.maketrans("123456789", "0" * 9)
MOST = 60_000
"""States of the automaton."""
DIGITS = frozenset(b"0123456789")
SINGLE_DIGITS = frozenset(bytes([digit]) for digit in DIGITS)


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
