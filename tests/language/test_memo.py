"""What functions gave is remembered for one segment, and gives what it gave."""

import numpy as np
import pytest

from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.language.memo import ROOM, Memo, key_of
from diagnose.model import Segment, Series
from tests.language.test_language import scope

TEXTS = (
    "best(val/loss)", "last(known(val/loss))", "epochs", "mean(tail(val/loss, 2))", "val/loss > 0.2",
    "count(where(val/loss > 0.2))", "noise(per_epoch(val/loss))", "default(best(val/map), 3)",
)  # fmt: skip


def remembering(segment: Segment) -> Scope:
    return Scope(segment, memo=Memo(segment))


@pytest.mark.parametrize("text", TEXTS)
def test_a_memo_changes_nothing(text: str) -> None:
    segment = scope(val_loss=[0.5, np.nan, 0.1, 0.3]).segment
    plain, first = evaluate(parse(text), Scope(segment)), remembering(segment)
    for _ in range(3):
        found = evaluate(parse(text), first)
        if isinstance(plain, Series):
            assert np.array_equal(found.value, plain.value, equal_nan=True)
        elif hasattr(plain, "where"):
            assert (found.where == plain.where).all()
        else:
            assert found == plain
            assert type(found) is type(plain)


def test_what_is_missing_stays_missing() -> None:
    given = remembering(scope(val_loss=[np.nan, np.nan]).segment)
    for _ in range(2):
        with pytest.raises(MissingError, match="finite points of val/loss"):
            evaluate(parse("best(val/loss)"), given)


def test_a_part_that_lacks_something_is_looked_at_once() -> None:
    segment = scope(val_loss=[1, 2]).segment
    given = Scope(segment, {"a": parse("train/loss")}, memo=Memo(segment))
    for _ in range(2):
        with pytest.raises(MissingError, match="series train/loss"):
            evaluate(parse("a"), given)
    assert given.lacking == {"a": "series train/loss"}


def test_series_are_told_apart_by_identity_and_numbers_from_texts() -> None:
    one, other = (scope(val_loss=[1, 2]).segment.series["val/loss"] for _ in range(2))
    keys = [key_of("f", args) for args in ([one], [other], [one, 2.0], [one, "2.0"], [one, one], ["a"], [])]
    assert len(set(keys)) == len(keys)
    assert key_of("f", [2.0]) is None
    assert key_of("f", [one, True]) is None


def test_no_more_than_so_many_points_are_held() -> None:
    def series(size: int) -> Series:
        column = np.zeros(size)
        return Series("val/loss", "loss", "a.log", column, column, column, np.zeros(size, dtype=np.int64))

    memo = Memo(Segment("", 0, "a.log", 1, 1))
    large, small = series(ROOM + 1), series(10)
    for one in (large, small):
        key = key_of("known", [one])
        assert key is not None
        memo.keep(key, [one], one)
        assert (memo.get(key) is None) == (one is large)
