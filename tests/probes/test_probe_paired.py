"""Pairs of replicas: McNemar's exact test, and how large the difference is."""

import math

import pytest

from diagnose.probes.paired import Pairs


@pytest.mark.parametrize(("first", "second"), [(10, 0), (19, 5), (54, 3), (3, 3), (0, 4), (0, 0)])
def test_the_binomial_tail_of_the_pairs_that_differ(first: int, second: int) -> None:
    total = first + second
    exact = sum(math.comb(total, k) for k in range(first, total + 1)) / 2**total
    assert Pairs(7, first, second, 40).p == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "limits"),
    [  # as computed by hand from Newcombe's formulas
        ((0, 0, 0, 8), (-0.3244, 0.3244)),
        ((0, 8, 0, 0), (0.5412, 1.0)),
    ],
)
def test_limits_of_the_difference(counts: tuple[int, int, int, int], limits: tuple[float, float]) -> None:
    assert Pairs(*counts).interval == pytest.approx(limits, abs=2e-4)


@pytest.mark.parametrize("counts", [(7, 10, 0, 47), (20, 13, 7, 8), (0, 5, 5, 54), (64, 0, 0, 0), (1, 0, 30, 1)])
def test_limits_hold_the_difference_and_turn_with_the_arms(counts: tuple[int, int, int, int]) -> None:
    both, first, second, neither = counts
    one, other = Pairs(*counts), Pairs(both, second, first, neither)
    low, high = one.interval
    assert -1 <= low <= one.difference <= high <= 1
    assert other.interval == pytest.approx((-high, -low))


def test_pairing_narrows() -> None:
    paired, apart = Pairs(30, 10, 0, 24), Pairs(17, 23, 13, 11)
    assert paired.difference == apart.difference
    assert paired.interval[0] > 0 > apart.interval[0] - 0.1
    assert paired.interval[1] - paired.interval[0] < apart.interval[1] - apart.interval[0]


def test_no_pairs_tell_nothing() -> None:
    nothing = Pairs.of([])
    assert (nothing.p, nothing.difference, nothing.interval) == (1.0, 0.0, (-1.0, 1.0))
