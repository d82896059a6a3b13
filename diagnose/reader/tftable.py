"""The scalars of an event file, one curve per tag, and where they stand among each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from diagnose.reader.tfevents import scalars

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diagnose.reader.tfevents import Columns, Other
    from diagnose.sources import Source

    Floats: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Tag:
    """All scalars of one tag, in the order of the file; ``record`` is their line."""

    name: str
    value: Floats
    step: Floats
    record: NDArray[np.int64]

    def where(self, which: NDArray[np.bool_] | Places) -> Tag:
        """Return some of them."""
        return replace(self, value=self.value[which], step=self.step[which], record=self.record[which])


@dataclass(frozen=True)
class Table:
    """The tags in the order in which they appear, and the number of the tag of every scalar of the file."""

    tags: list[Tag]
    order: NDArray[np.uint32]

    @cached_property
    def places(self) -> list[Places]:
        """Where in the file the scalars of each tag stand, counted in scalars."""
        order = self.order.astype(np.uint16) if len(self.tags) < 1 << 16 else self.order  # sorted ten times as fast
        ends = np.cumsum([len(tag.value) for tag in self.tags])
        return np.split(np.argsort(order, kind="stable"), ends[:-1])

    def in_order(self, columns: list[Floats]) -> Floats:
        """Return the numbers of all tags in the order of the file."""
        found = np.empty(len(self.order))
        for place, column in zip(self.places, columns, strict=True):
            found[place] = column
        return found

    def without(self, number: int, gone: NDArray[np.bool_]) -> Table:
        """Return the table without some scalars of a tag, and without the tag if none remains."""
        keep = np.ones(len(self.order), dtype=np.bool_)
        keep[self.places[number][gone]] = False
        order, tags = self.order[keep], list(self.tags)
        tags[number] = tags[number].where(~gone)
        if gone.all():
            del tags[number]
            order = order - (order > number).astype(np.uint32)
        return Table(tags, order)


def table_of(source: Source, other: Other) -> Table:
    """Read the scalars of a source; see ``scalars``."""
    return _table(scalars(source, other))


def _table(columns: Columns) -> Table:
    order, rows = columns
    tags = [
        Tag(
            name.decode("utf-8", "replace"),
            np.frombuffer(value, np.float64),
            np.frombuffer(step, np.float64),
            np.frombuffer(record, np.int64),
        )
        for name, value, step, record in rows
    ]
    table = Table(tags, np.frombuffer(order, np.uint32))
    return table if len({tag.name for tag in tags}) == len(tags) else _joined(table)


def _joined(table: Table) -> Table:
    """Return a table in which every name is there once: bytes that are no text all read the same."""
    numbers: dict[str, int] = {}
    number_of = np.array([numbers.setdefault(tag.name, len(numbers)) for tag in table.tags], dtype=np.uint32)
    tags = []
    for number in range(len(numbers)):
        alike = [at for at, other in enumerate(number_of) if other == number]
        order = np.argsort(np.concatenate([table.places[at] for at in alike]))
        value, step, record = (
            np.concatenate([getattr(table.tags[at], column) for at in alike])[order]
            for column in ("value", "step", "record")
        )
        tags.append(Tag(table.tags[alike[0]].name, value, step, record))
    return Table(tags, number_of[table.order])
