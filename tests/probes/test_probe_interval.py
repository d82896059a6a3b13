"""The exact interval of a share."""

import math

import pytest

from diagnose.shares import clopper_pearson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 1 - 0.025 ** (1 / 10)),  # closed forms at the ends
        (10, 10, 0.025 ** (1 / 10), 1.0),
        (1, 1, 0.025, 1.0),
        (5, 20, 0.08657, 0.49105),  # Clopper and Pearson's tables
        (81, 263, 0.25274, 0.36764),
    ],
)
def test_known_limits(hits: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), abs=2e-4)


def test_covers_at_least_the_level() -> None:
    trials, share = 30, 0.23
    covered = 0.0
    for hits in range(trials + 1):
        low, high = clopper_pearson(hits, trials)
        if low <= share <= high:
            covered += math.comb(trials, hits) * share**hits * (1 - share) ** (trials - hits)
    assert covered >= 0.95


def test_large_counts_stay_exact() -> None:
    low, high = clopper_pearson(5000, 10_000)

    assert low == pytest.approx(0.5 - 0.0098, abs=3e-4)
    assert high == pytest.approx(0.5 + 0.0098, abs=3e-4)


@pytest.mark.parametrize(("hits", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_refuses_nonsense(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="hits of trials"):
        clopper_pearson(hits, trials)
