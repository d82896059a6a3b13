"""PyTorch Lightning's ``metrics.csv`` (CSVLogger): sparse rows of whatever was logged at a step.

A blank cell is a metric that was not logged then, not a NaN. Epochs count from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from diagnose.names import canonical, split_of
from diagnose.reader import Head, RunBuilder
from diagnose.reader.lightning import unforked
from diagnose.reader.table import Row, cells_of, is_numeric, rows
from diagnose.scan import Condition, Shapes, Walk, table_row
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

NAME = "lightning-csv"
TITLE = "PyTorch Lightning metrics.csv"
SAMPLES = (
    "epoch,step,train_loss,val_loss\n0,49,1.91,\n0,99,1.52,\n0,99,,1.47\n1,149,1.33,\n1,199,,1.40\n",
    "epoch,lr-Adam,step,train_acc,train_loss_epoch,train_loss_step,val_loss_epoch\n0,0.001,9,,,0.71,\n0,,19,0.5,0.69,,\n",
)
FIRST = 3
"""Numbers of a row that was read in bulk before its cells: the line, and two without meaning here."""
MOST_SHAPES = 200
"""Kinds of rows, by the cells that are filled, that are read in bulk."""
KEYS = frozenset({"epoch", "step"})
MARKS = (r"\A(?=.*epoch).*step",)


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
    table = _Table(source)
    filled = dict.fromkeys(name for row in table.rows for name in row.cells if name not in KEYS)
    names = {printed: canonical(name) for printed, name in unforked(filled).items()}
    trained = max((_epoch(row) for row in table.rows if _trains(row.cells, names)), default=math.inf)
    for kind in table.kinds:
        if _trains(kind.cells, names) and not math.isnan(trained):
            trained = max(trained, kind.last_epoch)
    late = _begins_late(table)
    alone = len(set(names.values())) < len(names)  # which of two names keeps a series shows line by line
    rows, kinds = table.part(lambda kind: alone | (kind.epoch > (math.inf if _trains(kind.cells, names) else trained)))
    started = False
    for row in rows:
        epoch = _epoch(row)
        if not math.isnan(epoch):
            if epoch > trained and not _trains(row.cells, names):
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
    for kind in kinds:
        kind.hand_over(names, build)


class _Kind:
    """Rows that fill the same cells with numbers, read in bulk.

    Attributes:
        cells: the names of these cells, each with nothing.
    """

    def __init__(self, cells: list[str], rows: Floats) -> None:
        self.cells = dict.fromkeys(cells, "")
        self.rows = rows  # the line, two numbers without meaning, then the cells
        self._at = {name: FIRST + at for at, name in enumerate(cells)}

    @property
    def epoch(self) -> Floats:
        """Epochs, counted from 1; NaN where one is not finite."""
        import numpy as np

        epoch = self.rows[:, self._at["epoch"]]
        return np.where(np.isfinite(epoch), np.floor(epoch) + 1.0, math.nan)

    @property
    def last_epoch(self) -> float:
        import numpy as np

        return float(np.fmax.reduce(self.epoch))

    def steps(self) -> list[float]:
        """Return the two lowest steps."""
        import numpy as np

        return [float(step) for step in np.unique(self.rows[:, self._at["step"]])[:2]] if "step" in self._at else []

    def printed(self, which: NDArray[np.bool_]) -> list[Row]:
        """Return some of the rows one by one."""
        names = [*self.cells]
        return [
            Row(int(row[0]), {name: repr(value) for name, value in zip(names, row[FIRST:], strict=True)}, len(names))
            for row in self.rows[which].tolist()
        ]

    def hand_over(self, names: dict[str, str], build: RunBuilder) -> None:
        """Add all rows to the open segment."""
        import numpy as np

        line, epoch = self.rows[:, 0].astype(np.int64), self.epoch
        step = self.rows[:, self._at["step"]] if "step" in self._at else np.full(len(line), math.nan)
        for printed, name in names.items():
            if printed in self._at and (column := build.column(name)) is not None:
                column.extend(np.ascontiguousarray(self.rows[:, self._at[printed]]), step, epoch, line)
        build.reach(int(line[-1]))


class _Table:
    """All rows of a file.

    Attributes:
        rows: those that were read one by one, among them the first ones of each kind.
        kinds: the others.
    """

    def __init__(self, source: Source) -> None:
        shapes = Shapes(NAME)
        walk = Walk(source, shapes, None)
        chunks: dict[int, list[bytes]] = {}
        cells_of_kind: dict[int, list[str]] = {}
        walk.full = lambda template: chunks[template].append(walk.take(template))
        stream = iter(walk)
        header = cells_of(next(stream, Line(1, "")).text, ",")
        self.rows: list[Row] = []
        for row in rows(stream, header, ","):
            self.rows.append(row)
            found = table_row(walk.text, ",")
            if found is None or row.width != len(header) or walk.template in chunks:
                continue
            if walk.template < 0:
                if len(shapes.templates) < MOST_SHAPES:
                    shapes.add(found[0])
                continue
            cells = {name: part for name, part in zip(header, found[1], strict=True) if part != -1}
            if cells.get("epoch", -1) >= 0 and min(cells.values()) >= 0:
                chunks[walk.template], cells_of_kind[walk.template] = [], [*cells]
                walk.enable([*cells.values()], Condition())
        self.kinds = [
            kind
            for template in chunks
            if len((kind := _kind(cells_of_kind[template], [*chunks[template], walk.take(template)])).rows)
        ]

    def part(self, is_alone: Callable[[_Kind], NDArray[np.bool_]]) -> tuple[list[Row], list[_Kind]]:
        """Return rows that must be looked at one by one, and kinds whose rows all belong to one segment.

        Args:
            is_alone: returns which rows of a kind must be looked at one by one.
        """
        import numpy as np

        if not self.kinds:
            return self.rows, []
        places = [
            *(np.array([(row.line, _epoch(row)) for row in self.rows]).reshape(-1, 2),),
            *(np.column_stack([kind.rows[:, 0], kind.epoch]) for kind in self.kinds),
        ]
        place = np.concatenate(places)
        epochs = place[np.argsort(place[:, 0], kind="stable"), 1]
        epochs = epochs[~np.isnan(epochs)]
        falls = bool((np.diff(epochs) < 0).any())
        rows, kinds = [*self.rows], []
        for kind in self.kinds:
            alone = is_alone(kind) | falls
            rows += kind.printed(alone)
            if not alone.all():
                kinds.append(_Kind([*kind.cells], kind.rows[~alone]))
        return sorted(rows, key=lambda row: row.line), kinds


def _kind(cells: list[str], chunks: list[bytes]) -> _Kind:
    import numpy as np

    return _Kind(cells, np.frombuffer(b"".join(chunks), dtype=np.float64).reshape(-1, FIRST + len(cells)))


def _begins_late(table: _Table) -> bool:
    """Whether steps lie before the first row that rows after it cannot explain: short epochs pass between two rows."""
    found = {step for row in table.rows if (step := row.value("step")) is not None}
    steps = sorted(found.union(*[kind.steps() for kind in table.kinds]))
    return len(steps) < 2 or steps[0] + 1 > 1.5 * (steps[1] - steps[0])


def _epoch(row: Row) -> float:
    epoch = row.value("epoch")
    return math.nan if epoch is None or not math.isfinite(epoch) else math.floor(epoch) + 1.0


def _trains(cells: Iterable[str], names: dict[str, str]) -> bool:
    """Whether a row holds anything but validation and test metrics."""
    return any(split_of(names[printed]) == "train" for printed in cells if printed in names)


def _summarise(row: Row, build: RunBuilder) -> None:
    """Report a row that ``trainer.validate`` or ``trainer.test`` wrote after the fit: no further epoch was trained."""
    for printed in islice((name for name in row.cells if name not in KEYS), 100):
        if (value := row.value(printed)) is not None:
            build.event("metric_summary", row.line, f"{printed} {value:g}", metric=printed, value=value)
