"""Lines of a console whose numbers the scan engine reads: they are told to a reader later, in the order of the file."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

from diagnose.reader.grammar import LineGrammar, Match
from diagnose.scan import Condition, Gate, Shapes, Walk, engine, raw_template
from diagnose.scan.template import LITERAL, Part, Template

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VISIBLE = Gate(chr(code) for code in range(33, 127))
"""Lines that show anything."""
Plan = TypeVar("Plan")
Numbers: TypeAlias = list[list[tuple[int, str]]]
REPEATED = 3
"""Times a line comes to the letter before it is a template of its own: such lines teach none that varies."""
REMEMBERED = 1000
"""Lines that are counted at one time."""
FIRST = 3
"""Doubles of a row before its columns: the line, and counters that are not used here."""
FEW = 8
"""Epochs in a row that are not worth to be looked at together."""
MANY = 64
"""Rows from which on it pays to look at all of them at once."""
MOST_SHAPES = 200
"""Shapes of lines that are read in bulk: a log that has more of them prints texts that change."""


def is_just(text: str, found: list[tuple[int, str]]) -> bool:
    """Whether a token, or what counts of it, is just one number."""
    return len(found) == 1 and found[0][1] == text


class Batch(NamedTuple, Generic[Plan]):
    """Rows of several templates, merged in the order of the file.

    Attributes:
        plans: what was planned for the lines of each template.
        which: the template of each row, as an index into *plans*.
        rows: the rows: three numbers without meaning, then the columns; NaN behind those of a template that has fewer.
        line: the line of each row.
        overwritten: which of them are overwritten, where such states are wanted.
    """

    plans: list[Plan]
    which: NDArray[np.intp]
    rows: NDArray[np.float64]
    line: NDArray[np.int64]
    overwritten: NDArray[np.bool_] | None = None

    def only(self, rows: NDArray[np.intp]) -> Batch[Plan]:
        """Return some of the rows."""
        overwritten = None if self.overwritten is None else self.overwritten[rows]
        return Batch(self.plans, self.which[rows], self.rows[rows], self.line[rows], overwritten)

    def column(self, at: Sequence[int]) -> NDArray[np.float64]:
        """Return one number of each row, which for each template stands in a column of its own; NaN for none (-1)."""
        import numpy as np

        columns = np.array(at)
        found = np.full(len(self.which), np.nan)
        for column in set(at) - {-1}:
            np.copyto(found, self.rows[:, FIRST + column], where=(columns == column)[self.which])
        return found

    def layouts(self, of_plans: Sequence[object]) -> NDArray[np.intp]:
        """Return a number for each row: the same where what the plans give is the same."""
        import numpy as np

        known = {layout: number for number, layout in enumerate(of_plans)}
        return np.array([known[layout] for layout in of_plans])[self.which]

    def row(self, at: int) -> tuple[Plan, int, list[float]]:
        """Return what was planned for a row, its line and its columns."""
        return self.plans[self.which[at]], int(self.line[at]), self.rows[at, FIRST:].tolist()


def stretches(goes_on: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield rows one by one, as (row, 0), and epochs of two rows each that follow one another in one piece.

    Args:
        goes_on: at which rows the next epoch begins.

    Yields:
        The first row of an epoch, and how many epochs follow it.
    """
    import numpy as np

    size = len(goes_on)
    length = np.zeros(size + 2, dtype=np.intp)  # in how many steps of two rows it goes on from here
    for column, found in ((goes_on[0::2], length[:size:2]), (goes_on[1::2], length[1:size:2])):
        ends = np.append(np.flatnonzero(~column), len(column))
        here = np.arange(len(column))
        found[:] = ends[np.searchsorted(ends, here)] - here
    begins = np.flatnonzero(length >= FEW)
    at = 0
    while at < size:
        next_one = np.searchsorted(begins, at + 2)
        until = int(begins[next_one]) - 2 if next_one < len(begins) else size
        yield from ((row, 0) for row in range(at, until))
        if until < size:
            yield until, int(length[until + 2])
        at = until + 2 + 2 * int(length[until + 2]) if until < size else size


