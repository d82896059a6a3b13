"""Level and power of the tests of ``diagnose confirm``, and the coverage of its intervals; see simulate_confirm.py."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np

from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.stats import bootstrap_difference, label_permutation, middle, sign_flip
from diagnose.confirm.studies.stats.permutation import doubled_ranks


def line(*cells: object) -> str:
    """Return a table row."""
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*cells: str) -> tuple[str, str]:
    """Return the head of a table."""
    return line(*cells), "|---" * len(cells) + "|"


@cache
def _p(ranks: tuple[int, ...], worse: tuple[int, ...]) -> float:
    better = list(ranks)
    for rank in worse:
        better.remove(rank)
    return label_permutation(worse, better)


def _decided(worse: np.ndarray, better: np.ndarray) -> tuple[int, bool]:
    """Return the look at which the control decides, or 0, and whether sign flips would have decided."""
    options = StudyOptions()
    flipped, at = False, 0
    for runs, alpha in zip(options.looks, options.alphas, strict=True):
        one, other = worse[:runs], better[:runs]
        ranks = doubled_ranks([*one, *other])
        if not at and _p(tuple(sorted(ranks)), tuple(sorted(ranks[:runs]))) <= alpha:
            at = runs
        flipped |= sign_flip((one - other).tolist()) <= alpha
    return at, flipped


def tests_table(draws: int) -> Iterator[str]:
    """Yield rows: level and power of the control's test, and of sign flips at the same looks."""
    random = np.random.default_rng(3)
    yield from head("arms", "draws", "told apart", "at 4+4", "pairs", "by sign flips")
    for name, shift, shared, tail in [
        ("alike", 0.0, 0.0, "normal"),
        ("alike, pairs correlated .9", 0.0, 0.9, "normal"),
        ("alike, heavy tails (Cauchy)", 0.0, 0.0, "cauchy"),
        ("alike, symptom in 30 % of both", 0.0, 0.0, "symptom"),
        ("1 deviation apart", 1.0, 0.0, "normal"),
        ("2 deviations apart", 2.0, 0.0, "normal"),
        ("3 deviations apart", 3.0, 0.0, "normal"),
        ("1 deviation apart, pairs correlated .9", 1.0, 0.9, "normal"),
        ("symptom in 95 % and 5 %", 0.95, 0.0, "symptom"),
    ]:
        looks = []
        for _ in range(draws):
            if tail == "symptom":
                shares = [[shift or 0.3], [1 - shift if shift else 0.3]]
                arms = (random.random((2, 8)) < shares).astype(float)
            else:
                arms = random.standard_cauchy((2, 8)) if tail == "cauchy" else random.normal(size=(2, 8))
                arms = math.sqrt(shared) * random.normal(size=8) + math.sqrt(1 - shared) * arms
                arms[0] += shift
            looks.append(_decided(*arms))
        told = [at for at, _ in looks if at]
        shares = [len(told), sum(at == 4 for at in told), sum(flipped for _, flipped in looks)]
        percent = [f"{100 * count / draws:.1f} %" for count in shares]
        pairs = sum(at or 8 for at, _ in looks) / draws
        yield line(name, draws, percent[0], percent[1], f"{pairs:.1f}", percent[2])


def intervals_table(draws: int) -> Iterator[str]:
    """Yield rows: how often the bootstrap interval holds the true difference."""
    random = np.random.default_rng(4)
    yield from head("runs per arm", "draws", "95 % interval holds the true difference")
    for runs in (4, 6, 8):
        held = 0
        for _ in range(draws):
            low, high = bootstrap_difference(random.normal(1, 1, runs), random.normal(0, 1, runs), middle, 500) or (
                2,
                0,
            )
            held += low <= 1 <= high
        yield line(runs, draws, f"{100 * held / draws:.1f} %")
