"""Ranks, permutations and intervals, against figures worked out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.engine.sweep import stats


def test_ranks_of_equals_are_shared() -> None:
    assert stats.ranks([3.0, 1.0, 3.0, 2.0]).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_spearman_by_hand() -> None:
    assert stats.spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) == pytest.approx(0.8207826816681233)
    assert stats.spearman([1, 2, 3], [3, 2, 1]) == -1.0
    assert stats.spearman([1, 1, 1], [3, 2, 1]) is None


def test_few_runs_are_permuted_exactly() -> None:
    one, other = [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]
    assert stats.p_of_correlation(one, other) == pytest.approx(2 / math.factorial(4))
    reached = sum(abs(stats.spearman(one, list(order)) or 0) >= 0.6 - 1e-9 for order in itertools.permutations(other))
    assert stats.p_of_correlation(one, [2.0, 1.0, 4.0, 3.0]) == pytest.approx(reached / 24)


def test_many_runs_are_sampled_and_never_certain() -> None:
    values = list(range(30))
    p = stats.p_of_correlation(values, values)
    assert p == pytest.approx(1 / (stats.DRAWS + 1))
    assert p == stats.p_of_correlation(values, values)


def test_an_interval_needs_runs() -> None:
    assert stats.interval([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) is None
    low, high = stats.interval(list(range(40)), [value + 3 * (value % 5) for value in range(40)]) or (0, 0)
    assert 0.8 < low < high <= 1.0


def test_groups_by_hand() -> None:
    assert stats.between([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0]) == pytest.approx(0.8)
    assert stats.p_of_groups([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0]) == pytest.approx(8 / 24)
    assert stats.between([0, 0, 0], [1.0, 2.0, 3.0]) is None
    assert stats.p_of_groups([0, 1], [1.0, 1.0]) is None


def test_holm() -> None:
    assert stats.holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12), st.randoms())
def test_correlations_stay_in_bounds(values: list[float], random: object) -> None:
    other = list(values)
    random.shuffle(other)  # type: ignore[attr-defined]
    rho = stats.spearman(values, other)
    assert rho is None or -1.0 <= rho <= 1.0
    p = stats.p_of_correlation(values, other)
    assert p is None or 0.0 < p <= 1.0
    assert np.isfinite(stats.ranks(values)).all()


def test_no_link_is_seen_in_noise() -> None:
    random = np.random.default_rng(7)
    low = [stats.p_of_correlation(random.random(20).tolist(), random.random(20).tolist()) or 0 for _ in range(60)]
    assert sum(p < 0.05 for p in low) <= 8
