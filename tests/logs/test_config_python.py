from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.errors import SourceError
from diagnose.logs import config_python, detect, read
from diagnose.reader import Head
from diagnose.sources import from_bytes, open_source


def sniffed(text: str) -> int:
    return config_python.sniff(Head("x", text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "_base_ = 'b.py'\n",
        "_base_ = './b.py'\n\n# longer\n_base_.param_scheduler[1].milestones = [3, 5]\ntrain_cfg = dict(n=6)\n",
        '"""A toy."""\nimport os\nn = 3\nmodel = dict(\n    type="Toy",\n)\nfor i in range(2):\n    n += i\n',
        "model = {\n    'type': 'Toy',\n}\n",
        "with read_base():\n    from .b import *\nmodel.update(depth=3)\n",
        "def f(x):\n    return x\n\noptimizer = dict(type='SGD', lr=f(1))\ndata = dict(train=dict(type='A'))\n",
    ],
)
def test_configs_are_recognised(text: str) -> None:
    assert sniffed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import torch\n\nmodel = torch.nn.Linear(3, 4)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n",
        "def build(cfg):\n    model = dict(type='A')\n    return model\n",
        "class Trainer:\n    pass\n\ndef main():\n    pass\n\nmodel = dict(type='A')\n",
        "2024-05-06 07:08:09,123 - mmdet - INFO - Config:\nmodel = dict(\n    type='Toy')\ndata = dict(type='A')\n",
        "05/06 07:08:09 - mmengine - INFO - Config:\n_base_ = ['x.py']\nmodel = dict(type='Toy')\n",
        "model = dict(type='Toy')\noptimizer = dict(type='SGD')\nEpoch [1][50/100] lr: 0.1, loss: 3\n",
        "x = dict(a=1)\ny = [1, 2]\n",
    ],
)
def test_programs_and_logs_are_not(text: str) -> None:
    assert not sniffed(text)


def test_a_config_is_read_with_its_bases(tmp_path: Path) -> None:
    (tmp_path / "configs" / "_base_").mkdir(parents=True)
    (tmp_path / "configs" / "_base_" / "b.py").write_text("optimizer = dict(type='SGD', lr=0.1, momentum=0.9)\n")
    path = tmp_path / "configs" / "c.py"
    path.write_text("_base_ = '_base_/b.py'\noptimizer = dict(type='Adam', lr=1e-3)\n")
    run = read(open_source(path))
    assert run is not None
    assert run.format == "config-python"
    config = run.segments[0].config
    assert config.settings["optimizer.lr"].value == 1e-3
    assert config.settings["optimizer.momentum"].place.path.endswith("b.py")
    assert [event.kind for event in run.segments[0].events] == ["config_remark"]
    assert run.paths[1:] == [str(tmp_path / "configs" / "_base_" / "b.py")]


def test_a_config_on_standard_input_is_read_alone() -> None:
    run = read(from_bytes("<stdin>", b"_base_ = ['b.py']\nmodel = dict(type='Toy')\n"))
    assert run is not None
    assert run.segments[0].config.partial


def test_a_config_that_runs_code_is_an_error() -> None:
    with pytest.raises(SourceError, match="eval"):
        read(from_bytes("c.py", b"_base_ = 'b.py'\nlr = eval('1')\n"))


PLAIN = """\
# a small one
import time

out_dir = "out"
learning_rate = 6e-4
max_iters = 600 * 10
lr_decay_iters = max_iters
batch_size: int = 12
wandb_run_name = "small-" + str(time.time())
compile = False if batch_size > 8 else True
"""


def test_plain_assignments_are_a_config_for_who_says_so() -> None:
    assert detect(from_bytes("c.py", PLAIN.encode())) is None
    run = read(from_bytes("c.py", PLAIN.encode()), "config-python")
    assert run is not None
    found = {key: setting.value for key, setting in run.segments[0].config.settings.items()}
    assert found.items() >= {"learning_rate": 6e-4, "max_iters": 6000, "lr_decay_iters": 6000, "batch_size": 12}.items()


CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_no_log_is_taken_for_a_config() -> None:
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path.suffix != ".py":
            with path.open("rb") as file:
                assert not config_python.sniff(Head(str(path), file.read(1 << 17))), path


@settings(max_examples=100)
@given(st.binary(max_size=200), st.sampled_from(config_python.SAMPLES), st.integers(0, 200))
def test_any_bytes(noise: bytes, sample: str, cut: int) -> None:
    for data in (noise, sample.encode()[:cut] + noise, sample.encode() + noise):
        config_python.sniff(Head("x", data))
        try:
            read(from_bytes("x", data), "config-python")
        except SourceError as error:
            assert error.message


def test_detection_ignores_the_name() -> None:
    assert detect(from_bytes("run.log", b"_base_ = 'b.py'\n")) is config_python
