"""Two series on one axis."""

from __future__ import annotations

import numpy as np

from diagnose.language.values import MissingError
from diagnose.model import Series


def align(left: Series, right: Series) -> tuple[Series, Series]:
    """Return both series at the positions they share: same lines, else same epochs, else same steps.

    Where an epoch or step has several points, the last one counts.

    Raises:
        MissingError: if the two share no axis.
    """
    if left.path == right.path and len(left) == len(right) and bool((left.line == right.line).all()):
        return left, right
    for axis in ("line", "epoch", "step"):
        if axis == "line" and left.path != right.path:
            continue
        first, second = getattr(left, axis), getattr(right, axis)
        if np.isnan(first).all() or np.isnan(second).all():
            continue
        mine = {position: index for index, position in enumerate(first.tolist()) if position == position}
        theirs = {position: index for index, position in enumerate(second.tolist()) if position == position}
        shared = [position for position in mine if position in theirs]
        if len(shared) >= 2 or (shared and min(len(mine), len(theirs)) == 1):
            return (
                left.take(np.array([mine[position] for position in shared], dtype=np.intp)),
                right.take(np.array([theirs[position] for position in shared], dtype=np.intp)),
            )
    raise MissingError(f"a common axis of {left.name} and {right.name}")
