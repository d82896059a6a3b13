"""A source line by line, of which only what somebody wants reaches Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from diagnose.scan.blocks import blocks
from diagnose.scan.engine import engine
from diagnose.scan.gate import Gate
from diagnose.scan.shapes import Shapes
from diagnose.sources import Line, Source
from diagnose.sources import lines as every_line
from diagnose.sources.lines import decode, encoding_of, visible

NO_MORE, A_LINE, FULL = range(3)
LONGEST = 1 << 20
FOLDABLE = ("utf-8", "utf-8-sig", "cp1252")
"""Encodings in which the bytes of ASCII characters are nothing else."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a line of a template is a row; where it is not, the line is yielded as any other.

    Attributes:
        major, minor: variable parts that must rise from row to row, -1 for none; a major one alone must not fall.
        constant: a variable part that must be *expected*, -1 for none.
        expected: its value.
        forbids_minus_one: whether no value may be -1.
    """

    major: int = -1
    minor: int = -1
    constant: int = -1
    expected: float = 0.0
    forbids_minus_one: bool = False


def lines(source: Source) -> Iterator[Line]:
    """Yield the visible lines of a source as ``sources.lines`` does; overwritten states cost next to nothing."""
    encoding = encoding_of(source.head)
    if encoding not in FOLDABLE or engine().name != "kernel":
        yield from every_line(source)
        return
    number = 0
    for block, end in blocks(source, folded=True):
        for raw in bytes(block[: end - 1]).split(b"\n"):
            number += 1
            yield from visible(number, decode(raw, encoding))


class Walk:
    """Goes through a source with the templates of a grammar.

    Rows of the templates that are enabled are stored, lines that do not pass the gate are dropped, and all others are
    yielded in their order, those of other templates with the number of theirs.

    Attributes:
        everything: whether every line is to be yielded for now; set between lines.
        template: of the line yielded last, or -1.
        text, raw: of that line, what it shows and its bytes.
        seen: the last physical line that showed anything.
        full: called with the number of a template whose rows must be taken.
    """

    def __init__(self, source: Source, shapes: Shapes, gate: Gate | None) -> None:
        """Go through *source*; without a gate every line is yielded that is no row."""
        self._source, self._shapes = source, shapes
        self.full: Callable[[int], object] = self.take
        self._encoding = encoding_of(source.head)
        self._plain = self._encoding not in ("utf-8", "utf-8-sig") or engine().name == "lark"
        self._scanner = shapes.scanner(gate)
        self._known = len(shapes.templates)
        self.everything, self.template, self.text, self.seen = False, -1, "", 0
        self.raw = b""

    def __iter__(self) -> Iterator[Line]:
        if self._plain:
            for line in every_line(self._source):
                self.seen, self.text = line.number, line.text
                yield line
            return
        number = 0
        for block, end in blocks(self._source, folded=True):
            at = 0
            while True:
                if self._known != len(self._shapes.templates):
                    self._shapes.update(self._scanner)
                    self._known = len(self._shapes.templates)
                first = number + 1
                reason, at, after, number, self.template = self._scanner.walk(block, at, end, first, self.everything)
                if reason != A_LINE:
                    number -= 1  # the last one that the walk has left behind
                    self.seen = number if number >= first else self.seen
                    if reason == NO_MORE:
                        break
                    self.full(self.template)
                    continue
                start, at = at, after
                self.raw = bytes(block[start : after - 1])
                for line in visible(number, decode(self.raw, self._encoding)):
                    self.seen, self.text = number, line.text
                    yield line

    def enable(self, columns: Sequence[int], condition: Condition) -> None:
        """Store rows of the template of the line yielded last from here on: these variable parts of them."""
        at = condition
        self._scanner.enable(
            self.template, tuple(columns), at.major, at.minor, at.constant, at.expected, at.forbids_minus_one
        )

    def disable(self) -> None:
        """Yield the lines of all templates from here on."""
        self._scanner.disable()

    def take(self, template: int) -> bytes:
        """Return the rows stored of a template, row by row: line, major and minor counter then, and the columns."""
        return self._scanner.take(template)

    @property
    def counters(self) -> tuple[float, float]:
        """The counters that the next row must be above."""
        return self._scanner.counters()

    @counters.setter
    def counters(self, values: tuple[float, float]) -> None:
        self._scanner.set_counters(*values)
