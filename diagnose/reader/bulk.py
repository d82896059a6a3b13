"""Rows of numbers that the scan engine has read, as points of the builder."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from diagnose.names import canonical
from diagnose.reader.builder import RunBuilder
from diagnose.reader.column import ABSENT, Column
from diagnose.reader.room import FIRST, Position, Table
from diagnose.records import dataclass, replace
from diagnose.scan import Condition, Walk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["Bulk", "Item", "Position"]

ALWAYS = Condition()
MOST_CHECKS = 60


@dataclass(frozen=True, slots=True)
class Item:
    """A number of a row that becomes a point.

    Attributes:
        printed, split, name: as ``RunBuilder.point`` takes them.
        part: variable part of the template, or -1 if the template itself holds the number.
        value: that number.
        absent: whether -1 means that there is no value: then it becomes no point.
    """

    printed: str
    split: str
    part: int
    name: str = ""
    value: float = math.nan
    absent: bool = False


class First(NamedTuple):
    """A line that is to be the first row of its template: its counters, and what its variable parts say."""

    line: int
    counters: tuple[float, float]
    values: Mapping[int, float]


class Bulk:
    """Hands rows of a walk over to the segment of the builder that was open when their template was enabled.

    A reader treats the first line of each template in a segment itself, then enables the template; when the segment is
    closed, every template is disabled again.
    """

    def __init__(self, build: RunBuilder, walk: Walk, *, lazy: bool = False) -> None:
        """Report rows of *walk* to *build*.

        If *lazy*, positions are found when somebody looks at a series: they must depend on nothing that changes.
        """
        self._build, self._walk, self._lazy = build, walk, lazy
        walk.full = self.take
        self._tables: dict[int, Table] = {}
        self._unseen: dict[int, list[str]] = {}  # of each table, series that had no value so far
        self._telling: set[int] = set()  # templates whose rows give points
        self._segment = -1

    def enable(
        self,
        items: Iterable[Item],
        position: Position,
        extra: Iterable[int] = (),
        condition: Condition = ALWAYS,
        first: First | None = None,
    ) -> bool:
        """Read lines of the template of the line yielded last as rows from here on.

        Args:
            items: the numbers that become points, in the order in which the reader gave them to the builder.
            position: called with the counters and the columns of *extra*, one row each; returns epochs and steps.
            extra: variable parts that *position* needs.
            condition: when a line is a row.
            first: the line itself, if it is to be the first row; else it has been treated already.

        Returns:
            Whether lines are read as rows, and the line itself is one if it was to be.
        """
        self.check()
        if self._segment < 0:
            self._segment = self._build.started
        template = self._walk.template
        if template in self._tables:
            if first is not None or not any(name in self._build.columns for name in self._unseen[template]):
                return False  # this line was none of its rows, later ones are
            self.finish()
            self._segment = self._build.started
        extra = list(extra)
        columns = self._build.columns
        parted: list[tuple[Column, int, float, bool]] = []
        parts: list[int] = []
        used: set[str] = set()
        unseen: list[str] = []
        checks = list(condition.checks)
        for item in items:
            name = item.name or canonical(item.printed, item.split)
            column = columns.get(name)
            if column is None and first is not None:
                column = self._build.new_column(name, item.printed)
            if column is None and item.absent and item.part >= 0:
                checks.append((item.part, ABSENT, True))
                unseen.append(name)
                continue
            if column is None:
                return False
            if column.printed != item.printed and name in used:
                name = f"{name}~{item.printed}"
                column = columns.get(name) if first is None else self._build.new_column(name, item.printed)
                if column is None:
                    return False
            used.add(name)
            place = FIRST + len(extra) + len(parts) if item.part >= 0 else -1
            parted.append((column, place, item.value, item.absent))
            if item.part >= 0:
                parts.append(item.part)
        if len(checks) > MOST_CHECKS:
            return False
        self._walk.enable([*extra, *parts], replace(condition, checks=tuple(checks)) if unseen else condition)
        table = Table(self._build.room, FIRST + len(extra) + len(parts), len(extra), position)
        self._tables[template], self._unseen[template] = table, unseen
        if parted:
            self._telling.add(template)
        for column, at, value, absent in parted:
            column.attach(table, at, value, absent=absent)
        if first is not None:
            row = (first.line, *first.counters, *[first.values[part] for part in (*extra, *parts)])
            table.add(struct.pack(f"={len(row)}d", *row))
        return True

    def take(self, template: int) -> None:
        """Take the rows of a template for which there is no room left."""
        if rows := self._walk.take(template):
            self._tables[template].add(rows)

    def held(self, template: int) -> Floats:
        """Return the rows of a template that are still to be handed over: line, counters and columns.

        Where they are very many, they are those that stay, among them the first and last one of each epoch.
        """
        import numpy as np

        table = self._tables.get(template)
        if table is None:
            return np.empty((0, FIRST))
        self.take(template)
        return table.rows()

    def check(self) -> None:
        """Hand everything over if the segment it belongs to is no longer the open one."""
        if self._segment >= 0 and self._segment != self._build.opened:
            self.finish()

    def finish(self) -> None:
        """Hand all rows over."""
        if self._segment < 0:
            return
        self._walk.disable()
        for template, table in self._tables.items():
            self.take(template)
            if len(table) and template in self._telling:
                self._build.reached(self._segment, table.end())
                if not self._lazy:
                    table.place()
        self._tables.clear()
        self._telling.clear()
        self._segment = -1
