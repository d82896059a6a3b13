"""Edited copies of configs: exactly the wanted keys differ, everything else is kept byte for byte."""

import json
import keyword
import re
import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnose.configs.edit import REMOVE, Tree, edit
from diagnose.configs.edit.literals import decimal, literal
from diagnose.configs.json_config import read_json_config
from diagnose.configs.python_config import read_python_config
from diagnose.configs.toml_config import read_toml_config
from diagnose.configs.yaml_config import read_yaml_config
from diagnose.errors import SourceError

READERS = {
    "yaml": lambda text: read_yaml_config(text, "a.yaml").settings,
    "json": lambda text: read_json_config(text, "a.json").settings,
    "toml": lambda text: read_toml_config(text, "a.toml").settings,
    "python": lambda text: read_python_config(text, "a.py").settings,
}


def run(text: str, kind: str, changes: dict[str, Any], comments: dict[str, str] | None = None, **more: Any) -> str:
    return edit(text, kind, READERS[kind], changes, comments, **more)


def changed(text: str, kind: str, changes: dict[str, Any], comments: dict[str, str] | None = None) -> list[str]:
    """Return the new lines, and the old ones that are gone with a minus sign."""
    before, after = text.splitlines(), run(text, kind, changes, comments).splitlines()
    return [f"-{line}" for line in before if line not in after] + [line for line in after if line not in before]


YAML = """\
# the recipe
lr0: 0.01  # base rate
model:
  name: 'big'
  head: {gamma: 0, beta: 2}
  loss:
    w: 1e-4
items:
- type: a
  p: 1
- type: b
empty:
notes: |
  hello
  # no comment
seed: 3
"""


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"lr0": 0.005}, ["-lr0: 0.01  # base rate", "lr0: 0.005  # base rate  # plan: why"]),
        ({"model.name": "small"}, ["-  name: 'big'", "  name: 'small'  # plan: why"]),
        ({"model.loss.w": 1e-5}, ["-    w: 1e-4", "    w: 0.00001  # plan: why"]),
        ({"model.loss.x": 1e-9}, ["    x: 1.0e-09  # plan: why"]),
        ({"model.head.x": True}, ["-  head: {gamma: 0, beta: 2}", "  head: {gamma: 0, beta: 2, x: true}  # plan: why"]),
        ({"new.a.b": None}, ["new:", "  a:", "    b: null  # plan: why"]),
        ({"items.1.p": 5}, ["  p: 5  # plan: why"]),
        ({"empty.x": 5}, ["-empty:", "empty: {x: 5}  # plan: why"]),
        ({"seed": REMOVE}, ["-seed: 3", "# plan: why"]),
        ({"model.loss.w": REMOVE}, ["-  loss:", "-    w: 1e-4", "  # plan: why"]),
        ({"items.0.type": REMOVE}, ["-- type: a", "-  p: 1", "- p: 1  # plan: why"]),
        ({"notes": "a\nb"}, ["-notes: |", "-  hello", "-  # no comment", "# plan: why", 'notes: "a\\nb"']),
    ],
)
def test_yaml(changes: dict[str, Any], lines: list[str]) -> None:
    assert changed(YAML, "yaml", changes, dict.fromkeys(changes, "why")) == lines


def test_several_keys_of_one_line_share_a_comment() -> None:
    found = changed(
        YAML, "yaml", {"model.head.gamma": 1, "model.head.beta": 3}, {"model.head.gamma": "x", "model.head.beta": "y"}
    )
    assert found[-1] == "  head: {gamma: 1, beta: 3}  # plan: x; y"


def test_comments_on_what_stays() -> None:
    assert changed(YAML, "yaml", {}, {"seed": "stays"}) == ["-seed: 3", "seed: 3  # plan: stays"]


def test_line_ends_and_missing_newline_are_kept() -> None:
    assert run("a: 1\r\nb: 2", "yaml", {"a": 5, "c": 6}, {"a": "x"}) == "a: 5  # plan: x\r\nb: 2\r\nc: 6"


def test_anchors() -> None:
    text = "base: &b\n  x: 1\n  y: 2\none:\n  <<: *b\ntwo: *b\n"
    assert changed(text, "yaml", {"one.x": 5}) == ["  x: 5"]
    assert changed(text, "yaml", {"two.x": 5}) == ["-two: *b", "two: {<<: *b, x: 5}"]
    with pytest.raises(SourceError, match=r"would change one\.x, two\.x as well"):
        run(text, "yaml", {"base.x": 5})
    assert "  x: 5\n" in run(text, "yaml", {"base.x": 5}, also={"one.x": 5, "two.x": 5})


