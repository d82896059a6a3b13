"""The records of an event file, scalars by the compiled kernel where there is one."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import NamedTuple

from diagnose.reader.tfrecord import Record, record_at, records
from diagnose.scan import engine

MOST = 1 << 16
"""Scalars that the kernel takes before others may go on."""


class Scalar(NamedTuple):
    """A scalar with the number of its record."""

    record: int
    tag: str
    step: int
    value: float
    wall: float


def events(data: bytes) -> Iterator[Record | Scalar]:
    """Yield what a file holds in order: scalars that the kernel read, and all other records."""
    kernel = _kernel() if engine().name == "kernel" else None
    if kernel is None:
        yield from records(data)
        return
    position = number = 0
    tags: dict[bytes, str] = {}
    while position < len(data):
        rows, position, number, odd = kernel.scan(data, position, number, tags, MOST)
        yield from map(Scalar._make, rows)
        if odd:
            number += 1
            record, position = record_at(data, position, number)
            yield record


@cache
def _kernel() -> ModuleType | None:
    try:
        return importlib.import_module("diagnose.reader._tfevents")
    except ImportError:
        return None
