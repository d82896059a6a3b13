"""Event files of more scalars than are held at once: each tag becomes a table that is thinned as it grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from diagnose.reader.room import FIRST, Room
from diagnose.reader.room import Table as Rows
from diagnose.reader.tfepochs import counts_from_0, epochs, undecided
from diagnose.reader.tftable import Table, Tag, joined

if TYPE_CHECKING:
    from diagnose.reader.tftable import Floats, Indices

AT_ONCE = 1 << 14
"""Rows that are put together at once."""
MOST_OPEN = 1 << 20
"""Scalars whose epoch may be told later; more at one step belong to no epoch."""
PLACE, VALUE = FIRST, FIRST + 1
"""Columns of a row."""


class Long:
    """What remains of a long event file, as ``Curves``."""

    def __init__(self, room: Room) -> None:
        """Begin without any scalar."""
        self._room = room
        self._rows: dict[str, Rows] = {}
        self._count = 0
        self._from_0: bool | None = None
        self._tells_epochs = False
        self._rest = Table([], np.empty(0, np.uint32))
        self.tags: list[Tag] = []
        self.places: Sequence[Indices] = []

    def add(self, portion: Table) -> None:
        """Add what was read next; that whose epoch is still open is kept back."""
        table = joined(self._rest, portion)
        self._from_0 = counts_from_0(table) if self._from_0 is None else self._from_0
        count = len(table.order)
        end = undecided(table)
        if count - end > MOST_OPEN:
            end = count
        self._add(table.part(0, end))
        self._rest = table.part(end, count)

    def settle(self) -> None:
        """Come to an end; what remains stands in the attributes then."""
        self._add(self._rest)
        self.tags = [self._tag(name, rows) for name, rows in self._rows.items()]
        self.places = [rows.column(PLACE).astype(np.int64) for rows in self._rows.values()]

    def epochs(self) -> list[Floats] | None:
        """Return the epochs of each tag; None if the file tells none."""
        return [rows.places.epoch for rows in self._rows.values()] if self._tells_epochs else None

    def _add(self, table: Table) -> None:
        told = epochs(table, from_0=self._from_0)
        self._tells_epochs |= told is not None
        for number, (tag, place) in enumerate(zip(table.tags, table.places, strict=True)):
            if tag.name not in self._rows:
                self._rows[tag.name] = Rows(self._room, VALUE + 1, 1, lambda rows: (rows[:, 0], rows[:, 1]))
            epoch = np.full(len(place), np.nan) if told is None else told[number]
            columns = (
                tag.record.astype(np.float64),
                epoch,
                tag.step,
                (place + self._count).astype(np.float64),
                tag.value,
            )
            for start in range(0, len(place), AT_ONCE):
                rows = np.column_stack([column[start : start + AT_ONCE] for column in columns])
                self._rows[tag.name].add(rows.tobytes())
        self._count += len(table.order)

    @staticmethod
    def _tag(name: str, rows: Rows) -> Tag:
        places = rows.places
        return Tag(name, rows.column(VALUE), places.step, places.line, places.number, places.weight)
