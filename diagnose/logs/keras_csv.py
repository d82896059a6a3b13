"""Tables written by Keras' ``CSVLogger``, and histories saved by hand in the same names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from diagnose.names import canonical
from diagnose.reader import Head, RunBuilder
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.counting import COUNTS, FALLS, STANDS, counting
from diagnose.reader.table import cells_of, delimiter_of, rows, value_of
from diagnose.scan import Condition, Shapes, Walk, table_row
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    from diagnose.reader.bulk import Position

NAME = "keras-csv"
TITLE = "Keras CSVLogger table"
SAMPLES: tuple[str | bytes, ...] = (
    "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.41,1.62,0.44,1.51\n1,0.58,1.13,0.52,1.24\n",
    "epoch,learning_rate,loss,val_loss\r\r\n12,0.001,0.51,0.62\r\r\n13,0.0005,0.47,0.61\r\r\n",
    "loss,acc,val_loss,val_acc\n0.91,0.61,0.95,0.58\n",
)
MOST_SHAPES = 200
"""Kinds of rows, by the cells that are filled, that are read in bulk."""
RATES = frozenset({"lr", "learning_rate"})
MARKS = (r"\A[\ufeff\n]*(?=.*loss).*[,;\t]",)


def sniff(head: Head) -> int:
    """Accept a header in Keras' words: ``loss`` and other plain names, perhaps each again with ``val_``."""
    if head.is_binary:
        return 0
    first, _, rest = head.text.lstrip("\ufeff\n").partition("\n")
    delimiter = delimiter_of(first)
    header = cells_of(first, delimiter) if delimiter in (",", ";", "\t") else []
    if not _is_keras(header):
        return 0
    row = cells_of(rest.lstrip("\n").partition("\n")[0], delimiter)
    if len(row) != len(header) or not any(value_of(cell) is not None for cell in row):
        return 0
    return 150 if _sorted(header) else 120


def _is_keras(header: list[str]) -> bool:
    names = set(header)
    if "loss" not in names or len(names) < len(header):
        return False
    if any(not name or not name[0].isascii() or name != name.strip() or name.startswith("train") for name in header):
        return False
    validated = {name.removeprefix("val_") for name in names if name.startswith("val_")}
    plain = {name for name in names if not name.startswith("val_")} - {"epoch"} - RATES
    if header[0] != "epoch":
        return len(validated) > 1 and validated == plain
    return validated <= plain and (bool(validated) or _sorted(header)) and "step" not in names


def _sorted(header: list[str]) -> bool:
    """Whether the columns are in the order that ``CSVLogger`` writes: the epoch, then by the alphabet."""
    return header[0] == "epoch" and header[1:] == sorted(header[1:])


def read(source: Source, build: RunBuilder) -> None:
    """Read every row as an epoch; ``CSVLogger`` counts from 0, and appends runs without a second header.

    Rows that others sorted newest first are read from the last one on.
    """
    shapes = Shapes(NAME)
    walk = Walk(source, shapes, None)
    stream, bulk = iter(walk), Bulk(build, walk)
    first = next((line for line in stream if line.text.strip()), Line(1, ""))
    delimiter = delimiter_of(first.text) or ","
    header = cells_of(first.text, delimiter)
    columns = {
        name: canonical(name.removeprefix("val_"), "val" if name.startswith("val_") else "train")
        for name in header
        if name and name != "epoch"
    }
    at = header.index("epoch") if "epoch" in header else -1
    counted = counting(source, at, delimiter) if at >= 0 else STANDS
    last, offset, here = 0.0, math.nan, walk.counters
    table = rows(stream, header, delimiter)
    if counted == FALLS and (listed := list(table)):
        table = reversed(listed)
        build.start(listed[0].line)
    for index, row in enumerate(table):
        if walk.counters != here:
            last = build.current_epoch = walk.counters[1] + offset
            here = walk.counters
        printed_epoch = float(index) if counted == STANDS else row.value("epoch")
        if printed_epoch is None:
            continue
        if math.isnan(offset) or printed_epoch == 0:
            offset = _offset(printed_epoch, header)
        epoch = printed_epoch + offset
        if epoch <= last:
            build.close()
        last = epoch
        build.epoch(epoch, row.line)
        for printed, name in columns.items():
            if (value := row.value(printed)) is not None:
                build.point(printed, value, row.line, name=name)
        bulk.check()
        here = walk.counters = (0.0, max(printed_epoch, 0.0))
        if counted != COUNTS or (found := table_row(walk.text, delimiter)) is None:
            continue
        cells = found[1]
        if walk.template < 0:
            if len(shapes.templates) < MOST_SHAPES:
                shapes.add(found[0])
        elif len(cells) == len(header) and cells[at] >= 0:
            items = [
                Item(printed, "", max(cell, -1), columns[printed], row.value(printed) or 0.0)
                for cell, printed in zip(cells, header, strict=True)
                if printed in columns and cell != -1
            ]
            bulk.enable(items, _position(offset), (), Condition(minor=cells[at]))
    bulk.finish()


def _offset(epoch: float, header: list[str]) -> float:
    """Return what is added to the epochs of a table that begins with one, so that they count from 1.

    A table whose first row is 15 was resumed. One that begins with 1 was written by another hand, which counts from 1.
    """
    return 1.0 if epoch == 0 or (epoch != 1 and _sorted(header)) else 0.0


def _position(offset: float) -> Position:
    """Return how the epochs of rows are found that were read in bulk; they tell no step."""
    return lambda rows: (rows[:, 1] + offset, rows[:, 1] * math.nan)
