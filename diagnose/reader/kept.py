"""Lines that a walk keeps, as events that are made when somebody looks at them: of most only their number counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from diagnose.model import Event, Place
from diagnose.model.events import Alike
from diagnose.reader.dump import LONGEST_TEXT

OF_NUMBERS = frozenset("0123456789+-.einfa")
"""What ``str`` makes numbers of."""


Fields: TypeAlias = "Callable[[str, float], dict[str, Any]]"


class Lines(NamedTuple):
    """Whole lines of one template.

    Attributes:
        raw: their bytes.
        numbers: double by double, where each stands.
        column: one of its variable parts, likewise.
        fields: what a line says, from its text and that column.
        also: what fields may hold besides numbers and parts of the text.
    """

    raw: bytes
    numbers: bytes
    column: bytes
    fields: Fields
    also: str = ""

    def each(self) -> list[tuple[int, str, float]]:
        """Return the number, the text and the column of each."""
        texts = self.raw.decode(errors="replace").split("\n")[:-1]
        if b"\r" in self.raw:
            texts = [text.rstrip("\r") for text in texts]
        numbers, column = (memoryview(each).cast("d").tolist() for each in (self.numbers, self.column))
        return list(zip(map(int, numbers), texts, column, strict=True))


def lines_of(raw: bytes, rows: bytes, fields: Fields, also: str = "") -> Lines:
    """Return lines that were kept, of whose rows the first double says where each stands and the last one counts."""
    doubles = memoryview(rows).cast("d")
    width = len(doubles) // raw.count(b"\n")
    return Lines(raw, doubles[::width].tobytes(), doubles[width - 1 :: width].tobytes(), fields, also)


class Kept(Alike):
    """Events that lines tell, each of which says all by itself."""

    __slots__ = ("_lines", "_path", "_size")

    def __init__(self, kind: str, path: str, lines: Sequence[Lines]) -> None:
        """Take lines of the file *path*."""
        self.kind, self._path, self._lines = kind, path, lines
        self._size = sum([len(one.numbers) for one in lines]) // 8

    @property
    def last_line(self) -> int:
        """The line of the last one."""
        return int(max([memoryview(one.numbers).cast("d")[-1] for one in self._lines]))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Event]:
        return map(self._event, self._each())

    def __getitem__(self, at: int) -> Event:
        return self._event(self._each()[at])

    def may_say(self, phrase: str) -> bool:
        """Whether any of them can contain a phrase in lower case; fields are numbers, or stand in the text as well."""
        text = "\n".join([part for one in self._lines for part in (one.raw.decode(errors="replace"), one.also)]).lower()
        return all(word in text or OF_NUMBERS.issuperset(word) for word in phrase.split(" "))

    def _each(self) -> list[tuple[tuple[int, str, float], Lines]]:
        found = [pair for one in self._lines for pair in zip(one.each(), repeat(one))]
        return found if len(self._lines) == 1 else sorted(found, key=itemgetter(0))

    def _event(self, told: tuple[tuple[int, str, float], Lines]) -> Event:
        (number, text, column), lines = told
        return Event(self.kind, Place(self._path, number, 1, text.strip()[:LONGEST_TEXT]), lines.fields(text, column))
