"""Where the keys of a TOML text stand. ``tomllib`` tells no places; this walks over text that it has accepted."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect

from diagnose.patterns import lazy
from diagnose.records import dataclass

Path = tuple[str | int, ...]

SKIP = lazy(r"(?:[ \t\r\n]|#[^\n]*)*")
STRING = lazy(r'''"""(?:\\.|[^\\])*?"{3,5}|"(?:\\.|[^"\\\n])*"''' + r"""|'{3}.*?'{3,5}|'[^'\n]*'""", re.DOTALL)
BARE = lazy(r"[A-Za-z0-9_-]+")
SCALAR = lazy(r"[^,\]}#\n]+")


@dataclass(slots=True)
class Where:
    """Where a key stands: its 1-based line, its first character, and the first and last-but-one of its value."""

    line: int
    at: int
    start: int
    end: int


def lines_of(text: str) -> dict[Path, int]:
    """Return the 1-based line of every key and array element of a valid TOML text, by its path."""
    return {path: where.line for path, where in places_of(text).items()}


def places_of(text: str) -> dict[Path, Where]:
    """Return the place of every key and array element of a valid TOML text, by its path."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, len(text) - len(text.removeprefix("\ufeff"))
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.found: dict[Path, Where] = {}
        self.tables: dict[Path, int] = {}  # arrays of tables, with the index of their last table

    def document(self) -> None:
        """Walk over the whole text."""
        table: Path = ()
        while self.skip() < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        start = self.at
        self.at += 2 if many else 1
        path: Path = ()
        *outer, last = self.key()
        for part in outer:
            self.note((*path, part), start)
            path = self.inside((*path, part))
        path = (*path, last)
        if many:
            self.tables[path] = self.tables.get(path, -1) + 1
        self.note(path, start)
        path = self.inside(path)
        self.note(path, start)
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        return path

    def inside(self, path: Path) -> Path:
        return (*path, self.tables[path]) if path in self.tables else path

    def pair(self, table: Path) -> None:
        start = self.at
        path: Path = table
        for part in self.key():
            path = (*path, part)
            self.note(path, start)
        self.at += 1  # the equals sign
        self.value(path)

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip()
            if quoted := STRING.match(self.text, self.at):
                parts.append(str(tomllib.loads(f"key = {quoted[0]}")["key"]))
                self.at = quoted.end()
            elif bare := BARE.match(self.text, self.at):
                parts.append(bare[0])
                self.at = bare.end()
            if self.skip() == len(self.text) or self.text[self.at] != ".":
                return parts
            self.at += 1

    def value(self, path: Path) -> None:
        start = self.skip()
        if self.text[self.at] == "[":
            self.items("]", path)
        elif self.text[self.at] == "{":
            self.items("}", path)
        elif scalar := STRING.match(self.text, self.at) or SCALAR.match(self.text, self.at):
            self.at = start + len(scalar[0].rstrip())
        where = self.found[path]
        where.start, where.end = start, self.at

    def items(self, end: str, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self.skip()] != end:
            if end == "}":
                self.pair(path)
            else:
                self.note((*path, index), self.at)
                self.value((*path, index))
                index += 1
            if self.text[self.skip()] == ",":
                self.at += 1
        self.at += 1

    def skip(self) -> int:
        found = SKIP.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def note(self, path: Path, at: int) -> None:
        if path not in self.found:
            self.found[path] = Where(bisect(self.breaks, at - 1) + 1, at, at, at)
