"""TOML configs read flat, with places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.toml_config import read_toml_config
from diagnose.errors import SourceError

TEXT = """\
# a toy
title = "x"   # one
lr = 1e-4 # low
betas = [0.9, 0.99]
[model]
depth=1_000
sub.name = 'a'
day = 2024-05-06
[[stage]]
epochs = 3
opt = {lr = 1, k = [{a = 1}, 2]}
[[stage]]
epochs = 4
"""


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT], ids=["lf", "crlf", "bom"])
def test_settings_have_their_places_and_literals(text: str) -> None:
    read = read_toml_config(text, "c").settings
    assert {key: (found.value, found.place.line, found.literal) for key, found in read.items()} == {
        "title": ("x", 2, '"x"'),
        "lr": (1e-4, 3, "1e-4"),
        "betas": ([0.9, 0.99], 4, "[0.9, 0.99]"),
        "model.depth": (1000, 6, "1_000"),
        "model.sub.name": ("a", 7, "'a'"),
        "model.day": ("2024-05-06", 8, "2024-05-06"),
        "stage.0.epochs": (3, 10, "3"),
        "stage.0.opt.lr": (1, 11, "1"),
        "stage.0.opt.k.0.a": (1, 11, "1"),
        "stage.0.opt.k.1": (2, 11, "2"),
        "stage.1.epochs": (4, 13, "4"),
    }
    assert all(found.span and text[slice(*found.span)] == found.literal for found in read.values())
    assert read["lr"].place.text == "lr = 1e-4 # low"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb =\n", 2),
        ("a = 1\na = 2\n", 2),
        ("a = [1\n", 2),
        ("a=" + "[" * 10_000, 1),
        ("a=" + "{a=" * 10_000, 1),
        (".".join("a" * 10_000) + " = 1\n", 1),
        ("[" + ".".join("a" * 50_000) + "]\n", 1),
        ("a = " + "9" * 5000, 0),
        ("a = \0", 1),
        ("a = '" + "x" * 300_000 + "'", 0),
    ],
)
def test_what_is_no_config_is_refused_soon(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        read_toml_config(text, "c.toml")
    assert caught.value.place is not None
    assert caught.value.place.line == line


@settings(max_examples=150)
@given(st.one_of(st.text(), st.text(alphabet="ab=[]{}.,'\"\n #1e-")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_toml_config(text, "c").settings
    except SourceError as error:
        assert error.message
    else:
        assert all(setting.span and text[slice(*setting.span)] == setting.literal for setting in found.values())
