"""The kernel for event files reads what the Python reader reads, and leaves to it whatever is unusual."""

import math
import random
import struct
import sys
from pathlib import Path

import pytest

from diagnose import logs
from diagnose.reader import tfevents
from diagnose.reader.tfrecord import masked_crc
from diagnose.sources import from_bytes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.make_logs import tfevents as made  # noqa: E402

FIXTURES = sorted((ROOT / "fixtures").rglob("*tfevents*"))
needs_kernel = pytest.mark.skipif(tfevents._kernel() is None, reason="no compiled kernel")


def part(number: int, kind: int, payload: bytes | int) -> bytes:
    key = bytes([number << 3 | kind])
    if kind == 0:
        assert isinstance(payload, int)
        out = bytearray()
        while payload > 127:
            out.append(payload & 127 | 128)
            payload >>= 7
        return key + bytes([*out, payload])
    assert isinstance(payload, bytes)
    return key + (bytes([len(payload)]) if kind == 2 else b"") + payload


def record(payload: bytes) -> bytes:
    size = struct.pack("<Q", len(payload))
    crcs = [struct.pack("<I", masked_crc(data)) for data in (size, payload)]
    return size + crcs[0] + payload + crcs[1]


def plain(value: float) -> bytes:
    return part(2, 5, struct.pack("<f", value))


def event(*values: bytes, step: int = 3) -> bytes:
    summary = b"".join(part(1, 2, value) for value in values)
    return part(1, 1, struct.pack("<d", 1.77e9)) + part(2, 0, step) + part(5, 2, summary)


TAG = part(1, 2, b"train/loss")
FLOAT = part(1, 0, 1) + part(2, 2, b"")
SCALARS = part(9, 2, part(1, 2, part(1, 2, b"scalars")))
TENSOR = part(8, 2, FLOAT + part(5, 2, struct.pack("<f", 0.5)))
ODD = [
    b"",
    part(3, 2, b"brain.Event:2"),
    event(),
    event(TAG),
    event(plain(1)),
    event(TAG + plain(1), TAG + plain(2)),
    event(TAG + TAG + plain(1)),
    event(TAG + plain(1) + plain(2)),
    event(TAG + plain(1) + TENSOR),
    event(TAG + part(8, 2, FLOAT)),
    event(TAG + part(8, 2, part(1, 0, 2) + part(6, 2, struct.pack("<d", 0.5)))),
    event(TAG + part(8, 2, FLOAT + part(5, 2, struct.pack("<ff", 1, 2)))),
    event(TAG + part(8, 2, part(1, 0, 1) + part(2, 2, part(2, 2, part(1, 0, 2))) + part(4, 2, b"\0" * 8))),
    event(TAG + part(8, 2, FLOAT + part(5, 5, struct.pack("<f", 0.5)))),
    event(part(1, 2, b"config/text_summary") + part(8, 2, part(1, 0, 7) + part(8, 2, b'{"lr": 0.1}'))),
    event(part(1, 2, b"_hparams_/session_start_info") + part(9, 2, part(1, 2, part(1, 2, b"hparams")))),
    part(5, 2, part(1, 2, TAG + plain(1)) + b"\xff"),
    event(TAG + plain(1)) + part(6, 2, part(1, 0, 40) + part(2, 2, b"boom")),
    event(TAG + plain(1)) + b"\x0b",
    event(TAG + plain(1)) + part(2, 0, 9),
]
USUAL = [
    event(part(1, 2, b"hp_metric") + plain(-1)),
    event(TAG + plain(0.25)),
    event(TAG + plain(math.nan)),
    event(TAG + plain(-math.inf), step=2**64 - 5),
    event(TAG + plain(1), step=2**63 - 1),
    event(TAG + plain(1), step=2**63),
    event(part(1, 2, b"\xff\xfeodd \xe2\x80") + plain(1)),
    event(part(1, 2, b"") + plain(1)),
    event(TAG + TENSOR + SCALARS),
    event(TAG + SCALARS + part(8, 2, FLOAT + part(4, 2, struct.pack("<f", 0.5)))),
    event(TAG + plain(1) + part(9, 2, part(1, 2, part(1, 2, b"scalars") + part(2, 2, b"x")) + part(4, 0, 1))),
    part(5, 2, part(1, 2, TAG + plain(1))),
]


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for engine in ("pure", "kernel"):
        monkeypatch.setenv("DIAGNOSE_ENGINE", engine)
        runs.append(logs.read(from_bytes("a/events.out.tfevents.1", data), "tensorboard"))
    pure, kernel = runs
    assert pure is not None
    assert kernel is not None
    assert len(pure.segments) == len(kernel.segments)
    for one, other in zip(pure.segments, kernel.segments, strict=True):
        assert one.series.keys() == other.series.keys()
        for name, series in one.series.items():
            for column in ("value", "step", "epoch", "line"):
                assert getattr(series, column).tobytes() == getattr(other.series[name], column).tobytes(), name
        assert [(item.kind, item.place, repr(item.fields)) for item in one.events] == [
            (item.kind, item.place, repr(item.fields)) for item in other.events
        ]
        assert repr(one.config) == repr(other.config)


