"""Tables of metrics with a header, written by nobody's standard logger: one row per epoch or step."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING

from diagnose.names import split_of
from diagnose.names.metrics import canonical
from diagnose.reader import Head, RunBuilder
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.counting import FALLS, STANDS, counting
from diagnose.reader.likeness import home_split, is_epoch, is_metric, is_row_number, is_step
from diagnose.reader.table import BLANKS, Row, cells_of, delimiter_of, rows, value_of
from diagnose.scan import Condition, Shapes, Walk, table_row
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    from diagnose.reader.bulk import Floats, Position

NAME = "csv"
TITLE = "table of metrics (CSV, TSV)"
IS_GENERIC, MOST = True, 60
SAMPLES = (
    "epoch,train_loss,train_acc,val_loss,val_acc\n1,1.31,48.2,1.22,51.7\n2,1.07,59.9,1.15,55.0\n3,0.93,64.1,1.16,56.2\n",
    "iteration;loss;seconds\n100;2.41;1.5\n200;2.02;1.5\n300;1.88;1.6\n",
    "train_loss\tval_loss\n0.91\t0.95\n0.72\t0.90\n",
)
MOST_SHAPES = 200
"""Kinds of rows, by the cells that are filled, that are read in bulk."""
ENOUGH = 2
"""Rows below which a table is no curve."""


def sniff(head: Head) -> int:
    """Accept a header with a metric over numbers, if the rows are numbered or all numeric."""
    if head.is_binary:
        return 0
    first, *rest = head.text.lstrip("\ufeff\n")[:40000].split("\n")
    delimiter = delimiter_of(first)
    header = cells_of(first, delimiter) if delimiter else []
    metrics = [index for index, name in enumerate(header) if is_metric(name)]
    if not metrics or len(set(header)) < len(header) or any(value_of(name) is not None for name in header):
        return 0
    sample = [cells_of(line, delimiter) for line in rest[:100] if line.strip()]
    whole = [row for row in sample if len(row) == len(header)]
    if len(whole) < ENOUGH or len(whole) < len(sample) * 0.8:
        return 0
    filled = [row for row in whole if any(_is_number(row[index]) for index in metrics)]
    if len(filled) < ENOUGH or len(filled) < len(whole) * 0.5:
        return 0
    if any(is_epoch(name) or is_step(name) for name in header):
        return 60
    # Without an epoch, a column of words means that the rows are things (conditions, models), not moments.
    words = any(not _is_number(cell) and cell.lower() not in BLANKS for row in whole for cell in row)
    return 0 if words else 40


def _is_number(cell: str) -> bool:
    return value_of(cell) is not None


def read(source: Source, build: RunBuilder) -> None:
    """Read every number as a point. Epochs may count from 0 or 1; without them the rows count.

    Rows that are sorted newest first are read from the last one on.
    """
    shapes = Shapes(NAME)
    walk = Walk(source, shapes, None)
    stream, bulk = iter(walk), Bulk(build, walk)
    first = next((line for line in stream if line.text.strip()), Line(1, ""))
    delimiter = delimiter_of(first.text) or ","
    header = cells_of(first.text, delimiter)
    epochs = next((name for name in header if is_epoch(name)), "")
    steps = next((name for name in header if is_step(name)), "")
    counter = epochs or steps
    counted = counting(source, header.index(counter), delimiter) if counter else STANDS
    table = rows(stream, header, delimiter)
    if counted == FALLS and (listed := list(table)):
        table = reversed(listed)
        build.start(listed[0].line)
    some = list(islice(table, 50))
    offset = 1.0 if epochs and next((v for row in some if (v := row.value(epochs)) is not None), 1) == 0 else 0.0
    names = {
        name: canonical(name, home_split(name))
        for name in header
        if name not in (epochs, steps) and not is_row_number(name) and name.strip()
    }
    if counted == STANDS and not (epochs and steps):
        epochs = steps = ""
    each_epoch = any(split_of(name) == "val" for name in names.values())
    count = 0
    numbered = [header.index(name) for name in (epochs, steps) if name]
    places = {header.index(printed): (printed, name) for printed, name in names.items()}
    for part in (some, table):
        for row in part:
            if math.isfinite(walk.counters[0]) and build.is_open:
                build.current_epoch = walk.counters[0] + offset
            count += 1
            epoch, step = _position(row, epochs, steps, offset)
            if not epochs and not steps:
                epoch, step = (float(count), math.nan) if each_epoch else (math.nan, float(count))
            if not math.isnan(epoch):
                build.epoch(epoch, row.line)
            for printed, name in names.items():
                if (value := row.value(printed)) is not None:
                    build.point(printed, value, row.line, name=name, epoch=epoch, step=step)
            bulk.check()
            now = build.current_epoch
            walk.counters = (-math.inf if math.isnan(now) else now - offset, 0.0)
            if (
                part is table
                and numbered
                and counted != FALLS
                and (found := table_row(walk.text, delimiter)) is not None
            ):
                cells = found[1]
                if walk.template < 0:
                    if len(shapes.templates) < MOST_SHAPES:
                        shapes.add(found[0])
                elif len(cells) == len(header) and all(cells[at] >= 0 for at in numbered):
                    items = [
                        Item(printed, "", max(cells[at], -1), name, row.value(printed) or 0.0)
                        for at, (printed, name) in places.items()
                        if cells[at] != -1
                    ]
                    extra = [cells[at] for at in numbered]
                    placed = _placed(bool(epochs), bool(steps), offset)
                    bulk.enable(items, placed, extra, Condition(extra[0] if epochs else -1))
    bulk.finish()


def _placed(has_epoch: bool, has_step: bool, offset: float) -> Position:
    """Return how the epoch and step of rows are found that were read in bulk."""

    def position(rows: Floats) -> tuple[Floats, Floats]:
        nowhere = rows[:, 0] * math.nan
        return rows[:, 0] + offset if has_epoch else nowhere, rows[:, 2 + has_epoch] if has_step else nowhere

    return position


def _position(row: Row, epochs: str, steps: str, offset: float) -> tuple[float, float]:
    epoch = row.value(epochs) if epochs else None
    step = row.value(steps) if steps else None
    return math.nan if epoch is None else epoch + offset, math.nan if step is None else step
