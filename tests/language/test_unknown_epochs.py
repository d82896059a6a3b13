"""Epochs and steps that a log does not tell are missing, not NaN: a rule then skips or takes its default."""

import math

import numpy as np
import pytest

from diagnose.engine.wording import when
from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.model import Segment, Series


def scope(epoch: float, step: float) -> Scope:
    column = Series(
        "val/kappa",
        "kappa",
        "a.log",
        np.array([0.5]),
        np.array([step]),
        np.array([epoch]),
        np.array([7], dtype=np.int64),
    )
    return Scope(Segment("", 0, "a.log", 1, 7, {"val/kappa": column}))


def test_an_unknown_epoch_is_missing() -> None:
    with pytest.raises(MissingError):
        evaluate(parse("last(val/kappa).epoch"), scope(math.nan, 10.0))
    assert 3.0 == evaluate(parse("default(last(val/kappa).epoch, 3)"), scope(math.nan, 10.0))
    assert 10.0 == evaluate(parse("last(val/kappa).step"), scope(math.nan, 10.0))


@pytest.mark.parametrize(
    ("epoch", "step", "text"), [(4.0, 10.0, "epoch 4"), (math.nan, 10.0, "step 10"), (math.nan, math.nan, "line 7")]
)
def test_where_a_point_is(epoch: float, step: float, text: str) -> None:
    assert text == when(evaluate(parse("last(val/kappa)"), scope(epoch, step)))
