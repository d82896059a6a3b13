"""Two series meet where they share lines, else epochs, else steps."""

import numpy as np
import pytest

from diagnose.language.align import align
from diagnose.language.values import MissingError
from diagnose.model import Series


def series(line: list[int], epoch: list[float], path: str = "a.log") -> Series:
    count = len(line)
    nowhere = np.full(count, np.nan)
    return Series("m", "m", path, np.arange(count, dtype=np.float64), nowhere, np.array(epoch), np.array(line))


def test_the_last_point_of_an_epoch_counts_and_the_first_series_gives_the_order() -> None:
    left = series([1, 2, 3, 4, 5], [3, 1, 1, np.nan, 2])
    right = series([1, 2, 3, 4], [1, 2, 3, 3], "b.log")
    first, second = align(left, right)
    assert first.value.tolist() == [0, 2, 4]
    assert second.value.tolist() == [3, 0, 1]


def test_one_shared_line_is_enough_only_if_one_has_no_more() -> None:
    assert len(align(series([7], [np.nan]), series([3, 7], [np.nan] * 2))[0]) == 1
    with pytest.raises(MissingError):
        align(series([6, 7], [np.nan] * 2), series([3, 7], [np.nan] * 2))
