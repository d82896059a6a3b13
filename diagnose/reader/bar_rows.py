"""Epochs of a Keras console whose headers and bars the scan engine has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from diagnose.reader.bar_plans import BarPlan, Header, bar_of
from diagnose.reader.bar_states import BarStates
from diagnose.reader.bars import Epochs
from diagnose.reader.console_rows import FIRST, Batch, stretches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Told: TypeAlias = tuple[int, Header | BarPlan, Sequence[float]]
"""A row: its line, plan and columns."""
SOME = 3
"""Epochs that are told together."""


class BarRows:
    """Tells epochs the headers and bars that were read in bulk."""

    def __init__(self, epochs: Epochs, header: Callable[[int, int, int], object]) -> None:
        """Tell *epochs* of bars; *header* is called with epoch, planned epochs and line of a header."""
        self._epochs, self._header = epochs, header
        self._line = 0  # of the last row of a batch

    def row(self, plan: Header | BarPlan, line: int, columns: Sequence[float]) -> None:
        """Tell one row."""
        if isinstance(plan, Header):
            self._header(int(columns[0]), int(columns[1]), line)
            return
        self._epochs.bar(bar_of(plan, line, columns))

    def state(self, plan: Header | BarPlan, line: int, columns: Sequence[float]) -> None:
        """Tell one state that a later one overwrites."""
        if isinstance(plan, BarPlan):
            self._epochs.frame(bar_of(plan, line, columns))

    def few(self, rows: list[Told]) -> None:
        """Tell some few rows: epochs that follow one another with a bar each together, all others one by one."""
        at = 0
        while at < len(rows):
            count = 0 if self._epochs.wants_frames else _following(rows, at)
            if count < SOME:
                self._one_by_one(rows[at : at + 1])
                at += 1
                continue
            first, at = at + 2, at + 2 + 2 * count
            self._one_by_one(rows[first - 2 : first])
            last = at - 2  # the last epoch is told by itself
            taken = self._some(rows[first:last:2], rows[first + 1 : last : 2])
            self._one_by_one(rows[last if taken else first : at])

    def _one_by_one(self, rows: list[Told]) -> None:
        for line, plan, columns in rows:
            self.row(plan, line, columns)

    def _some(self, headers: list[Told], bars: list[Told]) -> bool:
        """Tell epochs that follow the last one; return whether they were taken."""
        plan = bars[0][1]
        if isinstance(plan, Header):
            return False
        metrics = {
            name: [columns[at] if at >= 0 else plan.bar.metrics[name] for _, _, columns in bars]
            for name, at in plan.columns
        }
        seconds = [columns[plan.seconds] if plan.seconds >= 0 else plan.bar.seconds or 0.0 for _, _, columns in bars]
        epochs = [columns[0] for _, _, columns in headers]
        return self._epochs.some(epochs, headers[-1][0], [line for line, _, _ in bars], metrics, seconds)

    def batch(self, batch: Batch[Header | BarPlan]) -> None:
        """Tell many rows: epochs that follow one another with a bar each at once, all others one by one."""
        import numpy as np

        states = BarStates(self._epochs, batch) if self._epochs.wants_frames else None
        if batch.overwritten is None:
            rows = np.flatnonzero(~_is_redrawn(batch))
        else:
            rows = np.flatnonzero(~batch.overwritten)
            behind = np.minimum(rows + 1, len(batch.which) - 1)
            redrawn = _is_redrawn(batch.only(np.array([rows, behind]).T.ravel()))[::2]
            rows = rows[~redrawn | (rows == behind)]
        last = batch.only(rows)
        for at, count in stretches(_goes_on(last)):
            self._tell(states, last, rows, at)
            if not count:
                continue
            first, end = at, at + 2 + 2 * count
            if states is not None:  # those within the first epoch come before its bar
                self._tell(states, last, rows, at + 1)
                first += 2
            until = end if states is None and self._is_over(last, end) else end - 2
            if self._several(last, first, until, begun=states is None):
                if states is not None:
                    epoch = last.rows[first:until:2, FIRST]
                    states.within(rows[first:until:2], rows[first + 1 : until : 2], epoch)
                first = until
            for row in range(max(first, at + 1), end):
                self._tell(states, last, rows, row)
        if states is not None:
            states.before(len(batch.which))
            states.report()
        self._line = int(batch.line[-1])

    def _tell(self, states: BarStates | None, batch: Batch[Header | BarPlan], rows: NDArray[np.intp], at: int) -> None:
        if states is not None:
            states.before(int(rows[at]))
        self.row(*batch.row(at))

    def _is_over(self, batch: Batch[Header | BarPlan], end: int) -> bool:
        """Whether a header follows behind some rows, the last of which is a bar that nothing can continue."""
        if end == len(batch.which) or not isinstance(batch.plans[batch.which[end]], Header):
            return False
        plan = batch.plans[batch.which[end - 1]]
        if isinstance(plan, Header):
            return False
        return plan.bar.validated or bar_of(plan, *batch.row(end - 1)[1:]).final

    def _several(self, batch: Batch[Header | BarPlan], first: int, end: int, *, begun: bool) -> bool:
        """Tell the epochs whose headers are rows first, first + 2, ... before end; return whether they were taken.

        If *begun*, the first of these headers was told.
        """
        plan, line, shown = batch.row(first + 1)
        before, after = batch.line[first - 1] if first else self._line, batch.line[end : end + 1]
        if isinstance(plan, Header) or line == before or (after == batch.line[end - 1]).any():
            return False  # points of one line that are told in different ways would not stay in their order
        headers, bars = slice(first, end, 2), slice(first + 1, end, 2)
        rows = batch.rows[bars, FIRST:].T.copy()
        return self._epochs.several(
            batch.rows[headers, FIRST].copy(),
            int(batch.line[end - 2]),
            batch.line[bars].copy(),
            {name: rows[at] if at >= 0 else plan.bar.metrics[name] for name, at in plan.columns},
            rows[plan.seconds] if plan.seconds >= 0 else plan.bar.seconds,
            bar_of(plan, line, shown) if begun else None,
        )


def _following(rows: list[Told], at: int) -> int:
    """Return how many epochs follow the one that begins with a row, each with a header and a bar like its own."""
    (_, header, begun), (_, bar, shown) = rows[at], rows[min(at + 1, len(rows) - 1)]
    if not isinstance(header, Header) or isinstance(bar, Header) or begun[0] < 1:
        return 0
    count, total = 0, bar.total if bar.total >= 1 else -1
    for (_, one, counted), (_, two, columns) in zip(rows[at + 2 :: 2], rows[at + 3 :: 2], strict=False):
        if one is not header or two is not bar or counted[0] != begun[0] + count + 1 or counted[1] != begun[1]:
            break
        if total >= 0 and columns[total] != shown[total]:
            break
        count += 1
    return count


def _is_redrawn(batch: Batch[Header | BarPlan]) -> NDArray[np.bool_]:
    """Return after which bars a later state of the same bar follows: such a bar counts for nothing.

    Neither shows a validation, and the first is not that of a whole epoch.
    """
    import numpy as np

    bars = [plan.bar if isinstance(plan, BarPlan) and plan.total >= 1 else None for plan in batch.plans]
    done = batch.column([-1 if bar is None else 0 for bar in bars])
    total = batch.column([plan.total if isinstance(plan, BarPlan) and plan.total >= 1 else -1 for plan in batch.plans])
    plain = np.array([bar is not None and not bar.validated and bool(bar.gauge) for bar in bars])[batch.which]
    final = ~np.array([bar is not None and bar.running for bar in bars])[batch.which]
    final &= (done >= total) | np.array([bar is not None and bar.gauge == "[" for bar in bars])[batch.which]
    found = np.zeros(len(done), dtype=bool)
    found[:-1] = (plain & ~final)[:-1] & plain[1:] & (total[:-1] == total[1:]) & (done[:-1] <= done[1:])
    return found & (total > 0)


def _goes_on(batch: Batch[Header | BarPlan]) -> NDArray[np.bool_]:
    """Return at which rows the header of the next epoch stands, between bars that differ in their metrics only."""
    import numpy as np

    layout = batch.layouts([plan.layout for plan in batch.plans])
    is_header = np.array([isinstance(plan, Header) for plan in batch.plans])[batch.which]
    number = batch.column([0 if isinstance(plan, Header) else -1 for plan in batch.plans])
    totals = [1 if isinstance(plan, Header) else max(plan.total, 0) or -1 for plan in batch.plans]
    total = np.nan_to_num(batch.column(totals))
    found = np.zeros(len(is_header), dtype=bool)
    found[2:-1] = is_header[2:-1] & is_header[:-3] & ~is_header[3:] & ~is_header[1:-2]
    found[2:-1] &= (number[2:-1] == number[:-3] + 1) & (number[2:-1] > 1) & (total[2:-1] == total[:-3])
    found[2:-1] &= (layout[3:] == layout[1:-2]) & (total[3:] == total[1:-2])
    return found
