"""The scalars of an event file as columns, by the compiled kernel where there is one; other records are handed over."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from diagnose import compiled
from diagnose.reader.tfrecord import CUT, CUT_HEADER, HEADER, WRONG_DATA, WRONG_LENGTH, Batch, Record, batches, checked
from diagnose.reader.tfwindow import Window
from diagnose.scan import engine

if TYPE_CHECKING:
    from diagnose.reader.tfmould import Scalars
    from diagnose.sources import Source

Buffer: TypeAlias = "bytearray | array[float] | array[int]"
Columns: TypeAlias = "tuple[Buffer, list[tuple[bytes, Buffer, Buffer, Buffer]]]"
Add: TypeAlias = "Callable[[bytes, float, float, int], None]"
"""Takes a scalar: tag, value, step, number of the record."""
Other: TypeAlias = "Callable[[Record, Add], None]"
"""Reads a record, and gives back what scalars it holds."""

FEW = 64
"""Records that are read one by one, for which numpy need not be there."""
PORTION = 1 << 20
"""Scalars from which on they are handed over; some more may come at once."""
SHORTAGE, OTHER, DAMAGED, LOST = range(4)
"""Why the kernel stops: the record is not all there, or for others, or its data are damaged, or there is no header."""


def scalars(source: Source, other: Other) -> Iterator[Columns]:
    """Yield the scalars of a source; whatever records hold no plain scalars go to *other*, in the order of the file.

    Yields:
        For some ``PORTION`` scalars after another: the number of the tag of each, as uint32 in the order of the file,
        and for each tag its name, values, steps (both float64) and records (int64, counted from 1). Tags are numbered
        as they appear in the portion.

    Raises:
        SourceError: if the source cannot be read to the end.
    """
    kernel = _kernel() if engine().name == "kernel" else None
    if kernel is not None:
        yield from _by_kernel(kernel, source, other)
        return
    data, found = source.read(), _Scalars()
    for batch in batches(data):
        if isinstance(batch, Record):
            other(batch, found.add)
        else:
            _add(data, batch, other, found)
        if found.count() >= PORTION:
            yield found.columns()
    yield found.columns()


def _add(data: bytes, batch: Batch, other: Other, found: _Scalars) -> None:
    """Add the scalars of a batch of records."""
    if len(batch.starts) < FEW:
        for record in checked(data, batch):
            other(record, found.add)
        return
    from diagnose.reader.tfmould import scalars as side_by_side  # it needs numpy

    def one_by_one(rest: Batch) -> list[tuple[bytes, float, float, int]]:
        held: list[tuple[bytes, float, float, int]] = []
        for record in checked(data, rest):
            other(record, lambda *scalar: held.append(scalar))
        return held

    found.extend(side_by_side(data, batch, one_by_one))


def _by_kernel(kernel: ModuleType, source: Source, other: Other) -> Iterator[Columns]:
    found, most = kernel.Scalars(), PORTION
    with Window(source) as window:
        number = 0
        while True:
            state, window.start, number = found.scan(window.buffer, window.start, window.end, number)
            if found.count() >= most:
                yield found.columns()
                most = PORTION >> 2  # to be thinned, which needs room as well
            if state == SHORTAGE and window.more():
                continue
            if window.start == window.end:
                break
            number += 1
            other(_record(kernel, window, state, number), found.add)
    yield found.columns()


def _record(kernel: ModuleType, window: Window, state: int, number: int) -> Record:
    """Return the record at which the kernel has stopped, and go on to the next."""
    offset = window.offset
    if state in (OTHER, DAMAGED):
        (length, _), start = HEADER.unpack_from(window.buffer, window.start), window.start + HEADER.size
        data = bytes(memoryview(window.buffer)[start : start + length])
        window.start = start + length + 4
        return Record(number, offset, data, WRONG_DATA if state == DAMAGED else "")
    cut = CUT_HEADER if window.end - window.start < HEADER.size else CUT
    window.start += 1
    _find(kernel, window)
    return Record(number, offset, b"", WRONG_LENGTH if state == LOST else cut)


def _find(kernel: ModuleType, window: Window) -> None:
    """Go on to the next header that is sound and has all its record behind it; to the end if there is none."""
    while True:
        window.start = kernel.find(window.buffer, window.start, window.end)
        if window.end - window.start < HEADER.size:
            if window.more():
                continue
            window.start = window.end
            return
        length, _ = HEADER.unpack_from(window.buffer, window.start)
        while window.end - window.start < length + 16:
            if not window.more():
                break
        else:
            return
        window.start += 1


class _Scalars:
    """What the kernel's type is, in Python."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._order = array("I")
        self._numbers: dict[bytes, int] = {}
        self._rows: list[tuple[bytes, array[float], array[float], array[int]]] = []

    def count(self) -> int:
        return len(self._order)

    def add(self, tag: bytes, value: float, step: float, record: int) -> None:
        number = self._number(tag)
        _, values, steps, records = self._rows[number]
        values.append(value)
        steps.append(step)
        records.append(record)
        self._order.append(number)

    def extend(self, found: Scalars) -> None:
        import numpy as np

        numbers = np.array([self._number(tag) for tag in found.tags], dtype=np.uintc)
        self._order.frombytes(numbers[found.tag].tobytes())
        for place, number in enumerate(numbers.tolist()):
            of_it = found.tag == place
            for row, column in zip(self._rows[number][1:], (found.value, found.step, found.record), strict=True):
                row.frombytes(column[of_it].tobytes())

    def _number(self, tag: bytes) -> int:
        """Return the number of a tag, a new one if it was not there before."""
        number = self._numbers.setdefault(tag, len(self._rows))
        if number == len(self._rows):
            self._rows.append((tag, array("d"), array("d"), array("q")))
        return number

    def columns(self) -> Columns:
        found: Columns = self._order, [*self._rows]
        self._clear()
        return found


@cache
def _kernel() -> ModuleType | None:
    try:
        return compiled.module("diagnose.reader._tfevents")
    except ImportError:
        return None
