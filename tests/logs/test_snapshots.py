"""What the readers make of a log of every format; ``UPDATE_SNAPSHOTS=1 pytest tests/logs`` writes snapshots/ anew.

Formats whose trainers left no fixture show their samples.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from diagnose.kit.snapshot import describe
from diagnose.logs import formats, read
from diagnose.sources import Source, from_bytes, open_source

SNAPSHOTS = Path(__file__).parent / "snapshots"
FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = {
    "keras/bars": "keras/healthy_verbose1.log",
    "keras/bars_of_keras_2": "keras/k2_input_exhausted.log",
    "keras/lines": "keras/restore_epoch_1.log",
    "keras/killed_in_a_bar": "keras/killed.log",
    "keras/two_stages": "keras/two_stage_sick.log",
    "keras-csv/resumed": "keras/resumed_csvlogger.csv",
    "mmengine/by_epoch": "mmengine/early_stop/20260101_000000/20260101_000000.log",
    "mmengine/by_iteration": "mmengine/iter_healthy/20260101_000000/20260101_000000.log",
    "mmengine/console_with_traceback": "mmengine/traceback/console.log",
    "mmengine/resumed": "mmengine/resumed/20260101_010000/20260101_010000.log",
    "mmcv/by_epoch": "mmcv1/healthy/20260101_000000.log",
    "mmcv/nan": "mmcv1/nan/20260101_000000.log",
    "openmmlab-json/of_mmcv": "mmcv1/iter_healthy/20260101_000000.log.json",
    "openmmlab-json/of_mmengine": "mmengine/detector_healthy/20260101_000000/vis_data/scalars.json",
    "ultralytics/console": "ultralytics/healthy/console.log",
    "ultralytics/interrupted": "ultralytics/interrupted/console.log",
    "yolo-csv/results": "ultralytics/healthy/results.csv",
    "config-yaml/args": "ultralytics/healthy/args.yaml",
    "tensorboard/torch": "tensorboard/torch_healthy.tfevents",
    "tensorboard/torch_hparams": "tensorboard/torch_hparams/hparams.tfevents",
    "tensorboard/tensorflow": "tensorboard/tf2_healthy/validation/events.out.tfevents.1.host.v2",
    "lightning-console/bars": "lightning/healthy/console.log",
    "lightning-console/early_stop": "lightning/early_stop/console.log",
    "lightning-csv/metrics": "lightning/healthy/metrics.csv",
    "hf-console/dictionaries": "hf/nan_grad/console.log",
    "hf-console/bars": "hf/healthy_bars.log",
    "hf-state/state": "hf/nan_grad/trainer_state.json",
    "text/key_value": "plain/nan_key_value.log",
    "text/key_colon_value": "plain/healthy_key_colon_value.log",
    "text/out_of_memory": "plain/out_of_memory.log",
    "jsonl/nan": "plain/nan.jsonl",
    "csv/plain": "plain/healthy.csv",
}
PICTURED = {case.partition("/")[0] for case in CASES}
SAMPLES = {
    f"{name}/sample_{number}": sample
    for name, format in formats().items()
    if name not in PICTURED
    for number, sample in enumerate(format.SAMPLES, 1)
}


def same(case: str, source: Source) -> None:
    run = read(source)
    assert run is not None
    assert case.partition("/")[0] == run.format
    path, text = SNAPSHOTS / f"{case}.txt", describe(run)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("case", list(CASES))
def test_fixture(case: str) -> None:
    same(case, open_source(FIXTURES / CASES[case]))


@pytest.mark.parametrize("case", list(SAMPLES))
def test_sample(case: str) -> None:
    sample = SAMPLES[case]
    same(case, from_bytes("sample", sample.encode() if isinstance(sample, str) else sample))


def test_no_snapshot_is_left_over() -> None:
    assert {*CASES, *SAMPLES} == {
        path.relative_to(SNAPSHOTS).with_suffix("").as_posix() for path in SNAPSHOTS.rglob("*.txt")
    }
