"""Formats whose rows are read in bulk: the engines make the same of them, falls and gaps and odd rows included."""

import json
import random

import pytest
from test_engines import ENGINES, columns, read_by, switch

from diagnose.logs import read
from diagnose.records import replace
from diagnose.sources import from_bytes

SEEDS = range(6)


def alike(monkeypatch, name, text):
    """Return what all engines make of a log."""
    found = []
    for engine in ENGINES:
        switch(engine, monkeypatch)
        found.append(columns(read(from_bytes("a.log", text.encode()), name)))

    assert all(one == found[-1] for one in found)
    return found[0]


def odd(chance, usual, *others):
    """Return the usual thing nearly always."""
    return usual if chance.random() < 0.97 else chance.choice(others)


def number(chance):
    return odd(chance, f"{chance.random():.4f}", "1e-05", "3", f"-{chance.random():.2f}", f"{chance.random():.17g}")


def openmmlab(chance):
    style = chance.choice(["mmcv", "mmcv through", "mmengine", "mmengine iterations", "short epochs"])
    keys = chance.sample(["loss", "loss_cls", "acc", "base_lr", "time"], 3)
    for _ in range(chance.randint(1, 3)):
        step = 0
        for epoch in range(chance.choice([0, 1, 3]), chance.randint(4, 9)):
            for inner in range(1, 12):
                step += 1
                row = {"lr": 0.01, **{key: odd(chance, chance.random(), float("nan"), 0) for key in keys}}
                count = {"epoch": 3 * epoch if style == "short epochs" else epoch}
                if style.startswith("mmcv"):
                    row = {"mode": "train", **count, "iter": step if "through" in style else inner, **row}
                else:
                    row |= {**(count if style != "mmengine iterations" else {}), "iter": step, "step": step}
                row |= odd(chance, {}, {"extra": 1.5}, {"nested": {"a": 1}}, {"epoch": "x"}, {"epoch": 1e16})
                endless = json.dumps(row | {"epoch": 1e16}).replace("1e+16", "1e400")
                yield odd(chance, json.dumps(row), endless, json.dumps(row)[:40], "", "{}", '{"mode": "other"}')
            score = {"bbox_mAP": odd(chance, 0.5, -1.0), "bbox_mAP_s": chance.choice([-1.0, 0.1])}
            if style.startswith("mmcv"):
                yield json.dumps({"mode": "val", "epoch": epoch, "iter": chance.choice([11, 12]), **score})
            else:
                yield json.dumps({**score, "step": step if "iterations" in style else epoch})


def keras_table(chance):
    yield "epoch,accuracy,loss,val_accuracy,val_loss"
    epoch = chance.choice([0, 1, 15])
    for _ in range(80):
        row = [
            odd(chance, str(epoch), "1e400"),
            *(odd(chance, number(chance), "", "nan", "inf", "text", "12%") for _ in range(4)),
        ]
        yield odd(chance, ",".join(row), "1,2", "", "epoch,accuracy,loss,val_accuracy,val_loss")
        epoch = odd(chance, epoch + 1, 0, epoch)


def lightning_table(chance):
    yield "epoch,lr,step,train_acc,train_loss_epoch,train_loss_step,val_loss_epoch"
    step = epoch = 0
    for _ in range(12):
        for _ in range(8):
            step += 50
            yield f"{epoch},{chance.choice(['0.001', ''])},{step},,,{number(chance)},"
        yield f"{epoch},,{step},{number(chance)},{number(chance)},,"
        yield odd(chance, f"{epoch},,{step},,,,{number(chance)}", "", ",,,,,,", "inf,,1,,,2,", "1e400,,1,,,2,")
        epoch = odd(chance, epoch + 1, 0)
    yield f"{epoch},,{step},,,,{number(chance)}"


def yolo_table(chance):
    yield "epoch,time,train/box_loss,metrics/mAP50(B),val/box_loss,lr/pg0"
    epoch = chance.choice([0, 1])
    for _ in range(200):
        told = odd(chance, epoch, "1e400", "-1e400", "9" * 400, "1e16", "nan", "", 3)
        yield ",".join(str(cell) for cell in (told, f"{epoch}.5", *(number(chance) for _ in range(4))))
        epoch += 1


def keras_console(chance):
    done = "━" * 20
    style = chance.choice(["overwritten", "line by line", "without a bar"])
    for _ in range(2):
        epochs = chance.choice([3, 70])
        for epoch in range(1, epochs + 1):
            yield f"Epoch {epoch}/{epochs}"
            losses = f" - loss: {number(chance)} - val_loss: {odd(chance, number(chance), 'nan')}"
            if style == "without a bar":
                yield f"90/90 - {chance.randint(0, 12)}s{losses}"
                continue
            states = [
                f"\x1b[1m{at:>2}/90\x1b[0m {done[: at // 5]} {chance.randint(0, 12)}s 9ms/step"
                + (losses if at == 90 else f" - loss: {number(chance)}")
                for at in (9, 45, 81, 90)
            ]
            yield ("\b" * 9 + "\r").join(["", *states]) if style == "overwritten" else "\n".join(states)
            yield from odd(chance, (), ("",), (f"Epoch {epoch}: early stopping",), ("Fold 2/3", "lr: 0.1"), ("hello",))


