"""PyTorch Lightning's ``metrics.csv`` (CSVLogger): sparse rows of whatever was logged at a step.

A blank cell is a metric that was not logged then, not a NaN. Epochs count from 0.
"""

from __future__ import annotations

import math
from itertools import islice

from diagnose.names import canonical, split_of
from diagnose.reader import Head, RunBuilder
from diagnose.reader.lightning import unforked
from diagnose.reader.table import Row, cells_of, is_numeric, rows
from diagnose.sources import Line, Source, lines

NAME = "lightning-csv"
TITLE = "PyTorch Lightning metrics.csv"
SAMPLES = (
    "epoch,step,train_loss,val_loss\n0,49,1.91,\n0,99,1.52,\n0,99,,1.47\n1,149,1.33,\n1,199,,1.40\n",
    "epoch,lr-Adam,step,train_acc,train_loss_epoch,train_loss_step,val_loss_epoch\n0,0.001,9,,,0.71,\n0,,19,0.5,0.69,,\n",
)
KEYS = frozenset({"epoch", "step"})


def sniff(head: Head) -> int:
    """Recognise the columns ``epoch`` and ``step`` together with blank cells, or with sorted columns."""
    first, *rest = head.text[:20000].split("\n")
    header = cells_of(first, ",")
    if not KEYS.issubset(header) or len(header) < 3 or head.is_binary or "" in header:
        return 0
    sample = [cells_of(line, ",") for line in rest[:200] if line.strip()]
    whole = [row for row in sample if len(row) == len(header)]
    if len(whole) < len(sample) * 0.9 or not whole:
        return 0
    if not all(cell == "" or is_numeric(cell) or "nan" in cell or "inf" in cell for row in whole for cell in row):
        return 0
    sparse = any("" in row for row in whole)
    return 130 if sparse else 110 if header == sorted(header) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read every filled cell as a point."""
    stream = lines(source)
    header = cells_of(next(stream, Line(1, "")).text, ",")
    table = list(rows(stream, header, ","))
    filled = dict.fromkeys(name for row in table for name in row.cells if name not in KEYS)
    names = {printed: canonical(name) for printed, name in unforked(filled).items()}
    trained = max((_epoch(row) for row in table if _trains(row, names)), default=math.inf)
    late = _begins_late(table)
    started = False
    for row in table:
        epoch = _epoch(row)
        if not math.isnan(epoch):
            if epoch > trained and not _trains(row, names):
                _summarise(row, build)
                continue
            build.epoch(epoch, row.line)
        if not started and epoch > 1 and late:
            build.event("resumed", row.line, ",".join(row.cells.values()), epoch=epoch)
        started = True
        step = row.value("step")
        for printed, name in names.items():
            if (value := row.value(printed)) is not None:
                build.point(printed, value, row.line, name=name, epoch=epoch, step=math.nan if step is None else step)


def _begins_late(table: list[Row]) -> bool:
    """Whether steps lie before the first row that rows after it cannot explain: short epochs pass between two rows."""
    steps = sorted({step for row in table if (step := row.value("step")) is not None})
    return len(steps) < 2 or steps[0] + 1 > 1.5 * (steps[1] - steps[0])


def _epoch(row: Row) -> float:
    epoch = row.value("epoch")
    return math.nan if epoch is None else math.floor(epoch) + 1.0


def _trains(row: Row, names: dict[str, str]) -> bool:
    """Whether a row holds anything but validation and test metrics."""
    return any(split_of(names[printed]) == "train" for printed in row.cells if printed in names)


def _summarise(row: Row, build: RunBuilder) -> None:
    """Report a row that ``trainer.validate`` or ``trainer.test`` wrote after the fit: no further epoch was trained."""
    for printed in islice((name for name in row.cells if name not in KEYS), 100):
        if (value := row.value(printed)) is not None:
            build.event("metric_summary", row.line, f"{printed} {value:g}", metric=printed, value=value)
