"""Rows of the templates that are enabled, as ``rows.h`` stores them, in Python."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from diagnose.records import dataclass, field

FIRST_COLUMN = 3
ROOM = 1 << 16
"""Doubles kept of one template before they must be taken."""
ABSURD = 1e15
"""No run counts so many epochs or steps; the builder takes such a counter for none."""
NO_COUNTER = -math.inf
"""Before the first row."""
Counters = tuple[float, float]


@dataclass(slots=True)
class Rows:
    """Rows of one template, and what makes a line a row; see ``walk.Condition``.

    Attributes:
        columns: the variable parts that are stored.
        major, minor: those that must rise from row to row, or -1.
        checks: variable parts, each with a value and whether it must be that or must not be that.
        forbids: whether no column may be -1.
        enabled: whether rows are wanted at present.
        keeps: whether the lines themselves are kept, too.
        lines: those.
        stored: doubles, row by row: line, counters, columns.
    """

    columns: tuple[int, ...] = ()
    major: int = -1
    minor: int = -1
    checks: Sequence[tuple[int, float, bool]] = ()
    forbids: bool = False
    enabled: bool = False
    keeps: bool = False
    lines: list[bytes] = field(default_factory=list)
    stored: array[float] = field(default_factory=lambda: array("d"))

    @property
    def parts(self) -> list[int]:
        """The variable parts that a row needs: of counters and checks, then of columns."""
        counters = [part for part in (self.major, self.minor) if part >= 0]
        return [*counters, *(part for part, _, _ in self.checks), *self.columns]

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another row."""
        return not self.room

    @property
    def room(self) -> int:
        """How many rows there is room for."""
        return max(0, ROOM - len(self.stored)) // (FIRST_COLUMN + len(self.columns))

    def add(self, values: list[float], text: bytes, line: int, last: Counters) -> Counters | None:
        """Store a line for which there is room; return its counters, None if it is no row.

        Args:
            values: of the parts.
            text: the line.
            line: its number.
            last: the counters of the row before.
        """
        major, minor = last
        at = 0
        if self.minor >= 0:
            at = 2 if self.major >= 0 else 1
            major, minor = (values[0], values[1]) if at == 2 else (0.0, values[0])
            if (major, minor) <= last:
                return None
        elif self.major >= 0:
            major, at = values[0], 1
            if major < last[0]:
                return None
        if any(abs(counter) >= ABSURD and counter != NO_COUNTER for counter in (major, minor)):
            return None
        for _, value, equal in self.checks:
            if (values[at] == value) is not equal:
                return None
            at += 1
        columns = values[at:]
        if self.forbids and -1.0 in columns:
            return None
        self.stored.extend((line, major, minor))
        self.stored.extend(columns)
        if self.keeps:
            self.lines.append(text)
        return major, minor

    def store(self, rows: bytes) -> None:
        """Store rows for which there is room."""
        self.stored.frombytes(rows)

    def take(self) -> bytes:
        """Return the rows stored, and forget them."""
        taken, self.stored = self.stored, array("d")
        return taken.tobytes()
