"""States of progress bars as lines of their own, where a line shows several."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from diagnose.scan.engine import engine, kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENDS_LINE, OVERWRITTEN, WHOLE, SEVERAL = 1, 2, 4, 8
"""What the kernel tells of a state; a whole line has states that only Python can tell, several are left of others."""


class Order(NamedTuple):
    """Rows of several tables in the order of their lines.

    Attributes:
        which: the table of each.
        place: where it stands there.
        line: its line.
        overwritten: whether it is a state that a later one overwrites.
    """

    which: NDArray[np.intp]
    place: NDArray[np.intp]
    line: NDArray[np.int64]
    overwritten: NDArray[np.bool_]


class States:
    """The states in a block of whole lines, numbered from 1.

    Attributes:
        end: where they end in the block, each with a newline behind it.
        told: what the kernel tells of each.
        before: how many physical lines stand before the block.
        lines: how many it has.
    """

    def __init__(self, block: bytearray, end: int, before: int, *, frames: bool = True) -> None:
        """Put each state on a line of its own, in place; *before* lines stand before the block.

        Without *frames*, those that are overwritten are dropped, and lines that show one other state are left alone.
        """
        self.end, self.told = kernel().part(block, end, frames)
        self.before = before
        self.lines = sum(map(self.told.count, (ENDS_LINE, ENDS_LINE | WHOLE, ENDS_LINE | SEVERAL)))

    @property
    def are_lines(self) -> bool:
        """Whether each line shows but one state."""
        return SEVERAL not in self.told and ENDS_LINE | SEVERAL not in self.told

    def line(self, state: int) -> int:
        """Return the physical line of a state."""
        return self.before + 1 + bisect_left(self._ends, state - 1)

    def is_overwritten(self, state: int) -> bool:
        """Whether a later state overwrites one."""
        return bool(self.told[state - 1] & OVERWRITTEN)

    def is_of_several(self, state: int) -> bool:
        """Whether its line shows others, too, none of which is overwritten."""
        return bool(self.told[state - 1] & SEVERAL)

    @cached_property
    def _ends(self) -> list[int]:
        """The last state of each line, counted from 0."""
        import numpy as np

        return np.flatnonzero(np.frombuffer(self.told, dtype=np.uint8) & ENDS_LINE).tolist()


def in_order(tables: Sequence[NDArray[np.float64]], *, are_states: bool) -> Order:
    """Return rows in their order; the first number of each, which rises, is its line or, if they *are states*, that."""
    import numpy as np

    if engine().name == "kernel":
        found = kernel().merged(tuple([(table, table.shape[1]) for table in tables]), are_states)
        return Order(*map(np.frombuffer, found, (np.int64, np.int64, np.int64, np.bool_)))
    line = np.concatenate([table[:, 0] for table in tables])
    order = np.argsort(line, kind="stable")
    sizes = [len(table) for table in tables]
    which, place = np.repeat(np.arange(len(tables)), sizes)[order], np.concatenate([*map(np.arange, sizes)])[order]
    return Order(which, place, line[order].astype(np.int64), np.zeros(len(line), dtype=bool))
