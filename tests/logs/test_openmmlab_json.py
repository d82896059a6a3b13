import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import detect, openmmlab_json, read
from diagnose.model import Run
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


def parse(*records: dict[str, Any] | str) -> Run:
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in records)
    build = RunBuilder("run.json", "openmmlab-json")
    openmmlab_json.read(from_bytes("run.json", text.encode()), build)
    return build.finish()


def old(epoch: int, count: int, mode: str = "train", **values: float) -> dict[str, Any]:
    return {"mode": mode, "epoch": epoch, "iter": count, "lr": 0.01, **values}


def new(epoch: int, step: int, **values: float) -> dict[str, Any]:
    return {"lr": 0.01, "data_time": 0.1, "time": 0.4, **values, "epoch": epoch, "iter": step, "step": step}


@pytest.mark.parametrize("sample", openmmlab_json.SAMPLES)
def test_samples(sample: str) -> None:
    source = from_bytes("x", sample.encode())
    found = detect(source)
    assert found is not None
    assert found.NAME == "openmmlab-json"
    run = read(source)
    assert run is not None
    series = run.segments[0].series
    assert series["time/data"].line.tolist() == series["time/iter"].line.tolist() == [1]
    assert len(series["val/map"]) == 1


def test_mmcv_steps_run_through_the_epochs() -> None:
    run = parse(*(old(epoch, count, loss=1.0) for epoch in (1, 2) for count in (50, 100)), old(2, 25, "val", mAP=0.5))
    (segment,) = run.segments
    assert segment.series["train/loss"].step.tolist() == [50, 100, 150, 200]
    assert segment.series["val/map"].epoch.tolist() == [2]
    assert segment.facts["steps_per_epoch"].value == 100


def test_mmcv_iteration_based() -> None:
    run = parse(old(1, 50, loss=1.0), old(1, 100, loss=1.0), old(2, 150, loss=1.0), old(2, 200, loss=1.0))
    assert run.segments[0].series["train/loss"].step.tolist() == [50, 100, 150, 200]


def test_mmcv_iterations_over_short_epochs() -> None:
    (segment,) = parse(old(3, 40, loss=1.0), old(5, 80, loss=1.0), old(8, 120, loss=1.0)).segments
    assert segment.series["train/loss"].step.tolist() == [40, 80, 120]
    assert "steps_per_epoch" not in segment.facts


def test_sessions_appended_to_one_file() -> None:
    run = parse(
        old(1, 10, loss=1.0), old(12, 10, loss=0.5), old(12, 256, "val", mAP=0.0),
        old(1, 10, loss=1.0),
        old(1, 10, loss=1.0), old(1, 20, loss=0.9),
        {"env_info": "sys.platform: linux\nGPU 0: Some Card", "seed": 5, "config": "total_epochs = 3"},
        old(1, 30, loss=1.0),
    )  # fmt: skip
    assert [segment.first_line for segment in run.segments] == [1, 4, 5, 7]
    assert "steps_per_epoch" not in run.segments[1].facts
    facts = {name: fact.value for name, fact in run.segments[3].facts.items()}
    assert (facts["planned_epochs"], facts["seed"], facts["device"]) == (3, 5, "Some Card")


def test_bare_nan_and_conflict_markers() -> None:
    run = parse(
        "<<<<<<< HEAD", '{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.01, "loss": NaN}', "=======", '{"mode": "tr'
    )
    assert str(run.segments[0].series["train/loss"].value.tolist()) == "[nan]"


def test_validation_without_a_metric() -> None:
    run = parse(old(1, 50, loss=1.0), {"mode": "val", "epoch": 1, "iter": 50, "lr": 0.01})
    assert [event.kind for event in run.segments[0].events] == ["validation_empty"]
    assert run.segments[0].series["lr"].line.tolist() == [1]


def test_mmengine_validation_step_is_the_epoch() -> None:
    run = parse(
        new(1, 50, loss=1.0),
        {"coco/bbox_mAP": 0.1, "coco/bbox_mAP_s": -1.0, "data_time": 9.0, "time": 9.0, "step": 1},
        new(2, 250, loss=0.9),
        {"coco/bbox_mAP": 0.2, "data_time": 9.0, "time": 9.0, "step": 2},
    )
    (segment,) = run.segments
    assert segment.series["val/map"].epoch.tolist() == [1, 2]
    assert segment.series["val/map"].step.tolist() == [50, 250]
    assert segment.series["time/iter"].value.tolist() == [0.4, 0.4]
    assert segment.facts["steps_per_epoch"].value == 200
    assert set(segment.series) == {"lr", "train/loss", "time/iter", "time/data", "val/map"}


def test_mmengine_iteration_based() -> None:
    run = parse(
        {"lr": 0.1, "data_time": 0.1, "loss": 1.0, "time": 0.4, "step": 100},
        {"mIoU": 40.0, "data_time": 0.1, "time": 0.1, "step": 100},
    )
    assert run.segments[0].series["val/miou"].step.tolist() == [100]
    assert run.segments[0].epochs == 0


def test_keys_with_the_split() -> None:
    run = parse(
        {"train/lr": 0.1, "train/data_time": 0.1, "train/loss": 1.0, "train/time": 0.4, "epoch": 1, "step": 10},
        {"val/accuracy": 0.5, "val/data_time": 0.1, "val/time": 0.1, "step": 1},
    )
    assert set(run.segments[0].series) == {"lr", "time/data", "train/loss", "time/iter", "val/accuracy"}


def test_another_program_is_not_claimed() -> None:
    text = '{"step": 10, "loss": 1.0}\n{"epoch": 1, "loss": 2.0}\n'
    found = detect(from_bytes("x", text.encode()))
    assert found is None or found.NAME != "openmmlab-json"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["mode", "epoch", "iter", "step", "lr", "loss", "mAP", "env_info", "config", "seed", "CLASSES"])


@settings(max_examples=100)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=6))
def test_any_records(records: list[dict[str, Any]]) -> None:
    parse(*records)


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes(noise: bytes, at: int) -> None:
    data = "".join(openmmlab_json.SAMPLES).encode()
    source = from_bytes("x", b"{" + data[:at] + noise + data[at:])
    detect(source)
    build = RunBuilder("x", "openmmlab-json")
    openmmlab_json.read(source, build)
    build.finish()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize(
    ("name", "segments", "epochs"),
    [
        ("mmdet/abiyamakruf_mmrotate_lsknet/None_7_sessions_concatenated.log.json", 7, 10),
        ("mmdet/harel147_surf_faster_rcnn/None.log.json", 33, 12),
        ("mmdet/piguaizjx_mmpretrain_flowers/20230608_171321_merge_conflict.json", 2, 200),
        ("mmdet/vantage_in_mmpose_satellite/20251129_051642_resumed.json", 1, 420),
        ("mmdet/xuesongtap_mmdet3d_pointpillars_car/20231006_070829.json", 1, 71),
    ],
)
def test_corpus(name: str, segments: int, epochs: int) -> None:
    run = read(open_source(CORPUS / name))
    assert run is not None
    assert run.format == "openmmlab-json"
    assert len(run.segments) == segments
    assert max(segment.epochs for segment in run.segments) == epochs
