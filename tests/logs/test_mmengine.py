from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import detect, mmengine, read
from diagnose.model import Run
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "mmdet"

STAMP = "2024/03/02 10:15:01 - mmengine - INFO - "
START = f"""{STAMP}
------------------------------------------------------------
System environment:
    sys.platform: linux
    Python: 3.10.4 (main, Jan 1 2023, 00:00:00) [GCC 11.2.0]
    CUDA available: True
    GPU 0,1: Some Card
    MMEngine: 0.9.9

Runtime environment:
    seed: 77
    GPU number: 2
------------------------------------------------------------

{STAMP}Config:
base = 4
model = dict(
    type='ToyDetector',
    bbox_head=dict(num_classes=7, loss_cls=dict(type='FocalLoss', gamma=2.0)),
    rpn_head=dict(num_classes=1))
optim_wrapper = dict(type='AmpOptimWrapper', optimizer=dict(type='SGD', lr=0.02, weight_decay=1e-4))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5, val_interval=1)
train_dataloader = dict(
    batch_size=base * 2,
    dataset=dict(type='ToyData', metainfo=dict(classes=('cat', 'dog'))))

{STAMP}Hooks will be executed in the following order:
"""


def parse(text: str) -> Run:
    build = RunBuilder("run.log", "mmengine")
    mmengine.read(from_bytes("run.log", text.encode()), build)
    return build.finish()


def train(epoch: int, at: int, rest: str, total: int = 40) -> str:
    return f"{STAMP}Epoch(train)  [{epoch}][{at:2d}/{total}]  lr: 1.0000e-03  eta: 0:01:00  {rest}\n"


@pytest.mark.parametrize("sample", mmengine.SAMPLES)
def test_samples(sample: str) -> None:
    source = from_bytes("x", sample.encode())
    found = detect(source)
    assert found is not None
    assert found.NAME == "mmengine"
    run = read(source)
    assert run is not None
    assert "train/loss" in run.segments[0].series
    assert "time/data" in run.segments[0].series


def test_series_steps_and_epochs() -> None:
    run = parse(train(1, 20, "time: 0.4000  data_time: 0.1000  memory: 900  loss: 2.0000  loss_cls: 1.5000")
                + train(2, 40, "time: 0.5000  data_time: 0.2000  memory: 901  loss: nan  loss_cls: nan"))  # fmt: skip
    series = run.segments[0].series
    assert series["train/loss"].step.tolist() == [20, 80]
    assert series["train/loss"].epoch.tolist() == [1, 2]
    assert str(series["train/loss"].value.tolist()) == "[2.0, nan]"
    assert series["time/data"].line.tolist() == series["time/iter"].line.tolist() == [1, 2]
    assert run.segments[0].facts["steps_per_epoch"].value == 40


def test_base_lr_does_not_hide_lr() -> None:
    run = parse(f"{STAMP}Epoch(train) [1][5/44]  base_lr: 1.0000e-02 lr: 2.0000e-03  eta: 1 day, 0:10:00  loss: 1.0\n")
    assert run.segments[0].series["lr"].value.tolist() == [0.002]
    assert run.segments[0].series["base_lr"].value.tolist() == [0.01]


def test_validation_progress_is_no_metric_and_keys_may_hold_spaces() -> None:
    run = parse(
        train(3, 40, "time: 0.4000  data_time: 0.1000  loss: 2.0000")
        + f"{STAMP}Epoch(val) [3][10/12]    eta: 0:00:01  time: 9.0000  data_time: 8.0000  memory: 116  \n"
        + f"{STAMP}Epoch(val) [3][12/12]    coco/AP: 0.2500  coco/AP .5: 0.5000  coco/AP (M): -1.0000  "
        "Toy metric/pred/Car_3D_AP11_easy: 12.5000  per_class: {'cat': 0.25, 'dog': 0.75}  data_time: 7.0  time: 9.0\n"
    )
    series = run.segments[0].series
    assert series["time/iter"].value.tolist() == [0.4]
    assert series["val/coco/ap_.5"].value.tolist() == [0.5]
    assert series["val/coco/ap_.5"].epoch.tolist() == [3]
    assert series["val/toy_metric/pred/car_3d_ap11_easy"].value.tolist() == [12.5]
    assert series["val/per_class/dog"].value.tolist() == [0.75]
    assert "val/coco/ap_m" not in series


