"""Rows of numbers as a walk stores them, held in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]

ABSURD = 1e15
"""No run counts so many epochs or steps."""
LINE, MAJOR, FIRST = 0, 1, 3
"""Doubles of a row before its columns: the line, and the counters of the last row that had any."""
MOST = 1 << 20
"""Doubles that one table holds before it is thinned."""
BUDGET = 4 << 20
"""Doubles that all tables hold together."""
LEAST = 1 << 10
"""Doubles that a table may hold however many tables there are."""
AT_ONCE = 1 << 18
"""Doubles that are looked at together by a table that was thinned before."""
Position: TypeAlias = "Callable[[Floats], tuple[Floats, Floats]]"
"""Epoch and step of rows, from their columns."""


@dataclass(slots=True)
class Room:
    """What the tables of a run may hold: the more there are, the less each."""

    most: int = MOST
    held: int = 0
    tables: list[Table] = field(default_factory=list)

    def grown(self, doubles: int) -> None:
        """Take so many doubles more; thin tables, the longest first, if that is too much."""
        self.held += doubles
        while self.held > BUDGET and self.most > LEAST:
            self.most //= 2
            for table in self.tables:
                table.fit()


class Places(NamedTuple):
    """Where points stand; ``index`` and ``weight`` are None if all points that were read are there."""

    step: Floats
    epoch: Floats
    line: Indices
    index: Indices | None = None
    weight: Floats | None = None


class Table:
    """The rows of one template in one segment, thinned where they are too many."""

    def __init__(self, room: Room, width: int, extra: int, position: Position) -> None:
        """Take rows of *width* doubles, of whose columns the first *extra* ones count and are no values."""
        self._room, self.width, self._extra, self._position = room, width, extra, position
        self._chunks: list[bytes] = []
        self._waiting = 0  # doubles in chunks
        self._rows: list[tuple[Floats, Indices, NDArray[np.bool_]]] = []  # thinned rows, their numbers, who stay alone
        self._kept = 0  # doubles in them
        self._level = self._size = self._done = 0
        self._places: Places | None = None
        self._values: dict[int, Floats] = {}
        room.tables.append(self)

    def __len__(self) -> int:
        """Return how many rows were added."""
        return self._size

    def add(self, rows: bytes) -> None:
        """Add rows."""
        doubles = len(rows) // 8
        self._chunks.append(rows)
        self._size += doubles // self.width
        self._waiting += doubles
        if self._waiting + self._kept > self._room.most or (self._level and self._waiting > AT_ONCE):
            self._room.held += doubles
            self.fit()
            self._room.grown(0)
        else:
            self._room.grown(doubles)

    def fit(self) -> None:
        """Thin the rows until they fit into the room."""
        before = self._waiting + self._kept
        if self._level and before > self._room.most // 2:
            self._thin_waiting()
        while self._waiting + self._kept > self._room.most:
            self._level += 1
            if self._kept:
                self._thin_again()
            kept = self._kept
            self._thin_waiting()
            if STRETCH_OF_ALL << self._level > self._size and kept == self._kept:
                break
        self._room.held += self._waiting + self._kept - before

    def rows(self) -> Floats:
        """Return the rows that are held."""
        return self._joined()[0]

    def _thin_waiting(self) -> None:
        """Thin rows that wait, as far as they fill buckets."""
        import numpy as np

        from diagnose.reader.thinning import STRETCH_BITS

        rows = np.frombuffer(b"".join(self._chunks), dtype=np.float64).reshape(-1, self.width)
        whole = len(rows) >> (STRETCH_BITS + self._level) << (STRETCH_BITS + self._level)
        self._chunks = [rows[whole:].tobytes()] if whole < len(rows) else []
        self._waiting = (len(rows) - whole) * self.width
        if whole:
            self._keep(rows[:whole], np.arange(self._done, self._done + whole))
            self._done += whole

    def _thin_again(self) -> None:
        rows, index, _ = self._joined_kept()
        self._rows, self._kept = [], 0
        self._keep(rows, index)

    def _keep(self, rows: Floats, index: Indices) -> None:
        from diagnose.reader.thinning import certain, in_stretch

        columns = range(FIRST + self._extra, self.width)
        counters = [rows[:, at] for at in range(FIRST, FIRST + self._extra)]
        alone = certain(
            [rows[:, at] for at in columns], [rows[:, MAJOR]], counters, index, self._size, self._level
        )
        held = alone | in_stretch(index, self._level)
        self._rows.append((rows[held], index[held], alone[held]))
        self._kept += int(held.sum()) * self.width

    def _joined_kept(self) -> tuple[Floats, Indices, NDArray[np.bool_]]:
        import numpy as np

        if len(self._rows) > 1:
            rows, index, alone = zip(*self._rows, strict=True)
            self._rows = [(np.concatenate(rows), np.concatenate(index), np.concatenate(alone))]
        return self._rows[0]

    def _joined(self) -> tuple[Floats, Indices | None, NDArray[np.bool_] | None]:
        import numpy as np

        waiting = np.frombuffer(b"".join(self._chunks), dtype=np.float64).reshape(-1, self.width)
        if not self._rows:
            return waiting, None, None
        rows, index, alone = self._joined_kept()
        count = len(waiting)
        return (
            np.concatenate([rows, waiting]),
            np.concatenate([index, np.arange(self._done, self._done + count)]),
            np.concatenate([alone, np.ones(count, dtype=np.bool_)]),
        )
