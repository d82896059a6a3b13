"""States of Keras' bars within epochs, many at once, where they are wanted beside the last one of each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.reader.bar_plans import BarPlan, Header, bar_of
from diagnose.reader.bars import Epochs
from diagnose.reader.console_rows import Batch
from diagnose.reader.room import FIRST

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
        counted = [(-1, -1) if plan is None else (0, max(plan.total, 0) or -1) for plan in plans]
        self._done, self._total = self._bars.columns(counted)
        names = [() if plan is None else _trained(plan) for plan in plans]
        self._names = list(dict.fromkeys([one for one, plan in zip(names, plans, strict=True) if plan is not None]))
        kinds = [-1 if plan is None else self._names.index(one) for one, plan in zip(names, plans, strict=True)]
        self._kind = np.array(kinds)[self._bars.which] if len(self._names) > 1 else None
        samples = [plan is not None and plan.bar.samples for plan in plans]
        self._samples = np.array(samples)[self._bars.which] if any(samples) else None
        self._is_fresh = np.ones(len(self._rows), dtype=bool)  # whether a state is another one than that before
        np.not_equal(self._done[1:], self._done[:-1], out=self._is_fresh[1:])
        self._states: dict[int, Floats] = {}
        self._epoch = np.empty(len(self._rows))
        self._first = self._end = 0  # the states that were told but are still to be reported
        self._segment = 0  # and to which segment
        self._at = 0

    def before(self, row: int) -> None:
        """Tell the states between the row that was told last and another one, and that itself if it begins an epoch."""
        start, self._at = self._at, row + 1
        first, end = self._rows.searchsorted((start, row + 1)).tolist()
        if first == end:
            return
        if self._epochs.awaits_bar:
            epoch, cut = float(self._epochs.epoch), end
            if self._samples is not None and self._rows[end - 1] == row:
                cut -= 1  # a time per sample is shown by the last state alone, as which nothing before it counts
            self._tell(first, cut, epoch)
            self._tell(cut, end, epoch)
            return
        self.report()
        for at in self._rows[first:end]:
            plan, line, columns = self._batch.row(int(at))
            if at < row and isinstance(plan, BarPlan):
                self._epochs.frame(bar_of(plan, line, columns))

    def within(self, headers: Indices, bars: Indices, epoch: Floats) -> None:
        """Tell the states of epochs that were told at once, from their headers to their bars."""
        import numpy as np

        self._at = int(bars[-1]) + 1
        begins, ends = self._rows.searchsorted(headers), self._rows.searchsorted(bars, side="right")
        if (begins[1:] == ends[:-1]).all():
            self._tell(int(begins[0]), int(ends[-1]), np.repeat(epoch, ends - begins))
            return
        some = begins < ends
        begins, ends = begins[some], ends[some]
        if len(begins):
            spans = np.diff(np.stack([begins, ends], axis=1).ravel())  # what stands between epochs is none of theirs
            self._is_fresh[begins[0] : ends[-1]] &= np.repeat(np.arange(len(spans)) % 2 == 0, spans)
            each = np.repeat(epoch[some], np.diff(begins, append=ends[-1]))
            self._tell(int(begins[0]), int(ends[-1]), each)

    def _tell(self, first: int, end: int, epoch: Floats | float) -> None:
        """Tell states from the first to the end, with the number of their epoch, or those of each.

        One with as many batches as the state before is left out.
        """
        if first == end:
            return
        if self._segment != self._epochs.segment:
            self.report()
            self._segment = self._epochs.segment
        if self._end == self._first:
            self._first = first
        else:
            self._is_fresh[self._end : first] = False
        self._end = end
        self._epoch[first:end] = epoch
        done, fresh = self._done, self._is_fresh[first:end]
        fresh[0] = self._epochs.is_new(float(self._epoch[first]), float(done[first]))
        if not isinstance(epoch, float):
            fresh[1:] |= epoch[1:] != epoch[:-1]
        self._epochs.framed(float(self._epoch[end - 1]), float(done[end - 1]))
        if self._samples is not None:
            for chosen in self._kinds(first, end):
                self._samples[first:end][chosen] = (self._samples[first:end] & chosen).any()

    def report(self) -> None:
        """Report the states that were told."""
        at = slice(self._first, self._end)
        self._first = self._end
        for kind, chosen in enumerate(self._kinds(at.start, at.stop)):
            if chosen.any():
                self._add(kind, at, None if chosen.all() else chosen)

    def _kinds(self, first: int, end: int) -> list[NDArray[np.bool_]]:
        """Return which states, from the first to the end, are to be reported with each choice of metrics."""
        fresh = self._is_fresh[first:end]
        if self._kind is None:
            return [fresh] * len(self._names)
        return [fresh & (self._kind[first:end] == kind) for kind in range(len(self._names))]

    def _add(self, kind: int, at: slice, chosen: NDArray[np.bool_] | None) -> None:
        if kind not in self._states:
            self._states[kind] = self._rows_of(self._names[kind])
        rows, counted = self._states[kind][at], (self._done[at], self._total[at], self._epoch[at])
        samples = None if self._samples is None else self._samples[at]
        self._epochs.frames(self._names[kind], rows, *counted, samples, chosen, self._segment)

    def _rows_of(self, names: tuple[str, ...]) -> Floats:
        """Return line and metrics of all bars, with room for what counts between them."""
        import numpy as np

        known = [dict(plan.columns) if isinstance(plan, BarPlan) else {} for plan in self._bars.plans]
        columns = [[plan.get(name, -1) for name in names] for plan in known]
        rows = np.empty((len(self._rows), FIRST + len(names)))
        self._bars.put(columns, rows)
        for number, here, _ in self._bars.parts:
            for at, name in enumerate(names) if -1 in columns[number] else ():
                plan = self._bars.plans[number]
                if columns[number][at] < 0 and isinstance(plan, BarPlan):
                    rows[here, FIRST + at] = plan.bar.metrics.get(name, np.nan)
        return rows