def test_iterations() -> None:
    run = parse(
        f"{STAMP}Iter(train) [ 100/2000]  lr: 1.0e-02  eta: 0:01:00  time: 0.1  data_time: 0.0  loss: 1.0\n"
        f"{STAMP}Iter(val) [50/50]    aAcc: 91.0000  mIoU: 40.0000  data_time: 0.0  time: 0.1\n"
        f"{STAMP}Iter(train) [ 200/2000]  lr: 1.0e-02  eta: 0:01:00  time: 0.1  data_time: 0.0  loss: 0.9\n"
        f"{STAMP}Iter(train) [ 100/2000]  lr: 1.0e-02  eta: 0:01:00  time: 0.1  data_time: 0.0  loss: 1.1\n"
    )
    first, second = run.segments
    assert first.series["train/loss"].step.tolist() == [100, 200]
    assert first.series["val/miou"].step.tolist() == [100]
    assert first.facts["planned_steps"].value == 2000
    assert second.series["train/loss"].value.tolist() == [1.1]


def test_environment_and_config() -> None:
    run = parse(START)
    segment = run.segments[0]
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert facts["planned_epochs"] == 5
    assert facts["batch_size_per_device"] == 8
    assert facts["batch_size"] == 16
    assert facts["num_classes_model"] == 7
    assert (facts["num_classes"], facts["class_names"]) == (2, ["cat", "dog"])
    assert (facts["optimizer"], facts["lr"], facts["weight_decay"]) == ("SGD", 0.02, 1e-4)
    assert facts["amp"] is True
    assert facts["focal_gamma"] == 2
    assert (facts["seed"], facts["devices"], facts["python"]) == (77, 2, "3.10.4")
    assert facts["framework"] == "MMEngine 0.9.9"
    lines = START.split("\n")
    setting = segment.config.settings["train_cfg.max_epochs"]
    assert "max_epochs=5" in lines[setting.place.line - 1]
    assert segment.facts["planned_epochs"].place.line == setting.place.line
    assert segment.last_line == len(lines) - 1
    assert not segment.series


def test_two_sessions_in_one_file() -> None:
    record = train(1, 20, "time: 0.4  data_time: 0.1  loss: 2.0")
    warning = STAMP.replace("INFO", "WARNING") + "something is deprecated\n"
    run = parse(START + warning + record + START + warning + warning + record)
    assert [len(segment.series["train/loss"]) for segment in run.segments] == [1, 1]
    assert [sum(event.kind == "warning" for event in segment.events) for segment in run.segments] == [1, 1]
    assert run.segments[1].first_line == START.count("\n") + 3


def test_a_table_between_dashes_is_no_environment() -> None:
    run = parse(
        train(1, 20, "loss: 2.0") + f"{STAMP}\n---------------iou_thr: 0.5---------------\n{STAMP}\n+---+---+\n"
    )
    assert len(run.segments) == 1


def table(*rows: str) -> str:
    line = "+-------+-----+------+--------+-------+\n"
    head = "| class | gts | dets | recall | ap    |\n"
    return (
        line
        + head
        + line
        + "".join(f"{row}\n" for row in rows)
        + line
        + "| mAP   |     |      |        | 0.500 |\n"
        + line
    )