def test_a_list_as_a_whole() -> None:
    tree = Tree([{"type": "c", "p": 2}], {"items.0.type": "c", "items.0.p": 2})
    assert "items:\n  [{type: c, p: 2}]\nempty:" in run(YAML, "yaml", {"items": tree})


JSON = '{\n  "a": 1,\n  "b": {"c": [1, 2], "d": "x"},\n  "e": {\n    "f": null\n  }\n}'


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"a": 2.5}, ['-  "a": 1,', '  "a": 2.5,']),
        ({"e.g": True}, ['-    "f": null', '    "f": null,', '    "g": true']),
        ({"b.d": REMOVE}, ['-  "b": {"c": [1, 2], "d": "x"},', '  "b": {"c": [1, 2]},']),
        ({"a": REMOVE}, ['-  "a": 1,']),
    ],
)
def test_json_has_no_comments(changes: dict[str, Any], lines: list[str]) -> None:
    assert changed(JSON, "json", changes, dict.fromkeys(changes, "why")) == lines


TOML = """\
lr = 1e-3 # c
[opt]
name = 'SGD'
[opt.sched]
t = [1,
 2]
[[layers]]
n = 1
[[layers]]
n = 2
inl = {a = 1}
"""


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"lr": 1e-5}, ["-lr = 1e-3 # c", "lr = 0.00001 # c  # plan: why"]),
        ({"opt.name": "Adam"}, ["-name = 'SGD'", "name = 'Adam'  # plan: why"]),
        ({"opt.wd": 0.1}, ["wd = 0.1  # plan: why"]),
        ({"opt.sched.t": [3]}, ["-t = [1,", "- 2]", "# plan: why", "t = [3]"]),
        ({"new": True}, ["new = true  # plan: why"]),
        ({"layers.0.k": 3}, ["k = 3  # plan: why"]),
        ({"layers.1.inl.c": 4}, ["-inl = {a = 1}", "inl = {a = 1, c = 4}  # plan: why"]),
        ({"opt.name": REMOVE}, ["-name = 'SGD'", "# plan: why"]),
    ],
)
def test_toml(changes: dict[str, Any], lines: list[str]) -> None:
    assert changed(TOML, "toml", changes, dict.fromkeys(changes, "why")) == lines


def test_toml_has_no_null() -> None:
    with pytest.raises(SourceError, match="TOML has no null"):
        run(TOML, "toml", {"lr": None})


PYTHON = """\
_base_ = ['./base.py']
base_lr = 0.02
model = dict(
    type='X',
    head=dict(num=80, loss=dict(gamma=2.0)),  # the head
    neck={'a': 1, 'b': (1, 2)}
)
train_dataloader = dict(batch_size=2)
sched = dict(lr=base_lr * 2)
"""
BASE = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9))\n"


class _Bases:
    def read(self, path: str) -> str:
        return BASE if path.endswith("base.py") else ""


def python(text: str) -> Any:
    return read_python_config(text, "a.py", _Bases()).settings


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"train_dataloader.batch_size": 4}, ["train_dataloader = dict(batch_size=4)  # plan: why"]),
        (
            {"model.head.loss.alpha": 0.5},
            ["    head=dict(num=80, loss=dict(gamma=2.0, alpha=0.5)),  # the head  # plan: why"],
        ),
        ({"model.neck.b": [3, 4]}, ["    neck={'a': 1, 'b': (3, 4)}  # plan: why"]),
        ({"model.neck.c": 1}, ["    neck={'a': 1, 'b': (1, 2), 'c': 1}  # plan: why"]),
        ({"model.extra": 1}, ["    neck={'a': 1, 'b': (1, 2)},", "    extra=1  # plan: why"]),
        ({"optim_wrapper.optimizer.lr": 0.02}, ["optim_wrapper = dict(optimizer=dict(lr=0.02))  # plan: why"]),
        ({"sched.lr": 0.1}, ["sched = dict(lr=0.1)  # plan: why"]),
        ({"model.type": REMOVE}, ["    # plan: why"]),
    ],
)
def test_python(changes: dict[str, Any], lines: list[str]) -> None:
    after = edit(PYTHON, "python", python, changes, dict.fromkeys(changes, "why"), path="a.py").splitlines()
    assert [line for line in after if line not in PYTHON.splitlines()] == lines


def test_python_values_that_others_are_made_of() -> None:
    with pytest.raises(SourceError, match=r"would change sched\.lr as well"):
        edit(PYTHON, "python", python, {"base_lr": 0.05}, path="a.py")
    text = edit(PYTHON, "python", python, {"base_lr": 0.05}, path="a.py", also={"sched.lr": 0.1})
    assert "base_lr = 0.05\n" in text


