"""What ``_kernel.c`` does, in Python: the same methods with the same results, for installations without a compiler."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from diagnose.scan.gate import Gate
from diagnose.scan.template import ANY_NUMBER, LEADING_ZERO, LITERAL, NUMBER, Part, Template, shape_of

NO_MORE, A_LINE, FULL = range(3)
WANTED, EVERYTHING, NO_ROWS, PASSAGE = range(4)
FIRST_COLUMN = 3
ABSURD = 1e15
"""No run counts so many epochs or steps; the builder takes such a counter for none."""
ROOM = 1 << 16
"""Doubles kept of one template before they must be taken."""
MOST_SHAPES = 20_000
"""Lines, their digits blanked, that are remembered."""
PIECE = 1 << 16
"""Bytes that are split into lines at once."""
DIGIT = re.compile(rb"[0-9]")
WHOLE_PART = re.compile(rb"[+-]?([0-9]*)")
BLANK_DIGITS = bytes.maketrans(b"123456789", b"000000000")


@dataclass(slots=True)
class _Rows:
    columns: tuple[int, ...] = ()
    major: int = -1
    minor: int = -1
    checks: Sequence[tuple[int, float, bool]] = ()
    forbids: bool = False
    enabled: bool = False
    keeps: bool = False
    lines: list[bytes] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def parts(self) -> list[int]:
        """The variable parts that a row needs: of counters and checks, then of columns."""
        counters = [part for part in (self.major, self.minor) if part >= 0]
        return [*counters, *(part for part, _, _ in self.checks), *self.columns]


@dataclass(slots=True)
class _Shape:
    """Lines that differ in their digits only, digit for digit, and are of one template.

    Attributes:
        template: its number.
        spans: where its variable parts stand.
        guards: digits that are part of the template, and where they stand.
        nonzero: where a number must not begin with a zero.
        rows, texts: how rows are stored, and what takes the texts out of a line that they need.
        certain: whether every line of this shape is of the template.
    """

    template: int
    spans: list[slice]
    guards: list[tuple[slice, bytes]]
    nonzero: list[int]
    rows: _Rows | None = None
    texts: Callable[[bytes], tuple[bytes, ...]] | None = None
    certain: bool = False

    def fits(self, line: bytes) -> bool:
        """Whether a line of this shape is of the template for certain."""
        return all(line[at] == text for at, text in self.guards) and all(line[at] != 48 for at in self.nonzero)

    def numbers(self, rows: _Rows) -> Callable[[bytes], tuple[bytes, ...]]:
        """Return what takes the texts of the numbers that a row needs out of a line."""
        wanted = [self.spans[part] for part in rows.parts]
        self.rows = rows
        self.texts = itemgetter(*wanted) if len(wanted) > 1 else lambda line: tuple([line[at] for at in wanted])
        return self.texts


class Scanner:
    """Templates, and the rows that were read by them."""

    def __init__(self) -> None:
        """Start without templates, and with a gate that lets every line pass."""
        self._known: list[Template] = []
        self._patterns: list[re.Pattern[bytes]] = []
        self._masks: list[list[tuple[int, int]]] = []
        self._rows: list[_Rows] = []
        self._order: list[int] = []
        self._digital: list[int] = []  # templates for which it matters which digits stand somewhere
        self._gates: list[re.Pattern[bytes] | None] = [None, None]
        self._alike = [False, False]  # whether a gate tells no digits from each other
        self._shapes: dict[bytes, _Shape | None] = {}
        self._dull: list[set[bytes]] = [set(), set()]
        self._counters = (0.0, 0.0)

    def learn(self, templates: Sequence[Template]) -> None:
        """Take the templates beyond those already known."""
        self._shapes.clear()
        for template in templates[len(self._known) :]:
            variable = [part for part in template.parts if part.operation != LITERAL]
            self._patterns.append(re.compile(b"".join(part.pattern() for part in template.parts) + rb"\r*+\Z"))
            self._masks.append([(at, part.low) for at, part in enumerate(variable) if _is_choosy(part)])
            if any(_is_choosy(part) or DIGIT.search(part.text) for part in template.parts):
                self._digital.append(len(self._known))
            self._order.append(len(self._known))
            self._known.append(template)
            self._rows.append(_Rows())

    def gate(self, gate: Gate, borders: bool = False) -> None:
        """Drop lines that the gate does not let pass; *borders*: these lines end a passage."""
        self._gates[borders] = gate.pattern
        self._alike[borders] = not any(DIGIT.search(text) for text in gate.texts)
        self._dull[borders].clear()

    def ignore(self, line: bytes) -> None:
        """Drop lines that differ from this one in their digits only."""
        if self._alike[0]:
            self._forget(line.rstrip(b"\r").translate(BLANK_DIGITS), 0)

    def match(self, line: bytes) -> tuple[int, tuple[int, ...]] | None:
        """Return the template of a line without its newline and where its variable parts end."""
        if line.endswith(b"\r") or b"\n" in line:
            return None
        found = self._shape(line, line.translate(BLANK_DIGITS))
        return None if found is None else (found.template, tuple([span.stop for span in found.spans]))

    def enable(
        self,
        template: int,
        columns: Sequence[int],
        major: int,
        minor: int,
        constant: int,
        expected: float,
        forbids: bool,
        checks: Sequence[tuple[int, float, bool]] = (),
        keeps: bool = False,
    ) -> None:
        """Store rows of a template."""
        all_checks = [*([(constant, expected, True)] if constant >= 0 else []), *checks]
        self._rows[template] = _Rows(tuple(columns), major, minor, all_checks, forbids, enabled=True, keeps=keeps)

    def disable(self) -> None:
        """Store no rows until templates are enabled again; rows not taken stay."""
        for rows in self._rows:
            rows.enabled = False

    def take(self, template: int) -> bytes:
        """Return the rows of a template as bytes of doubles: line, counters, columns; they are forgotten here."""
        values, self._rows[template].values = self._rows[template].values, []
        return struct.pack(f"={len(values)}d", *values)

    def lines(self, template: int) -> bytes:
        """Return the lines of a template's rows, where they are kept; they are forgotten here."""
        kept, self._rows[template].lines = self._rows[template].lines, []
        return b"".join(line + b"\n" for line in kept)

    def counters(self) -> tuple[float, float]:
        """Return the counters of the last row."""
        return self._counters

    def set_counters(self, major: float, minor: float) -> None:
        """Set what the next row must be above."""
        self._counters = (major, minor)

    def walk(
        self, block: bytes | bytearray, start: int, end: int, line: int, mode: int
    ) -> tuple[int, int, int, int, int]:
        """Go on to the next line that is for Python; see the kernel."""
        shapes, all_rows = self._shapes, self._rows
        while start < end:
            stop = block.rfind(b"\n", start, min(end, start + PIECE))
            if stop < 0:
                stop = block.index(b"\n", start, end)
            for text in bytes(block[start:stop]).split(b"\n"):
                key = text.translate(BLANK_DIGITS)
                found = None
                if mode != PASSAGE:
                    found = shapes.get(key, NEW)
                    if found is None or not found.certain:
                        found = self._shape(text, key)
                if found is not None and mode == WANTED and (rows := all_rows[found.template]).enabled:
                    texts = found.texts if found.rows is rows and found.texts else found.numbers(rows)
                    stored = self._store(rows, [*map(float, texts(text))], text, line)
                    if not stored:
                        reason = A_LINE if stored is False else FULL
                        return reason, start, start + len(text) + 1, line, found.template
                elif found is not None or mode == EVERYTHING or self._passes(text, key, mode == PASSAGE):
                    found = found or self._shape(text, key)
                    return A_LINE, start, start + len(text) + 1, line, -1 if found is None else found.template
                start += len(text) + 1
                line += 1
        return NO_MORE, start, start, line, -1

    def _passes(self, text: bytes, key: bytes, borders: bool) -> bool:
        """Whether a line passes a gate."""
        gate = self._gates[borders]
        if gate is None:
            return True
        key, text = key.rstrip(b"\r"), text.rstrip(b"\r")
        if key in self._dull[borders]:
            return False
        if gate.search(text + b"\n") is not None:
            return True
        if self._alike[borders]:
            self._forget(key, borders)
        return False

    def _forget(self, key: bytes, borders: int) -> None:
        if len(self._dull[borders]) >= MOST_SHAPES:
            self._dull[borders].clear()
        self._dull[borders].add(key)

    def _shape(self, line: bytes, key: bytes) -> _Shape | None:
        """Return the shape of a line, if it is of any template."""
        shape = self._shapes.get(key, NEW)
        if shape is None:  # but lines with other digits may be
            return self._find(line, self._digital) if self._digital else None
        if shape is not NEW and (shape.certain or shape.fits(line)):
            return shape
        found = self._find(line, self._order)
        if shape is NEW:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[key] = found
        return found

    def _find(self, line: bytes, candidates: list[int]) -> _Shape | None:
        """Try templates on a line; those that matched last are tried first."""
        for rank, which in enumerate(candidates):
            found = self._patterns[which].match(line)
            if found is not None and not any(shape_of(found[at + 1]) & ~mask for at, mask in self._masks[which]):
                if rank:
                    candidates.insert(0, candidates.pop(rank))
                return self._shape_of(which, found)
        return None

    def _shape_of(self, which: int, found: re.Match[bytes]) -> _Shape:
        spans = [slice(*found.span(at + 1)) for at in range(found.re.groups)]
        guards, at, variable = [], 0, iter(spans)
        for part in self._known[which].parts:
            if part.operation != LITERAL:
                at = next(variable).stop
                continue
            if DIGIT.search(part.text):
                guards.append((slice(at, at + len(part.text)), part.text))
            at += len(part.text)
        nonzero = []
        for place, mask in self._masks[which]:
            whole = WHOLE_PART.match(found[place + 1])
            if whole and not mask & LEADING_ZERO and len(whole[1]) > 1:
                nonzero.append(spans[place].start + whole.start(1))
        return _Shape(which, spans, guards, nonzero, certain=not guards and not nonzero)

    def _store(self, rows: _Rows, values: list[float], text: bytes, line: int) -> bool | None:
        """Store a row; return False if the line is one for Python, None if there is no room."""
        major, minor = counters = self._counters
        at = 0
        if rows.minor >= 0:
            at = 2 if rows.major >= 0 else 1
            major, minor = (values[0], values[1]) if at == 2 else (0.0, values[0])
            if (major, minor) <= counters:
                return False
        elif rows.major >= 0:
            major, at = values[0], 1
            if major < counters[0]:
                return False
        if any(ABSURD <= abs(counter) < math.inf for counter in (major, minor)):
            return False
        for _, value, equal in rows.checks:
            if (values[at] == value) is not equal:
                return False
            at += 1
        columns = values[at:]
        if len(rows.values) > ROOM - FIRST_COLUMN - len(columns):
            return None
        if rows.forbids and -1.0 in columns:
            return False
        self._counters = (major, minor)
        rows.values += (line, major, minor)
        rows.values += columns
        if rows.keeps:
            rows.lines.append(text)
        return True


NEW = _Shape(-1, [], [], [])


def _is_choosy(part: Part) -> bool:
    return part.operation == NUMBER and part.low != ANY_NUMBER
