"""The hooks in a real Runner of mmengine, and what diagnose reads of its log afterwards.

Needs mmengine with torch, OpenCV and matplotlib (see ``.ci/run``), here or in the interpreter that MMENGINE_PYTHON
names.
"""

import math
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from diagnose.logs import read
from diagnose.model import Run
from diagnose.sources import open_source

PYTHON = os.environ.get("MMENGINE_PYTHON", sys.executable)
TASK = Path(__file__).with_name("mmengine_task.py")
ROOT = Path(__file__).parents[2]

CONFIG = """
default_scope = "mmengine"
custom_imports = dict(imports=["diagnose.live.mmengine"], allow_failed_imports=False)
model = dict(type="TwoLosses")
loader = dict(batch_size=8, num_workers=0, collate_fn=dict(type="default_collate"), dataset=dict(type="Points"))
train_dataloader = dict(sampler=dict(type="DefaultSampler", shuffle=True), **loader)
val_dataloader = dict(sampler=dict(type="DefaultSampler", shuffle=False), **loader)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="SGD", lr=0.05), {wrapper})
train_cfg = dict(by_epoch=True, max_epochs=6, val_interval=1)
val_cfg = dict()
val_evaluator = dict(type="Falling", scores={scores})
randomness = dict(seed=3)
default_hooks = dict(logger=dict(type="LoggerHook", interval=4), checkpoint=dict(type="CheckpointHook", interval=1))
custom_hooks = [{hooks}]
"""
GRADIENTS = 'dict(type="DiagnoseGradientHook", interval=4, losses={losses}, losses_interval=4, {more})'
COMPARED = GRADIENTS.format(losses='dict(cls="loss_cls", macl=["loss_ag*"])', more="")
WEIGHT = 'dict(type="DiagnoseWeightHook", attribute="{attribute}", shape="linear", start=0.0, end=0.4, until=3)'
STOP = 'dict(type="DiagnoseEarlyStopHook", monitor="{monitor}", better="higher", threshold=0.58, patience=2)'
FALLING = [0.61, 0.59, 0.55, 0.53, 0.5, 0.4]


