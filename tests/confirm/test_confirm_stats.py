"""The statistics of experiments, against enumeration and published values."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.confirm.studies.stats import (
    badness,
    bootstrap_difference,
    chance_above,
    clopper_pearson,
    cohen_d,
    holm,
    label_permutation,
    middle,
    sign_flip,
    spending,
)
from diagnose.confirm.studies.stats.permutation import doubled_ranks

SMALL = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=5)


def test_complete_separation_has_the_smallest_p():
    for runs, ways in ((3, 20), (4, 70), (5, 252), (6, 924), (8, 12870)):
        worse, better = list(range(100, 100 + runs)), list(range(runs))
        assert label_permutation(worse, better) == 1 / ways
        assert label_permutation(worse, better, 2) == 2 / ways
        assert label_permutation(better, worse) == 1


def test_the_looks_can_be_reached():
    assert label_permutation([2] * 4, [1] * 4) <= 0.0143 < label_permutation([2] * 4, [1] * 4, 2)
    one_wrong = label_permutation([1] * 5 + [0], [0] * 6)
    assert one_wrong == pytest.approx(6 / 792)


@given(SMALL, SMALL, st.sampled_from([1, 2]))
def test_label_permutation_counts_what_enumeration_counts(worse, better, sides):
    ranks = doubled_ranks([*worse, *better])
    sums = [sum(ranks[at] for at in chosen) for chosen in combinations(range(len(ranks)), len(worse))]
    observed, mean = sum(ranks[: len(worse)]), len(worse) * sum(ranks) / len(ranks)
    if sides == 1:
        extreme = sum(total >= observed for total in sums)
    else:
        extreme = sum(abs(total - mean) >= abs(observed - mean) - 1e-9 for total in sums)
    assert label_permutation(worse, better, sides) == pytest.approx(extreme / len(sums))


@given(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=7), st.sampled_from([1, 2]))
def test_sign_flip_counts_what_enumeration_counts(differences, sides):
    moved = [value for value in differences if value]
    ranks = [rank / 2 for rank in doubled_ranks([abs(value) for value in moved])]
    sums = [sum(rank for rank, up in zip(ranks, ups, strict=True) if up) for ups in product([0, 1], repeat=len(moved))]
    observed, mean = sum(rank for rank, value in zip(ranks, moved, strict=True) if value > 0), sum(ranks) / 2
    extreme = sum(s >= observed if sides == 1 else abs(s - mean) >= abs(observed - mean) - 1e-9 for s in sums)
    assert sign_flip(differences, sides) == pytest.approx(extreme / len(sums))


def test_sign_flip_cannot_decide_at_the_first_looks():
    assert sign_flip([1.0] * 4) == 1 / 16
    assert sign_flip([1.0] * 6) == 1 / 64 > 0.0152


def test_diverged_runs_are_ordinary_worst_values():
    assert label_permutation([math.inf] * 4, [1, 2, 3, math.inf]) == pytest.approx(5 / 70)
    assert label_permutation([math.inf] * 4, [1.0, 2.0, 3.0, 4.0]) == 1 / 70


@pytest.mark.parametrize(
    ("shown", "runs", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (4, 4, 0.3976, 1.0),
        (5, 10, 0.1871, 0.8129),
        (1, 20, 0.0013, 0.2487),
    ],
)
def test_clopper_pearson_matches_published_values(shown, runs, low, high):
    assert clopper_pearson(shown, runs) == pytest.approx((low, high), abs=6e-5)


def test_clopper_pearson_knows_its_limits():
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="hits of trials"):
        clopper_pearson(5, 4)


def test_bootstrap_interval_is_repeatable_and_covers():
    random = np.random.default_rng(5)
    inside = 0
    for _ in range(150):
        one, other = random.normal(1, 1, 4), random.normal(0, 1, 4)
        low, high = bootstrap_difference(one, other, middle, 400)
        inside += low <= 1 <= high
    assert inside / 150 > 0.86
    assert bootstrap_difference([1, 2], [3, 4], middle) == bootstrap_difference([1, 2], [3, 4], middle)
    assert bootstrap_difference([1], [3, 4], middle) is None


def test_middle_leaves_out_the_outer_quarters_of_many():
    assert middle(np.array([1.0, 2.0, 30.0])) == 11
    assert middle(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1000.0])) == 4.5


def test_cohen_d():
    assert cohen_d([3, 4, 5], [1, 2, 3]) == pytest.approx(2.0)
    assert cohen_d([1, 1], [0, 0]) == math.inf
    assert cohen_d([1, 1], [1, 1]) is None
    assert cohen_d([1], [2, 3]) is None


def test_chance_above_counts_ties_half():
    assert chance_above([1, 2], [1, 0]) == 0.875


def test_holm_matches_the_worked_example():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@given(st.integers(1, 4), st.integers(1, 4))
def test_spending_sums_to_its_total(claims, looks):
    spent = spending(0.05, 1 / 70, claims, looks)
    assert len(spent) == looks
    assert sum(spent) == pytest.approx(0.05)
    assert all(share > 0 for share in spent)


def test_first_look_of_two_claims_is_just_enough():
    assert spending(0.05, 1 / 70, 2, 3)[0] / 2 >= 1 / 70


def test_nan_is_the_worst_in_either_direction():
    for better in ("lower", "higher"):
        assert badness(math.nan, better) == math.inf
    assert badness(2.0, "higher") == -2.0
    assert badness(None, "lower") is None
