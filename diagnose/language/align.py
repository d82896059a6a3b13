"""Two series on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diagnose.language.values import MissingError
from diagnose.model import Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.intp]


def align(left: Series, right: Series) -> tuple[Series, Series]:
    """Return both series at the positions they share: same lines, else same epochs, else same steps.

    Where an epoch or step has several points, the last one counts.

    Raises:
        MissingError: if the two share no axis.
    """
    if left.path == right.path and len(left) == len(right) and _same(left.line, right.line):
        return left, right
    for axis in ("line", "epoch", "step"):
        if axis == "line" and left.path != right.path:
            continue
        first, second = getattr(left, axis), getattr(right, axis)
        if np.isnan(first).all() or np.isnan(second).all():
            continue
        mine, theirs, least = _shared(first, second)
        if len(mine) >= 2 or (len(mine) and least == 1):
            return left.take(mine), right.take(theirs)
    raise MissingError(f"a common axis of {left.name} and {right.name}")


def _same(first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    return first is second or bool((first == second).all())


def _shared(first: NDArray[np.generic], second: NDArray[np.generic]) -> tuple[Indices, Indices, int]:
    """Return where both are at each position they share, and at how many positions the one with fewer is.

    The positions come in the order in which the first one reaches them.
    """
    mine, reached, mine_last = _positions(first)
    theirs, _, theirs_last = _positions(second)
    at = np.searchsorted(theirs, mine).clip(0, len(theirs) - 1)
    both = np.flatnonzero(theirs[at] == mine)
    both = both[np.argsort(reached[both], kind="stable")]
    return mine_last[both], theirs_last[at[both]], min(len(mine), len(theirs))


def _positions(axis: NDArray[np.generic]) -> tuple[NDArray[np.generic], Indices, Indices]:
    """Return the different positions in ascending order, NaN left out, and the first and last index of each."""
    known = np.flatnonzero(~np.isnan(axis))
    order = known[np.argsort(axis[known], kind="stable")]
    ordered = axis[order]
    new = ordered[1:] != ordered[:-1]
    return (
        ordered[np.append(True, new)],
        order[np.append(True, new)],
        order[np.append(new, True)],
    )
