"""What ``_kernel.c`` does, in Python: the same methods with the same results, for installations without a compiler."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from diagnose.scan.gate import Gate
from diagnose.scan.template import ANY_NUMBER, LITERAL, NUMBER, Part, Template, shape_of

NO_MORE, A_LINE, FULL = range(3)
WANTED, EVERYTHING, NO_ROWS, PASSAGE = range(4)
FIRST_COLUMN = 3
ROOM = 1 << 16
"""Doubles kept of one template before they must be taken."""
MOST_DULL = 4096
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


class Scanner:
    """Templates, and the rows that were read by them."""

    def __init__(self) -> None:
        """Start without templates, and with a gate that lets every line pass."""
        self._known: list[Template] = []
        self._patterns: list[re.Pattern[bytes]] = []
        self._masks: list[list[tuple[int, int]]] = []
        self._rows: list[_Rows] = []
        self._order: list[int] = []
        self._gates: list[re.Pattern[bytes] | None] = [None, None]
        self._dull: set[bytes] = set()
        self._counters = (0.0, 0.0)

    def learn(self, templates: Sequence[Template]) -> None:
        """Take the templates beyond those already known."""
        for template in templates[len(self._known) :]:
            variable = [part for part in template.parts if part.operation != LITERAL]
            self._patterns.append(re.compile(b"".join(part.pattern() for part in template.parts) + rb"\r*+\Z"))
            self._masks.append([(at, part.low) for at, part in enumerate(variable) if _is_choosy(part)])
            self._order.append(len(self._known))
            self._known.append(template)
            self._rows.append(_Rows())

    def gate(self, gate: Gate, borders: bool = False) -> None:
        """Drop lines that the gate does not let pass; *borders*: these lines end a passage."""
        self._gates[borders] = gate.pattern

    def ignore(self, line: bytes) -> None:
        """Drop lines that differ from this one in their digits only."""
        if len(self._dull) >= MOST_DULL:
            self._dull.clear()
        self._dull.add(line.rstrip(b"\r").translate(BLANK_DIGITS))

    def match(self, line: bytes) -> tuple[int, tuple[int, ...]] | None:
        """Return the template of a line without its newline and where its variable parts end."""
        if line.endswith(b"\r") or b"\n" in line:
            return None
        found = self._find(line)
        return None if found is None else (found[0], tuple([found[1].end(at + 1) for at in range(found[1].re.groups)]))

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
        all_checks = [*checks, *([(constant, expected, True)] if constant >= 0 else [])]
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
        gate = self._gates[mode == PASSAGE]
        while start < end:
            stop = block.index(b"\n", start, end)
            text = bytes(block[start:stop])
            found = None if mode == PASSAGE else self._find(text)
            which = -1 if found is None else found[0]
            if found is not None and mode == WANTED and self._rows[which].enabled:
                stored = self._store(self._rows[which], found[1], line)
                if not stored:
                    return (A_LINE if stored is False else FULL, start, stop + 1, line, which)
            elif found is not None or mode == EVERYTHING or self._passes(text.rstrip(b"\r"), gate, mode):
                if mode == PASSAGE and (found := self._find(text)) is not None:
                    which = found[0]
                return A_LINE, start, stop + 1, line, which
            start, line = stop + 1, line + 1
        return NO_MORE, start, start, line, -1

    def _passes(self, text: bytes, gate: re.Pattern[bytes] | None, mode: int) -> bool:
        if gate is None:
            return True
        if mode != PASSAGE and self._dull and text.translate(BLANK_DIGITS) in self._dull:
            return False
        return gate.search(text + b"\n") is not None

    def _find(self, line: bytes) -> tuple[int, re.Match[bytes]] | None:
        """Return the template of a line and its match; templates that matched last are tried first."""
        for rank, which in enumerate(self._order):
            found = self._patterns[which].match(line)
            if found is not None and not any(shape_of(found[at + 1]) & ~mask for at, mask in self._masks[which]):
                if rank:
                    self._order.insert(0, self._order.pop(rank))
                return which, found
        return None

    def _store(self, rows: _Rows, found: re.Match[bytes], line: int) -> bool | None:
        """Store a row; return False if the line is one for Python, None if there is no room."""
        major = minor = 0.0
        if rows.major >= 0:
            major = float(found[rows.major + 1])
        if rows.minor >= 0:
            minor = float(found[rows.minor + 1])
            if (major, minor) <= self._counters:
                return False
        elif rows.major >= 0:
            minor = self._counters[1]
            if major < self._counters[0]:
                return False
        else:
            major, minor = self._counters
        if any((float(found[part + 1]) == value) != equal for part, value, equal in rows.checks):
            return False
        if len(rows.values) + FIRST_COLUMN + len(rows.columns) > ROOM:
            return None
        values = [float(found[column + 1]) for column in rows.columns]
        if rows.forbids and -1.0 in values:
            return False
        self._counters = (major, minor)
        rows.values += (float(line), major, minor, *values)
        if rows.keeps:
            rows.lines.append(found.string)
        return True


def _is_choosy(part: Part) -> bool:
    return part.operation == NUMBER and part.low != ANY_NUMBER
