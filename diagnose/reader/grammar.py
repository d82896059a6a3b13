"""Lines parsed by a Lark grammar, each line *shape* only once.

Plain Lark reads some 5,000 lines a second, its tables alone 15,000 (``diagnose.scan.lalr``). Two lines that differ
only in their digits, digit for digit, lex and parse alike as long as no terminal tells one digit from another, so the
parse of the first serves for the second: the kinds of its tokens and where they start and end. A grammar must therefore
treat all digits alike (no ``[1-5]`` in a terminal, no literal with a digit that a number could also stand for);
``tests/scan/test_terminals.py`` checks it. Where numbers and blanks may also vary in width, ``diagnose.scan`` makes a
template of the line, which serves for all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from diagnose import assets
from diagnose.parsers import own, packed_tables, parser, stamp, tables
from diagnose.patterns import lazy
from diagnose.reader.sieve import sieve
from diagnose.scan import ENOUGH, LineParser, Pack, Shapes, engine, shape_key

if TYPE_CHECKING:
    from lark import Lark

MEMO = 20_000
"""Shapes remembered per grammar; when full the memory starts afresh."""
TELLING = 100
"""Longest text between two numbers that other people's lines may share."""
DIGITS = lazy("[0-9]+")
BLANK_DIGITS = str.maketrans("123456789", "000000000")


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
        return next((text for name, text in self.tokens if name == terminal), None)

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


Parsed: TypeAlias = tuple[str, tuple[tuple[str, int, int], ...]]
"""The rule that accepts a line, and terminal, start and end of each named token."""


class LineGrammar:
    """The grammar ``grammars/<name>.lark``, applied line by line.

    The grammar starts with ``?start`` so that a match is named after the rule below it. Terminals that start with an
    underscore and anonymous ones are left out of a match.
    """

    def __init__(self, name: str, *, gate: str = "") -> None:
        """Name the grammar; *gate* is a cheap pattern that every acceptable line contains."""
        self.name, self.gate = name, gate
        self._gate = sieve(gate) if gate else None
        self._memo: dict[str, list[Any]] = {}
        """What Lark made of each shape, how often it came again with other digits, and the first line of it."""

    @property
    def shapes(self) -> Shapes:
        """The templates learned so far, the same for all readers of the process."""
        return shapes_of(self.name)

    def parse(self, text: str) -> Match | None:
        """Return what the grammar reads in a line, or None if it does not accept it."""
        if self._gate is not None and not self._gate.finds(text):
            return None
        shape = text.translate(BLANK_DIGITS)
        known = None if _listening else self._memo.get(shape)
        if known is None:
            shapes = None if _listening or engine().name == "lark" else self.shapes
            if shapes is not None and (found := shapes.match(text)) is not None:
                return Match(found[0].kind, found[1])
            if len(self._memo) >= MEMO:
                self._memo.clear()
            known = self._memo[shape] = [asked(self.name, text), 0, text]
            if known[0] is not None and shapes is not None:
                shapes.note(text, known[0])
        if known[0] is None:
            return None
        if text != known[2]:
            known[1] += 1
            if known[1] == ENOUGH and engine().name != "lark":
                self.shapes.note(text, known[0], ENOUGH)
        kind, slots = known[0]
        return Match(kind, tuple([(name, text[start:end]) for name, start, end in slots]))


def asked(name: str, text: str) -> Parsed | None:
    """Return what a grammar reads in a line, by Lark's tables or, where ``DIAGNOSE_ENGINE`` says so, by Lark itself."""
    found = parse_line(parser(name), text) if engine().name == "lark" else _by_tables(name, text)
    if found is not None:
        for lines in _listening:
            lines.setdefault(name, {}).setdefault(shape_key(text), (text, found))
    return found


Heard: TypeAlias = dict[str, dict[str, tuple[str, Parsed]]]
"""Lines that a grammar accepts, by grammar and shape, and what it reads in them."""
_listening: list[Heard] = []


