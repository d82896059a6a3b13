"""Rows of numbers as a walk stores them, held in bounded memory."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnose.reader.thinning import Bytes, Portion

    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]
    Chosen: TypeAlias = NDArray[np.bool_]
    Part: TypeAlias = tuple[Floats, Indices, Chosen]  # rows, their numbers, and which stand for themselves alone

ABSURD = 1e15
"""No run counts so many epochs or steps."""
LINE, EPOCH, STEP, FIRST = range(4)
"""Doubles of a row before its columns: the line, and what counts, which in the end is epoch and step."""
MOST = 1 << 20
"""Doubles of a table that is not thinned, however few tables there are."""
BUDGET = 5 << 20
"""Doubles that all tables of a run hold together: 40 MiB."""
LEAST = 1 << 10
"""Doubles that a table may hold however many tables there are."""
PIECE = 1 << 16
"""Doubles that are thinned at once: they are in the processor's cache, and what is freed then takes the next ones."""
FALL = 4
"""By what that number falls whenever the budget is spent."""
bytes(8 * MOST)  # nothing of it is touched, but glibc then keeps as much of what is freed, to be used again as it is
Position: TypeAlias = "Callable[[Floats], tuple[Floats, Floats]]"
"""Epoch and step of rows, from their columns."""


class Places(NamedTuple):
    """Where points stand.

    Attributes:
        number: that of each among all that were read; None if all are there.
        weight: for how many each one stands; None if all are there.
    """

    step: Floats
    epoch: Floats
    line: Indices
    number: Indices | None = None
    weight: Floats | None = None


class Room:
    """What the tables of a run may hold: the more there are, the less each."""

    def __init__(self) -> None:
        """Begin without any table."""
        self.most, self.held = MOST, 0
        self.tables: list[Table] = []

    def close(self) -> None:
        """Let go of all tables: none is thinned any more, and each lasts as long as it is needed."""
        self.tables.clear()
        self.held = 0

    def take(self, doubles: int) -> None:
        """Note that so many more are held; thin tables, the longest first, if that is too much."""
        self.held += doubles
        while self.held > BUDGET and self.most > LEAST:
            self.most //= FALL
            for table in self.tables:
                table.fit()


