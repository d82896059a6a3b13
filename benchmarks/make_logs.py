"""Logs to measure with: invented runs in the syntax that the trainers write.

    python benchmarks/make_logs.py KIND MEGABYTES FILE      # kinds: see KINDS; tfevents takes thousands of scalars

The syntax is that of mmengine 0.10, Keras 3.15's and Ultralytics 8.4's bars, and TensorBoard's event files. Real logs
hold more that is no record: take the figures for what they are, and measure with logs of your own as well.
"""

from __future__ import annotations

import json
import math
import random
import struct
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

LOSSES = (("loss", "loss_cls", "loss_bbox"), ("loss", "loss_rpn_cls", "loss_rpn_bbox", "loss_cls", "acc", "loss_bbox"))
AREAS = (("0.50:0.95", "all"), ("0.50", "all"), ("0.75", "all"), ("0.50:0.95", "small"), ("0.50:0.95", "large"))


def mmengine(seed: int = 1) -> Iterator[str]:
    """Yield the lines of detectors that mmengine trains: records, checkpoints and COCO's tables."""
    draw = random.Random(seed)
    now = datetime(2026, 3, 1, 9, 30, 12)
    for run in count():
        names, iters, epochs = LOSSES[run % 2], draw.choice((500, 925, 7330)), draw.choice((12, 36))
        yield f"{now:%Y/%m/%d %H:%M:%S} - mmengine - INFO - \n{'-' * 60}\nSystem environment:\n    Python: 3.12.4\n"
        yield "".join(f"layer_{n} = dict(type='Conv2d', in_channels={64 * n}, kernel_size=3)\n" for n in range(1, 60))
        for epoch in range(1, epochs + 1):
            for at in range(50, iters + 1, 50):
                now += timedelta(seconds=21)
                head = f"{now:%Y/%m/%d %H:%M:%S} - mmengine - INFO - "
                fall = math.exp(-3 * (epoch - 1 + at / iters) / epochs)
                left = timedelta(seconds=int((epochs - epoch) * iters * 0.4))
                losses = "  ".join(f"{name}: {2 * fall * (0.8 + 0.4 * draw.random()):.4f}" for name in names)
                yield (
                    f"{head}Epoch(train)  [{epoch}][{at:>{len(str(iters))}}/{iters}]  lr: {0.02 * fall:.4e}  "
                    f"eta: {left}  time: {0.4 + 0.1 * draw.random():.4f}  data_time: 0.0{draw.randrange(999):03d}  "
                    f"memory: 5821  {losses}\n"
                )
            head = f"{now:%Y/%m/%d %H:%M:%S} - mmengine - INFO - "
            yield f"{head}Saving checkpoint at {epoch} epochs\n{head}Evaluating bbox...\nLoading results...\n"
            score = 0.5 * (1 - fall)
            for iou, area in AREAS:
                yield f" Average Precision  (AP) @[ IoU={iou:<9} | area={area:>6} | maxDets=100 ] = {score:.3f}\n"
            scores = f"coco/bbox_mAP: {score:.4f}  coco/bbox_mAP_50: {score * 1.4:.4f}"
            yield f"{head}Epoch(val) [{epoch}][625/625]    {scores}\n"


def keras(seed: int = 1, steps: int = 938) -> Iterator[str]:
    """Yield Keras 3's bars, every state of them, as they arrive in a redirected file."""
    draw = random.Random(seed)
    for epoch in count(1):
        epochs = 50 * math.ceil(epoch / 50)
        fall = math.exp(-2 * epoch / epochs)
        yield f"Epoch {(epoch - 1) % 50 + 1}/50\n"
        width = 0
        for step in range(1, steps + 1, 9):
            full = 20 * step // steps
            bar = f"\x1b[1m{step:>3}/{steps}\x1b[0m " + (f"\x1b[32m{'━' * full}\x1b[0m" if full else "")
            bar += f"\x1b[37m{'━' * (20 - full)}\x1b[0m \x1b[1m{(steps - step) // 100}s\x1b[0m 11ms/step"
            bar += f" - accuracy: {1 - fall * (0.5 + 0.1 * draw.random()):.4f}"
            bar += f" - loss: {2 * fall * (0.9 + 0.2 * draw.random()):.4f}"
            yield "\b" * width + "\r" + bar
            width = len(bar) - 34
        yield (
            f"\b\r\x1b[1m{steps}/{steps}\x1b[0m \x1b[32m{'━' * 20}\x1b[0m\x1b[37m\x1b[0m \x1b[1m11s\x1b[0m 11ms/step"
            f" - accuracy: {1 - fall * 0.5:.4f} - loss: {2 * fall:.4f} - val_accuracy: {1 - fall * 0.6:.4f}"
            f" - val_loss: {2.1 * fall:.4f} - learning_rate: {0.001 * fall:.4e}\n"
        )