@pytest.mark.parametrize("split", ["val", "test"])
def test_boxes_and_recall_are_read_from_the_table_of_classes(split: str) -> None:
    rows = (
        "| cat   | 40  | 90   | 0.800  | 0.600 |",
        "| dog   | 10  | 30   | 0.600  | 0.400 |",
        "| ox    | 0   | 7    | nan    | nan   |",
    )
    strict = "| cat   | 40  | 90   | 0.100  | 0.100 |"
    run = parse(
        train(1, 40, "loss: 2.0")
        + f"{STAMP}\n---------------iou_thr: 0.5---------------\n{STAMP}\n{table(*rows)}"
        + f"{STAMP}\n---------------iou_thr: 0.7---------------\n{STAMP}\n{table(strict)}"
        + f"{STAMP}Epoch({split}) [1][9/9]    pascal_voc/mAP: 0.5000  data_time: 0.01  time: 0.2\n"
        + train(2, 40, "loss: 1.0")
    )
    (segment,) = run.segments

    boxes, recall = segment.series[f"{split}/dets"], segment.series[f"{split}/recall"]
    assert (list(boxes.value), list(boxes.line)) == ([127], [6])
    assert (recall.printed, [round(value, 4) for value in recall.value]) == ("mean recall", [0.7])
    assert list(segment.series["train/loss"].value) == [2.0, 1.0]


def test_a_recall_that_the_record_names_is_not_mixed_with_that_of_the_table() -> None:
    record = f"{STAMP}Epoch(val) [1][9/9]    recall: 0.3300  pascal_voc/mAP: 0.5000  time: 0.2\n"
    run = parse(train(1, 40, "loss: 2.0") + f"{STAMP}\n{table('| cat   | 40  | 90   | 0.800  | 0.600 |')}" + record)

    assert list(run.segments[0].series["val/recall"].value) == [0.33]
    assert list(run.segments[0].series["val/dets"].value) == [90]


def test_a_table_without_a_record_of_an_evaluation_is_left_out() -> None:
    run = parse(train(1, 40, "loss: 2.0") + f"{STAMP}\n{table('| cat   | 40  | 90   | 0.800  | 0.600 |')}")

    assert set(run.segments[0].series) == {"train/loss", "lr"}


def test_events() -> None:
    run = parse(
        f"{STAMP}Auto resumed from the latest checkpoint /w/epoch_4.pth.\n"
        f"{STAMP}resumed epoch: 4, iter: 160\n"
        f"{STAMP}Load checkpoint from /w/epoch_4.pth\n"
        + STAMP.replace("INFO", "WARNING")
        + "The model and loaded state dict do not match exactly\n\n"
        "size mismatch for head.fc.weight: copying a param with shape torch.Size([9]) from checkpoint, the shape in "
        "current model is torch.Size([3]).\nunexpected key in source state_dict: a.b, a.c\n\n"
        "missing keys in source state_dict: d, e, f\n\n"
        + train(5, 20, "loss: 1.0")
        + f"{STAMP}Saving checkpoint at 5 epochs\n"
        f"{STAMP}The best checkpoint with 0.8100 coco/bbox_mAP at 5 epoch is saved to best_coco_bbox_mAP_epoch_5.pth.\n"
        f"{STAMP}the monitored metric did not improve in the last 3 records. best score: 0.810. \n"
    )
    events = {event.kind: event.fields for event in run.segments[0].events}
    assert events["resumed"] == {"epoch": 4.0, "step": 160.0, "path": "/w/epoch_4.pth."}
    assert events["loaded"] == {"path": "/w/epoch_4.pth"}
    mismatch = events["state_dict_mismatch"]
    assert (mismatch["missing"], mismatch["unexpected"], mismatch["mismatched"]) == (3, 2, 1)
    best = {"epoch": 5.0, "metric": "coco/bbox_mAP", "value": 0.81, "path": "best_coco_bbox_mAP_epoch_5.pth"}
    assert [event.fields for event in run.segments[0].events if event.kind == "checkpoint"] == [{"epoch": 5.0}, best]
    assert events["early_stop"] == {"epoch": 5.0}


def test_classes_that_differ() -> None:
    run = parse(
        START + "Traceback (most recent call last):\n"
        '  File "train.py", line 1, in <module>\n'
        "AssertionError: The `num_classes` (7) in ToyHead of ToyDetector does not matches the length of `CLASSES` 2) "
        "in ToyData\n"
    )
    events = {event.kind: event.fields for event in run.segments[0].events}
    assert (events["class_mismatch"]["model"], events["class_mismatch"]["data"]) == (7, 2)
    assert events["traceback"]["error"] == "AssertionError"


