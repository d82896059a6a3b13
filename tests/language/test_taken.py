"""Points taken out of a series."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.model.series import LONG, Series


@pytest.mark.parametrize("count", [10, LONG])
@pytest.mark.parametrize(("first", "last"), [(0, 1), (0.3, 0.7), (0, 0), (0.9, 1)])
@pytest.mark.parametrize("hole", [False, True])
def test_a_mask_takes_what_numpy_takes(count: int, first: float, last: float, hole: bool) -> None:
    at = np.arange(count, dtype=np.float64)
    series = Series("m", "m", "run.log", at, at + 1, at + 2, np.arange(count), index=np.arange(count), weight=at + 3)
    mask = (at >= first * count) & (at < last * count)
    mask[count // 2] &= not hole
    taken = series.take(mask)
    for name in ("value", "step", "epoch", "line", "index", "weight"):
        assert getattr(taken, name).tolist() == getattr(series, name)[mask].tolist()


def test_long_stretches_are_not_copied() -> None:
    at = np.arange(LONG, dtype=np.float64)
    series = Series("m", "m", "run.log", at, at, at, np.arange(LONG))
    assert np.shares_memory(series.take(at > 9).value, at)
