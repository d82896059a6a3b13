"""Level and power of the tests of ``diagnose confirm``, and the coverage of its intervals; see simulate_confirm.py."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np

from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.stats import bootstrap_difference, label_permutation, middle, paired_difference, sign_flip
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


def _decided(worse: np.ndarray, better: np.ndarray, *, symptom: bool) -> tuple[int, bool]:
    """Return the look at which the control decides, or 0, and whether only the pairs did."""
    options = StudyOptions(symptom=symptom)
    flipped, at = False, 0
    for runs, alpha in zip(options.looks, options.spent, strict=True):
        one, other = worse[:runs], better[:runs]
        ranks = doubled_ranks([*one, *other])
        if not at and _p(tuple(sorted(ranks)), tuple(sorted(ranks[:runs]))) <= alpha:
            at = runs
        if not at and runs == options.looks[-1] and sign_flip((one - other).tolist()) <= options.by_pairs:
            flipped, at = True, runs
    return at, flipped


def tests_table(draws: int) -> Iterator[str]:
    """Yield rows: level and power of the control's test, and how much of it is due to the pairs."""
    random = np.random.default_rng(3)
    yield from head("arms", "draws", "told apart", "at 4+4", "pairs", "of these by sign flips")
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
            looks.append(_decided(*arms, symptom=tail == "symptom"))
        told = [at for at, _ in looks if at]
        shares = [len(told), sum(at == 4 for at in told), sum(flipped for _, flipped in looks)]
        percent = [f"{100 * count / draws:.1f} %" for count in shares]
        pairs = sum(at or 8 for at, _ in looks) / draws
        yield line(name, draws, percent[0], percent[1], f"{pairs:.1f}", percent[2])


def intervals_table(draws: int) -> Iterator[str]:
    """Yield rows: how often the bootstrap interval holds the true difference."""
    random = np.random.default_rng(4)
    yield from head("runs per arm", "draws", "95 % interval holds the true difference", "over pairs, correlated .9")
    for runs in (4, 6, 8):
        held, paired = 0, 0
        for _ in range(draws):
            one, other = random.normal(size=(2, runs))
            held += _holds(bootstrap_difference(one + 1, other, middle, 500))
            common = math.sqrt(0.9) * random.normal(size=runs)
            one, other = (common + math.sqrt(0.1) * arm for arm in (one, other))
            paired += _holds(paired_difference(one + 1, other, middle, 500))
        yield line(runs, draws, *(f"{100 * count / draws:.1f} %" for count in (held, paired)))


def _holds(interval: tuple[float, float] | None) -> bool:
    return interval is not None and interval[0] <= 1 <= interval[1]
