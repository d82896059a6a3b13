"""One value under the names that frameworks give it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.assets import load
from diagnose.names import hyperparameters, spelled

NAMES = Path(__file__).parents[2] / "diagnose" / "names"


def test_settings_are_known_and_spellings_stand_once() -> None:
    names = load(NAMES / "spellings.yaml")["names"]

    assert names.keys() <= hyperparameters().keys()
    for rows in names.values():
        every = [str(one) for row in rows.items() for one in (row[0], *row[1])]
        assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("name", "key", "value", "expected"),
    [
        ("optimizer", "optim", "AdamW", "adamw"),
        ("optimizer", "optim", "adamw_hf", "adamw"),
        ("optimizer", "type", "keras.optimizers.RMSprop", "rmsprop"),
        ("optimizer", "type", "mine.AdamW", "mine.adamw"),
        ("optimizer", "optim", None, None),
        ("amp", "fp16", True, "fp16"),
        ("amp", "use_bf16", True, "bf16"),
        ("amp", "precision", 16, "fp16"),
        ("amp", "precision", "bf16-mixed", "bf16"),
        ("dataset", "data", "A_b", "A_b"),
    ],
)
def test_spelled(name: str, key: str, value: Any, expected: Any) -> None:
    assert expected == spelled(name, key, value)


@given(st.sampled_from(sorted(hyperparameters())), st.none() | st.booleans() | st.floats() | st.text())
def test_any_value_has_a_spelling(name: str, value: Any) -> None:
    spelled(name, "key", value)
