"""Delta debugging for symptoms that no single setting and no pair explains."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import pairwise
from typing import TypeAlias

Atoms: TypeAlias = frozenset[int]
Asked: TypeAlias = Generator[Atoms, bool, Atoms]


def ddmin(everything: Atoms, order: Callable[[int], float]) -> Asked:
    """Yield sets of atoms to test, be sent whether the symptom shows, and return a minimal set that shows it.

    Minimal means that leaving out any one atom makes the symptom go away. The tester repeats noisy tests and takes the
    majority; no set is asked for twice.

    Source: Zeller and Hildebrandt 2002, Simplifying and isolating failure-inducing input, IEEE Transactions on
    Software Engineering 28(2), the algorithm ddmin; at most n^2 + 3n tests, 2 log2 n with one cause.

    Args:
        everything: all atoms; they are known to show the symptom.
        order: sort key of an atom; those with small ones are put into the same first chunk.
    """
    known: dict[Atoms, bool] = {everything: True, frozenset(): False}
    left, pieces = everything, 2
    while len(left) > 1:
        ranked = sorted(left, key=lambda atom: (order(atom), atom))
        pieces = min(pieces, len(ranked))
        bounds = [len(ranked) * at // pieces for at in range(pieces + 1)]
        chunks = [frozenset(ranked[low:high]) for low, high in pairwise(bounds)]
        tests = [*chunks, *([left - chunk for chunk in chunks] if pieces > 2 else [])]
        smaller = None
        for test in tests:
            if test not in known:
                known[test] = yield test
            if known[test]:
                smaller = test
                break
        if smaller is not None:
            pieces = 2 if smaller in chunks else max(pieces - 1, 2)
            left = smaller
        elif pieces < len(left):
            pieces = min(2 * pieces, len(left))
        else:
            break
    return left