def yolo_console(chance):
    first, validated = chance.choice([0, 1]), chance.random() < 0.7
    loss = "obj_loss   cls_loss" if first == 0 else "cls_loss   dfl_loss"
    for epoch in range(first, 80 + first):
        yield f"\n      Epoch    GPU_mem   box_loss   {loss}  Instances       Size"
        yield "".join(
            f"\r{f'{epoch}/{79 + first}':>11}      7.31G{number(chance):>11}{number(chance):>11}{number(chance):>11}"
            f"         35        640: {at:3d}%|{'█' * (at // 10)}{' ' * (10 - at // 10)}| "
            f"{at}/100 [00:{at // 5:02d}<00:01, 9it/s]"
            for at in (9, 50, odd(chance, 100, 99))
        )
        if not odd(chance, validated, not validated):
            continue
        names = ("Images", "Instances", "Box(P", "R", "mAP50", "mAP50-95)")
        yield f"{'Class':>22}" + "".join(f"{name:>11}" for name in names) + ": 100%|##| 4/4 [00:03<00:00]"
        scores = f"{number(chance):>11}{number(chance):>11}     0.4135      0.212"
        yield f"{'all':>22}{odd(chance, 48, 47):>11}{odd(chance, 131, 0):>11}{scores}"
        yield from odd(chance, (), ("hello",), ("     ", "Traceback (most recent call last):", "ValueError: x"))


FORMATS = {
    "openmmlab-json": openmmlab,
    "keras-csv": keras_table,
    "lightning-csv": lightning_table,
    "yolo-csv": yolo_table,
    "keras": keras_console,
    "ultralytics": yolo_console,
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FORMATS)
def test_engines_agree(name, seed, monkeypatch):
    text = "\n".join(FORMATS[name](random.Random(f"{name} {seed}")))
    described, series = alike(monkeypatch, name, text)

    assert described.startswith(f"format: {name}")
    assert series


@pytest.mark.parametrize("frames", [False, True])
@pytest.mark.parametrize("own", [(1,), (1, 20, 21, 60), (10, 30)])
def test_epochs_that_share_a_line_stay_in_their_order(own, frames, monkeypatch):
    ends = ["\n" if epoch in own else "\r" for epoch in range(1, 61)]
    text = "".join(
        f"Epoch {epoch}/60{end}2/2 - 0s - loss: 0.{9000 - 90 * epoch:04d} - 2ms/epoch - 811us/step{end}"
        for epoch, end in enumerate(ends, 1)
    )
    source = replace(from_bytes("a.log", text.encode()), frames=frames)
    runs = [read_by(engine, monkeypatch, source, "keras") for engine in (*ENGINES, ENGINES[0])]

    assert all(run == runs[-1] for run in runs)


@pytest.mark.parametrize("frames", [False, True])
@pytest.mark.parametrize("own", [range(1, 300), (1, 120, 121, 260), (10, 30)])
@pytest.mark.parametrize(
    "behind", ["hello", f"{'all':>22}         48         31      0.121      0.207      0.101     0.0412"]
)
def test_epochs_of_yolo_that_share_a_line_stay_in_their_order(own, frames, behind, monkeypatch):
    text = "      Epoch    GPU_mem   box_loss   obj_loss   cls_loss  Instances       Size\n" + "".join(
        f"{f'{epoch}/299':>11}      2.51G       0.{9000 - 9 * epoch:04d}    0.03127    0.02711         35        512: "
        f"100%|##| 9/9 [01:02<00:00,  1.9it/s]\r{behind}{chr(10) if epoch in own else chr(13)}"
        for epoch in range(300)
    )
    source = replace(from_bytes("a.log", text.encode()), frames=frames)
    runs = [read_by(engine, monkeypatch, source, "yolov5") for engine in (*ENGINES, ENGINES[0])]

    assert all(run == runs[-1] for run in runs)
    assert "train/box_loss" in str(runs[0])


def test_steps_that_the_end_of_a_session_tells_are_right_for_rows_read_in_bulk(monkeypatch):
    rows = [
        json.dumps({"mode": "train", "epoch": epoch, "iter": at, "lr": 0.1, "loss": 1.0})
        for epoch in range(1, 201)
        for at in range(10, 101, 10)
    ]
    monkeypatch.setenv("DIAGNOSE_ENGINE", ENGINES[0])
    run = read(from_bytes("a.json", "\n".join(rows).encode()), "openmmlab-json")

    assert run is not None
    (segment,) = run.segments
    assert segment.series["train/loss"].step.tolist() == [10.0 * at for at in range(1, 2001)]
    fact = segment.facts["steps_per_epoch"]
    assert (fact.value, fact.place.line, fact.place.text) == (100, 10, rows[9])
