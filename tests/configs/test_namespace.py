"""Printed namespaces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.namespace import printed_namespace, read_namespace_config
from diagnose.errors import SourceError


def test_values_as_python_prints_them() -> None:
    text = (
        "args: Namespace(lr=0.1, betas=(0.9, 0.99), name='a, b', device=device(type='cuda'), f=<function f at 0x1>,\n"
        "n=Namespace(a=1, b=[1, 2]), d={'x': {'y': 2}, 'z': 'k'}, e={}, t=True, u=None, last=-1e-3) tail"
    )
    found = read_namespace_config(text, "a.txt").settings
    assert {key: setting.value for key, setting in found.items()} == {
        "lr": 0.1,
        "betas": [0.9, 0.99],
        "name": "a, b",
        "device": "device(type='cuda')",
        "f": "<function f at 0x1>",
        "n.a": 1,
        "n.b": [1, 2],
        "d.x.y": 2,
        "d.z": "k",
        "e": {},
        "t": True,
        "u": None,
        "last": -1e-3,
    }
    assert found["n.a"].place.line == 2
    assert all(setting.span and text[slice(*setting.span)] == setting.literal for setting in found.values())


def test_no_namespace_is_an_error() -> None:
    with pytest.raises(SourceError):
        read_namespace_config("lr=0.1", "a")


@pytest.mark.parametrize("inside", ["a=(", "a={'b': ", "a=1,", "a='", "a=Namespace(", "Namespace(", "a=<"])
def test_hostile_lines_end_soon(inside: str) -> None:
    printed_namespace("Namespace(" + inside * 40_000)


@settings(max_examples=150)
@given(st.one_of(st.text(), st.text(alphabet="ab=(){}[]<>,'\" 1.")))
def test_any_text_is_read(text: str) -> None:
    printed_namespace("Namespace(" + text)
