"""What grammars make of lines: asked of Lark's tables or Lark, learned, packed by a build, kept between calls."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from diagnose import assets
from diagnose.parsers import own, packed_tables, parser, stamp, tables
from diagnose.patterns import lazy
from diagnose.scan import LineParser, Pack, Shapes, engine, shape_key

if TYPE_CHECKING:
    from lark import Lark

TELLING = 100
"""Longest text between two numbers that other people's lines may share."""
DIGITS = lazy("[0-9]+")
Parsed: TypeAlias = tuple[str, tuple[tuple[str, int, int], ...]]
"""The rule that accepts a line, and terminal, start and end of each named token."""


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


def is_listening() -> bool:
    """Whether anybody collects lines."""
    return bool(_listening)


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
