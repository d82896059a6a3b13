"""States of YOLO's bars within epochs, where they are wanted beside the last one of each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from diagnose.reader.builder import RunBuilder
from diagnose.reader.console_rows import FIRST as BEFORE
from diagnose.reader.console_rows import Batch, spread
from diagnose.reader.grammar import number
from diagnose.reader.room import EPOCH, FIRST, STEP
from diagnose.reader.yolo_bulk import Plan, Train, Value
from diagnose.reader.yolo_rows import TrainRow, trained

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class _Rows(NamedTuple):
    """Rows of training: the names of their metrics, their epochs, and line, epochs done, step and metrics of each."""

    names: tuple[tuple[str, str], ...]
    epoch: Floats
    rows: Floats


class EpochStates:
    """Rows of training that wait until it is known that their epoch belongs to the run."""

    def __init__(self, build: RunBuilder, named: Callable[[list[Value], Value], dict[str, Value]]) -> None:
        """Report to *build*; *named* returns the numbers of a row by column, of which the memory comes last."""
        self._build, self._named = build, named
        self._waiting: list[TrainRow | _Rows] = []

    def add(self, row: TrainRow) -> None:
        """Take a row."""
        self._waiting.append(row)

    def add_batch(self, batch: Batch[Plan], first: float) -> None:
        """Take the rows of training of a batch, whose epochs are printed as *first* more than the epochs before."""
        import numpy as np

        parts: dict[tuple[tuple[str, str], ...], list[tuple[NDArray[np.intp], Floats, Floats]]] = {}
        for plan_at, here, table in batch.parts:
            plan = batch.plans[plan_at]
            if not isinstance(plan, Train) or len(plan.done) < 2:
                continue
            named = self._named(plan.values, plan.memory)
            names = trained(named)
            rows = np.empty((len(table), FIRST + len(names)))
            done, total = (one.column for one in plan.done)
            spread(table, (0, done, *(named[printed].column for printed, _ in names)), rows)
            for column, (printed, _) in enumerate(names, FIRST):
                if named[printed].column < 0:
                    rows[:, column] = number(named[printed].text)
            batches = table[:, BEFORE + total].copy()
            if not (known := batches > 0).all():
                here, rows, batches = here[known], rows[known], batches[known]
            at, step = rows[:, EPOCH], rows[:, STEP]
            epoch = at - first
            share = step / batches
            np.minimum(share, 1, out=share)
            np.add(epoch - 1, share, out=at)
            np.round(at * batches, out=step)
            parts.setdefault(names, []).append((here, epoch, rows))
        for names, found in parts.items():
            wheres, epochs, tables = zip(*found, strict=True)
            if len(found) == 1:
                self._waiting.append(_Rows(names, epochs[0], tables[0]))
                continue
            order = np.argsort(np.concatenate(wheres), kind="stable")
            self._waiting.append(_Rows(names, np.concatenate(epochs)[order], np.concatenate(tables)[order]))

    def end(self, first: float, last: float, line: int) -> None:
        """Report what is known of some epochs, the last state of which stands on a line; drop what stands before it.

        States of later epochs may share that line.
        """
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if isinstance(one, TrainRow):
                if one.line > line or (one.line == line and one.epoch > last):
                    self._waiting.append(one)
                elif first <= one.epoch <= last:
                    one.add_frame(self._build)
                continue
            shared, here = one.rows[:, 0].searchsorted(line), int(one.rows[:, 0].searchsorted(line, side="right"))
            if shared < here and (later := one.epoch[shared:here] > last).any():
                here = int(shared + later.argmax())
            epoch, found = one.epoch[:here], one.rows[:here]
            if not (inside := (epoch >= first) & (epoch <= last)).all():
                found = found[inside]
            if len(found):
                self._build.frames(one.names, found.data.cast("B"))
            if here < len(one.rows):
                self._waiting.append(_Rows(one.names, one.epoch[here:], one.rows[here:]))
