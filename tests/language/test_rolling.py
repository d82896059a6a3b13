"""Windows of any width give what each window alone would give."""

import numpy as np
import pytest
from numpy.typing import NDArray

from diagnose.language.functions import rolling
from diagnose.language.functions.rolling import rolling_mean, rolling_median

KINDS = ("plain", "rounded", "gaps", "infinite", "nothing")


def some(kind: str, count: int) -> NDArray[np.float64]:
    draw = np.random.default_rng(count)
    values = draw.normal(size=count)
    if kind == "rounded":
        values = values.round(1)
    if kind in ("gaps", "infinite"):
        values[draw.random(count) < 0.3] = np.nan
    if kind == "infinite":
        values[draw.random(count) < 0.1], values[draw.random(count) < 0.1] = np.inf, -np.inf
    return values * np.nan if kind == "nothing" else values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65, 66, 200, 1000])
@pytest.mark.parametrize("count", [1, 2, 5, 65, 400])
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:All-NaN slice", "ignore:invalid value")
def test_each_window_counts_for_itself(kind: str, size: int, count: int) -> None:
    values = some(kind, count)
    windows = [values[max(0, end - size) : end] for end in range(1, count + 1)]
    medians = np.array([np.nanmedian(window) for window in windows])
    assert np.array_equal(rolling_median(values, size), medians, equal_nan=True)
    assert np.allclose(rolling_mean(values, size), [np.nanmean(window) for window in windows], 1e-12, equal_nan=True)


def test_blocks_of_windows_join(monkeypatch: pytest.MonkeyPatch) -> None:
    values = some("gaps", 1000)
    whole = rolling_median(values, 9)
    monkeypatch.setattr(rolling, "AT_ONCE", 100)
    assert np.array_equal(rolling_median(values, 9), whole, equal_nan=True)