def yolo(seed: int = 1, steps: int = 463) -> Iterator[str]:
    """Yield the bars of Ultralytics' console."""
    draw = random.Random(seed)
    yield "Ultralytics 8.4.0 🚀 Python-3.12.4 torch-2.8.0+cu128 CUDA:0 (NVIDIA A100-SXM4-40GB, 40442MiB)\n"
    for epoch in count(1):
        yield "\n" + "".join(
            f"{name:>11}" for name in ("Epoch", "GPU_mem", "box_loss", "cls_loss", "dfl_loss", "Instances", "Size")
        )
        yield "\n"
        fall = 0.5 + math.exp(-0.02 * epoch)
        for step in range(0, steps + 1, 3):
            losses = "".join(f"{loss * fall * (0.95 + 0.1 * draw.random()):>11.4g}" for loss in (0.9, 1.1, 0.8))
            full = 10 * step // steps
            yield (
                f"\r{f'{epoch}/999':>11}{'7.31G':>11}{losses}{draw.randrange(300):>11}{640:>11}: "
                f"{100 * step // steps:3d}%|{'█' * full}{' ' * (10 - full)}| {step}/{steps} "
                f"[00:{step // 20:02d}<00:{(steps - step) // 20:02d}, 19.80it/s]"
            )
        names = ("Images", "Instances", "Box(P", "R", "mAP50", "mAP50-95)")
        yield f"\n{'Class':>22}" + "".join(f"{name:>11}" for name in names)
        yield f": 100%|██████████| 40/40 [00:03<00:00, 12.10it/s]\n{'all':>22}{5000:>11}{36335:>11}"
        yield "".join(f"{(1.6 - fall) * factor:>11.3g}" for factor in (0.7, 0.6, 0.65, 0.45)) + "\n"


def jsonl(seed: int = 1) -> Iterator[str]:
    """Yield records of the kind that trainers append to a file of JSON lines."""
    draw = random.Random(seed)
    for step in count(50, 50):
        fall = math.exp(-step / 1e6)
        record = {"lr": 0.02 * fall, "data_time": 0.01 * draw.random(), "loss": 2 * fall * (0.9 + 0.2 * draw.random())}
        record |= {
            "loss_cls": fall * draw.random(),
            "loss_bbox": fall * draw.random(),
            "time": 0.4 + 0.1 * draw.random(),
        }
        yield json.dumps({**record, "epoch": 1 + step // 7330, "iter": step, "memory": 5821, "step": step}) + "\n"


def table(seed: int = 1) -> Iterator[str]:
    """Yield a CSV of curves."""
    draw = random.Random(seed)
    yield "epoch,time,train/box_loss,train/cls_loss,metrics/mAP50(B),metrics/mAP50-95(B),"
    yield "val/box_loss,val/cls_loss,lr/pg0\n"
    for epoch in count(1):
        yield f"{epoch},{30.1 * epoch:.6g}," + ",".join(f"{draw.random():.6g}" for _ in range(7)) + "\n"


def tfevents(scalars: int, seed: int = 1, *, tensors: bool = False) -> Iterator[bytes]:
    """Yield an event file of scalars: as plain values, or as the tensors that TensorFlow writes since 2.3."""
    draw = random.Random(seed)
    yield _record(b"\x09" + struct.pack("<d", 1.77e9) + b"\x1a\x0dbrain.Event:2")
    tags = (b"train/loss", b"train/loss_cls", b"train/lr", b"train/time", b"val/mAP")
    for number in range(scalars):
        tag, value = tags[number % 5], struct.pack("<f", draw.random())
        scalar = b"\x0a" + _varint(len(tag)) + tag
        scalar += b"\x42\x0a\x08\x01\x12\x00\x22\x04" + value if tensors else b"\x15" + value
        if tensors:
            scalar += b"\x4a\x0b\x0a\x09\x0a\x07scalars"
        summary = b"\x0a" + _varint(len(scalar)) + scalar
        wall = struct.pack("<d", 1.77e9 + 0.1 * number)
        yield _record(
            b"\x09" + wall + b"\x10" + _varint(10 * (number // 5)) + b"\x2a" + _varint(len(summary)) + summary
        )


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _crc_table() -> list[int]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        rows.append(byte)
    return rows


CRC = _crc_table()


def _record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    return head + _masked(head) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


KINDS: dict[str, Callable[[int], Iterator[str]]] = {
    "mmengine": mmengine, "keras": keras, "yolo": yolo, "jsonl": jsonl, "csv": table,
}  # fmt: skip


def write(kind: str, size: float, file: Path, seed: int = 1) -> None:
    """Write a log of so many bytes (or scalars), whole lines of it."""
    if kind.startswith("tfevents"):
        file.write_bytes(b"".join(tfevents(int(size), seed, tensors=kind.endswith("2"))))
        return
    written = 0
    with file.open("wb") as out:
        for text in KINDS[kind](seed):
            written += out.write(text.encode())
            if written >= size and text.endswith("\n"):
                break


if __name__ == "__main__":
    name, amount, target = sys.argv[1:]
    write(name, float(amount) * (1e3 if name.startswith("tf") else 1e6), Path(target))
