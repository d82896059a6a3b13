"""Lines of a console whose numbers the scan engine reads: they are told to a reader later, in the order of the file."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from diagnose.reader.grammar import LineGrammar, Match
from diagnose.reader.raw_lines import RawLines
from diagnose.scan import Condition, Gate, Walk, engine, raw_template
from diagnose.scan.engine import kernel
from diagnose.scan.states import in_order
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
FIRST, LINE_OF_STATE = 3, 1
"""Doubles of a row before its columns: its line; or for a state its number, its line and whether it is overwritten."""
FEW = 8
"""Epochs in a row that are not worth to be looked at together."""
MANY = 64
"""Rows from which on it pays to look at all of them at once."""
MOST_SHAPES = 200
"""Shapes of lines that one log teaches: a log that has more of them prints texts that change."""


def is_just(text: str, found: list[tuple[int, str]]) -> bool:
    """Whether a token, or what counts of it, is just one number."""
    return len(found) == 1 and found[0][1] == text


class Batch(Generic[Plan]):
    """Rows of several tables, in the order of the file.

    Attributes:
        plans: what was planned for the lines of each table.
        tables: the rows of each: three numbers without meaning, then the columns.
        which: the table of each row, as an index into *plans*.
        index: where it stands in its table.
        line: the line of each row.
        overwritten: which of them are overwritten, where such states are wanted.
    """

    def __init__(
        self,
        plans: list[Plan],
        tables: list[NDArray[np.float64]],
        which: NDArray[np.intp],
        index: NDArray[np.intp],
        line: NDArray[np.int64],
        overwritten: NDArray[np.bool_] | None = None,
    ) -> None:
        """Put rows together when they are asked for."""
        self.plans, self.tables, self.which, self.index = plans, tables, which, index
        self.line, self.overwritten = line, overwritten

    @cached_property
    def parts(self) -> list[tuple[int, NDArray[np.intp], NDArray[np.float64]]]:
        """Of each table that has any of the rows: its number, where its rows stand here, and they themselves."""
        import numpy as np

        found = []
        for number, table in enumerate(self.tables):
            here = np.flatnonzero(self.which == number)
            if len(here):
                found.append((number, here, table if len(here) == len(table) else table.take(self.index[here], axis=0)))
                if len(here) == len(self.which):
                    break
        return found

    @cached_property
    def rows(self) -> NDArray[np.float64]:
        """The rows, with NaN behind those of a table that has fewer columns."""
        import numpy as np

        if len(self.parts) == 1:
            return self.parts[0][2]
        rows = np.full((len(self.which), max(table.shape[1] for table in self.tables)), np.nan)
        for _, here, table in self.parts:
            rows[here, : table.shape[1]] = table
        return rows

    def only(self, rows: NDArray[np.intp]) -> Batch[Plan]:
        """Return some of the rows."""
        overwritten = None if self.overwritten is None else self.overwritten[rows]
        return Batch(self.plans, self.tables, self.which[rows], self.index[rows], self.line[rows], overwritten)

    def column(self, at: Sequence[int]) -> NDArray[np.float64]:
        """Return one number of each row, which for each template stands in a column of its own; NaN for none (-1)."""
        import numpy as np

        if len(self.parts) == 1 and at[self.parts[0][0]] >= 0:
            number, _, table = self.parts[0]
            return table[:, FIRST + at[number]]
        found = np.full(len(self.which), np.nan)
        for number, here, table in self.parts:
            if at[number] >= 0:
                found[here] = table[:, FIRST + at[number]]
        return found

    def put(self, columns: Sequence[Sequence[int]], rows: NDArray[np.float64]) -> None:
        """Write lines of states and, behind the first doubles, columns, which stand elsewhere in each table, to rows.

        What has none (-1) stays as it is.
        """
        for number, here, table in self.parts:
            spread(table, (-1, -1, *columns[number]), rows, here if len(self.parts) > 1 else None)

    def columns(self, columns: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Return as many columns as the longest one tells, as ``column`` does one; 0 for what has none (-1)."""
        import numpy as np

        found = np.zeros((max(map(len, columns)), len(self.which)))
        for number, here, table in self.parts:
            at = [FIRST + one if one >= 0 else -1 for one in columns[number]]
            places = here if len(self.parts) > 1 else None
            kernel().spread(table, table.shape[1], at, places, found, 0, 1, found.shape[1])
        return found

    def layouts(self, of_plans: Sequence[object]) -> NDArray[np.intp]:
        """Return a number for each row: the same where what the plans give is the same."""
        import numpy as np

        known = {layout: number for number, layout in enumerate(of_plans)}
        return np.array([known[layout] for layout in of_plans])[self.which]

    def row(self, at: int) -> tuple[Plan, int, list[float]]:
        """Return what was planned for a row, its line and its columns."""
        which = self.which[at]
        return self.plans[which], int(self.line[at]), self.tables[which][self.index[at], FIRST:].tolist()


