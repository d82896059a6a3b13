"""The scalars of an event file, one curve per tag, and where they stand among each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from diagnose.records import dataclass, replace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diagnose.reader.tfevents import Columns

    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tag:
    """All scalars of one tag, in the order of the file; ``record`` is their line.

    Attributes:
        number, weight: if some were left out, as ``Places`` has them.
    """

    name: str
    value: Floats
    step: Floats
    record: Indices
    number: Indices | None = None
    weight: Floats | None = None

    def part(self, which: slice | NDArray[np.bool_]) -> Tag:
        """Return some of them, of a tag that is whole."""
        return replace(self, value=self.value[which], step=self.step[which], record=self.record[which])


class Curves(Protocol):
    """What an event file holds: ``Table``, or what remains of a long one."""

    @property
    def tags(self) -> list[Tag]:
        """The tags, in the order in which they appear."""
        ...

    @property
    def places(self) -> Sequence[Indices]:
        """Where in the file the scalars of each tag stand, counted in scalars."""
        ...

    def epochs(self) -> list[Floats] | None:
        """Return the epochs of each tag; None if the file tells none."""
        ...


@dataclass(frozen=True)
class Table:
    """All scalars of a file or of a part of it: the tags, and the number of the tag of every scalar."""

    tags: list[Tag]
    order: NDArray[np.uint32]

    @cached_property
    def places(self) -> list[Indices]:
        """Where in the file the scalars of each tag stand, counted in scalars."""
        order = self.order.astype(np.uint16) if len(self.tags) < 1 << 16 else self.order  # sorted ten times as fast
        ends = np.cumsum([len(tag.value) for tag in self.tags], dtype=np.int64)
        return np.split(np.argsort(order, kind="stable"), ends[:-1]) if len(ends) else []

    @cached_property
    def steps(self) -> Floats:
        """The step of every scalar, in the order of the file."""
        found = np.empty(len(self.order))
        for place, tag in zip(self.places, self.tags, strict=True):
            found[place] = tag.step
        return found

    def epochs(self) -> list[Floats] | None:
        """Return the epochs of each tag; None if the file tells none."""
        from diagnose.reader.tfepochs import counts_from_0, epochs

        return epochs(self, from_0=counts_from_0(self))

    def part(self, start: int, end: int) -> Table:
        """Return what stands between two places."""
        tags: list[Tag] = []
        numbers = np.zeros(len(self.tags), dtype=np.uint32)
        for number, (tag, place) in enumerate(zip(self.tags, self.places, strict=True)):
            first, last = np.searchsorted(place, (start, end))
            if first < last:
                numbers[number] = len(tags)
                tags.append(tag.part(slice(first, last)))
        return Table(tags, numbers[self.order[start:end]])

    def without(self, number: int, gone: NDArray[np.bool_]) -> Table:
        """Return the table without some scalars of a tag, and without the tag if none remains."""
        keep = np.ones(len(self.order), dtype=np.bool_)
        keep[self.places[number][gone]] = False
        order, tags = self.order[keep], list(self.tags)
        tags[number] = tags[number].part(~gone)
        if gone.all():
            del tags[number]
            order = order - (order > number).astype(np.uint32)
        return Table(tags, order)


def table_of(columns: Columns) -> Table:
    """Return what was read as a table, in which every name is there once: bytes that are no text all read the same."""
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
    return _distinct(Table(tags, np.frombuffer(order, np.uint32)))


def joined(one: Table, other: Table) -> Table:
    """Return two tables as one, the second behind the first."""
    tags = list(one.tags)
    numbers = {tag.name: number for number, tag in enumerate(tags)}
    number_of = np.zeros(len(other.tags), dtype=np.uint32)
    for at, tag in enumerate(other.tags):
        number_of[at] = number = numbers.setdefault(tag.name, len(tags))
        if number == len(tags):
            tags.append(tag)
            continue
        value, step, record = (
            np.concatenate([getattr(both, column) for both in (tags[number], tag)])
            for column in ("value", "step", "record")
        )
        tags[number] = Tag(tag.name, value, step, record)
    return Table(tags, np.concatenate([one.order, number_of[other.order]]))


def _distinct(table: Table) -> Table:
    numbers: dict[str, int] = {}
    number_of = np.array([numbers.setdefault(tag.name, len(numbers)) for tag in table.tags], dtype=np.uint32)
    if len(numbers) == len(table.tags):
        return table
    alike: list[list[int]] = [[] for _ in numbers]
    for at, number in enumerate(number_of):
        alike[number].append(at)
    return Table([_joined(table, at) for at in alike], number_of[table.order])


def _joined(table: Table, alike: list[int]) -> Tag:
    first = table.tags[alike[0]]
    if len(alike) == 1:
        return first
    order = np.argsort(np.concatenate([table.places[at] for at in alike]))
    value, step, record = (
        np.concatenate([getattr(table.tags[at], column) for at in alike])[order]
        for column in ("value", "step", "record")
    )
    return Tag(first.name, value, step, record)
