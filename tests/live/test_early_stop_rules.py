import json
import math

import pytest

from diagnose.errors import SettingsError
from diagnose.live import EarlyStop, Plateau, Threshold


def stopped(stop: EarlyStop, *values: float) -> int:
    """Return how many values it took to stop; 0 for never."""
    return next((count for count, value in enumerate(values, 1) if stop.update(value, count)), 0)


def test_threshold_in_a_row() -> None:
    def make() -> EarlyStop:
        return EarlyStop("map", "higher", threshold=Threshold(0.58, patience=2))

    assert stopped(make(), 0.63, 0.59, 0.53) == 0
    assert stopped(make(), 0.63, 0.57, 0.59, 0.57, 0.6) == 0
    assert stopped(make(), 0.63, 0.57, 0.5) == 3
    assert stopped(make(), 0.58, 0.58, 0.58) == 0  # at the limit is not beyond it
    assert stopped(EarlyStop("loss", "lower", threshold=Threshold(2.0, patience=1)), 1.9, 2.1) == 2


def test_threshold_with_grace() -> None:
    stop = EarlyStop("map", "higher", threshold=Threshold(0.2, patience=2, grace=3))
    assert stopped(stop, 0.0, 0.0, 0.1, 0.1, 0.1) == 5


def test_plateau() -> None:
    def make(better="higher", **more) -> EarlyStop:
        return EarlyStop("m", better, plateau=Plateau(2, **more))

    assert stopped(make(), 0.1, 0.2, 0.2, 0.2) == 4
    assert stopped(make(), 0.1, 0.2, 0.1, 0.3, 0.1) == 0
    assert stopped(make(min_delta=0.05), 0.1, 0.13, 0.15) == 3
    assert stopped(make(min_delta=0.05), 0.1, 0.13, 0.16, 0.2) == 0
    assert stopped(make("lower"), 2.0, 1.0, 1.1, 1.2) == 4


def test_the_reason_has_the_numbers() -> None:
    stop = EarlyStop("coco/bbox_mAP", "higher", threshold=Threshold(0.58))
    assert stopped(stop, 0.5908, 0.5265, 0.52) == 3
    assert stop.stop is not None
    assert stop.stop.rule == "threshold"
    assert stop.stop.point == 3
    assert (
        stop.stop.reason
        == "Stopping threshold reached: `coco/bbox_mAP` = 0.52 is less than 0.58 in 2 evaluations in a row."
    )
    assert stop.update(0.9) is stop.stop  # decided is decided


def test_plateau_tells_the_best() -> None:
    stop = EarlyStop("m", "higher", plateau=Plateau(1))
    assert stopped(stop, 0.7, 0.6) == 2
    assert "last 1 records" in stop.stop.reason
    assert "best score: 0.7" in stop.stop.reason


def test_no_number() -> None:
    stop = EarlyStop("m", "higher", plateau=Plateau(9))
    assert stopped(stop, 0.1, math.nan) == 2
    assert stop.stop.rule == "not-finite"
    patient = EarlyStop("m", "higher", plateau=Plateau(2), finite=False)
    assert stopped(patient, math.nan, 0.1, math.nan, 0.05) == 4
    below = EarlyStop("m", "higher", threshold=Threshold(0.0, 2), finite=False)
    assert stopped(below, math.nan, math.nan) == 2
    assert "nan counts as less than 0" in below.stop.reason


def test_what_is_never_finite_is_a_plateau() -> None:
    stop = EarlyStop("m", "higher", plateau=Plateau(2), finite=False)
    assert stopped(stop, *[math.nan] * 5) == 2
    assert "best score: none" in stop.stop.reason


@pytest.mark.parametrize(("better", "value"), [("higher", math.inf), ("lower", -math.inf), ("higher", math.nan)])
def test_infinity_is_no_best(better, value) -> None:
    plateau = EarlyStop("m", better, plateau=Plateau(3), finite=False)
    assert stopped(plateau, value, 0.1, 0.2) == 0
    assert plateau.criteria["plateau"].best == (0.2 if better == "higher" else 0.1)
    threshold = EarlyStop("m", better, threshold=Threshold(0.5, patience=2), finite=False)
    assert stopped(threshold, value, value) == 2


def test_the_state_is_strict_json_at_any_time() -> None:
    stop = EarlyStop("m", "higher", threshold=Threshold(0.5, 4), plateau=Plateau(3), finite=False)
    for value in (None, math.nan, math.inf, 0.6):
        if value is not None:
            assert stop.update(value) is None
        state = json.loads(json.dumps(stop.state_dict(), allow_nan=False))
        again = EarlyStop("m", "higher", threshold=Threshold(0.5, 4), plateau=Plateau(3), finite=False)
        again.load_state_dict(state)
        assert again.state_dict() == stop.state_dict()
    again.load_state_dict({"plateau": {"best": math.nan, "waited": 0}})  # as written by the first version
    assert again.state_dict()["plateau"]["best"] is None


def test_both_count_on_and_the_first_met_decides() -> None:
    stop = EarlyStop("m", "higher", threshold=Threshold(0.1, 3), plateau=Plateau(2))
    assert stopped(stop, 0.05, 0.04, 0.03) == 3
    assert stop.stop.rule == "threshold"


def test_state() -> None:
    def make() -> EarlyStop:
        return EarlyStop("m", "higher", threshold=Threshold(0.5, 2), plateau=Plateau(3))

    first = make()
    assert stopped(first, 0.6, 0.4) == 0
    second = make()
    second.load_state_dict(first.state_dict())
    assert second.update(0.45) is not None
    third = make()
    third.load_state_dict({"plateau": first.state_dict()["plateau"]})
    assert third.update(0.45) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: EarlyStop("m", "max"),
        lambda: EarlyStop("m", "higher", finite=False),
        lambda: Threshold(math.nan),
        lambda: Threshold(0.5, patience=0),
        lambda: Threshold(0.5, patience=1.5),
        lambda: Threshold(0.5, patience=True),
        lambda: Threshold(0.5, grace=0.5),
        lambda: Plateau(0),
        lambda: Plateau(2.0),
        lambda: Plateau(2, min_delta=math.inf),
        lambda: Plateau(2, min_delta=-1),
    ],
)
def test_refused(make) -> None:
    with pytest.raises(SettingsError):
        make()
