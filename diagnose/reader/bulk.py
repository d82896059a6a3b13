"""Rows of numbers that the scan engine has read, as points of the builder."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from diagnose.names import canonical
from diagnose.reader.builder import ABSURD, RunBuilder
from diagnose.reader.column import Column
from diagnose.scan import Condition, Walk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

FIRST = 3
"""Doubles of a row before its columns: the line, and the counters of the last row that had any."""
Position: TypeAlias = "Callable[[Floats], tuple[Floats, Floats]]"
"""Epoch and step of rows, from their columns."""


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Item:
    """A number of a row that becomes a point.

    Attributes:
        printed, split, name: as ``RunBuilder.point`` takes them.
        part: variable part of the template, or -1 if the template itself holds the number.
        value: that number.
    """

    printed: str
    split: str
    part: int
    name: str = ""
    value: float = math.nan


@dataclass(slots=True)
class _Table:
    """The rows of one template in one segment."""

    columns: list[tuple[Column, int, float]]
    position: Position
    width: int
    chunks: list[bytes] = field(default_factory=list)


class Bulk:
    """Hands rows of a walk over to the segment of the builder that was open when their template was enabled.

    A reader treats the first line of each template in a segment itself, then enables the template; when the segment is
    closed, all rows are handed over and every template is disabled again.
    """

    def __init__(self, build: RunBuilder, walk: Walk) -> None:
        """Report rows of *walk* to *build*."""
        self._build, self._walk = build, walk
        walk.full = self.take
        self._tables: dict[int, _Table] = {}
        self._segment = -1

    def enable(
        self,
        items: Iterable[Item],
        position: Position,
        extra: Iterable[int] = (),
        condition: Condition = ALWAYS,
    ) -> None:
        """Read lines of the template of the line that was just treated as rows from here on.

        Args:
            items: the numbers that become points, in the order in which the reader gave them to the builder.
            position: called with the counters and the columns of *extra*, one row each; returns epochs and steps.
            extra: variable parts that *position* needs.
            condition: when a line is a row.
        """
        self.check()
        if self._segment < 0:
            self._segment = self._build.started
        template = self._walk.template
        if template in self._tables:
            return  # this line was none of its rows, later ones are
        extra = list(extra)
        columns: list[tuple[Column, int, float]] = []
        parts: list[int] = []
        used: set[str] = set()
        for item in items:
            name = item.name or canonical(item.printed, item.split)
            column = self._build.column(name)
            if column is None:
                return
            if column.printed != item.printed and name in used:
                column = self._build.column(f"{name}~{item.printed}")
                if column is None:
                    return
            used.add(name)
            columns.append((column, FIRST + len(extra) + len(parts) if item.part >= 0 else -1, item.value))
            parts += [item.part] if item.part >= 0 else []
        self._walk.enable([*extra, *parts], condition)
        self._tables[template] = _Table(columns, position, FIRST + len(extra) + len(parts))

    def take(self, template: int) -> None:
        """Take the rows of a template for which there is no room left."""
        if rows := self._walk.take(template):
            self._tables[template].chunks.append(rows)

    def held(self, template: int) -> Floats:
        """Return the rows of a template that are still to be handed over: line, counters and columns."""
        import numpy as np

        table = self._tables.get(template)
        if table is None:
            return np.empty((0, FIRST))
        self.take(template)
        return np.frombuffer(b"".join(table.chunks), dtype=np.float64).reshape(-1, table.width)

    def check(self) -> None:
        """Hand everything over if the segment it belongs to is no longer the open one."""
        if self._segment >= 0 and (self._segment != self._build.started or not self._build.is_open):
            self.finish()

    def finish(self) -> None:
        """Hand all rows over."""
        self._walk.disable()
        for template, table in self._tables.items():
            self.take(template)
            if table.columns and table.chunks:
                self._hand_over(table)
        self._tables.clear()
        self._segment = -1

    def _hand_over(self, table: _Table) -> None:
        import numpy as np

        rows = np.frombuffer(b"".join(table.chunks), dtype=np.float64).reshape(-1, table.width)
        table.chunks.clear()
        line = rows[:, 0].astype(np.int64)
        epoch, step = (np.where(np.abs(at) < ABSURD, at, math.nan) for at in table.position(rows[:, 1:]))
        for column, at, value in table.columns:
            values = np.full(len(rows), value) if at < 0 else np.ascontiguousarray(rows[:, at])
            column.extend(values, step, epoch, line)
        self._build.reached(self._segment, int(line[-1]))
