from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import detect, mmcv, read
from diagnose.model import Run
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "mmdet"

STAMP = "2022-06-11 08:14:05,311 - mmdet - INFO - "
START = f"""{STAMP}Environment info:
------------------------------------------------------------
sys.platform: linux
Python: 3.8.1 (default, Jan 1 2021, 00:00:00) [GCC 7.5.0]
CUDA available: True
GPU 0: Some Card
MMCV: 1.9.9
MMDetection: 2.99.0+abc
------------------------------------------------------------

{STAMP}Distributed training: False
{STAMP}Config:
/somewhere/configs/toy.py
# model settings
model = dict(
    type='ToyDetector',
    bbox_head=dict(type='ToyHead', num_classes=7))

data = dict(samples_per_gpu=2, train=dict(type='CocoDataset', classes=('cat', 'dog', 'cow')))
optimizer = dict(type='SGD', lr=0.02, momentum=0.9)
lr_config = dict(policy='step', warmup='linear', warmup_iters=500)
total_epochs = 12

{STAMP}Set random seed to 3, deterministic: False
{STAMP}workflow: [('train', 1)], max: 12 epochs
"""


def parse(text: str) -> Run:
    build = RunBuilder("run.log", "mmcv")
    mmcv.read(from_bytes("run.log", text.encode()), build)
    return build.finish()


def train(epoch: int, at: int, rest: str) -> str:
    return f"{STAMP}Epoch [{epoch}][{at}/900]\tlr: 1.000e-02, eta: 1 day, 2:41:14, {rest}\n"


@pytest.mark.parametrize("sample", mmcv.SAMPLES)
def test_samples(sample: str) -> None:
    source = from_bytes("x", sample.encode())
    found = detect(source)
    assert found is not None
    assert found.NAME == "mmcv"
    run = read(source)
    assert run is not None
    assert "train/loss" in run.segments[0].series
    assert "lr" in run.segments[0].series


def test_series() -> None:
    run = parse(
        train(1, 50, "time: 0.400, data_time: 0.100, memory: 900, loss_cls: 1.5000, loss: 2.0000")
        + train(2, 100, "time: 0.500, data_time: 0.200, memory: 901, loss_cls: nan, loss: nan")
        + f"{STAMP}Epoch(val) [2][900]\tbbox_mAP: 0.1230, bbox_mAP_s: -1.0000, "
        "bbox_mAP_copypaste: 0.123 0.358 0.124, AP .5: 0.5000\n"
    )
    series = run.segments[0].series
    assert series["train/loss"].step.tolist() == [50, 1000]
    assert str(series["train/loss"].value.tolist()) == "[2.0, nan]"
    assert series["time/data"].line.tolist() == series["time/iter"].line.tolist() == [1, 2]
    assert series["val/map"].epoch.tolist() == [2]
    assert series["val/ap_.5"].value.tolist() == [0.5]
    assert not [name for name in series if "copypaste" in name or name.endswith("_s")]


def test_iterations_and_several_learning_rates() -> None:
    run = parse(
        f"{STAMP}Iter [50/4000]\tlr_generator: 1.000e-04 lr_critic: 2.000e-04, eta: 0:41:14, time: 0.3, loss: 1.0\n"
        f"{STAMP}Iter(val) [500]\tmIoU: 0.4000\n"
    )
    series = run.segments[0].series
    assert series["train/lr_critic"].value.tolist() == [2e-4]
    assert series["train/lr_generator"].value.tolist() == [1e-4]
    assert series["val/miou"].step.tolist() == [50]
    assert run.segments[0].facts["planned_steps"].value == 4000


def test_a_dict_of_another_program_is_no_config() -> None:
    head = "2024-05-06 07:08:09,123 - INFO - Config: {'lr': 0.1}, Epoch 1/3, Train Loss: 1.5\n"
    found = detect(from_bytes("x", (head + head.replace("Epoch 1", "Epoch 2")).encode()))
    assert found is None or found.NAME != "mmcv"


def test_before_mmcv_1() -> None:
    run = parse(
        "2019-05-10 10:38:28,123 - INFO - Epoch [1][50/733]\tlr: 0.00799, eta: 10:00:00, time: 0.5, loss: 1.2\n"
    )
    assert run.segments[0].series["lr"].value.tolist() == [0.00799]