def spread(
    table: NDArray[np.float64],
    columns: Sequence[int],
    into: NDArray[np.float64],
    places: NDArray[np.intp] | None = None,
) -> None:
    """Let the kernel write lines of states, and columns of their table behind, to rows at their places, in one pass.

    A column of -1 is left out.
    """
    at = [LINE_OF_STATE, *[FIRST + one if one >= 0 else -1 for one in columns]]
    kernel().spread(table, table.shape[1], at, places, into, 0, into.shape[1], 1)


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
    begins = np.flatnonzero(length >= FEW).tolist()
    at = 0
    while at < size:
        next_one = bisect_left(begins, at + 2)
        until = begins[next_one] - 2 if next_one < len(begins) else size
        yield from ((row, 0) for row in range(at, until))
        if until < size:
            yield until, int(length[until + 2])
        at = until + 2 + 2 * int(length[until + 2]) if until < size else size


class ConsoleRows(Generic[Plan]):
    """Rows of one console.

    A reader treats the first lines of each template itself, and says with ``enable`` what it needs of others like them.
    Before it treats any other line behind one that may be a row it calls ``flush``, and is told the rows before it.
    """

    def __init__(
        self,
        walk: Walk,
        raw: RawLines,
        grammar: LineGrammar,
        row: Callable[[Plan, int, Sequence[float]], object],
        batch: Callable[[Batch[Plan]], object],
        state: Callable[[Plan, int, Sequence[float]], object] = lambda *_: None,
        few: Callable[[list[tuple[int, Plan, Sequence[float]]]], object] | None = None,
        alike: Callable[[Plan], Hashable] = id,
    ) -> None:
        """Read rows of *walk*.

        Args:
            walk: goes through the console with the templates of *raw*.
            raw: takes the templates of rows, which are made of those of *grammar*.
            grammar: parses the lines.
            row: called with what was planned, the line and the columns of a row, for some few rows.
            batch: called with many rows.
            state: called like *row* with what is overwritten, where that is wanted.
            few: called with lines, plans and columns of some few rows, instead of *row*, if nothing is overwritten.
            alike: called with a plan; returns what is the same for all plans that rows may have in its place.
        """
        self._walk, self._raw, self._grammar = walk, raw, grammar
        self._most = len(raw.shapes.templates) + MOST_SHAPES
        self._row, self._batch, self._state, self._few = row, batch, state, few
        self._alike = alike
        self._plans: dict[int, tuple[Plan, int]] = {}
        self._tables: dict[Hashable, int] = {}  # of plans that are alike: the template whose rows have those of all
        self._refused: set[Template | int] = set()
        self._counted: dict[str, int] = {}
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
            or len(self._raw.shapes.templates) >= self._most
        ):
            return
        if number < 0:
            known = self._place(match, text, repeats)
            if known is not None and known[0] not in self._refused:
                template = raw_template(walk.raw, text, *known)
                if template is None:
                    self._refused.add(known[0])
                else:
                    self._raw.shown[template] = known[0]
                    self._raw.shapes.add(template)
            return
        self._refused.add(number)
        self._raw.used.add(number)
        shown, known = self._raw.shown[self._raw.shapes.templates[number]], self._place(match, text, repeats)
        if known is None or known[0] != shown or shown.kind != match.kind or len(shown.spans) != len(match.tokens):
            self._raw.is_stale = True
            return
        found = plan(match, shown.numbers_within(text, known[1]))
        if found is not None:
            columns = tuple(found[1])
            alike = self._alike(found[0]), len(columns)
            table = walk.enable(columns, Condition(), like=self._tables.get(alike))
            if table == number:
                self._tables[alike] = number
                self._plans[number] = found[0], FIRST + len(columns)

    def _place(self, match: Match, text: str, repeats: bool) -> tuple[Template, tuple[int, ...]] | None:
        """Return a template of what a line shows, and where its variable parts end; without numbers it has none."""
        known, same = self._grammar.shapes.place(text), self._raw.same
        if not repeats or (known is not None and text not in same):
            return known
        if text not in same:
            self._counted[text] = self._counted.pop(text, 0) + 1
            if self._counted[text] < REPEATED:
                if len(self._counted) > REMEMBERED:
                    self._counted.clear()
                return None
            spans = tuple([(name, (-1, 0), (-1, 0)) for name, _ in match.tokens])
            same[text] = Template(match.kind, (Part(LITERAL, text.encode("utf-8", "replace")),), spans)
        return same[text], ()

    def flush(self) -> None:
        """Tell the rows that were read since the last call."""
        if not self._walk.holding():
            return
        states = self._walk.states
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
        which, index, line, overwritten = in_order(tables, are_states=self._walk.states is not None)
        redrawn = overwritten if self._walk.frames else None
        return Batch([plan for plan, _ in plans], tables, which, index, line, redrawn)
