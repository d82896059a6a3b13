"""States of Keras' bars within epochs, many at once, where they are wanted beside the last one of each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.reader.bar_plans import BarPlan, Header, bar_of
from diagnose.reader.bars import Epochs
from diagnose.reader.console_rows import Batch
from diagnose.reader.room import FIRST, LINE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]


def _trained(plan: BarPlan) -> tuple[str, ...]:
    """Return the metrics of a bar, without those of a validation."""
    return tuple([name for name in plan.bar.metrics if not name.startswith("val_")])


class BarStates:
    """The bars of a batch, states and last ones, told in their order."""

    def __init__(self, epochs: Epochs, batch: Batch[Header | BarPlan]) -> None:
        """Tell *epochs* of them."""
        import numpy as np

        self._epochs, self._batch = epochs, batch
        plans = [plan if isinstance(plan, BarPlan) and plan.bar.gauge else None for plan in batch.plans]
        self._rows = np.flatnonzero(np.array([plan is not None for plan in plans])[batch.which])
        self._bars = batch.only(self._rows)
        self._done = self._bars.column([-1 if plan is None else 0 for plan in plans])
        self._total = self._bars.column([plan.total if plan is not None and plan.total >= 1 else -1 for plan in plans])
        if np.isnan(self._total).any():
            self._total = np.nan_to_num(self._total)
        names = [() if plan is None else _trained(plan) for plan in plans]
        self._names = list(dict.fromkeys([one for one, plan in zip(names, plans, strict=True) if plan is not None]))
        kinds = [-1 if plan is None else self._names.index(one) for one, plan in zip(names, plans, strict=True)]
        self._kind = np.array(kinds)[self._bars.which] if len(self._names) > 1 else None
        samples = [plan is not None and plan.bar.samples for plan in plans]
        self._samples = np.array(samples)[self._bars.which] if any(samples) else None
        self._states: dict[int, Floats] = {}
        self._at = 0

    def before(self, row: int) -> None:
        """Tell the states between the row that was told last and another one."""
        import numpy as np

        start, self._at = self._at, row + 1
        if start >= row:
            return
        first, end = self._rows.searchsorted((start, row)).tolist()
        if self._epochs.awaits_bar:
            self._tell(slice(first, end), np.full(end - first, float(self._epochs.epoch)))
            return
        for at in self._rows[first:end]:
            plan, line, columns = self._batch.row(int(at))
            if isinstance(plan, BarPlan):
                self._epochs.frame(bar_of(plan, line, columns))

    def within(self, headers: Indices, bars: Indices, epoch: Floats) -> None:
        """Tell the states of epochs that were told at once, from their headers to their bars."""
        import numpy as np

        self._at = int(bars[-1]) + 1
        begins, ends = self._rows.searchsorted(headers), self._rows.searchsorted(bars, side="right")
        epoch = np.repeat(epoch, ends - begins)
        if (begins[1:] == ends[:-1]).all():
            self._tell(slice(int(begins[0]), int(ends[-1])), epoch)
            return
        inside = [np.arange(begin, end) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        self._tell(np.concatenate(inside), epoch)

    def _tell(self, at: slice | Indices, epoch: Floats) -> None:
        """Tell states with the numbers of their epochs; one with as many batches as the state before is left out."""
        import numpy as np

        done = self._done[at]
        if not len(done):
            return
        fresh = np.ones(len(done), dtype=bool)
        fresh[0] = self._epochs.is_new(float(epoch[0]), float(done[0]))
        fresh[1:] = (done[1:] != done[:-1]) | (epoch[1:] != epoch[:-1])
        self._epochs.framed(float(epoch[-1]), float(done[-1]))
        if not fresh.all():
            at = np.arange(len(self._rows))[at][fresh]
            epoch = epoch[fresh]
        if self._kind is None:
            self._add(0, at, epoch)
            return
        kinds = self._kind[at]
        at = np.arange(len(self._rows))[at]
        for kind in range(len(self._names)):
            here = kinds == kind
            if here.any():
                self._add(kind, at[here], epoch[here])

    def _add(self, kind: int, at: slice | Indices, epoch: Floats) -> None:
        if kind not in self._states:
            self._states[kind] = self._rows_of(self._names[kind])
        samples = self._samples is not None and bool(self._samples[at].any())
        rows = self._states[kind][at]
        self._epochs.frames(self._names[kind], rows, self._done[at], self._total[at], epoch, samples=samples)

    def _rows_of(self, names: tuple[str, ...]) -> Floats:
        """Return line and metrics of all bars, with room for what counts between them."""
        import numpy as np

        rows = np.empty((len(self._rows), FIRST + len(names)))
        rows[:, LINE] = self._bars.line
        for at, name in enumerate(names, FIRST):
            rows[:, at] = self._metric(name)
        return rows

    def _metric(self, name: str) -> Floats:
        """Return what all bars show of a metric."""
        plans = self._bars.plans
        columns = [dict(plan.columns).get(name, -1) if isinstance(plan, BarPlan) else -1 for plan in plans]
        found = self._bars.column(columns)
        for number, plan in enumerate(plans):
            if columns[number] < 0 and isinstance(plan, BarPlan) and name in plan.bar.metrics:
                found[self._bars.which == number] = plan.bar.metrics[name]
        return found