def test_environment_and_config() -> None:
    run = parse(START)
    facts = {name: fact.value for name, fact in run.segments[0].facts.items()}
    assert facts["planned_epochs"] == 12
    assert (facts["batch_size"], facts["devices"]) == (2, 1)
    assert (facts["num_classes_model"], facts["num_classes"]) == (7, 3)
    assert facts["warmup_steps"] == 500
    assert facts["seed"] == 3
    assert facts["framework"] == "MMDetection 2.99.0+abc, MMCV 1.9.9"
    setting = run.segments[0].config.settings["data.train.classes"]
    assert setting.value == ["cat", "dog", "cow"]
    assert "samples_per_gpu=2" in START.split("\n")[setting.place.line - 1]


def test_events() -> None:
    run = parse(
        f"{STAMP}load checkpoint from local path: /w/a.pth\n{STAMP}resumed epoch 4, iter 3600\n"
        + STAMP.replace("INFO", "WARNING")
        + "The model and loaded state dict do not match exactly\n\nunexpected key in source state_dict: fc.weight\n\n"
        + train(5, 50, "loss: 1.0")
        + f"{STAMP}Saving checkpoint at 5 epochs\n{STAMP}Now best checkpoint is saved as best_bbox_mAP_epoch_5.pth.\n"
        f"{STAMP}Best bbox_mAP is 0.3100 at 5 epoch.\n{STAMP}Epoch(val) [5][100]\t\n"
    )
    events = {event.kind: event.fields for event in run.segments[0].events}
    assert events["resumed"] == {"epoch": 4.0, "step": 3600.0, "path": "/w/a.pth"}
    assert events["state_dict_mismatch"]["unexpected"] == 1
    best = {"epoch": 5.0, "metric": "bbox_mAP", "value": 0.31, "path": "best_bbox_mAP_epoch_5.pth"}
    assert [event.fields for event in run.segments[0].events if event.kind == "checkpoint"] == [{"epoch": 5.0}, best]
    assert "validation_empty" in events


TEXT = START + train(1, 20, "time: 0.4, data_time: 0.1, loss: 2.0") + "".join(mmcv.SAMPLES)


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(0, len(TEXT)), st.integers(0, 60))
def test_any_bytes(noise: bytes, at: int, cut: int) -> None:
    data = TEXT.encode()
    mutated = b"x" + data[:at] + noise + data[at + cut :]
    build = RunBuilder("x", "mmcv")
    source = from_bytes("x", mutated)
    detect(source)
    mmcv.read(source, build)
    build.finish()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize(
    ("name", "epochs", "train_points", "val_name", "val_points"),
    [
        ("winycg_faster_rcnn_r50_fpn_1x_coco/20210812_190636.log", 1, 1, "", 0),
        ("zhaoyang97_coco_mask_r50/20210113_153932.log", 12, 3516, "val/segm_map", 12),
        ("zhaoyang97_faster_rcnn_r50_fpn_2x_voc/20201029_115016.log", 24, 2976, "val/map", 24),
        ("zhaoyang97_retinanet_r50_fpn_1x_swx/20210222_195422.log", 1, 310, "", 0),
    ],
)
def test_corpus(name: str, epochs: int, train_points: int, val_name: str, val_points: int) -> None:
    run = read(open_source(CORPUS / name))
    assert run is not None
    assert run.format == "mmcv"
    (segment,) = run.segments
    assert segment.epochs == epochs
    assert segment.facts["planned_epochs"].value >= 12
    assert len(segment.series["train/loss"]) == train_points
    assert len(segment.series["time/data"]) == len(segment.series["time/iter"]) == train_points
    if val_name:
        assert len(segment.series[val_name]) == val_points


def test_glued_to_a_progress_bar_and_cut() -> None:
    run = parse(
        "[>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>] 90/90, 38.8 task/s, elapsed: 2s, ETA:     0s"
        f"{STAMP}Epoch(val) [1][2]\taccuracy_top-1: 98.5000\n{STAMP}Epoch [2][50/900]\tlr: 1.0e-02, loss: 2.0, loss_cl"
    )
    assert run.segments[0].series["val/accuracy"].value.tolist() == [98.5]
    assert run.segments[0].series["train/loss"].value.tolist() == [2.0]
