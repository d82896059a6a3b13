"""Odd values never end the work: a fault is the rule's, and what the config does not state is missing."""

import numpy as np
import pytest

from diagnose.language import LanguageError, MissingError, Scope, evaluate, parse, truth
from diagnose.model import Config, Place, Segment, Setting
from tests.language.test_language import scope


@pytest.mark.parametrize("text", ["[1] > 2", 'val/loss["a"]', "val/loss[1e400]", "1 step > 2"])
def test_a_wrong_kind_is_a_fault_of_the_rule(text: str) -> None:
    with pytest.raises(LanguageError):
        evaluate(parse(text), scope(val_loss=[1, 2]))


def test_parts_in_a_circle_are_a_fault_of_the_rule() -> None:
    with pytest.raises(LanguageError, match="defined by itself"):
        evaluate(parse("a"), Scope(scope().segment, {"a": parse("b"), "b": parse("a")}))


@pytest.mark.parametrize("value", [None, {"a": 1}, [1], "x"])
def test_a_setting_that_is_no_number_is_missing(value: object) -> None:
    segment = Segment("", 0, "a.log", 1, 1, config=Config({"x": Setting("x", value, Place("a.yaml", 1))}))
    with pytest.raises(MissingError):
        evaluate(parse("config.x > 1"), Scope(segment))


def test_a_setting_beyond_all_floats_is_infinite() -> None:
    segment = Segment("", 0, "a.log", 1, 1, config=Config({"x": Setting("x", 10**400, Place("a.yaml", 1))}))
    assert evaluate(parse("is_inf(config.x)"), Scope(segment))


def test_huge_powers_and_roots_of_negative_numbers_end() -> None:
    assert np.isnan(evaluate(parse("9 ** 9 ** 9 ** 9"), scope()))
    assert np.isnan(evaluate(parse("(0 - 8) ** 0.5"), scope()))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("false or val/loss > 5 or train/loss > 5", True),
        ("true and val/loss > 0 and train/loss > 5", True),
        ("val/loss > 2 > 1", False),
        ("has(where_true(val/loss > 5, 1))", False),
        ("has(where_true(train/loss > 5, 1))", True),
    ],
)
def test_masks_beside_truth_values_count_by_their_points(text: str, held: bool) -> None:
    assert truth(parse(text), scope(val_loss=[1, 2], train_loss=[1, 9])) is held


def test_a_lag_longer_than_the_series_takes_no_memory() -> None:
    assert evaluate(parse("count(is_nan(lag(val/loss, 1e12)))"), scope(val_loss=[1, 2])) == 2
