"""The configs that mmdet ships, read here and resolved by mmengine: the values must be the same.

Needs mmdet and mmengine (see ``.ci/run``); without them it is skipped. ``ORACLE_SHARE=1`` compares all configs instead
of every third.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from diagnose.configs.files import OnDisk
from diagnose.configs.python_config import read_python_config
from diagnose.configs.reading import Reading
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN

SHARE = int(os.environ.get("ORACLE_SHARE", "3"))


def configs() -> Path | None:
    spec = find_spec("mmdet")
    folders = [Path(folder, ".mim", "configs") for folder in spec.submodule_search_locations or ()] if spec else []
    return next((folder for folder in folders if folder.is_dir()), None)


FOLDER = configs()
ORACLE = find_spec("mmengine") is not None
with_mmdet = pytest.mark.skipif(FOLDER is None, reason="mmdet is not installed")
with_both = pytest.mark.skipif(FOLDER is None or not ORACLE, reason="mmdet and mmengine are not installed")
with_mmengine = pytest.mark.skipif(not ORACLE, reason="mmengine is not installed")


@dataclass
class Tally:
    equal: int = 0
    unknown: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def resolved(folder: Path, names: list[str]) -> dict[str, Any]:
    script = Path(__file__).with_name("oracle.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], input="\n".join(names), capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))


def leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(f"{key}.{name}" if key else name, inner)
    elif isinstance(value, list) and holds_dict(value):
        for index, inner in enumerate(value):
            yield from leaves(f"{key}.{index}", inner)
    elif key:
        yield key, value


def holds_dict(value: list[Any]) -> bool:
    return any(isinstance(inner, dict) or (isinstance(inner, list) and holds_dict(inner)) for inner in value)


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str) and ours != theirs:
        return theirs.endswith(f".{ours}")  # an imported class: `torch.optim.Adam` there, `Adam` here
    return bool(ours == theirs) and isinstance(ours, bool) is isinstance(theirs, bool)


def compare(name: str, reading: Reading, theirs: Any, tally: Tally) -> None:
    settings = {key: setting.value for key, setting in reading.settings.items()}
    expected = dict(leaves("", theirs))
    for key, value in expected.items():
        above = key
        while above not in settings and "." in above:
            above = above.rpartition(".")[0]
        if settings.get(above) is UNKNOWN:
            tally.unknown.append(f"{name}: {key}")
        elif key in settings and same(settings[key], value):
            tally.equal += 1
        elif value != "<function>":
            tally.wrong.append(f"{name}: {key} is {settings.get(key)!r} here and {value!r} there")
    for key in settings.keys() - expected.keys():
        if settings[key] is not UNKNOWN:
            tally.wrong.append(f"{name}: {key} is {settings[key]!r} here and is not there")


def readings(share: int) -> tuple[dict[str, Reading], dict[str, SourceError]]:
    assert FOLDER is not None
    read, refused = {}, {}
    for path in sorted(FOLDER.rglob("*.py"))[::share]:
        name = path.relative_to(FOLDER).as_posix()
        try:
            read[name] = read_python_config(path.read_text(encoding="utf-8"), str(path), OnDisk(FOLDER))
        except SourceError as error:
            refused[name] = error
    return read, refused


@with_mmdet
def test_every_config_of_mmdet_is_read() -> None:
    read, refused = readings(1)
    assert len(read) > 800
    assert not refused
    missing = [name for name, reading in read.items() if _remarks(reading, "base-missing")]
    assert len(missing) <= 4  # they name a base that the wheel does not hold; mmengine cannot load them
    foreign = [name for name, reading in read.items() if _remarks(reading, "base-not-read")]
    assert len(foreign) <= 5  # those with bases of mmpretrain
    assert {name for name, reading in read.items() if reading.partial} == {*missing, *foreign}
    assert {remark.category for reading in read.values() for remark in reading.remarks} <= {
        "base-missing",
        "base-not-read",
        "duplicate-key",
    }


def _remarks(reading: Reading, category: str) -> bool:
    return any(remark.category == category for remark in reading.remarks)


@with_both
def test_the_values_of_mmdet_are_those_that_mmengine_resolves() -> None:
    assert FOLDER is not None
    read, refused = readings(SHARE)
    names = [*read]
    theirs = resolved(FOLDER, [*names, *refused])
    tally = Tally()
    for name in names:
        if isinstance(theirs[name], str):
            assert read[name].partial, f"{name}: {theirs[name]}"
        else:
            compare(name, read[name], theirs[name], tally)
    assert all(isinstance(theirs[name], str) for name in refused)
    total = tally.equal + len(tally.unknown) + len(tally.wrong)
    print(f"{len(names)} configs: {tally.equal} equal, {len(tally.unknown)} unknown, {len(tally.wrong)} wrong")
    assert total > 50_000 // SHARE * 3
    assert not tally.wrong[:20]
    assert tally.equal >= 0.99 * total


OWN = {
    "base/model.py": (
        "width = 3\n"
        "model = dict(type='Toy', neck=dict(type='A', x=1, y=2), head=dict(n=4, loss=[dict(w=1), dict(w=2)]))"
        "\n"
        "steps = [dict(type='Load'), dict(type='Flip', prob=0.5)]\n"
        "optimizer = dict(type='SGD', lr=0.1, momentum=0.9)\n"
    ),
    "base/data.py": "root = 'd/'\nloader = dict(batch=2, data=dict(root=root, steps=[1, 2]))\n"
        "args = None\n",
    "old.py": (
        "_base_ = ['./base/model.py', 'base/data.py']\n"
        "model = dict(neck=dict(_delete_=True, type='B'), head=dict(n=5))\n"
        "optimizer = dict(lr=0.1 / 4 * 2 ** 2, extra=dict(_delete_=True, a=1))\nloader = dict(data=dict(steps=[3]))\n"
        "again = {{_base_.model}}\nargs = [dict(a={{_base_.args}}, b={{ _base_.loader.batch }})]\n"
        "name = '{{ fileBasenameNoExtension }}-{{fileExtname}}'\nlr = _base_.optimizer.lr * 2\n"
    ),
    "edits.py": (
        "_base_ = './old.py'\n_base_.steps[1].prob = 0.25\n_base_.model.head.loss[0].w = 7\nnew = _base_.model\n"
        "new.pop('neck')\nnew.head.update(dict(k=dict(z=1)))\nnew.head.update(k=dict(y=2))\ndel _base_.loader\n"
        "steps = _base_.steps[::-1] + [dict(type='Pack')] * 2\nplain = dict(a=dict(b=1))\nplain.update(a=dict(c=2))\n"
        "plain['d'] = {**plain['a'], 'e': 1}\nshared = [plain['a']] * 2\nplain['a']['f'] = 3\n"
        "total = sum(i for i in range(4))\nwidths = [f'{i:02d}' for i in range(3) if i != 1]\nx, y = 1, (2, 3)\n"
        "keys = {f'stage.{i}': dict(lr=i / 2) for i in range(2)}\nkeys.update({'last': dict(lr=9)})\nx += 4\n"
        "for at in range(3):\n    if at == 2:\n        break\n    keys[f'n{at}'] = at\n"
        "if x > 3 and not y[0] > 2:\n    chosen = 'yes' if x else 'no'\nelse:\n    chosen = 'none'\n"
        "import os.path as osp\npath = osp.join('a', 'b')\njoined = '-'.join(['{}'.format(x), 'b'])\n"
        "import copy\ntwin = copy.deepcopy(plain)\ntwin['a'] = 0\nlimit = min(len(y), 7, max([1, 4]))\n"
    ),
    "lazy_base.py": (
        "from torch.optim import SGD\nfrom mmengine.runner import EpochBasedTrainLoop as Loop\n"
        "import torch.nn as nn\n"
        "optimizer = dict(type=SGD, lr=0.1, more=dict(a=1))\ntrain = dict(type=Loop, norm=nn.BatchNorm2d)\nkept = 1\n"
    ),
    "lazy.py": (
        "from mmengine.config import read_base\nwith read_base():\n    from .lazy_base import *\n"
        "from torch.optim import Adam\noptimizer.update(dict(type=Adam, more=dict(b=2)))\ntrain.update(by=SGD)\n"
        "train.size = 4\nkept = [kept, train.size]\nother = dict(optimizer)\n"
        "optimizer.merge(dict(more=dict(_delete_=True, c=3)))\n"
    ),
    "lazy_names.py": (
        "from mmengine.config import read_base\nwith read_base():\n    from .lazy_base import optimizer as o, kept\n"
        "o.lr = kept * 2\n"
    ),
}  # fmt: skip


@with_mmengine
@pytest.mark.parametrize("name", ["old.py", "edits.py", "lazy.py", "lazy_names.py"])
def test_statements_do_what_mmengine_makes_of_them(tmp_path: Path, name: str) -> None:
    for each, text in OWN.items():
        path = tmp_path / each
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    theirs = resolved(tmp_path, [name])[name]
    assert not isinstance(theirs, str), theirs
    reading = read_python_config(OWN[name], str(tmp_path / name), OnDisk(tmp_path))
    tally = Tally()
    compare(name, reading, theirs, tally)
    assert not tally.wrong
    assert not tally.unknown
    assert tally.equal >= 4
    assert not reading.partial
    assert not reading.remarks
