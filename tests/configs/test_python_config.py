from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.openmmlab import config_facts
from diagnose.configs.python_config import read_printed_config
from diagnose.model import UNKNOWN


def values(text: str) -> dict[str, Any]:
    return {key: setting.value for key, setting in read_printed_config(text, "c.py").settings.items()}


def test_values() -> None:
    text = """
base = 0.02
scale = (640, 640)
lr = base * 8 / 16
model = dict(type='Toy', head=dict(num_classes=count([1]), depth=-3), neck=None, opt=AdamW)
steps = [dict(type='A', size=scale), dict(type=B, scope=unknown), 'last']
by_name = {'a': 1, 'b': [1, [2, 3]], 7: True}
spread = dict(**model, extra=model['neck'])
gpu_ids = range(0, 2)
_base_ = ['x.py'] + ['y.py']
"""
    assert values(text) == {
        "base": 0.02,
        "scale": [640, 640],
        "lr": 0.01,
        "model.type": "Toy",
        "model.head.num_classes": UNKNOWN,
        "model.head.depth": -3,
        "model.neck": None,
        "model.opt": UNKNOWN,
        "steps.0.type": "A",
        "steps.0.size": [640, 640],
        "steps.1.type": "B",
        "steps.1.scope": UNKNOWN,
        "steps.2": "last",
        "by_name.a": 1,
        "by_name.b": [1, [2, 3]],
        "by_name.7": True,
        "spread.type": "Toy",
        "spread.head.num_classes": UNKNOWN,
        "spread.head.depth": -3,
        "spread.neck": None,
        "spread.opt": UNKNOWN,
        "spread.extra": None,
        "gpu_ids": [0, 1],
        "_base_": ["x.py", "y.py"],
    }


def test_lines() -> None:
    found = read_printed_config("a = dict(\n    b=1,\n    c=dict(\n        d=2))\n", "c.py", first_line=10).settings
    place = found["a.c.d"].place
    assert (place.line, place.text, place.path) == (13, "d=2))", "c.py")


def test_nothing_is_executed() -> None:
    found = values("import os\na = os.system('true')\nb = __import__('os')\nc = exec('d = 2')\nd = 1\n")
    assert found == {"a": UNKNOWN, "b": UNKNOWN, "c": UNKNOWN, "d": 1}


def test_damaged_text_keeps_the_whole_parts() -> None:
    text = "a = 1\n<<<<<<< HEAD\nb = dict(c=2)\n=======\nd = 3\ne = dict(\n    f=4,\n"
    assert values(text) == {"a": 1, "b.c": 2, "d": 3}


def test_nothing_grows_without_bound() -> None:
    bomb = "a = [1] * 10\n" + "".join(f"a = [{', '.join(['a'] * 10)}]\n" for _ in range(12))
    bomb += "b = 10 ** 10 ** 10\nc = 'x' * 10 ** 9\nd = [0] * 10 ** 9\ne = range(10 ** 12)\nf = 1 << 10 ** 9\n"
    bomb += (
        "g = [1]\n" + "g = [g]\n" * 2000 + "h = " + "-" * 5000 + "1\ni = " + "(" * 500 + "1" + ")" * 500 + "\nz = 1\n"
    )
    found = values(bomb)
    assert found["z"] == 1
    assert all(found.get(name, UNKNOWN) is UNKNOWN for name in "abcdefghi")


def test_facts() -> None:
    text = """
train_cfg = dict(by_epoch=True, max_epochs=30, val_interval=2)
optim_wrapper = dict(type='OptimWrapper', accumulative_counts=4, optimizer=dict(type='AdamW', lr=1e-4))
param_scheduler = [dict(type='LinearLR', by_epoch=False, begin=0, end=500), dict(type='CosineAnnealingLR', end=30)]
model = dict(type='Toy', backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='x')),
             roi_head=dict(bbox_head=[dict(num_classes=80), dict(num_classes=80)]), rpn_head=dict(num_classes=1))
train_dataloader = dict(batch_size=2, dataset=dict(type='RepeatDataset', dataset=dict(type='VOCDataset')))
custom_hooks = [dict(type='EarlyStoppingHook', monitor='acc', patience=7)]
"""
    facts = {fact.name: fact.value for fact in config_facts(read_printed_config(text, "c.py").settings)}
    assert facts == {
        "planned_epochs": 30, "batch_size_per_device": 2, "optimizer": "AdamW", "lr": 1e-4, "accumulate": 4,
        "model": "Toy", "val_interval": 2, "amp": False, "warmup_steps": 500, "pretrained": True,
        "num_classes_model": 80, "num_classes": 20, "monitor": "acc", "patience": 7,
    }  # fmt: skip


@settings(max_examples=100)
@given(st.text(max_size=80), st.text(alphabet="abd=()[]{},.'1 \n*-+:#", max_size=120))
def test_any_text(noise: str, code: str) -> None:
    read_printed_config(noise, "c.py")
    list(config_facts(read_printed_config("model = dict(" + code, "c.py").settings))
    list(config_facts(read_printed_config(code + "\na = 1\n" + noise, "c.py").settings))


def test_huge_numbers_are_no_facts() -> None:
    settings_found = read_printed_config(f"train_cfg = dict(max_epochs={'9' * 400})\n", "c.py").settings
    assert not list(config_facts(settings_found))
