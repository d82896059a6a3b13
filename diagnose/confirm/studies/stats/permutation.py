"""Exact permutation tests, counted and not sampled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def label_permutation(worse: Sequence[float], better: Sequence[float], sides: int = 1) -> float:
    """Return the exact p of the claim that the first arm has higher scores than the second.

    All ways to hand out the labels of the runs are equally likely if the arms do not differ. The statistic is the rank
    sum of the first arm with mid-ranks for ties, so +inf (a diverged run) is simply the worst. One-sided p of complete
    separation: 1/70 at 4+4, 1/924 at 6+6, 1/12870 at 8+8.

    Source: Fisher 1935, The Design of Experiments; Wilcoxon 1945, Biometrics Bulletin 1(6); the count is the shift
    algorithm of Streitberg and Roehmel 1986, Statistical Software Newsletter 12(1).

    Args:
        worse: scores, higher is worse; no NaN.
        better: the same of the other arm.
        sides: 1, or 2: as far from its mean in either direction.
    """
    doubled = doubled_ranks([*worse, *better])
    observed = sum(doubled[: len(worse)])
    ways = _subset_sums(doubled, len(worse))
    mean = Fraction(len(worse) * sum(doubled), max(1, len(doubled)))
    far = abs(observed - mean)
    extreme = sum(
        count for total, count in ways.items() if (total >= observed if sides == 1 else abs(total - mean) >= far)
    )
    return extreme / math.comb(len(doubled), len(worse))


def sign_flip(differences: Sequence[float], sides: int = 1) -> float:
    """Return the exact p of the claim that paired differences are above zero.

    Each pair may have its sign flipped. The smallest one-sided p is 2**-n: 1/16 of four pairs, 1/64 of six, so this
    test cannot decide at the first two looks. At the last, of eight pairs, it does where a metric is compared.

    Source: Fisher 1935, The Design of Experiments, chapter 3; Wilcoxon 1945 for ranks in place of values.

    Args:
        differences: worse less better of each pair; they are ranked by size, and zeros are left out. No NaN.
        sides: 1 or 2.
    """
    moved = [value for value in differences if value]
    doubled = doubled_ranks([abs(value) for value in moved])
    observed = sum(rank for rank, value in zip(doubled, moved, strict=True) if value > 0)
    ways = {0: 1}
    for rank in doubled:
        longer = dict(ways)
        for total, count in ways.items():
            longer[total + rank] = longer.get(total + rank, 0) + count
        ways = longer
    mean = Fraction(sum(doubled), 2)
    far = abs(observed - mean)
    extreme = sum(
        count for total, count in ways.items() if (total >= observed if sides == 1 else abs(total - mean) >= far)
    )
    return float(extreme / 2 ** len(moved))


def doubled_ranks(values: Sequence[float]) -> list[int]:
    """Return twice the mid-rank of each value, from 2: whole numbers even with ties."""
    ordered = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(ordered)))}
    last = {value: at for at, value in enumerate(ordered)}
    return [first[value] + last[value] + 2 for value in values]


def _subset_sums(values: Sequence[int], size: int) -> dict[int, int]:
    """Return in how many ways ``size`` of the values come to each sum."""
    ways: list[dict[int, int]] = [{0: 1}, *({} for _ in range(size))]
    for value in values:
        for taken in range(size, 0, -1):
            into = ways[taken]
            for total, count in ways[taken - 1].items():
                into[total + value] = into.get(total + value, 0) + count
    return ways[size]