@contextmanager
def listening() -> Iterator[Heard]:
    """Collect the first line of each shape that each grammar accepts meanwhile, whatever is known already."""
    heard: Heard = {}
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)


class Keeper(Protocol):
    """What keeps plain data between calls."""

    def load(self, name: str) -> Any:
        """Return what was saved under a name; None if nothing was, or if it counts no more."""

    def save(self, name: str, data: Any) -> None:
        """Keep data that JSON can hold."""


_keepers: list[Keeper] = []
_next_time = [0.0]
MOST_KEPT = 500
"""Templates of a grammar that are kept between calls."""
PAUSE = 1.0
"""Seconds before templates are kept again: what is learned meanwhile is learned again another time."""


@contextmanager
def keeping(keeper: Keeper) -> Iterator[None]:
    """Meanwhile find with a keeper, and leave there, tables of grammars and templates of lines."""
    _keepers.append(keeper)
    try:
        yield
    finally:
        _keepers.remove(keeper)
        if time.monotonic() >= _next_time[0]:
            for name, shapes in _all_shapes.items():
                if (pack := shapes.unkept()) is not None:
                    keeper.save(f"shapes/{name}", pack.data(MOST_KEPT))
                    _next_time[0] = time.monotonic() + PAUSE


@cache
def _line_parser(name: str) -> LineParser:
    """Return the parser of lines of a grammar; made on first use, once for all readers of the process."""
    made = packed_tables(name) or _kept(f"lines/{name}")
    if made is None:
        made = tables(name)
        for keeper in _keepers[-1:]:
            keeper.save(f"lines/{name}", made)
    return LineParser(made)


def _kept(name: str) -> Any:
    return _keepers[-1].load(name) if _keepers else None


def _by_tables(name: str, text: str) -> Parsed | None:
    return _line_parser(name)(text)


_all_shapes: dict[str, Shapes] = {}


def shapes_of(name: str) -> Shapes:
    """Return the templates of a grammar, once for all readers of the process: the build has learned some of them."""
    if name not in _all_shapes:
        pack = Pack()
        made = assets.packed(f"shapes/{name}")
        with suppress(ValueError, TypeError, KeyError):
            if made is not None and made["stamp"] == stamp(name):
                pack = Pack(made["pack"])
            if (kept := _kept(f"shapes/{name}")) is not None:
                pack.extend(kept)
        _all_shapes[name] = Shapes(name, partial(_by_tables, name), pack)
    return _all_shapes[name]


def learned(name: str, lines: Iterable[tuple[str, Parsed]]) -> dict[str, Any]:
    """Return the templates of lines that a grammar accepts, as plain data for JSON, and what they count for.

    Lines with long texts are left out: they will hardly come again.
    """
    pack = Pack()
    shapes = Shapes(name, partial(_by_tables, name), pack)
    shapes.enough = 1
    for text, parsed in lines:
        if shapes.match(text) is None and max(map(len, DIGITS.split(text))) <= TELLING:
            shapes.note(text, parsed)
    return {"stamp": stamp(name), "pack": pack.data()}


def parse_line(lark: Lark, text: str) -> Parsed | None:
    """Return what Lark itself makes of a line; None if it does not accept it."""
    from lark import Token, Tree
    from lark.exceptions import UnexpectedInput

    try:
        tree = lark.parse(text)
    except UnexpectedInput:
        return None
    if isinstance(tree, Token):
        tree = Tree("start", [tree])
    slots = [
        (own(token.type), token.start_pos or 0, token.end_pos or 0)
        for token in tree.scan_values(lambda value: isinstance(value, Token))
    ]
    return own(tree.data), tuple(slots)


def number(text: str) -> float:
    """Return the number a log prints: ``0.5``, ``1e-4``, ``87.5%`` (as 87.5), ``nan``, ``-inf``, ``1,234``.

    Raises:
        ValueError: if the text is no number.
    """
    try:
        return float(text)
    except ValueError:
        return float(text.strip().rstrip("%").replace(",", ""))
