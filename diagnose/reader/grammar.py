"""Lines parsed by a Lark grammar, each line *shape* only once.

Plain Lark reads some 5,000 lines a second, its tables alone 15,000 (``diagnose.scan.lalr``). Two lines that differ
only in their digits, digit for digit, lex and parse alike as long as no terminal tells one digit from another, so the
parse of the first serves for the second: the kinds of its tokens and where they start and end. A grammar must therefore
treat all digits alike (no ``[1-5]`` in a terminal, no literal with a digit that a number could also stand for);
``tests/scan/test_terminals.py`` checks it. Where numbers and blanks may also vary in width, ``diagnose.scan`` makes a
template of the line, which serves for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diagnose.reader.learning import asked, is_listening, shapes_of
from diagnose.reader.sieve import sieve
from diagnose.records import dataclass
from diagnose.scan import ENOUGH, Shapes, engine

MEMO, MOST_BYTES = 20_000, 8 << 20
"""Shapes remembered per grammar, and their bytes; when full the memory starts afresh."""
SAID, LONGEST = 5000, 1000
"""Lines of which it is remembered, to the letter, what a grammar reads in them, and their length."""
BLANK_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def undigited(text: str) -> bytes:
    """Return what two texts have in common that differ in their digits only, digit for digit."""
    return text.encode("utf-8", "surrogatepass").translate(BLANK_DIGITS)  # of texts, translate is ten times as slow


@dataclass(frozen=True, slots=True)
class Match:
    """A line that a grammar accepts.

    Attributes:
        kind: name or alias of the rule directly under ``start``.
        tokens: named tokens from left to right, as (terminal, text).
    """

    kind: str
    tokens: tuple[tuple[str, str], ...]

    def get(self, terminal: str) -> str | None:
        """Return the text of the first token of a terminal, or None."""
        for name, text in self.tokens:
            if name == terminal:
                return text
        return None

    def all(self, terminal: str) -> list[str]:
        """Return the texts of all tokens of a terminal."""
        return [text for name, text in self.tokens if name == terminal]

    def numbers(self) -> list[float]:
        """Return the values of all numbers, NaN and Inf included."""
        return [number(text) for name, text in self.tokens if name in ("INT", "NUMBER", "NONFINITE", "PERCENT")]

    def pairs(self, key: str = "KEY") -> Iterator[tuple[str, str]]:
        """Yield (key text, text of the token after it) for every *key* token that is followed by another kind."""
        for (name, text), (after, value) in zip(self.tokens, self.tokens[1:], strict=False):
            if name == key and after != key:
                yield text, value


class Memory:
    """What is remembered of lines, for all readers of a process that use one grammar.

    Attributes:
        shapes: what Lark made of each shape, how often it came again with other digits, and the first line of it.
        size: bytes of these shapes.
        said: what lines say, to the letter, and what is known of their shapes: programs print the same again and again.
        notes: what a reader remembers by itself.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.shapes: dict[bytes, list[Any]] = {}
        self.size = 0
        self.said: dict[str, tuple[Match | None, list[Any] | None]] = {}
        self.notes: dict[str, Any] = {}


class LineGrammar:
    """The grammar ``grammars/<name>.lark``, applied line by line.

    The grammar starts with ``?start`` so that a match is named after the rule below it. Terminals that start with an
    underscore and anonymous ones are left out of a match.
    """

    def __init__(self, name: str, *, gate: str = "") -> None:
        """Name the grammar; *gate* is a cheap pattern that every acceptable line contains."""
        self.name, self.gate = name, gate
        self._gate = sieve(gate) if gate else None
        self._memory = Memory()
        self._is_bound = False

    @property
    def shapes(self) -> Shapes:
        """The templates learned so far, the same for all readers of the process."""
        return shapes_of(self.name)

    @property
    def notes(self) -> dict[str, Any]:
        """What a reader remembers of lines by itself, for as long as what the grammar reads in them."""
        self._bind()
        return {} if is_listening() else self._memory.notes

    def _bind(self) -> None:
        """Remember what earlier readers of the process did."""
        self._memory, self._is_bound = self.shapes.memories.setdefault(engine().name, self._memory), True

    def parse(self, text: str) -> Match | None:
        """Return what the grammar reads in a line, or None if it does not accept it."""
        said = self._memory.said.get(text)
        if said is None or is_listening():
            said = self._read(text)
            if len(text) < LONGEST:
                known = self._memory.said
                if len(known) >= SAID:
                    known.clear()
                known[text] = said
        elif said[1] is not None and said[1][1] < ENOUGH:
            self._count(text, said[1])
        return said[0]

    def _read(self, text: str) -> tuple[Match | None, list[Any] | None]:
        """Return what is read in a line, and what is known of its shape if it has no template."""
        if not self._is_bound:
            self._bind()
        if self._gate is not None and not self._gate.finds(text):
            return None, None
        shape, memo = undigited(text), self._memory.shapes
        known = None if (heard := is_listening()) else memo.get(shape)
        if known is None:
            shapes = None if heard or engine().name == "lark" else self.shapes
            if shapes is not None and (found := shapes.match(text)) is not None:
                return Match(found[0].kind, found[1]), None
            if len(memo) >= MEMO or self._memory.size > MOST_BYTES:
                memo.clear()
                self._memory.size = 0
            self._memory.size += len(shape)
            known = memo[shape] = [asked(self.name, text), 0, text]
            if known[0] is not None and shapes is not None:
                shapes.note(text, known[0])
        if known[0] is None:
            return None, None
        self._count(text, known)
        kind, slots = known[0]
        return Match(kind, tuple([(name, text[start:end]) for name, start, end in slots])), known

    def _count(self, text: str, known: list[Any]) -> None:
        """Count a line that is like the first of its shape: of enough of them a template is made."""
        if text != known[2]:
            known[1] += 1
            if known[1] == ENOUGH and engine().name != "lark":
                self.shapes.note(text, known[0], ENOUGH)


def number(text: str) -> float:
    """Return the number a log prints: ``0.5``, ``1e-4``, ``87.5%`` (as 87.5), ``nan``, ``-inf``, ``1,234``.

    Raises:
        ValueError: if the text is no number.
    """
    try:
        return float(text)
    except ValueError:
        return float(text.strip().rstrip("%").replace(",", ""))
