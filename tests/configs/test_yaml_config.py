"""YAML configs read flat, with lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.yaml_config import read_yaml_config
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN


def values(text: str) -> dict[str, object]:
    return {key: setting.value for key, setting in read_yaml_config(text, "c.yaml").settings.items()}


def test_nested_keys_are_dotted_and_know_their_line() -> None:
    read = read_yaml_config("a: 1\n# note\nb:\n  c: [1, 2]\n  d:\n    - size: 3\n    - size: 4\n", "c.yaml").settings
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
    assert read_yaml_config("lr: 1e-4  # low\n", "c").settings["lr"].place.text == "lr: 1e-4  # low"


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
    read = read_yaml_config(text, "c").settings
    assert read["run.train.lr"].value == 3
    assert "run.train.wd" not in read
    assert (read["run.n"].value, read["run.n"].place.line) == (1, 3)


def test_the_first_of_several_merged_mappings_wins() -> None:
    assert values("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc:\n  <<: [*a, *b]\n")["c.x"] == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1\nb: 2\n", 2), ("a: 1\n b: 2\n", 2), ("- 1\n- 2\n", 1), ("just text\n", 1), ("a: \x00", 1)],
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
        assert len(read_yaml_config(text, "c").settings) < 20_001
    except SourceError:
        pass


@settings(max_examples=200)
@given(st.one_of(st.text(), st.text(alphabet="ab:-[]{}&*<!'\"\n #|>?,%@`1e.")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_yaml_config(text, "c")
    except SourceError as error:
        assert error.message


def refusal(text: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_yaml_config(text, "c.yaml")
    return caught.value


def test_literals_are_the_text_of_their_span() -> None:
    text = (
        "é: 'ü€'\nb: &x 1e-4\nc: *x\nd:\n  - 1\n  - 2\ne: [1, 2]   # c\nf: |\n  ab\n  c\n\ng: !!float 3\nh:\nu: yes\n"
    )
    read = read_yaml_config(text, "c").settings
    literals = {key: found.literal for key, found in read.items()}
    assert literals == {
        "é": "'ü€'",
        "b": "1e-4",
        "c": "*x",
        "d": "- 1\n  - 2",
        "e": "[1, 2]",
        "f": "|\n  ab\n  c",
        "g": "3",
        "h": "",
        "u": "yes",
    }
    assert all(found.span and text[found.span[0] : found.span[1]] == found.literal for found in read.values())
    assert (read["c"].value, read["u"].value) == (1e-4, True)


def test_numbers_that_pyyaml_takes_for_text_are_remarked() -> None:
    found = read_yaml_config("lr: 1e-4\nb: [1e5, 2]\nwd: '1e-4'\nok: 1.0e-4\n", "c")
    assert [(remark.category, remark.key, remark.place.line) for remark in found.remarks] == [
        ("number-as-text", "lr", 1),
        ("number-as-text", "b", 2),
    ]
    assert "1.0e-4" in found.remarks[0].message
    assert "[1.0e+5, 2]" in found.remarks[1].message


@pytest.mark.parametrize("mark", ["_target_: torch.optim.Adam", "class_path: a.B", "x: ${lr}", "_BASE_: b.yaml"])
def test_loaders_that_read_exponents_get_no_remark(mark: str) -> None:
    assert "number-as-text" not in {r.category for r in read_yaml_config(f"lr: 1e-4\n{mark}\n", "c").remarks}


def test_a_key_that_stands_twice_is_remarked_with_both_lines() -> None:
    (remark,) = read_yaml_config("a:\n  x: 1\n  y: 2\n  x: 3\nb:\n  x: 4\n", "c").remarks
    assert (remark.category, remark.key, remark.place.line) == ("duplicate-key", "a.x", 4)
    assert "line 4 replaces line 2" in remark.message


def test_later_documents_go_over_earlier_ones() -> None:
    assert values("a: {x: 1, y: 2}\n---\na: {x: 3}\n") == {"a.y": 2, "a.x": 3}


def test_references_are_resolved_within_the_file() -> None:
    text = (
        "base: {lr: 0.1, wd: 2}\nlr: ${base.lr}\nname: run_${lr}\ncopy: ${base}\nr:\n  a: ${.b}\n  b: ${..lr}\n"
        "which: wd\nchosen: ${base.${which}}\nsteps: [3, 6]\nfirst: ${steps[0]}\nplain: \\${lr}\n"
    )
    found = values(text)
    assert (found["lr"], found["name"], found["copy.wd"], found["r.a"]) == (0.1, "run_0.1", 2, 0.1)
    assert (found["chosen"], found["first"], found["plain"]) == (2, 3, "${lr}")


def test_what_only_running_it_would_tell_is_unknown() -> None:
    text = "a: ${oc.env:HOME}\nb: ${now:%H}\nc: ???\nd: !ENV x\ne: ${a}/x\nf: ${elsewhere.x}\n"
    read = read_yaml_config(text, "c")
    assert all(found.value is UNKNOWN for found in read.settings.values())
    assert read.partial
    assert not read.remarks


def test_a_reference_to_nothing_is_remarked() -> None:
    read = read_yaml_config("model: {width: 3}\nx: ${model.with}\n", "c")
    assert [(remark.category, remark.key) for remark in read.remarks] == [("unresolved-reference", "model.with")]
    assert not read.partial


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("x: 1\na: !!python/object/apply:os.system ['true']\n", "asks to run code: os.system", 2),
        ("a: !!python/module:os ''\n", "asks to run code: os", 1),
        ("a: !!python/object/new:os.popen [x]\n", "asks to run code: os.popen", 1),
        ("x: 1\na: &a\n  b: *a\n", "contains itself", 3),
        ("x: 1\na: *b\n", "no anchor", 2),
        ("a: ${b}\nb: ${a}\n", "in a circle", 1),
        ("a: {x: '${b}'}\nb: {y: '${a}'}\n", "leads back", 1),
        ("<<: 3\n", "merges mappings only", 1),
        ("a: " + "[" * 10_000, "levels deep", 1),
        ("a: " + "{a: " * 10_000, "levels deep", 1),
        ("- " * 10_000, "levels deep", 1),
        ("x: 1\n" * 300_000, "too large", 0),
        ("".join(f"k{i}: {i}\n" for i in range(30_000)), "more than 20000 settings", 20001),
        ("a0: {x: 1}\n" + "".join(f"a{i}: {{x: '${{a{i - 1}}}', y: '${{a{i - 1}}}'}}\n" for i in range(1, 40)), "", 1),
        ("a: \ud800", "not valid YAML", 1),
    ],
)
def test_hostile_configs_are_refused_soon(text: str, said: str, line: int) -> None:
    error = refusal(text)
    assert said in error.message
    assert error.mend
    assert error.place is not None
    if said:
        assert error.place.line == line


def test_texts_that_grow_by_references_are_unknown() -> None:
    text = "a0: xx\n" + "".join(f"a{i}: '${{a{i - 1}}}${{a{i - 1}}}'\n" for i in range(1, 40))
    assert values(text)["a39"] is UNKNOWN
    assert values("a: " + "${" * 5000 + "}" * 5000)["a"] is UNKNOWN


def test_values_of_python_that_trainers_dump() -> None:
    text = (
        "a: !!python/tuple [1, 2]\nb: !!python/object/apply:pathlib.PosixPath [x]\n"
        "c: !!python/object/apply:collections.OrderedDict\n- - [lr, 0.1]\n  - [n, 3]\n"
        "d: !!python/object:argparse.Namespace {lr: 0.2}\ne: !!python/name:torch.nn.ReLU ''\n"
    )
    assert values(text) == {"a": [1, 2], "b": UNKNOWN, "c.lr": 0.1, "c.n": 3, "d.lr": 0.2, "e": "torch.nn.ReLU"}


def test_what_wandb_wraps_is_unwrapped() -> None:
    text = "wandb_version: 1\n_wandb: {value: {t: 1}}\nlr: {desc: null, value: 0.1}\nmodel: {value: {width: 3}}\n"
    assert values(text) == {"lr": 0.1, "model.width": 3}


@settings(max_examples=150)
@given(st.text(alphabet="ab${}.:[]_ \n\\1?", max_size=80))
def test_any_reference_is_read_or_refused(text: str) -> None:
    try:
        read = read_yaml_config(f"a: 1\nb: {text}\n", "c").settings
    except SourceError as error:
        assert error.message
    else:
        assert all(found.span for found in read.values())
