from pathlib import Path
from typing import Any

import pytest

from diagnose.configs.files import OnDisk, tree_of
from diagnose.configs.python_config import read_python_config
from diagnose.configs.reading import Reading
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN


class Texts:
    """Files by path."""

    def __init__(self, **texts: str) -> None:
        self.texts = {f"{name}.py": text for name, text in texts.items()}

    def read(self, path: str) -> str:
        if path in self.texts:
            return self.texts[path]
        raise SourceError("no such file", mend="check the path")


def read(text: str, **bases: str) -> Reading:
    return read_python_config(text, "c.py", Texts(**bases))


def values(text: str, **bases: str) -> dict[str, Any]:
    return {key: setting.value for key, setting in read(text, **bases).settings.items()}


def test_a_setting_says_where_it_is_written() -> None:
    base = "# toy\noptimizer = dict(\n    type='SGD', lr=1e-2)\n"
    text = "_base_ = 'b.py'\nbatch = 8  # größer\nnämlich = ['ä', 2]; optimizer = dict(lr=batch * 1e-4)\n"
    reading = read(text, b=base)
    lr, kind, batch = (reading.settings[key] for key in ("optimizer.lr", "optimizer.type", "batch"))
    assert (lr.place.path, lr.place.line, lr.literal) == ("c.py", 3, "batch * 1e-4")
    assert (kind.place.path, kind.place.line, kind.place.column, kind.literal) == ("b.py", 3, 10, "'SGD'")
    assert batch.place.text == "batch = 8  # größer"
    for setting in reading.settings.values():
        assert setting.span is not None
        written = text if setting.place.path == "c.py" else base
        assert written[slice(*setting.span)] == setting.literal
    assert reading.paths == ["b.py"]


def test_several_values_of_one_expression_cannot_be_edited() -> None:
    settings = read("a = [dict(lr=i * 0.1) for i in range(2)]\nb = 1\nb += 2\n").settings
    assert settings["a.1.lr"].span is None
    assert (settings["b"].value, settings["b"].span) == (3, None)


def test_what_cannot_be_told_is_unknown_and_there() -> None:
    text = """
import os
import torch
def width():
    return 3
a = dict(b=width(), c=os.environ.get('X'), d=1, e=[1, width()], f=lambda: 1)
g = torch.cuda.device_count() * 2
if g > 1:
    h = 2
    a['d'] = 5
for i in range(g):
    j = i
k = {'x': 1, **width()}
m = dict(n=1)
width(m)
p = '{{ $HOME:x }}/y'
q = {{ $COUNT:3 }}
s = [dict(t=1), width()]
"""
    found = values(text)
    keys = ["a.b", "a.c", "a.d", "a.e", "a.f", "g", "h", "i", "j", "k.x", "m", "p", "q", "s.1"]
    assert {key: found[key] for key in keys} == dict.fromkeys(keys, UNKNOWN)
    assert found["s.0.t"] == 1
    assert "width" not in found
    assert "os" not in found


def test_a_function_may_change_what_it_names() -> None:
    text = "a = dict(b=1)\nc = dict(d=1)\ndef f():\n    a['b'] = 2\nx = f()\n"
    assert values(text) == {"a": UNKNOWN, "c.d": 1, "x": UNKNOWN}


def test_a_base_of_another_package_leaves_the_config_partial() -> None:
    for text in (
        "_base_ = ['mmdet::x/y.py', './b.py']\na = dict(lr=1)\nz = _base_.q\n",
        "with read_base():\n    from mmdet.configs.x import *\n    from .b import *\na = dict(lr=1)\nz = q\n",
    ):
        reading = read(text, b="k = 1\n")
        assert reading.partial
        assert [remark.category for remark in reading.remarks] == ["base-not-read"]
        assert reading.remarks[0].place.line in (1, 2)
        assert reading.settings["a.lr"].value == 1
        assert reading.settings["k"].value == 1
        assert reading.settings["z"].value is UNKNOWN


def test_a_base_of_the_same_package_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "kit" / "configs"
    folder.mkdir(parents=True)
    (folder / "b.py").write_text("x = 1\n")
    path = folder / "c.py"
    path.write_text("with read_base():\n    from kit.configs.b import *\n")
    reading = read_python_config(path.read_text(), str(path), OnDisk(tmp_path))
    assert reading.settings["x"].value == 1
    assert not reading.partial


def test_a_config_that_stands_alone_is_partial() -> None:
    reading = read_python_config("_base_ = ['x.py']\na = 1\n", "<stdin>")
    assert reading.partial
    assert {key: setting.value for key, setting in reading.settings.items()} == {"_base_": ["x.py"], "a": 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\n_base_ = [\n    'b.py',\n    'missing.py']\n", 4),
        ("_base_ = 'missing'\na = 1\n", 1),
        ("with read_base():\n    from .missing import *\na = 1\n", 2),
    ],
)
def test_a_missing_base_is_told_and_the_rest_is_read(text: str, line: int) -> None:
    reading = read(text, b="")
    assert [(remark.category, remark.place.line) for remark in reading.remarks] == [("base-missing", line)]
    assert reading.partial
    assert reading.settings["a"].value == 1