class ConsoleRows(Generic[Plan]):
    """Rows of one console.

    A reader treats the first lines of each template itself, and says with ``enable`` what it needs of others like them.
    Before it treats any other line it calls ``flush``, and is told the rows that came before.
    """

    def __init__(
        self,
        walk: Walk,
        shapes: Shapes,
        grammar: LineGrammar,
        row: Callable[[Plan, int, Sequence[float]], object],
        batch: Callable[[Batch[Plan]], object],
        state: Callable[[Plan, int, Sequence[float]], object] = lambda *_: None,
        few: Callable[[list[tuple[int, Plan, Sequence[float]]]], object] | None = None,
    ) -> None:
        """Read rows of *walk*.

        Args:
            walk: goes through the console with *shapes*.
            shapes: takes the templates of rows, which are made of those of *grammar*.
            grammar: parses the lines.
            row: called with what was planned, the line and the columns of a row, for some few rows.
            batch: called with many rows.
            state: called like *row* with what is overwritten, where that is wanted.
            few: called with lines, plans and columns of some few rows, instead of *row*, if nothing is overwritten.
        """
        self._walk, self._shapes, self._grammar = walk, shapes, grammar
        self._row, self._batch, self._state, self._few = row, batch, state, few
        self._plans: dict[int, tuple[Plan, int]] = {}
        self._refused: set[Template | int] = set()
        self._shown: dict[Template, Template] = {}  # of raw lines: what matches that which they show
        self._same: dict[str, Template] = {}  # of lines that were repeated to the letter
        self._counted: dict[str, int] = {}
        self._line = 0  # of the line that was treated last, as rows are numbered; 0 if rows were told since
        self.last = 0  # line of the last row that was told
        self._is_on = engine().name != "lark"
        walk.full = lambda _: self.flush()

    def enable(
        self,
        match: Match,
        text: str,
        plan: Callable[[Match, Numbers], tuple[Plan, Iterable[int]] | None],
        *,
        repeats: bool = False,
    ) -> None:
        """Read lines like the one that was just treated in bulk from here on.

        Args:
            match: what the grammar read in it.
            text: what it shows, as it was parsed.
            plan: called with the match and, for each of its tokens, the variable parts in it and their text; returns
                what is to be done with such lines, and the variable parts that it takes as columns.
            repeats: whether such lines may come again and again to the letter, as titles do.
        """
        walk, number = self._walk, self._walk.template
        if (
            not self._is_on
            or number in self._plans
            or number in self._refused
            or len(self._shapes.templates) >= MOST_SHAPES
        ):
            return
        if number < 0:
            known = self._place(match, text, repeats)
            if known is not None and known[0] not in self._refused:
                template = raw_template(walk.raw, text, *known)
                if template is None:
                    self._refused.add(known[0])
                else:
                    self._shown[template] = known[0]
                    self._shapes.add(template)
            return
        self._refused.add(number)
        shown, known = self._shown[self._shapes.templates[number]], self._place(match, text, repeats)
        if known is None or known[0] != shown or shown.kind != match.kind or len(shown.spans) != len(match.tokens):
            return
        found = plan(match, shown.numbers_within(text, known[1]))
        if found is not None:
            columns = tuple(found[1])
            self._plans[number] = found[0], FIRST + len(columns)
            walk.enable(columns, Condition())

    def _place(self, match: Match, text: str, repeats: bool) -> tuple[Template, tuple[int, ...]] | None:
        """Return a template of what a line shows, and where its variable parts end; without numbers it has none."""
        known = self._grammar.shapes.place(text)
        if not repeats or (known is not None and text not in self._same):
            return known
        if text not in self._same:
            self._counted[text] = self._counted.pop(text, 0) + 1
            if self._counted[text] < REPEATED:
                if len(self._counted) > REMEMBERED:
                    self._counted.clear()
                return None
            spans = tuple([(name, (-1, 0), (-1, 0)) for name, _ in match.tokens])
            self._same[text] = Template(match.kind, (Part(LITERAL, text.encode("utf-8", "replace")),), spans)
        return self._same[text], ()

    def flush(self, before: int = 0) -> None:
        """Tell the rows that were read since the last call, of lines before the one that is treated next."""
        last, self._line = self._line, self._walk.number if before else 0
        states = self._walk.states
        if 0 < self._line <= last + 1:
            return
        taken = [(number, rows) for number in self._plans if (rows := self._walk.take(number))]
        if not taken:
            return
        if sum(len(rows) // 8 // self._plans[number][1] for number, rows in taken) >= MANY:
            batch = self._merged(taken)
            self.last = int(batch.line[-1])
            self._batch(batch)
            return
        told: list[tuple[int, Plan, Sequence[float]]] = []
        for number, rows in taken:
            plan, width = self._plans[number]
            values = array("d", rows)
            told += [(int(values[at]), plan, values[at + FIRST : at + width]) for at in range(0, len(values), width)]
        told.sort(key=lambda row: row[0])
        if states is not None and self._walk.frames:
            for number, plan, columns in told:
                self.last = states.line(number)
                (self._state if states.is_overwritten(number) else self._row)(plan, self.last, columns)
            return
        if states is not None:
            told = [(states.line(number), plan, columns) for number, plan, columns in told]
        self.last = told[-1][0]
        if self._few is not None:
            self._few(told)
            return
        for line, plan, columns in told:
            self._row(plan, line, columns)

    def _merged(self, taken: list[tuple[int, bytes]]) -> Batch[Plan]:
        import numpy as np

        plans = [self._plans[number] for number, _ in taken]
        tables = [
            np.frombuffer(rows, dtype=np.float64).reshape(-1, width)
            for (_, rows), (_, width) in zip(taken, plans, strict=True)
        ]
        order = np.argsort(np.concatenate([table[:, 0] for table in tables]), kind="stable")
        at = np.empty(len(order), dtype=np.intp)
        at[order] = np.arange(len(order))
        merged = np.empty((len(order), max(width for _, width in plans)))
        end = 0
        for table, (_, width) in zip(tables, plans, strict=True):
            here = at[end : end + len(table)]
            merged[here, :width] = table
            if width < merged.shape[1]:
                merged[here, width:] = np.nan
            end += len(table)
        which = np.repeat(np.arange(len(plans)), [len(table) for table in tables])[order]
        line, overwritten = merged[:, 0].astype(np.int64), None
        if self._walk.states is not None:
            line, overwritten = self._walk.states.places(line)
            overwritten = overwritten if self._walk.frames else None
        return Batch([plan for plan, _ in plans], which, merged, line, overwritten)
