"""YAML configs read flat, with lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.yaml_config import read_yaml_config, repeated_keys
from diagnose.errors import SourceError


def values(text: str) -> dict[str, object]:
    return {key: setting.value for key, setting in read_yaml_config(text, "c.yaml").items()}


def test_nested_keys_are_dotted_and_know_their_line() -> None:
    read = read_yaml_config("a: 1\n# note\nb:\n  c: [1, 2]\n  d:\n    - size: 3\n    - size: 4\n", "c.yaml")
    assert {key: (found.value, found.place.line) for key, found in read.items()} == {
        "a": (1, 1),
        "b.c": ([1, 2], 4),
        "b.d.0.size": (3, 6),
        "b.d.1.size": (4, 7),
    }
    assert read["b.c"].place.text == "c: [1, 2]"


def test_floats_of_yaml_1_2_are_numbers_and_quoted_ones_text() -> None:
    assert values("a: 1e-4\nb: '1e-4'\nc: 3E5\nd: 1.e-3\ne: .5\nf: v1e4\ng: 1e\n") == {
        "a": 1e-4,
        "b": "1e-4",
        "c": 3e5,
        "d": 1e-3,
        "e": 0.5,
        "f": "v1e4",
        "g": "1e",
    }
    assert read_yaml_config("lr: 1e-4  # low\n", "c").get("lr").place.text == "lr: 1e-4  # low"  # type: ignore[union-attr]


def test_scalars_are_read_as_the_trainers_read_them() -> None:
    assert values("a: yes\nb: null\nc: ~\nd: 0x10\ne: -.inf\nf: 2024-01-01\ng: ''\nh:\n") == {
        "a": True,
        "b": None,
        "c": None,
        "d": 16,
        "e": float("-inf"),
        "f": "2024-01-01",
        "g": "",
        "h": None,
    }


def test_an_own_key_replaces_a_merged_one_as_a_whole() -> None:
    text = "base: &b\n  train: {lr: 1, wd: 2}\n  n: 1\nrun:\n  <<: *b\n  train: {lr: 3}\n"
    read = read_yaml_config(text, "c")
    assert read["run.train.lr"].value == 3
    assert "run.train.wd" not in read
    assert (read["run.n"].value, read["run.n"].place.line) == (1, 3)


def test_the_first_of_several_merged_mappings_wins() -> None:
    assert values("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc:\n  <<: [*a, *b]\n")["c.x"] == 1


def test_tags_are_not_followed() -> None:
    assert values("a: !!python/object/apply:os.system ['true']\nb: !ENV x\n") == {"a": ["true"], "b": "x"}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1\nb: 2\n", 2), ("a: 1\n b: 2\n", 2), ("- 1\n- 2\n", 1), ("just text\n", 1), ("a: \x00", 0)],
)
def test_what_is_no_config_is_an_error_with_its_line(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        read_yaml_config(text, "c.yaml")
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == ("c.yaml", line)


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 {k: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 30)),
        "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)),
        "a: &a\n  <<: *a\n  b: *a\n",
        "a: " + "[" * 5000,
        "a: " + "{a: " * 300,
    ],
    ids=["merges", "lists", "itself", "brackets", "mappings"],
)
def test_bombs_end_soon(text: str) -> None:
    try:
        assert len(read_yaml_config(text, "c")) < 20_001
        assert not list(repeated_keys(text, "c"))
    except SourceError:
        pass


def test_repeated_keys_are_told_with_both_lines() -> None:
    (found,) = repeated_keys("a:\n  x: 1\n  y: 2\n  x: 3\nb:\n  x: 4\n", "c")
    assert (found[0], found[1].line, found[2].line) == ("x", 2, 4)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="ab:-[]{}&*<!'\"\n #|>?,%@`1e.")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_yaml_config(text, "c")
    except SourceError as error:
        assert error.message