def test_console_lines_without_a_stamp() -> None:
    run = parse(
        START + "Loads checkpoint by local backend from path: first.pth\n"
        "The model and loaded state dict do not match exactly\n\nunexpected key in source state_dict: neck.weight\n\n"
        + train(1, 20, "loss: 1.0")
        + "hooks/early.py:1: UserWarning: Skip early stopping process since the evaluation results "
        "(dict_keys(['accuracy/top1', 'accuracy/top5'])) do not include `monitor` (coco/bbox_mAP).\n" * 2
    )
    events = [(event.kind, event.fields) for event in run.segments[0].events]
    assert [kind for kind, _ in events] == ["session_start", "loaded", "state_dict_mismatch", "metric_missing"]
    assert events[-1][1] == {
        "metric": "coco/bbox_mAP", "wanted_by": "EarlyStoppingHook", "available": ["accuracy/top1", "accuracy/top5"]
    }  # fmt: skip


def test_console_without_a_year() -> None:
    run = parse("03/02 10:15:01 - mmengine - INFO - Epoch(train)  [1][14/14]  lr: 1.0e-03  loss: 0.5  top1_acc: 0.9\n")
    assert run.segments[0].series["train/accuracy"].value.tolist() == [0.9]


def test_cut_in_the_config() -> None:
    run = parse(START[: START.index("train_dataloader") + 30])
    assert run.segments[0].facts["planned_epochs"].value == 5


TEXT = START + train(1, 20, "time: 0.4  data_time: 0.1  loss: 2.0") + "".join(mmengine.SAMPLES)


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(0, len(TEXT)), st.integers(0, 60))
def test_any_bytes(noise: bytes, at: int, cut: int) -> None:
    data = TEXT.encode()
    for mutated in (noise, data[:at] + noise + data[at + cut :]):
        build = RunBuilder("x", "mmengine")
        source = from_bytes("x", b"x" + mutated)  # no magic number of an archive
        detect(source)
        mmengine.read(source, build)
        build.finish()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize(
    ("name", "epochs", "train_points", "val_name", "val_points"),
    [
        ("hwh_event_mmyolo/20230805_113504.log", 31, 243, "val/map", 3),
        ("hwh_event_mmyolo/20230805_122442_resumed.log", 40, 80, "val/map", 1),
        ("mars3219_mmaction_c3d/nohup_20240909.out", 45, 45, "val/accuracy", 9),
        ("piguaizjx_mmpretrain_flowers/20230608_171321.log", 200, 200, "val/accuracy", 200),
        ("shihang_rtmpose_ear/20230605_154225.log", 124, 742, "val/coco/ap", 12),
        ("zqs010908_rtmdet_ear/20230609_094642.log", 100, 2100, "val/map", 37),
    ],
)
def test_corpus(name: str, epochs: int, train_points: int, val_name: str, val_points: int) -> None:
    run = read(open_source(CORPUS / name))
    assert run is not None
    assert run.format == "mmengine"
    segment = run.segments[0]
    assert segment.epochs == epochs
    assert len(segment.series["train/loss"]) == train_points
    assert len(segment.series["time/data"]) == len(segment.series["time/iter"]) == train_points
    assert len(segment.series[val_name]) == val_points


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_corpus_conflict_holds_the_run_twice() -> None:
    run = read(open_source(CORPUS / "piguaizjx_mmpretrain_flowers/20230608_171321_merge_conflict.log"))
    assert run is not None
    assert [segment.epochs for segment in run.segments] == [200, 200]


def test_a_key_without_a_blank_before_it() -> None:
    text = (
        train(1, 40, "loss: 0.5")
        + f"{STAMP}Epoch(val) [1][13/13]  accuracy: 34.2500data_time: 0.0050  time: 0.0100  \n"
    )
    (segment,) = parse(text).segments
    assert segment.series["val/accuracy"].value.tolist() == [34.25]
    assert segment.series["val/accuracy"].epoch.tolist() == [1]
