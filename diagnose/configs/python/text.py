"""The text of a Python config: parsed, with the places of its expressions in characters."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import pairwise

from diagnose.errors import SourceError
from diagnose.model import Place
from diagnose.patterns import lazy

LARGEST = 1 << 20
"""Characters of a config."""
MOST_MARKS = 150_000
"""Commas, equal signs and lines, counted before the text is parsed."""
MOST_STATEMENTS = 10_000
SMALL = 1 << 15
"""Characters of a text whose statements are kept for the next config that names it as a base."""
QUOTED = 400
"""Characters kept of a line."""
LINE_END = lazy(r"\r\n|\r|\n")
STATEMENT = lazy(r"^[A-Za-z_]\w*\s*=(?!=)", re.MULTILINE)
ENVIRONMENT = lazy(r"\{\{\s*\$\w+\s*:\s*+[^\s{}]*+\s*\}\}")
"""A template that stands where a value would, and is no Python."""
STAND_IN = "\u00f8"
"""A letter that takes the place of such templates, so that all offsets stay."""


class Text:
    """The text of one file, or a part of one.

    Attributes:
        path: the file as the user named it.
        content: the text.
        above: lines of the file above the text.
        printed: whether the text stands inside a log: it may be damaged, and its offsets mean nothing.
    """

    def __init__(self, content: str, path: str, *, above: int = 0, printed: bool = False) -> None:
        self.content, self.path, self.above, self.printed = content, path, above, printed

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in LINE_END.finditer(self.content))]

    @cached_property
    def _lines(self) -> list[str]:
        return [self.content[start:end].rstrip("\r\n") for start, end in pairwise([*self._starts, len(self.content)])]

    def line(self, number: int) -> str:
        """Return a line of the text, counted from 1."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Return where a node stands."""
        line = self.line(node.lineno)
        column = 1 if self.printed else _characters(line, node.col_offset) + 1
        return Place(self.path, node.lineno + self.above, column, line.strip()[:QUOTED])

    def literal(self, node: ast.expr) -> tuple[str, tuple[int, int] | None]:
        """Return a node as it is written, and its offsets in the file."""
        first, last = node.lineno, node.end_lineno or node.lineno
        start, end = self._starts[first - 1] + node.col_offset, self._starts[last - 1] + (node.end_col_offset or 0)
        if not self.content.isascii():
            start = self._starts[first - 1] + _characters(self.line(first), node.col_offset)
            end = self._starts[last - 1] + _characters(self.line(last), node.end_col_offset or 0)
        return self.content[start:end], None if self.printed else (start, end)

    def error(self, message: str, node: ast.expr | ast.stmt, mend: str = "") -> SourceError:
        """Return an error at a node."""
        return SourceError(message, place=self.place(node), mend=mend)


def _is_data(content: str) -> bool:
    return sum(content.count(mark) for mark in ",=\n") > MOST_MARKS


def _characters(line: str, column: int) -> int:
    """Return the column in characters of one that counts bytes."""
    return column if line.isascii() else len(line.encode()[:column].decode(errors="ignore"))


def parse(text: Text) -> list[ast.stmt]:
    """Return the statements of a config.

    Raises:
        SourceError: if it is no Python, or more than any config is.
    """
    if len(text.content) > LARGEST:
        raise SourceError("too large for a config", place=Place(text.path))
    if _is_data(text.content):
        raise SourceError("not a config: it holds more values than any config needs", place=Place(text.path))
    try:
        statements = _parsed(text.content)
        if len(statements) > MOST_STATEMENTS:
            raise text.error(f"not a config: more than {MOST_STATEMENTS} statements", statements[MOST_STATEMENTS])
        return statements
    except SyntaxError as error:
        if ENVIRONMENT.search(text.content):
            masked = ENVIRONMENT.sub(lambda found: STAND_IN * len(found[0]), text.content)
            try:
                return _parsed(masked)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                pass
        line = error.lineno or 0
        place = Place(text.path, line, 1, text.line(line).strip()[:QUOTED])
        if "too many nested" in str(error.msg):
            raise SourceError("not a config: nested too deeply", place=place) from None
        raise SourceError(f"not valid Python: {error.msg}", place=place, mend="mend this line") from None
    except ValueError as error:
        raise SourceError(f"not valid Python: {error}", place=Place(text.path)) from None
    except (RecursionError, MemoryError):
        raise SourceError("not a config: nested too deeply", place=Place(text.path)) from None


def _parsed(content: str) -> list[ast.stmt]:
    return _parsed_once(content) if len(content) < SMALL else _parsed_anew(content)


def _parsed_anew(content: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content).body


# Hundreds of configs share a few bases; nobody changes the nodes.
_parsed_once = lru_cache(maxsize=64)(_parsed_anew)


def parts(content: str, path: str, first_line: int) -> Iterator[tuple[list[ast.stmt], Text]]:
    """Yield the statements of a config inside a log; of one that is damaged, of each part that is whole."""
    content = content[:LARGEST]
    if _is_data(content):
        return
    whole = _whole(content)
    if whole is not None:
        yield whole[:MOST_STATEMENTS], Text(content, path, above=first_line - 1, printed=True)
        return
    starts = [found.start() for found in STATEMENT.finditer(content)]
    above, counted = 0, 0
    for start, end in pairwise([*starts, len(content)]):
        above += content.count("\n", counted, start)
        counted = start
        part = _whole(content[start:end])
        if part is None:  # a foreign line may follow the last bracket
            part = _whole(re.split(r"\n(?=[^\s)\]}#])", content[start:end], maxsplit=1)[0])
        if part is not None:
            yield part, Text(content[start:end], path, above=above + first_line - 1, printed=True)


def _whole(content: str) -> list[ast.stmt] | None:
    try:
        return _parsed(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
