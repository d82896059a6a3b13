"""States of progress bars as lines of their own, where a line shows several."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from diagnose.scan.engine import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENDS_LINE, OVERWRITTEN, WHOLE, SEVERAL = 1, 2, 4, 8
"""What the kernel tells of a state; a whole line has states that only Python can tell, several are left of others."""


class States:
    """The states in a block of whole lines, numbered from 1.

    Attributes:
        end: where they end in the block, each with a newline behind it.
        lines: how many physical lines the block has.
    """

    def __init__(self, block: bytearray, end: int, before: int, *, frames: bool = True) -> None:
        """Put each state on a line of its own, in place; *before* lines stand before the block.

        Without *frames*, those that are overwritten are dropped, and lines that show one other state are left alone.
        """
        self.end, self._told = kernel().part(block, end, frames)
        self._before = before
        self.lines = sum(map(self._told.count, (ENDS_LINE, ENDS_LINE | WHOLE, ENDS_LINE | SEVERAL)))

    @property
    def are_lines(self) -> bool:
        """Whether each line shows but one state."""
        return SEVERAL not in self._told and ENDS_LINE | SEVERAL not in self._told

    def line(self, state: int) -> int:
        """Return the physical line of a state."""
        return self._before + 1 + int(self._last.searchsorted(state))

    def is_overwritten(self, state: int) -> bool:
        """Whether a later state overwrites one."""
        return bool(self._told[state - 1] & OVERWRITTEN)

    def is_of_several(self, state: int) -> bool:
        """Whether its line shows others, too, none of which is overwritten."""
        return bool(self._told[state - 1] & SEVERAL)

    def places(self, states: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the physical lines of states, which rise, and which are overwritten."""
        import numpy as np

        told = np.frombuffer(self._told, dtype=np.uint8)
        upto = states.searchsorted(self._last, side="right")  # how many stand in each line or before it
        line = np.repeat(np.arange(self._before + 1, self._before + 1 + len(upto)), np.diff(upto, prepend=0))
        return line, ((told if len(told) == len(states) else told[states - 1]) & OVERWRITTEN) > 0

    @cached_property
    def _last(self) -> NDArray[np.int64]:
        """The last state of each line."""
        import numpy as np

        return np.flatnonzero(np.frombuffer(self._told, dtype=np.uint8) & ENDS_LINE) + 1