@needs_kernel
@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.parent.name)
def test_fixtures(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both(file.read_bytes(), monkeypatch)


@needs_kernel
@pytest.mark.parametrize("tensors", [False, True])
def test_files_of_scalars_are_the_kernels_alone(tensors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(made(500, tensors=tensors))
    both(data, monkeypatch)

    assert [type(item) for item in tfevents.events(data)] == [tfevents.Record, *[tfevents.Scalar] * 500]


@needs_kernel
@pytest.mark.parametrize("payload", [*ODD, *USUAL])
def test_between_two_scalars(payload: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    around = record(event(TAG + plain(0.75)))
    data = around + record(payload) + around

    both(data, monkeypatch)
    kinds = [type(item) for item in tfevents.events(data)]
    assert kinds[1] == (tfevents.Scalar if payload in USUAL else tfevents.Record)


@needs_kernel
@pytest.mark.parametrize("seed", range(20))
def test_damaged_files(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    payloads = [draw.choice([*ODD, *USUAL]) for _ in range(20)]
    data = bytearray(b"".join(map(record, payloads)))
    for _ in range(draw.randrange(4)):
        at = draw.randrange(len(data))
        match draw.randrange(3):
            case 0:
                data[at] = draw.randrange(256)
            case 1:
                del data[at : at + draw.randrange(40)]
            case 2:
                data[at:at] = draw.randbytes(draw.randrange(20))
    both(bytes(data[: draw.randrange(len(data)) if seed % 4 == 0 else len(data)]), monkeypatch)


@needs_kernel
@pytest.mark.parametrize("seed", range(20))
def test_damaged_messages_in_sound_records(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    data = b""
    for _ in range(60):
        payload = bytearray(draw.choice(USUAL + ODD[1:]))
        payload[draw.randrange(len(payload))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
        data += record(bytes(payload)) + record(event(TAG + plain(0.5)))
    both(data, monkeypatch)


@needs_kernel
@pytest.mark.parametrize("length", [*range(20), 255, 256, 257, 5000])
def test_checksums(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = random.Random(length).randbytes(length).hex().encode()[:length]
    size = bytes([len(tag) & 127 | 128, len(tag) >> 7]) if len(tag) > 127 else bytes([len(tag)])
    value = b"\x0a" + size + tag + plain(1)
    summary = b"\x0a" + bytes([len(value) & 127 | 128, len(value) >> 7]) + value
    payload = b"\x2a" + bytes([len(summary) & 127 | 128, len(summary) >> 7]) + summary

    assert [type(item) for item in tfevents.events(record(payload))] == [tfevents.Scalar]
    both(record(payload), monkeypatch)


@needs_kernel
def test_many_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfevents, "MOST", 7)
    both(b"".join(made(100)), monkeypatch)
