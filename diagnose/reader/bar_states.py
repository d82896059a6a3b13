"""States of Keras' bars within epochs, many at once, where they are wanted beside the last one of each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.reader.bar_plans import BarPlan, Header, bar_of
from diagnose.reader.bars import Epochs
from diagnose.reader.console_rows import Batch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]


def _trained(plan: BarPlan) -> tuple[str, ...]:
    return tuple([name for name in plan.bar.metrics if not name.startswith("val_")])


class BarStates:
    """The bars of a batch, states and last ones, told in their order."""

    def __init__(self, epochs: Epochs, batch: Batch[Header | BarPlan]) -> None:
        """Tell *epochs* of them."""
        import numpy as np

        self._epochs, self._batch = epochs, batch
        drawn = [isinstance(plan, BarPlan) and bool(plan.bar.gauge) for plan in batch.plans]
        self._rows = np.flatnonzero(np.array(drawn)[batch.which])
        self._done = batch.column([0 if is_drawn else -1 for is_drawn in drawn])
        totals = [plan.total if isinstance(plan, BarPlan) and plan.total >= 1 else -1 for plan in batch.plans]
        self._total = np.nan_to_num(batch.column(totals))
        self._at = 0
        names = [_trained(plan) if isinstance(plan, BarPlan) else () for plan in batch.plans]
        self._names = list(dict.fromkeys(names))
        self._kind = np.array([self._names.index(one) for one in names])[batch.which]
        self._samples = np.array([isinstance(plan, BarPlan) and plan.bar.samples for plan in batch.plans])[batch.which]
        self._known: dict[str, Floats] = {}

    def before(self, row: int) -> None:
        """Tell the states between the row that was told last and another one."""
        import numpy as np

        start, self._at = self._at, row + 1
        if start >= row:
            return
        rows = self._rows[np.searchsorted(self._rows, start) : np.searchsorted(self._rows, row)]
        if self._epochs.awaits_bar:
            self._tell(rows, np.full(len(rows), self._epochs.epoch))
            return
        for at in rows:
            plan, line, columns = self._batch.row(int(at))
            if isinstance(plan, BarPlan):
                self._epochs.frame(bar_of(plan, line, columns))

    def within(self, headers: Indices, bars: Indices, epoch: Floats) -> None:
        """Tell the states of epochs that were told at once, from their headers to their bars."""
        import numpy as np

        self._at = int(bars[-1]) + 1
        rows = self._rows[np.searchsorted(self._rows, headers[0]) : np.searchsorted(self._rows, self._at)]
        which = np.searchsorted(headers, rows) - 1
        inside = rows <= bars[which]
        self._tell(rows[inside], epoch[which[inside]])

    def _tell(self, rows: Indices, epoch: Floats) -> None:
        """Tell states with the numbers of their epochs; one with as many batches as the state before is left out."""
        import numpy as np

        if not len(rows):
            return
        at = np.array([epoch, self._done[rows]])
        fresh = np.append(True, (at[:, 1:] != at[:, :-1]).any(axis=0))
        fresh[0] = self._epochs.is_new(*at[:, 0].tolist())
        self._epochs.framed(*at[:, -1].tolist())
        rows, epoch = rows[fresh], epoch[fresh]
        kinds = self._kind[rows]
        for kind, names in enumerate(self._names):
            here = kinds == kind
            if here.all():
                self._add(names, rows, epoch)
            elif here.any():
                self._add(names, rows[here], epoch[here])

    def _add(self, names: tuple[str, ...], rows: Indices, epoch: Floats) -> None:
        known = {name: self._values(name)[rows] for name in names}
        samples = bool(self._samples[rows].any())
        line, done, total = self._batch.line[rows], self._done[rows], self._total[rows]
        self._epochs.frames(known, line, done, total, epoch, samples=samples)

    def _values(self, name: str) -> Floats:
        """Return what all bars of the batch show of a metric."""
        if name not in self._known:
            plans = self._batch.plans
            columns = [dict(plan.columns).get(name, -1) if isinstance(plan, BarPlan) else -1 for plan in plans]
            found = self._known[name] = self._batch.column(columns)
            for index, plan in enumerate(plans):
                if columns[index] < 0 and isinstance(plan, BarPlan) and name in plan.bar.metrics:
                    found[self._batch.which == index] = plan.bar.metrics[name]
        return self._known[name]
