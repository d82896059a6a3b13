"""What differs between two configs, and how it is ranked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.engine.diff import compare
from diagnose.engine.enrich import enrich
from diagnose.model import UNKNOWN, Change, Config, Place, Run, Segment, Setting


def config(partial: bool = False, framework: str = "", **settings: Any) -> Config:
    made = {
        key.replace("__", "."): Setting(key.replace("__", "."), value, Place("c.yaml", line))
        for line, (key, value) in enumerate(settings.items(), 1)
    }
    run = Run("c.yaml", "config-yaml", [Segment("", 0, "c.yaml", 1, 9, config=Config(made, {}, framework, partial))])
    return enrich(run).segments[0].config


def changes(old: Config, new: Config) -> dict[str, Change]:
    return {change.key: change for change in compare(old, new)}


def test_equal_configs_have_no_changes() -> None:
    assert compare(config(lr=0.1, name="a"), config(name="a", lr=0.1)) == ()


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (0.1, 0.1 + 1e-17), ([1, 2.0], [1.0, 2]), (None, ""), (None, [])])
def test_one_value_written_twice_is_no_change(old: Any, new: Any) -> None:
    assert compare(config(thing=old), config(thing=new)) == ()


def test_percent_and_factor() -> None:
    change = changes(config(lr=0.005), config(lr=0.004))["lr"]
    assert (change.change_percent, round(change.factor or 0, 9), change.kind) == (-20.0, 0.8, "tuning")


def test_from_zero_there_is_no_percent() -> None:
    change = changes(config(thing=0), config(thing=0.5))["thing"]
    assert change.change_percent is None
    assert change.factor is None


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ({"weight_decay": 0}, {"weight_decay": 0.1}, "activation"),
        ({"weight_decay": 0.1}, {"weight_decay": 0}, "deactivation"),
        ({"use_ema_x": False}, {"use_ema_x": True}, "activation"),
        ({}, {"flag_x": True}, "activation"),
        ({"optimizer": "SGD"}, {"optimizer": "Adam"}, "choice"),
        ({}, {"thing": 3}, "added"),
        ({"thing": 3}, {}, "removed"),
        ({"thing": 3}, {"thing": UNKNOWN}, "unknown"),
    ],
)
def test_kinds(old: dict[str, Any], new: dict[str, Any], kind: str) -> None:
    (change,) = compare(config(**old), config(**new))
    assert change.kind == kind


def test_absent_and_off_is_no_change() -> None:
    assert compare(config(lr=0.1), config(lr=0.1, weight_decay=0.0)) == ()


def test_absent_key_of_a_partial_config_says_so() -> None:
    (change,) = compare(config(partial=True, lr=0.1), config(lr=0.1, thing=3))
    assert "could not be read" in change.because[-1]


def test_other_frameworks_names_are_compared_by_canonical_name() -> None:
    (change,) = compare(config(optimizer__lr=0.1), config(learning_rate=0.2))
    assert (change.name, change.old, change.new) == ("lr", 0.1, 0.2)


def test_an_item_put_into_a_list_does_not_change_the_others() -> None:
    old = config(pipe__0__type="Load", pipe__1__type="Resize", pipe__1__size=3, pipe__2__type="Flip")
    new = config(
        pipe__0__type="Load", pipe__1__type="Mosaic", pipe__2__type="Resize", pipe__2__size=4, pipe__3__type="Flip"
    )
    found = changes(old, new)
    assert set(found) == {"pipe.1.type", "pipe.2.size"}
    assert (found["pipe.2.size"].old, found["pipe.2.size"].new) == (3, 4)


def test_more_dangerous_changes_come_first() -> None:
    found = [change.key for change in compare(config(lr=0.01, workers=4), config(lr=0.1, workers=8))]
    assert found[0] == "lr"


def test_a_higher_rate_is_worse_than_a_lower_one() -> None:
    raised = changes(config(lr=0.01), config(lr=0.1))["lr"]
    lowered = changes(config(lr=0.1), config(lr=0.01))["lr"]
    order = ("critical", "high", "medium", "low", "none")
    assert order.index(raised.risk) < order.index(lowered.risk)


def test_coupled_changes_name_each_other() -> None:
    found = changes(config(lr=0.005, weight_decay=5e-4), config(lr=0.004, weight_decay=8e-4))
    assert any("weight_decay" in reason for reason in found["lr"].because)
    assert any("lr" in reason for reason in found["weight_decay"].because)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = scalars | st.lists(scalars, max_size=3) | st.just(UNKNOWN)
words = st.sampled_from(["lr", "a", "0", "1", "loss", "gamma", "optimizer"])
keys = st.lists(words, min_size=1, max_size=4).map("__".join)


@given(st.dictionaries(keys, values, max_size=8), st.dictionaries(keys, values, max_size=8))
def test_any_settings_can_be_compared(old: dict[str, Any], new: dict[str, Any]) -> None:
    for change in compare(config(**old), config(**new)):
        assert change.risk in ("critical", "high", "medium", "low", "none")


@given(st.dictionaries(keys, values, max_size=8))
def test_nothing_differs_from_itself(settings: dict[str, Any]) -> None:
    assert compare(config(**settings), config(**settings)) == ()
