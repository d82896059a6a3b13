"""Event files at random: what trainers write, mixed with what they seldom write, damaged here and there."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable

from diagnose.reader.tfrecord import masked_crc
from tests.tfwire import part, record


def event(*values: bytes, step: int | None = 3, more: bytes = b"") -> bytes:
    """Return the payload of an event."""
    counted = b"" if step is None else part(2, step)
    return part(1, 1.77e9, double=True) + counted + part(5, b"".join(part(1, value) for value in values)) + more


def simple(tag: bytes, value: float) -> bytes:
    return part(1, tag) + part(2, value)


def plugin(name: bytes) -> bytes:
    return part(9, part(1, part(1, name)))


def tensor(tag: bytes, value: float, *, packed: bool = False, told: bool = True) -> bytes:
    """Return a value as TensorFlow 2 writes it."""
    content = part(5 if packed else 4, struct.pack("<f", value))
    return part(1, tag) + part(8, part(1, 1) + part(2, b"") + content) + (plugin(b"scalars") if told else b"")


TAGS = [
    [b"train/loss", b"val/loss", b"lr", b"acc"],
    [b"Loss/train", b"train/loss", b"train_loss", b"loss", b"Loss/val"],
    [b"train_loss_step", b"train_loss_epoch", b"val_loss", b"epoch", b"hp_metric", b"lr-Adam"],
    b"train/loss train/epoch train/learning_rate eval/loss eval/runtime eval/steps_per_second".split()
    + b"train/train_loss train/train_runtime train/total_flos".split(),
    b"epoch_loss epoch_accuracy evaluation_loss_vs_iterations evaluation_accuracy_vs_iterations".split()
    + b"batch_loss epoch_learning_rate".split(),
    [b"evaluation_f1_vs_iterations", b"epoch_loss", b"epoch_", b"x"],
    [b"\xff", b"\xfe", b"a\xffb", b"a\xfeb", "Verlust/µ".encode(), b""],
    [b"tag%d" % number for number in range(300)],
    [b"loss"],
]


def made(seed: int, most: int = 100, crc: Callable[[bytes], int] = masked_crc, *, wildly: bool = True) -> bytes:
    """Return a file of up to so many records, with steps of any size if they are to go wild."""
    draw = random.Random(seed)
    tags = draw.choice(TAGS)
    tags = draw.sample(tags, draw.randint(1, len(tags)))
    move = draw.choice([falling, level, wild if wildly else rising, negative, rising])
    several, odd = draw.random() < 0.3, draw.choice([0, 0, 0.05, 0.3])
    form = draw.choice([simple, tensor, mixed(draw)])
    step = draw.choice([0, 0, 100])
    payloads = [part(1, 1.77e9, double=True) + part(3, b"brain.Event:2")] * (draw.random() < 0.9)
    for number in range(draw.choice([0, 1, 3, most // 10, most])):
        step = move(draw, step)
        if draw.random() < odd:
            payloads.append(unusual(draw, draw.choice(tags), step))
        elif several:
            chosen = draw.choices(tags, k=min(len(tags), draw.randint(1, 200)))
            payloads.append(event(*(form(tag, number_for(draw, tag)) for tag in chosen), step=step))
        else:
            tag = tags[number % len(tags)] if draw.random() < 0.9 else draw.choice(tags)
            payloads.append(event(form(tag, number_for(draw, tag)), step=step if draw.random() < 0.98 else None))
    data = bytearray(b"".join(record(payload, crc) for payload in payloads))
    for _ in range(draw.randint(1, 4) if draw.random() < 0.4 and data else 0):
        damage(draw, data)
    return bytes(data)


def falling(draw: random.Random, step: int) -> int:
    return int(step * draw.choice([0.5, 0.89, 0.9, 0.91, 0])) if draw.random() < 0.02 else step + draw.randint(0, 10)


def level(draw: random.Random, step: int) -> int:
    return step + (draw.random() < 0.2)


def rising(draw: random.Random, step: int) -> int:
    return step + draw.choice([0, 1, 10])


def negative(draw: random.Random, step: int) -> int:
    return step + draw.choice([1, -1, 1])


def wild(draw: random.Random, step: int) -> int:
    chosen = [draw.randint(-5, 1000), draw.randint(0, 1 << 40), 1 << 53, 1 << 60, -(1 << 63), 10**15]
    return draw.choice(chosen) if draw.random() < 0.1 else (step + 1) % (1 << 62)


def mixed(draw: random.Random) -> Callable[[bytes, float], bytes]:
    def either(tag: bytes, value: float) -> bytes:
        if draw.random() < 0.5:
            return simple(tag, value)
        return tensor(tag, value, packed=draw.random() < 0.5, told=draw.random() < 0.5)

    return either


def number_for(draw: random.Random, tag: bytes) -> float:
    if tag in (b"epoch", b"train/epoch") and draw.random() < 0.9:
        return float(draw.randint(0, 4))
    return draw.choice([math.nan, math.inf, -1.0, 0.0]) if draw.random() < 0.1 else draw.uniform(-2, 2)


def unusual(draw: random.Random, tag: bytes, step: int) -> bytes:
    """Return the payload of a record that holds something else."""
    name, shape = part(1, tag), part(2, part(2, part(1, 5)))
    return draw.choice(
        [
            event(name + part(5, draw.randbytes(50)), step=step),
            event(name + part(8, part(1, 2) + part(2, b"") + part(6, struct.pack("<d", draw.random()))), step=step),
            event(name + part(8, part(1, 7) + part(8, b'{"lr": 0.1}')) + plugin(b"text"), step=step),
            event(name + part(8, part(1, 1) + shape + part(4, draw.randbytes(20))) + plugin(b"histograms"), step=step),
            event(name + part(4, draw.randbytes(30)), simple(tag, 0.5), step=step),
            event(simple(tag, 0.5), step=step, more=part(6, part(1, 40) + part(2, b"boom"))),
            event(name + part(8, part(1, 1) + part(2, b"")), step=step),
            event(simple(tag, 1.0) + plugin(b"scalars"), simple(tag, 2.0) + plugin(b"images"), step=step),
            part(1, 1.77e9, double=True) + part(2, step) + part(7, part(1, 3) + part(2, b"model.ckpt")),
            draw.randbytes(draw.randint(0, 30)),
        ]
    )


def damage(draw: random.Random, data: bytearray) -> None:
    at = draw.randrange(len(data) + 1)
    match draw.randrange(5):
        case 0 if at < len(data):
            data[at] = draw.randrange(256)
        case 1:
            del data[at : at + draw.randrange(60)]
        case 2:
            data[at:at] = draw.randbytes(draw.randrange(30))
        case 3:
            data[at:at] = bytes(draw.randrange(500))
        case _:
            del data[at:]
