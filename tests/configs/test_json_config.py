"""JSON configs read flat, with places, strictly."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.json_config import read_json_config
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN


def values(text: str) -> dict[str, object]:
    return {key: setting.value for key, setting in read_json_config(text, "c.json").settings.items()}


def test_settings_have_their_places_and_literals() -> None:
    text = '\ufeff{"a": 1,\n "b": {"c": [1, 2.5e-3], "d": "x\\ny", "e": {}},\n "g": [{"h": null}, 3], "n": NaN}'
    read = read_json_config(text, "c").settings
    shown = {key: (found.literal, found.place.line, found.place.column) for key, found in read.items()}
    assert shown == {
        "a": ("1", 1, 3),
        "b.c": ("[1, 2.5e-3]", 2, 8),
        "b.d": ('"x\\ny"', 2, 26),
        "b.e": ("{}", 2, 39),
        "g.0.h": ("null", 3, 9),
        "g.1": ("3", 3, 21),
        "n": ("NaN", 3, 25),
    }
    assert all(found.span and text[slice(*found.span)] == found.literal for found in read.values())
    assert read["b.d"].value == "x\ny"


def test_keys_that_stand_twice_are_remarked() -> None:
    (remark,) = read_json_config('{"a": {"x": 1,\n"x": 2}}', "c").remarks
    assert (remark.category, remark.key, remark.place.line) == ("duplicate-key", "a.x", 2)
    assert values('{"a": {"x": 1,\n"x": 2}}') == {"a.x": 2}


def test_auto_is_unknown_to_deepspeed_alone() -> None:
    assert values('{"zero_optimization": {"stage": 2}, "bf16": {"enabled": "auto"}}') == {
        "zero_optimization.stage": 2,
        "bf16.enabled": UNKNOWN,
    }
    assert values('{"optimizer": "auto", "lr": 1}') == {"optimizer": "auto", "lr": 1}


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ('{\n"a": 1,}', "a comma before }", 2),
        ('{"a": 1, // x\n}', "a comment", 1),
        ('{\n# x\n"a": 1}', "a comment", 2),
        ("{'a': 1}", "single quotes", 1),
        ('{"a": True}', "a word of Python", 1),
        ('{"a": "x\n"}', "a string that does not end", 1),
        ('{"a": 1\n', "the text ends within a value", 2),
        ('{"a" 1}', "expected a colon", 1),
        ('{"a": 1 "b": 2}', "expected a comma", 1),
        ('{"a": 1}}', "more follows", 1),
        ('{"a": "\\x"}', "not a JSON string", 1),
        ("", "the text ends", 1),
        ("[1]", "no object", 1),
        ("[" * 10_000, "levels deep", 1),
        ('{"a":' * 10_000, "levels deep", 1),
        ('{"a": [' + "1," * 300_000 + "1]}", "values", 1),
        ("{" + ",".join(f'"k{i}": {i}' for i in range(30_000)) + "}", "more than 20000 settings", 1),
        ('{"a": "' + "x" * (1 << 20) + '"}', "too large", 0),
        ("\0", "expected a value", 1),
    ],
)
def test_what_is_no_config_is_refused_soon(text: str, said: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        read_json_config(text, "c.json")
    assert said in caught.value.message
    assert caught.value.place is not None
    assert caught.value.place.line == line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab_"\\', max_size=3), inner, max_size=3),
    max_leaves=20,
)


@settings(max_examples=100)
@given(st.dictionaries(st.text("xyz", min_size=1, max_size=3), JSON, max_size=4), st.sampled_from([None, 1]))
def test_what_json_writes_is_read(data: dict[str, object], indent: int | None) -> None:
    text = json.dumps(data, indent=indent)
    for setting in read_json_config(text, "c").settings.values():
        assert setting.span is not None
        literal = json.loads(text[slice(*setting.span)])
        assert setting.value == literal or (literal == [] and setting.value == [])


@settings(max_examples=150)
@given(st.one_of(st.text(), st.text(alphabet='{}[]:,"1e.-\\ \ntrufalsn')))
def test_any_text_is_read_or_refused(text: str) -> None:
    for source in (text, "{" + text + "}", '{"a": ' + text + "}"):
        try:
            read_json_config(source, "c")
        except SourceError as error:
            assert error.message
