"""Several claims at once, and several looks at each."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Return p values adjusted for being several, in the order given.

    Source: Holm 1979, Scandinavian Journal of Statistics 6(2).
    """
    adjusted = [0.0] * len(values)
    reached = 0.0
    for left, (value, at) in enumerate(sorted((value, at) for at, value in enumerate(values))):
        reached = max(reached, min(1.0, (len(values) - left) * value))
        adjusted[at] = reached
    return adjusted


def spending(total: float, smallest: float, claims: int, looks: int) -> list[float]:
    """Return what each look may spend of ``total``, before Holm divides it among the claims still open.

    The first look gets just enough that its smallest possible p can pass for each of the claims; the later looks share
    the rest evenly. With alpha .05, 1/70 and two claims: .0286, .0107, .0107.

    A claim that has passed hands its share on to those left, at this and all later looks: Maurer and Bretz 2013,
    Multiple testing in group sequential trials using graphical approaches, Statistics in Biopharmaceutical Research
    5(4). Within a claim the looks are added up (Bonferroni), which needs no assumption about how they hang together.

    Args:
        total: alpha of all claims and looks.
        smallest: p of complete separation at the first look.
        claims: how many.
        looks: how many.
    """
    if looks == 1:
        return [total]
    first = min(total, smallest * claims * (1 + 1e-9))
    if first >= total:
        first = total / looks
    return [first, *([(total - first) / (looks - 1)] * (looks - 1))]
