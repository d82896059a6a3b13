"""Event files: the kernel reads what the Python reader reads, and columns are what scalar by scalar comes to."""

import gzip
import io
import math
import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fuzz_tfevents
import numpy as np
import plain_points
import pytest
from made_tfevents import event, made, part, plugin, record, simple, tensor

from diagnose import logs
from diagnose.errors import SourceError
from diagnose.model import Run
from diagnose.reader import room, tfcurves, tfevents, tfmould, tfwindow
from diagnose.reader.tfrecord import Record, masked_crc
from diagnose.sources import from_bytes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.make_logs import tfevents as generated  # noqa: E402

FIXTURES = sorted((ROOT / "fixtures").rglob("*tfevents*"))
CORPUS = sorted((ROOT.parent / "shared" / "corpus").rglob("*tfevents*"))
needs_kernel = pytest.mark.skipif(tfevents._kernel() is None, reason="no compiled kernel")

TAG = b"train/loss"
NAME = part(1, TAG)
FLOAT = part(1, 1) + part(2, b"")
HALF = part(8, FLOAT + part(5, struct.pack("<f", 0.5)))
LEFT = [
    b"",
    part(3, b"brain.Event:2"),
    event(NAME),
    event(part(2, 1.0)),
    event(NAME + simple(TAG, 1.0)),
    event(simple(TAG, 1.0) + part(2, 2.0)),
    event(simple(TAG, 1.0) + HALF),
    event(simple(TAG, 1.0) + part(5, b"histogram")),
    event(NAME + part(8, FLOAT)),
    event(NAME + part(8, part(1, 2) + part(6, struct.pack("<d", 0.5)))),
    event(NAME + part(8, FLOAT + part(5, struct.pack("<ff", 1, 2)))),
    event(NAME + part(8, part(1, 1) + part(2, part(2, part(1, 2))) + part(4, b"\0" * 8))),
    event(NAME + part(8, FLOAT + part(5, 0.5))),
    event(part(1, b"config/text_summary") + part(8, part(1, 7) + part(8, b'{"lr": 0.1}'))),
    event(NAME + part(8, part(1, 7) + part(8, b'{"lr": 0.1}')) + plugin(b"text")),
    event(NAME + HALF + part(9, part(3, b"what it is"))),
    event(simple(TAG, 1.0) + plugin(b"images")),
    event(NAME + HALF + plugin(b"scalars") + plugin(b"scalars")),
    event(part(1, b"_hparams_/session_start_info") + plugin(b"hparams")),
    part(5, part(1, simple(TAG, 1.0))) + b"\xff",
    event(simple(TAG, 1.0), more=part(6, part(1, 40) + part(2, b"boom"))),
    event(simple(TAG, 1.0), more=b"\x0b"),
    event(simple(TAG, 1.0), more=part(2, 9)),
    event(simple(TAG, 1.0), part(1, b"args") + part(8, part(1, 7) + part(8, b'{"lr": 0.1}'))),
    event(*[simple(TAG, 1.0)] * 1000),
]
"""What the kernel hands over."""
TAKEN = [
    event(simple(b"hp_metric", -1.0)),
    event(simple(TAG, 0.25)),
    event(simple(TAG, math.nan)),
    event(simple(TAG, -math.inf), step=2**64 - 5),
    event(simple(TAG, 1.0), step=2**63 - 1),
    event(simple(TAG, 1.0), step=2**63),
    event(simple(TAG, 1.0), step=2**53 + 1),
    event(simple(b"\xff\xfeodd \xe2\x80", 1.0)),
    event(simple(b"", 1.0)),
    event(tensor(TAG, 0.5)),
    event(NAME + plugin(b"scalars") + part(8, FLOAT + part(4, struct.pack("<f", 0.5)))),
    event(simple(TAG, 1.0) + part(9, part(1, part(1, b"scalars") + part(2, b"x")) + part(4, 1))),
    part(5, part(1, simple(TAG, 1.0))),
    event(simple(TAG, 1.0), simple(TAG, 2.0)),
    event(),
    event(*(simple(b"tag%d" % number, 1.0) for number in range(100))),
    event(NAME + part(5, b"histogram"), simple(b"lr", 0.1)),
    event(NAME + part(4, b"image")),
    event(NAME + part(8, part(1, 1) + part(2, part(2, part(1, 9)))) + plugin(b"histograms")),
]
"""What the kernel takes."""


