"""Kernel, pure path and Lark make the same of every line and every log."""

import math
import re
from pathlib import Path

import difference
import millions
import pytest

from diagnose.kit.snapshot import describe
from diagnose.logs import formats, read
from diagnose.reader import learning
from diagnose.records import replace
from diagnose.scan.engine import kernel_problem
from diagnose.sources import from_bytes, open_source

LINES = 400
ENGINES = ["pure", "lark"] if kernel_problem() else ["kernel", "pure", "lark"]
ROOT = Path(__file__).parents[2]
LOGS = sorted(
    path
    for folder in (ROOT / "fixtures", ROOT.parent / "shared" / "corpus")  # of the latter none where it is absent
    for path in folder.rglob("*")
    if path.suffix in (".log", ".txt", ".csv", ".json", ".jsonl", ".out")
)


@pytest.mark.parametrize("name", difference.GRAMMARS)
def test_a_template_finds_what_lark_finds(name):
    found = millions.compared(name, LINES, seed=1)

    assert not found.wrong
    assert found.taken or not found.templates


def columns(run):
    """Return all that a run holds, numbers bit by bit."""
    if run is None:
        return None
    series = [
        (segment.index, name, one.printed, *(part.tobytes() for part in (one.value, one.step, one.epoch, one.line)))
        for segment in run.segments
        for name, one in segment.series.items()
    ]
    return describe(run), series


def switch(engine, monkeypatch):
    """Read by another engine from here on, without what is remembered of the one before."""
    monkeypatch.setenv("DIAGNOSE_ENGINE", engine)
    for shapes in learning._all_shapes.values():
        for memory in shapes.memories.values():
            for known in (memory.said, memory.shapes, memory.notes):
                known.clear()


def read_by(engine, monkeypatch, source, name=""):
    switch(engine, monkeypatch)
    return columns(read(source, name))