def test_python_base_is_replaced_with_delete() -> None:
    tree = Tree(
        {"type": "AdamW", "lr": 0.001}, {"optim_wrapper.optimizer.type": "AdamW", "optim_wrapper.optimizer.lr": 0.001}
    )
    text = edit(PYTHON, "python", python, {"optim_wrapper.optimizer": tree}, path="a.py")
    assert text.endswith("optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001))\n")


def test_inherited_keys_cannot_be_removed_alone() -> None:
    with pytest.raises(SourceError, match="cannot be edited"):
        edit(PYTHON, "python", python, {"optim_wrapper.optimizer.momentum": REMOVE}, path="a.py")


def test_command_lines_only_where_a_value_stands() -> None:
    assert literal("a b", "shell") == "'a b'"
    assert literal(1e-5, "shell") == "0.00001"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimals_are_read_by_all(value: float) -> None:
    text = decimal(value)
    assert yaml.safe_load(text) == value and isinstance(yaml.safe_load(text), float)
    assert tomllib.loads(f"x = {text}")["x"] == json.loads(text) == float(text) == value


# Random configs, judged by the formats' own parsers.

NAMES = st.from_regex(r"[a-z][a-z_]{0,7}", fullmatch=True).filter(lambda name: name not in KEYWORDS)
KEYWORDS = frozenset((*keyword.kwlist, "true", "false", "null", "on", "off", "yes", "no", "y", "n", "dict", "zzz"))
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f\x85"), max_size=8)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9),
    TEXTS.filter(lambda text: text.strip() == text and "${" not in text and "{{" not in text),
)
VALUES = SCALARS | st.lists(SCALARS, min_size=1, max_size=3)
TREES = st.recursive(
    st.dictionaries(NAMES, VALUES, min_size=1, max_size=4),
    lambda inner: st.dictionaries(NAMES, VALUES | inner, min_size=1, max_size=4),
    max_leaves=6,
)


def leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found = {}
    for name, value in tree.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def toml_of(tree: dict[str, Any], above: str = "") -> str:
    plain = {name: value for name, value in tree.items() if not isinstance(value, dict)}
    text = "".join(f"{name} = {literal(value, 'toml')}  # {name}\n" for name, value in plain.items())
    for name, value in tree.items():
        if isinstance(value, dict):
            text += f"\n[{above}{name}]\n{toml_of(value, f'{above}{name}.')}"
    return text


WRITE = {
    "yaml": lambda tree, flow: yaml.safe_dump(tree, sort_keys=False, default_flow_style=None if flow else False),
    "json": lambda tree, flow: json.dumps(tree, indent=None if flow else 2),
    "toml": lambda tree, _: toml_of(tree),
    "python": lambda tree, _: "".join(
        f"{name} = {literal(value, 'python')}  # {name}\n" for name, value in tree.items()
    ),
}


def evaluated(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(text, {"__builtins__": {"dict": dict}}, names)
    return names


PARSE = {"yaml": yaml.safe_load, "json": json.loads, "toml": tomllib.loads, "python": evaluated}


@pytest.mark.parametrize("kind", [*WRITE])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data(), tree=TREES, flow=st.booleans(), new=VALUES, what=st.sampled_from(["set", "add", "remove"]))
def test_exactly_the_wanted_key(
    kind: str, data: st.DataObject, tree: dict[str, Any], flow: bool, new: Any, what: str
) -> None:
    text = WRITE[kind](tree, flow)
    known = leaves(tree)
    key = data.draw(st.sampled_from([*known]))
    if what == "add":
        key = f"{key.rpartition('.')[0]}.zzz".lstrip(".")
    after = run(text, kind, {key: REMOVE if what == "remove" else new}, {key: "why"})
    wanted = {name: value for name, value in known.items() if name != key} if what == "remove" else known | {key: new}
    found = leaves(PARSE[kind](after)) if after.strip() and PARSE[kind](after) else {}
    assert {name: repr(value) for name, value in found.items()} == {name: repr(value) for name, value in wanted.items()}
    if what == "set":
        start, end = READERS[kind](text)[key].span or (0, 0)
        name = [found.start() for found in re.finditer(rf"\b{key.rpartition('.')[2]}\b", text[:start])][-1]
        assert after.startswith(text[: text.rfind("\n", 0, name) + 1])
        assert after.endswith(text[text.find("\n", end) :] if "\n" in text[end:] else "")


@settings(max_examples=40)
@given(text=st.text(max_size=60), kind=st.sampled_from([*READERS]), key=st.text(max_size=6), value=VALUES)
def test_any_text_is_edited_or_refused(text: str, kind: str, key: str, value: Any) -> None:
    try:
        after = run(text, kind, {key or "a": value})
    except SourceError:
        return
    assert READERS[kind](after)[key or "a"].value == value