def handed_over(data: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """Return the records that the kernel leaves to others."""
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    found: list[Record] = []
    for _ in tfevents.scalars(from_bytes("x", data), lambda record, add: found.append(record)):
        pass
    return found


def run_of(data: bytes, path: str) -> Run:
    run = logs.read(from_bytes(path, data), "tensorboard")
    assert run is not None
    return run


def same(one: Run, other: Run) -> None:
    assert len(one.segments) == len(other.segments)
    for mine, theirs in zip(one.segments, other.segments, strict=True):
        assert (mine.name, mine.first_line, mine.last_line) == (theirs.name, theirs.first_line, theirs.last_line)
        assert [*mine.series] == [*theirs.series]
        for name, series in mine.series.items():
            assert series.printed == theirs.series[name].printed
            for column in ("value", "step", "epoch", "line"):
                numbers, others = getattr(series, column), getattr(theirs.series[name], column)
                assert numbers.dtype == others.dtype
                assert numbers.tobytes() == others.tobytes(), (name, column)
        assert [(item.kind, item.place, repr(item.fields)) for item in mine.events] == [
            (item.kind, item.place, repr(item.fields)) for item in theirs.events
        ]
        assert repr(mine.config) == repr(theirs.config)


def all_ways(data: bytes, monkeypatch: pytest.MonkeyPatch, path: str = "a/events.out.tfevents.1") -> None:
    """Read with the kernel, without it, side by side where there are few, and scalar by scalar, and compare."""
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    kernel = run_of(data, path)
    monkeypatch.setenv("DIAGNOSE_ENGINE", "pure")
    same(kernel, run_of(data, path))
    with monkeypatch.context() as patched:
        patched.setattr(tfevents, "FEW", 1)
        patched.setattr(tfmould, "FEW", 1)
        same(kernel, run_of(data, path))
    with monkeypatch.context() as patched:
        patched.setattr(tfcurves, "add_points", plain_points.add_points)
        same(kernel, run_of(data, path))


@needs_kernel
@pytest.mark.parametrize("file", [*FIXTURES, *CORPUS], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_files(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = file.read_bytes()
    if not data.startswith(b"version https://git-lfs"):
        all_ways(data, monkeypatch)


@needs_kernel
@pytest.mark.parametrize("seed", range(40))
def test_files_at_random(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    all_ways(made(seed), monkeypatch, "validation/events.out.tfevents.1" if seed % 3 else "run/events.out.tfevents.1")


@needs_kernel
@pytest.mark.parametrize("seed", range(60, 80))
def test_streams_that_come_in_small_pieces(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(seed, 60)
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    whole = run_of(data, "x")
    monkeypatch.setattr(tfwindow, "CHUNK", 7)
    same(whole, run_of(data, "x"))
    same(whole, run_of(gzip.compress(data), "x"))


@needs_kernel
@pytest.mark.parametrize("seed", range(80, 110))
def test_long_files_that_need_not_be_thinned(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(seed, wildly=False)
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    whole = run_of(data, "validation/x")
    monkeypatch.setattr(tfevents, "PORTION", random.Random(seed).choice([1, 8, 60]))
    monkeypatch.setattr(tfwindow, "CHUNK", 500)
    monkeypatch.setattr(tfwindow, "LEAST", 1)
    same(whole, run_of(data, "validation/x"))
    monkeypatch.setenv("DIAGNOSE_ENGINE", "pure")
    same(whole, run_of(data, "validation/x"))


@needs_kernel
@pytest.mark.parametrize("form", [simple, tensor])
def test_long_files_that_are_thinned(form: Callable[[bytes, float], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)
    crc = tfevents._kernel().masked_crc
    values = [draw.random() for _ in range(20_000)]
    values[7777], values[8888], values[12_345] = 5.0, -5.0, math.nan
    payloads = []
    for number, value in enumerate(values):
        step = number % 15_000 * 10
        payloads += [event(form(b"train/loss", value), step=step), event(form(b"lr", 0.5), step=step)]
        payloads += [event(form(b"train/epoch", step / 10_000), step=step)] * (number % 2)
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    monkeypatch.setattr(tfevents, "PORTION", 3000)
    monkeypatch.setattr(room, "MOST", 1 << 13)
    one, other = run_of(b"".join(record(payload, crc) for payload in payloads), "x").segments
    for segment, first, count in ((one, 0, 15_000), (other, 15_000, 5000)):
        for name, series in segment.series.items():
            assert series.thinned > 0 or first
            assert series.thinned + len(series) == pytest.approx(count, rel=0.02)
            at = np.round(series.step / 10).astype(int) + first
            assert at.tolist() == sorted(set(at.tolist()))
            assert (at[0], at[-1]) == (first, first + count - 1)
            assert not np.isnan(series.epoch[at % 2 == 1]).any()
            assert np.isnan(series.epoch[at % 2 == 0]).all()
            if name == "train/loss":
                assert series.value.tolist() == pytest.approx([values[index] for index in at], rel=1e-6, nan_ok=True)
    assert {5.0, -5.0} <= set(one.series["train/loss"].value.tolist())
    assert np.isnan(one.series["train/loss"].value).sum() == 1


@needs_kernel
@pytest.mark.parametrize("tensors", [False, True])
def test_files_of_scalars_are_the_kernels_alone(tensors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(generated(500, tensors=tensors))
    all_ways(data, monkeypatch)
    assert [record.number for record in handed_over(data, monkeypatch)] == [1]


@needs_kernel
@pytest.mark.parametrize("payload", [*LEFT, *TAKEN])
def test_between_two_scalars(payload: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    around = record(event(simple(TAG, 0.75)))
    data = around + record(payload) + around
    all_ways(data, monkeypatch)
    assert [record.data for record in handed_over(data, monkeypatch)] == ([payload] if payload in LEFT else [])


@needs_kernel
@pytest.mark.parametrize("seed", range(20))
def test_damaged_messages_in_sound_records(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    data = b""
    for _ in range(60):
        payload = bytearray(draw.choice(TAKEN[:15] + LEFT[1:-1]))
        payload[draw.randrange(len(payload))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
        data += record(bytes(payload)) + record(event(simple(TAG, 0.5)))
    all_ways(data, monkeypatch)


@needs_kernel
@pytest.mark.parametrize("length", [*range(20), 255, 256, 257, 470, 5000])
def test_checksums(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = random.Random(length).randbytes(length).hex().encode()[:length]
    data = record(event(simple(tag, 1.0)))
    assert handed_over(data, monkeypatch) == []
    all_ways(data, monkeypatch)
    for at in range(0, len(data), 1 + length // 40):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        assert handed_over(bytes(damaged), monkeypatch)[0].problem


@needs_kernel
def test_all_computations_of_a_checksum() -> None:
    kernel = tfevents._kernel()
    for length in [*range(50), 4095, 5000]:
        data = random.Random(length).randbytes(length)
        assert kernel.masked_crc(data) == kernel.masked_crc(data, True) == masked_crc(data)


@needs_kernel
def test_a_tail_of_zeros_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    data = record(event(simple(TAG, 0.5))) + bytes(3_000_000) + record(event(simple(TAG, 0.25)))
    assert [record.number for record in handed_over(data, monkeypatch)] == [2]
    all_ways(data, monkeypatch)


@needs_kernel
def test_a_length_that_no_file_has(monkeypatch: pytest.MonkeyPatch) -> None:
    size = struct.pack("<Q", 1 << 62)
    data = size + struct.pack("<I", tfevents._kernel().masked_crc(size)) + b"x" * 40
    assert [record.problem for record in handed_over(data, monkeypatch)] == ["cut inside a record"]
    all_ways(data + record(event(simple(TAG, 0.25))), monkeypatch)


@needs_kernel
def test_the_limit_holds_for_what_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    data = gzip.compress(record(event(simple(TAG, 0.5))) * 1000)
    with pytest.raises(SourceError, match="larger than the limit"):
        logs.read(from_bytes("x", data, 10_000), "tensorboard")


@needs_kernel
def test_more_tags_than_16_bits_can_number(monkeypatch: pytest.MonkeyPatch) -> None:
    crc = tfevents._kernel().masked_crc
    payloads = (event(simple(b"t%d" % (number % 70_000), 0.5), step=number // 70_000) for number in range(140_100))
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    source = from_bytes("x", b"".join(record(payload, crc) for payload in [*payloads, event(simple(b"t7", 1.0))]))
    ((order, tags),) = tfevents.scalars(source, lambda record, add: None)
    assert len(tags) == 70_000
    assert memoryview(order).cast("B").cast("I")[-2:].tolist() == [99, 7]
    assert memoryview(tags[7][1]).cast("B").cast("d").tolist() == [0.5, 0.5, 0.5, 1.0]


@needs_kernel
def test_the_kernel_refuses_parts_that_are_none() -> None:
    kernel = tfevents._kernel()
    for at, end in ((-1, 0), (2, 1), (0, 9)):
        with pytest.raises(ValueError, match="no part"):
            kernel.Scalars().scan(b"12345678", at, end, 0)
        with pytest.raises(ValueError, match="no part"):
            kernel.find(b"12345678", at, end)


@needs_kernel
def test_the_kernel_starts_anew_after_it_has_handed_over() -> None:
    found = tfevents._kernel().Scalars()
    assert found.columns() == (bytearray(), [])
    found.add(b"a", 1.0, 2.0, 3)
    order, [(tag, value, step, line)] = found.columns()
    assert (bytes(order), tag, bytes(value)) == (bytes(4), b"a", struct.pack("<d", 1.0))
    assert (bytes(step), bytes(line)) == (struct.pack("<d", 2.0), struct.pack("<q", 3))
    assert found.columns() == (bytearray(), [])


def test_streams_without_readinto() -> None:
    class Plain(io.BytesIO):
        readinto = None  # type: ignore[assignment]

    source = from_bytes("x", b"")
    source._open = lambda: Plain(bytes(range(256)) * 9000)
    with tfwindow.Window(source) as window:
        taken = b""
        while window.more():
            taken += bytes(window.buffer[window.start : window.end])
            window.start = window.end
    assert taken == bytes(range(256)) * 9000


def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    try:
        done = fuzz_tfevents.run(30 if os.environ.get("CI") else 4, tmp_path)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no compiler with sanitizers: {error}")
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-4000:]
    assert int(done.stdout.split()[0]) > 10