@pytest.mark.parametrize("path", LOGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_logs_are_read_alike(path, monkeypatch):
    source = open_source(path)
    has_bars = bool(re.search(rb"\r(?!\n)|\x08", path.read_bytes()))
    for frames in (False, True) if has_bars else (False,):
        runs = [read_by(engine, monkeypatch, replace(source, frames=frames)) for engine in ENGINES]
        assert all(run == runs[-1] for run in runs)


def mmengine(rows):
    stamp = "2024/03/02 10:{:02d}:{:02d} - mmengine - INFO - "
    return "".join(f"{stamp.format(at // 60 % 60, at % 60)}{row}\n" for at, row in enumerate(rows)).encode()


def train(epoch, step, total, loss, more=""):
    return f"Epoch(train)  [{epoch}][{step:>4}/{total}]  lr: 1.0000e-03  eta: 1:02:03  time: 0.4120  loss: {loss}{more}"


def mmengine_cases():
    plain = [
        train(epoch, step, 200, f"{1 / (epoch * 200 + step):.4f}") for epoch in (1, 2, 3) for step in range(5, 201, 5)
    ]
    yield "plain", plain
    yield "nan", [*plain, *(train(4, step, 200, "nan") for step in range(5, 201, 5))]
    yield "resumed", [*plain, *plain[60:], *plain[100:]]
    yield "other length", [*plain, *(train(4, step, 300, 0.5) for step in range(5, 301, 5)), *(plain[3:])]
    yield "other keys", [row + ("  extra: 1.5" if at % 3 else "") for at, row in enumerate(plain)]
    yield "dictionary", [row + ("  acc: {'a': 1}" if at == 50 else "") for at, row in enumerate(plain)]
    yield "same names", [row + "  loss: 3.5  train/loss: 4.5" for row in plain]
    yield "long numbers", [train(1, step, 200, f"0.{step:030d}") for step in range(1, 201)]
    yield "minus one", [row + ("  m/AP: -1.0000" if at % 7 else "  m/AP: 0.5000") for at, row in enumerate(plain)]
    checked = [f"Epoch(val) [{epoch}][45/45]    coco/bbox_mAP: {epoch / 50:.4f}  time: 0.1" for epoch in range(1, 41)]
    yield "validated", [row for epoch in range(40) for row in (*plain[epoch * 3 : epoch * 3 + 3], checked[epoch])]
    bare = [
        f"Epoch(val)  [1][{at:>2}/66]    eta: 0:00:09  time: 0.0777  data_time: 0.0178  memory: 22{at}  "
        for at in range(9, 66)
    ]
    yield "validations without a score", [*plain[:40], *bare, *plain[2:40], *bare]
    yield "crashed", [*plain[:60], "x", "Traceback (most recent call last):", *plain[60:]]
    yield "absurd", [train(10**14 if step == 77 else 1, step, 200, 0.5) for step in range(1, 201)]
    steps = [
        f"Iter(train) [{step:>4}/4000]  lr: 9.8e-03  eta: 0:12:10  time: 0.3  loss: {step / 7:.4f}"
        for step in range(1, 99)
    ]
    yield "by step", steps
    yield "both", [row for pair in zip(plain, steps, strict=False) for row in pair]


@pytest.mark.parametrize("rows", [pytest.param(rows, id=case) for case, rows in mmengine_cases()])
def test_bulk_rows_of_mmengine_are_those_of_single_lines(rows, monkeypatch):
    source = from_bytes("a.log", mmengine(rows))

    runs = [read_by(engine, monkeypatch, source, "mmengine") for engine in ENGINES]

    assert all(run == runs[-1] for run in runs)
    assert runs[0][1]


def json_cases():
    plain = [f'{{"step": {at}, "epoch": {at // 9}, "loss": {math.sin(at)!r}, "lr": 1e-3}}' for at in range(120)]
    yield "plain", plain
    yield "resumed", [*plain, '{"note": "again", "lr": 0.1}', *plain[40:]]
    yield "nan", [row.replace("1e-3", "NaN") if at % 2 else row for at, row in enumerate(plain)]
    yield "not JSON", [row.replace('"epoch": 5', '"epoch": 05') for row in plain]
    yield "twice", [row.replace('"lr"', '"loss"') for row in plain]
    yield (
        "nested",
        [row.replace('"lr": 1e-3', f'"val": {{"loss": {at}, "xs": [1, 2.5]}}') for at, row in enumerate(plain)],
    )
    yield "splits", [row[:-1] + f', "split": "{"val" if at % 3 else "train"}"}}' for at, row in enumerate(plain)]
    yield "no epoch", [row.replace('"epoch"', '"total_x"') for row in plain]
    yield "large", [row.replace("1e-3", str(10 ** (at % 40)) + str(at)) for at, row in enumerate(plain)]
    yield "words", [row.replace("1e-3", f'"t{at}"') for at, row in enumerate(plain)]
    yield "cut", [*plain, '{"step": 121, "lo']
    yield "error", [*plain[:60], "RuntimeError: CUDA out of memory", *plain[60:]]
    yield "blanks", [f"  {row} \r" for row in plain]


@pytest.mark.parametrize("rows", [pytest.param(rows, id=case) for case, rows in json_cases()])
def test_bulk_rows_of_json_are_those_of_single_lines(rows, monkeypatch):
    source = from_bytes("a.jsonl", "\n".join(rows).encode())

    runs = [read_by(engine, monkeypatch, source, "jsonl") for engine in ENGINES]

    assert all(run == runs[-1] for run in runs)


def table_cases():
    head = "epoch,step,train_loss,val_acc"
    plain = [f"{at // 5},{at},{1 / (at + 1):.6f},{at / 200:.3e}" for at in range(200)]
    yield "plain", [head, *plain]
    yield "again", [head, *plain, head, *plain[90:]]
    yield "blank cells", [head, *(row.rsplit(",", 1)[0] + "," if at % 4 else row for at, row in enumerate(plain))]
    yield "padded", [head, *(row.replace(",", f", {' ' * (at % 9)}") for at, row in enumerate(plain))]
    yield "narrow", [head, *(row.rsplit(",", at == 99)[0] for at, row in enumerate(plain))]
    yield "wide", [head, *(row + ",7" if at % 2 else row for at, row in enumerate(plain))]
    yield "words", [head, *(row.replace(",1", ",nan") if at % 7 else row for at, row in enumerate(plain))]
    yield "thousands", [head.replace(",", ";"), *(row.replace(",", ";").replace("0.", "1,0") for row in plain)]
    yield "no epoch", ["step,train_loss,val_acc", *(row.partition(",")[2] for row in plain)]
    yield "only losses", ["train_loss,val_loss", *(row.split(",", 2)[2] for row in plain)]


@pytest.mark.parametrize("rows", [pytest.param(rows, id=case) for case, rows in table_cases()])
def test_bulk_rows_of_tables_are_those_of_single_lines(rows, monkeypatch):
    source = from_bytes("a.csv", ("\n".join(rows) + "\n").encode())

    runs = [read_by(engine, monkeypatch, source, "csv") for engine in ENGINES]

    assert all(run == runs[-1] for run in runs)


def yolo_cases():
    head = "epoch,time,train/box_loss,metrics/mAP50(B),val/box_loss,lr/pg0,lr/pg1"
    plain = [f"{at},{at * 3.5},{1 / at:.5f},{at / 300:.4f},{2 / at:.4f},{0.01 / at:g},0.002" for at in range(1, 200)]
    yield "plain", [head, *plain]
    yield "restarted", [head, *plain, *plain[:150]]
    yield "two runs", [head, *plain, head.replace("time,", "").replace("lr/pg0", "x/lr0"), *plain]
    yield "zeros", [head, *(row.replace(row.split(",")[4], "0") for row in plain)]
    yield (
        "nan",
        [head, *(row.replace(row.split(",")[2], "nan") if at % 9 == 0 else row for at, row in enumerate(plain))],
    )
    yield "blank", [head, *(row.replace(row.split(",")[3], "") if at % 5 else row for at, row in enumerate(plain))]


@pytest.mark.parametrize("rows", [pytest.param(rows, id=case) for case, rows in yolo_cases()])
def test_bulk_rows_of_yolo_are_those_of_single_lines(rows, monkeypatch):
    source = from_bytes("results.csv", ("\n".join(rows) + "\n").encode())

    runs = [read_by(engine, monkeypatch, source, "yolo-csv") for engine in ENGINES]

    assert all(run == runs[-1] for run in runs)


@pytest.mark.parametrize("format", list(formats().values()), ids=list(formats()))
def test_samples_are_read_alike(format, monkeypatch):
    for sample in format.SAMPLES:
        data = sample.encode() if isinstance(sample, str) else sample
        runs = [read_by(engine, monkeypatch, from_bytes("sample", data), format.NAME) for engine in ENGINES]

        assert all(run == runs[-1] for run in runs)
