import math

import pytest

from diagnose.errors import SettingsError
from diagnose.live import WeightSchedule


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ("linear", [0.0, 0.0, 0.005, 0.01, 0.015, 0.02, 0.02]),
        ("cosine", [0.0, 0.0, 0.01 * (1 - math.sqrt(0.5)), 0.01, 0.01 * (1 + math.sqrt(0.5)), 0.02, 0.02]),
        ("constant", [0.0, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02]),
    ],
)
def test_shapes(shape, values) -> None:
    weight = WeightSchedule(shape, 0.0, 0.02, begin=2, until=6)
    assert [weight.at(point) for point in (0, 2, 3, 4, 5, 6, 99)] == pytest.approx(values)


def test_down_as_well_as_up() -> None:
    assert WeightSchedule("linear", 1.0, 0.0, until=4).at(3) == 0.25


def test_steps_and_state() -> None:
    weight = WeightSchedule("linear", 0.0, 1.0, until=10)
    assert weight.value == 0
    assert [weight.step() for _ in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    resumed = WeightSchedule("linear", 0.0, 1.0, until=10)
    resumed.load_state_dict(weight.state_dict())
    assert resumed.step() == weight.step() == pytest.approx(0.4)
    assert weight.state_dict()["until"] == 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("step", 0, 1), "no schedule is called step"),
        (("linear", 0, 1), "from 0.0 until 0.0"),
        (("cosine", 0, math.inf), "finite numbers"),
    ],
)
def test_refused(arguments, said) -> None:
    with pytest.raises(SettingsError, match=said):
        WeightSchedule(*arguments)