@pytest.mark.parametrize(
    ("text", "bases", "line", "words"),
    [
        ("_base_ = 'c.py'\n", {"c": "_base_ = 'c.py'"}, 1, "inherits from itself: c.py -> c.py"),
        ("_base_ = 'a.py'\n", {"a": "x = 1\n_base_ = 'b.py'", "b": "_base_ = 'a.py'"}, 1, "a.py -> b.py -> a.py"),
        ("_base_ = 'b.py'\n", {"b": "x = (\n"}, 1, "not valid Python"),
        ("_base_ = 'b.py'\n", {"b": "exec('x')\n"}, 1, "exec"),
        ("_base_ = ['b0.py']\n", {f"b{n}": f"_base_ = ['b{n + 1}.py'] * 2" for n in range(200)}, 1, "more than 100"),
    ],
)
def test_bases_that_cannot_be_read(text: str, bases: dict[str, str], line: int, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read(text, **bases)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.mend or "more than" in words


def test_bases_outside_of_the_tree_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("x = 1\n")
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "link.py").symlink_to(tmp_path / "secret.py")
    for base in ("../secret.py", str(tmp_path / "secret.py"), "link.py"):
        path = folder / "c.py"
        path.write_text(f"_base_ = {base!r}\n")
        with pytest.raises(SourceError, match="outside of the tree") as caught:
            read_python_config(path.read_text(), str(path), tree_of(path))
        assert caught.value.place is not None
        assert caught.value.place.line == 1


def remarks(text: str, base: str = "") -> list[tuple[str, str, int]]:
    return [(remark.category, remark.key, remark.place.line) for remark in read(text, b=base).remarks]


SGD = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9))\ntrain_cfg = dict(max_epochs=9)\n"


def test_an_optimizer_that_keeps_the_arguments_of_another() -> None:
    text = "_base_ = 'b.py'\noptim_wrapper = dict(\n    optimizer=dict({}type='AdamW', lr=1e-4))\n"
    found = read(text.format(""), b=SGD).remarks
    assert [(remark.category, remark.key, remark.place.line) for remark in found] == [
        ("delete-missing", "optim_wrapper.optimizer", 3)
    ]
    assert "momentum of SGD (b.py:1)" in found[0].message
    assert not remarks(text.format("_delete_=True, "), SGD)
    assert not remarks("_base_ = 'b.py'\nmodel = dict(type='Other', lr=2)\n", "model = dict(type='One', momentum=2)\n")


def test_a_key_that_overrides_nothing() -> None:
    assert remarks("_base_ = 'b.py'\ntrain_cfg = dict(max_epoch=3)\n", SGD) == [
        ("dead-override", "train_cfg.max_epoch", 2)
    ]
    assert remarks("_base_ = 'b.py'\noptim_wraper = dict(accumulate=3)\n", SGD) == [
        ("dead-override", "optim_wraper", 2)
    ]
    for quiet in (
        "max_epoch = 3\ntrain_cfg = dict(max_epochs=max_epoch)",
        "train_cfg = dict(max_epochs=3, max_epoch=4)",
        "train_cfg = dict(max_epoch=dict(a=1))",
        "train_cfg = dict(max_epochs2=1)",
    ):
        assert not remarks(f"_base_ = 'b.py'\n{quiet}\n", SGD)


def test_keys_that_stand_twice() -> None:
    assert remarks("a = dict(b=1,\n    b=2)\n") == [("duplicate-key", "b", 2)]
    assert remarks("a = {'b': 1, 'b': 2}\n") == [("duplicate-key", "b", 1)]
    assert remarks("lr = 1\nx = 2\nlr = 3\n") == [("duplicate-key", "lr", 3)]
    assert remarks("_base_ = ['b.py', 'b.py']\n", "x = 1\n") == [("duplicate-key", "x", 1)]
    for quiet in ("lr = 1\nx = lr\nlr = 3", "lr = 1\nlr = lr + 1", "a = {**{'b': 1}, 'b': 2}", "lr = 1\nlr = 1"):
        assert not remarks(quiet + "\n")


def test_names_that_nothing_defines() -> None:
    assert remarks("_base_ = 'b.py'\nlr = base_lr * 2\n", "base_lr = 1\n") == [("unresolved-reference", "base_lr", 2)]
    assert remarks("_base_ = 'b.py'\nlr = _base_.x\n", "y = 1\n") == [("unresolved-reference", "_base_.x", 2)]
    assert remarks("a = dict(b=1)\nc = a.b\n") == [("unresolved-reference", "b", 2)]


def test_a_dict_over_something_else() -> None:
    assert remarks("_base_ = 'b.py'\nx = dict(a=1)\n", "x = 3\n") == [("bad-value", "x", 2)]