@cache
def missing() -> str:
    code = "import mmengine.runner, matplotlib"
    done = subprocess.run([PYTHON, "-W", "ignore", "-c", code], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


@pytest.fixture(autouse=True)
def _with_mmengine() -> None:
    if missing():
        pytest.skip(f"no Runner of mmengine: {missing()}")


def train(
    folder: Path, *runs: list[str], scores=FALLING, wrapper: str = "", resume: Path | str | None = None
) -> subprocess.CompletedProcess:
    """Train once for each list of hooks, in one process."""
    configs = [folder / f"toy{number}.py" for number, _ in enumerate(runs)]
    for config, hooks in zip(configs, runs, strict=True):
        config.write_text(CONFIG.format(hooks=", ".join(hooks), scores=list(scores), wrapper=wrapper))
    paths = [",".join(map(str, configs)), str(folder / "out"), *([str(resume)] if resume else [])]
    command = [PYTHON, "-W", "ignore", str(TASK), *paths]
    # mmengine 0.10.7 writes checkpoints that torch 2.6 and later refuse to load without the second variable.
    more = {"OMP_NUM_THREADS": "1", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True, timeout=300)


def log_of(folder: Path, pattern: str) -> Run:
    run = read(open_source(str(max((folder / "out").glob(pattern)))))
    assert run is not None
    return run


def test_all_hooks_in_one_run(tmp_path: Path) -> None:
    done = train(tmp_path, [COMPARED, WEIGHT.format(attribute="weight"), STOP.format(monitor="toy/score")])
    assert done.returncode == 0, done.stderr
    assert "weight 0.4 epoch 4" in done.stdout
    assert "restored True True" in done.stdout

    text, scalars = log_of(tmp_path, "*/*.log"), log_of(tmp_path, "*/vis_data/scalars.json")
    for run in (text, scalars):
        (segment,) = run.segments
        series = segment.series
        assert series["val/toy/score"].value.tolist() == FALLING[:4]
        assert series["train/weight/weight"].value.tolist() == pytest.approx(
            [0.05, 7 / 60, 11 / 60, 0.25, 19 / 60, 23 / 60, 0.4, 0.4], abs=1e-4
        )
        # The second loss is the first one times a negative weight, which is 0 at the first iteration only.
        assert series["train/gradient_cosine/cls-vs-macl"].value.tolist() == pytest.approx([-1] * 8, abs=1e-4)
        backbone, head = (series[f"train/gradient_norm/{part}"].value for part in ("backbone", "head"))
        assert len(backbone) == 8
        assert (backbone > 0).all()
        share = series["train/gradient_share/backbone"].value
        assert share.tolist() == pytest.approx((backbone**2 / (backbone**2 + head**2)).tolist(), abs=2e-3)
        assert series["grad_norm"].value[0] == pytest.approx(math.hypot(backbone[0], head[0]), abs=2e-4)
        assert "train/gradient_norm/unused" not in series
        assert series["train/gradient_without/unused"].value.tolist() == [2.0] * 8
    (stop,) = [event for event in text.segments[0].events if event.kind == "early_stop"]
    assert stop.fields["epoch"] == 4
    assert "0.53 is less than 0.58 in 2 evaluations in a row" in done.stdout


def test_measured_before_clipping_and_over_accumulated_batches(tmp_path: Path) -> None:
    plain = GRADIENTS.format(losses=None, more='by="optimizer"')
    done = train(
        tmp_path,
        [plain, STOP.format(monitor="toy/map")],
        wrapper="clip_grad=dict(max_norm=1e-3), accumulative_counts=2",
        scores=[0.5] * 6,
    )
    assert done.returncode == 0, done.stderr
    series = log_of(tmp_path, "*/vis_data/scalars.json").segments[0].series
    assert (series["train/gradient_norm/group0"].value > 0.01).all()
    assert (series["grad_norm"].value > 0.01).all()  # mmengine's own, also before clipping
    assert not any("cosine" in name for name in series)
    # There was no metric to stop by: said once, and read as mmengine's own hook says it.
    (told,) = [event for event in log_of(tmp_path, "*/*.log").segments[0].events if event.kind == "metric_missing"]
    assert told.fields["metric"] == "toy/map"
    assert told.fields["available"] == ["toy/score"]


def test_resumed_counts(tmp_path: Path) -> None:
    stop = STOP.format(monitor="toy/score")
    assert train(tmp_path, [stop], scores=[0.5, 0.6, 0.5, 0.6, 0.6, 0.6]).returncode == 0
    # The checkpoint of the fourth epoch knows the validations of three: the next low one is the second in a row.
    again = train(tmp_path, [stop], scores=[0.5, 0.6], resume=tmp_path / "out" / "epoch_4.pth")
    assert again.returncode == 0, again.stderr
    assert "epoch 5" in again.stdout


def test_a_wrong_name_ends_the_run_at_once(tmp_path: Path) -> None:
    hooks = {
        WEIGHT.format(attribute="wieght"): "there is no wieght (did you mean weight?)",
        WEIGHT.format(attribute="backbone"): "backbone is no number but Sequential",
        GRADIENTS.format(losses='dict(macl="loss_macl")', more=""): "the model has loss_cls, loss_against",
        GRADIENTS.format(losses="True", more='shared=["neck"]'): "no parameter under neck",
    }
    done = train(tmp_path, *([hook] for hook in hooks))
    refused = [line for line in done.stdout.splitlines() if line.startswith("refused: ")]
    assert len(refused) == 4, done.stderr
    assert all(said in line for said, line in zip(hooks.values(), refused, strict=True))
    assert not (tmp_path / "out" / "epoch_1.pth").exists()


def test_validations_outside_of_a_training_stop_nothing(tmp_path: Path) -> None:
    """Evaluating before the first step is what a rule advises: a low score there is none of the training's."""
    stop = STOP.format(monitor="toy/score").replace("patience=2", "patience=1")
    done = train(tmp_path, [stop], scores=[0.1, *[0.9] * 6, 0.1], resume="-")
    assert done.returncode == 0, done.stderr
    assert "epoch 6" in done.stdout