class Table:
    """The rows of one template in one segment, thinned where they are too many."""

    def __init__(self, room: Room, width: int, extra: int, position: Position, *, rises: bool = False) -> None:
        """Take rows of *width* doubles, of whose columns the first *extra* ones count and are no values.

        If it *rises*, the epoch changes from row to row, as that of states within epochs does.
        """
        self._rises = rises
        self._room, self._width, self._first, self._position = room, width, FIRST + extra, position
        self._chunks: list[Bytes] = []  # rows as they were read, behind those that were thinned
        self._fresh = 0  # doubles in them
        self._thinned: list[Part] = []
        self._kept = 0  # doubles in them
        self._done = 0  # rows that they stand for
        self._level = 0
        self._is_open = self._is_unplaced = True
        self._settled: tuple[Places, Floats] | None = None
        room.tables.append(self)

    def __len__(self) -> int:
        """Return how many rows were added."""
        return self._done + self._fresh // self._width

    @property
    def _piece(self) -> int:
        return min(PIECE, self._room.most // 4)

    @property
    def held(self) -> int:
        """How many doubles are held."""
        return self._fresh + self._kept

    def add(self, rows: Bytes) -> None:
        """Add rows."""
        self._chunks.append(rows)
        self._fresh += len(rows) // 8
        self._room.take(len(rows) // 8)
        if self._fresh > (self._piece if self._level else self._room.most):
            self.fit()

    def fit(self) -> None:
        """Thin the rows until they fit into the room: those that are fresh as the others were, then all of them."""
        from diagnose.reader.thinning import MOST_TURNS, STRETCH

        before = self.held
        if self._level:
            self._thin_fresh()
        while self.held > self._room.most:
            if STRETCH << self._level < len(self):
                coarser = max(1, math.ceil(math.log2(self.held / self._room.most))) + (self._level == 0)
                self._level = min(self._level + coarser, (len(self) // STRETCH).bit_length())
            elif len(self._thinned) < 2:
                break
            thinned, self._thinned, self._kept = self._thinned, [], 0
            if thinned:
                count = sum(len(index) for _, index, _ in thinned)
                self._keep([(rows, index) for rows, index, _ in thinned], count, MOST_TURNS)
            self._thin_fresh()
        self._room.held += self.held - before

    def rows(self) -> Floats:
        """Return the rows that are held: line, counters and columns."""
        import numpy as np

        fresh = self._fresh_rows()
        return np.concatenate([*(rows for rows, _, _ in self._thinned), fresh]) if self._thinned else fresh

    def end(self) -> int:
        """No more rows are to come; return the line of the last one."""
        self._is_open = False
        if not self._fresh:
            return int(self._thinned[-1][0][-1, LINE])
        return int(struct.unpack_from("=d", self._chunks[-1], len(self._chunks[-1]) - 8 * self._width)[0])

    def place(self) -> None:
        """Find epoch and step of all rows, of which no more are to come."""
        if not self._is_unplaced:
            return
        import numpy as np

        self._chunks = [bytearray().join(self._chunks)]
        for rows in (self._fresh_rows(), *(rows for rows, _, _ in self._thinned)):
            rows[:, EPOCH], rows[:, STEP] = self._position(rows[:, 1:])  # no epoch is what stood for a step
            absurd = np.abs(at := rows[:, EPOCH : STEP + 1]) >= ABSURD
            if np.count_nonzero(absurd):
                at[absurd] = math.nan
        self._is_unplaced = False

    @property
    def places(self) -> Places:
        """Where the rows stand, in the order in which they were added."""
        return self._settle()[0]

    def column(self, at: int) -> Floats:
        """Return a column."""
        found: Floats = self._settle()[1][at]
        return found

    def _settle(self) -> tuple[Places, Floats]:
        import numpy as np

        if self._settled is not None:
            return self._settled
        self._is_open = False
        self.place()
        if self._thinned:
            self._thin_fresh()
        parts = [*(rows for rows, _, _ in self._thinned), self._fresh_rows()]
        columns = np.empty((self._width, sum(map(len, parts))))
        end = 0
        for rows in parts:
            start, end = end, end + len(rows)
            columns[:, start:end] = rows.T
        index = weight = None
        if self._thinned:
            from diagnose.reader.thinning import weights

            index, single = (np.concatenate([part[at] for part in self._thinned]) for at in (1, 2))
            fresh = len(parts[-1])
            weight = np.concatenate([weights(index, single, self._done, self._level), np.ones(fresh)])
            index = np.concatenate([index, np.arange(self._done, self._done + fresh)])
        places = Places(columns[STEP], columns[EPOCH], columns[LINE].astype(np.int64), index, weight)
        self._settled = places, columns
        self._chunks, self._thinned = [], []
        return self._settled

    def _fresh_rows(self) -> Floats:
        import numpy as np

        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return np.frombuffer(self._chunks[0] if self._chunks else b"", dtype=np.float64).reshape(-1, self._width)

    def _thin_fresh(self) -> None:
        """Thin fresh rows piece by piece as far as they fill buckets; all if the last bucket takes too much room."""
        from diagnose.reader.thinning import MOST_TURNS, STRETCH_BITS

        bits, piece = STRETCH_BITS + self._level, self._piece // self._width
        turns = 4 * MOST_TURNS * self._piece // self._room.most
        while count := self._fresh // self._width:
            ends = (piece, count) if count > 2 * piece else (count,)
            filled = [((self._done + end) >> bits << bits) - self._done for end in ends]
            whole = next((rows for rows in filled if rows > 0), count if self._fresh > self._room.most // 4 else 0)
            if not whole:
                break
            self._keep([(rows, None) for rows in self._beginning(whole)], whole, turns)
            self._done += whole
            self._leave((count - whole) * self._width)

    def _beginning(self, rows: int) -> Iterator[Bytes]:
        """Yield the chunks that hold the first fresh rows."""
        left = 8 * rows * self._width
        for chunk in self._chunks:
            if left <= 0:
                break
            yield chunk
            left -= len(chunk)

    def _leave(self, doubles: int) -> None:
        """Hold the last fresh rows only."""
        self._fresh, left, chunks = doubles, 8 * doubles, self._chunks
        self._chunks = []
        while left:
            chunk = chunks.pop()
            self._chunks.insert(0, chunk[-left:] if len(chunk) > left else chunk)
            left -= len(self._chunks[0])

    def _keep(self, parts: list[Portion], count: int, turns: int) -> None:
        from diagnose.reader.thinning import Thinning, staying

        thinning = Thinning(self._width, self._first, len(self), self._level, self._rises, turns)
        kept = staying(parts, count, self._done, thinning)
        self._thinned.append(kept)
        self._kept += kept[0].size
