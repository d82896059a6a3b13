from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.python_config import read_printed_config, read_python_config
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nexec('b = 1')\n", 2),
        ("a = eval('1')\n", 1),
        ("run = eval\na = run('1')\n", 1),
        ("a = __import__('os').system('x')\n", 1),
        ("a = dict(\n    b=open('/etc/passwd').read())\n", 2),
        ("import os\n\nos.system('x')\n", 3),
        ("import os as o\na = [o.popen('x').read()]\n", 2),
        ("from os import system as s\ns('x')\n", 2),
        ("import subprocess\na = subprocess.check_output(['x'])\n", 2),
        ("from subprocess import run\nrun(['x'])\n", 2),
        ("import importlib\nm = importlib.import_module('x')\n", 2),
        ("from pathlib import Path\na = Path('/etc/passwd').read_text()\n", 2),
        ("a = (lambda: open('x'))()\n", 1),
        ("import os\ndef f():\n    os.system('x')\na = f()\n", 3),
        ("import os\nclass A:\n    b = os.system('x')\n", 3),
        ("import os\nif unknown():\n    os.remove('x')\n", 3),
        ("a = ().__class__.__bases__[0].__subclasses__()\n", 1),
        ("a = getattr(__builtins__, 'ex' + 'ec')\n", 1),
        ("a = [open(x) for x in 'ab']\n", 1),
    ],
)
def test_code_is_refused(text: str, line: int) -> None:
    with pytest.raises(SourceError, match="what no config should") as caught:
        read_python_config(text, "c.py")
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.mend


@pytest.mark.parametrize(
    "text",
    [
        "import os.path as osp\na = osp.join('x', 'y')\n",
        "import os\na = os.environ['X']\nb = os.getenv('Y', 1)\n",
        "from mmengine.config import read_base\nfrom torch.optim import AdamW\na = dict(type=AdamW)\n",
        "a = dict(eval=1, open=2, exec=dict(compile=True))\na['eval'] = 3\ninput = 4\nb = input + 1\n",
        "import os\ndef helper():\n    os.system('x')\na = 1\n",
        "import os\ndef main():\n    os.system('x')\nif __name__ == '__main__':\n    main()\na = 1\n",
        "custom_imports = dict(imports=['a.b'], allow_failed_imports=False)\n",
        "compile_cfg = dict(backend='inductor')\n'open(1)'\n# exec('x')\n",
    ],
)
def test_harmless_code_is_read(text: str) -> None:
    assert read_python_config(text, "c.py").settings


HOSTILE = {
    "brackets": "a = " + "[" * 5000 + "]" * 5000,
    "nested": "a = " + "dict(a=" * 150 + "1" + ")" * 150,
    "minus": "a = " + "-" * 50_000 + "1",
    "plus": "a = " + "+".join(["1"] * 20_000),
    "calls": "a = b" + "()" * 20_000,
    "power": "a = 10 ** 10 ** 10",
    "product": "a = (10 ** 18) ** 64\nb = a * a",
    "text": "a = 'x' * 10 ** 9",
    "doubled": "a = 'xxxxxxxxxx'\n" + "a = a + a\n" * 40,
    "list": "a = [0] * 10 ** 9",
    "range": "a = range(10 ** 12)",
    "reuse": "a = [1] * 10\n" + "a = [a, a, a, a, a, a, a, a, a, a]\n" * 12,
    "reuse of dicts": "a = dict(x=1)\n" + "a = dict(a=a, b=a, c=a, d=a)\n" * 40,
    "copies": "import copy\na = [1]\n" + "a = [copy.deepcopy(a), copy.deepcopy(a)]\n" * 40,
    "itself": "a = {}\na['x'] = a",
    "itself in a list": "a = [1]\na.append(a)",
    "wide": "a = [" + "1," * 200_000 + "]",
    "many": "".join(f"a{n} = {n}\n" for n in range(30_000)),
    "comprehension": "a = [i for i in range(9000) for j in range(9000)]",
    "loop": "a = 0\nfor i in range(9000):\n  for j in range(9000):\n    a += 1\n",
    "huge": "a = 1\n" * 400_000,
    "null": "a = 1\0",
    "surrogate": "a = '\ud800'",
    "digits": "a = " + "9" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused_quickly(name: str) -> None:
    with pytest.raises(SourceError):
        read_python_config(HOSTILE[name], "c.py")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_in_a_log_are_left_out(name: str) -> None:
    read_printed_config(HOSTILE[name], "run.log")


@pytest.mark.parametrize(
    "text", ["a = 1 << 10 ** 9", "a = 2.0 ** 1e9", "w = 10 ** 9\na = f'{1:{w}}'", "a = '%999d' % 1"]
)
def test_what_is_not_worked_out_is_unknown(text: str) -> None:
    assert read_python_config(text, "c.py").settings["a"].value is UNKNOWN


class Same:
    """The same text, whatever is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, path: str) -> str:
        return self.text


CODE = st.text(alphabet="abd=()[]{},.'1 \n*-+:#_%", max_size=120)
TOKENS = """
a b _base_ _delete_ dict ( ) [ ] { } , = == . : 'b.py' 1 0.5 True None * ** + - if else for in import from with
read_base
( ) : del def return lambda update pop append f'{a}' break continue while try : yield await global a :=
@ {{ }} $X:1 class
pass is not and or range ( 3 )
""".split()  # noqa: SIM905 - a list of eighty quoted words reads worse
WORDS = st.lists(st.sampled_from([*TOKENS, "\n", "\n", "\n   "]), max_size=40).map(" ".join)
LINES = """
a = dict(b=1, c=[dict(d=2)])
a['b'] = a
a.update(b=dict(x=1))
a.b.c = 3
del a['b']
b = a
b = [a] * 3
c = b + [a]
for i in range(3): b[i] = i
if x: a = 1
b = [*b, 1]
a = {**a, 'z': a}
_base_.a.b = 2
a = _base_.a
_base_ = ['b.py']
break
continue
return 1
del b
a, b = b, a
c = {{_base_.a}}
a += 1
b[0:2] = 1
c = a.pop('b')
d = f'{a}{b}'
with read_base(): from .b import *
import torch as b
def f(): a['x'] = 1
f(a)
class a: pass
c = dict(a, b=1)
c = dict([('a', b), ('b', 1)])
a = sorted(b)
d = [x for x in b if x]
e = a.items()
for k, v in a.items(): b = v
a = a if a else b
b: int = 3
x = yield
b.c()
c = (y := a)
a = b[-1]
a = b['c'][0]
b.extend(a)
a.setdefault('q', b)
""".strip().splitlines()
STATEMENTS = st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=80), CODE, WORDS, STATEMENTS), st.one_of(CODE, STATEMENTS))
def test_any_text(text: str, base: str) -> None:
    files: Any = Same(base)
    for source in (text, f"_base_ = 'b.py'\n{text}", f"model = dict({text}"):
        try:
            read_python_config(source, "c.py", files)
        except SourceError as error:
            assert error.message
        read_printed_config(source, "c.py")
