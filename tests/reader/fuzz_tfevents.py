"""Fuzzes the kernel for event files, built with AddressSanitizer and UBSan.

    python tests/reader/fuzz_tfevents.py SECONDS

It exits with a status other than 0 if a sanitizer reports anything, or if kernel and Python reader disagree.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests import sanitized  # noqa: E402

SOURCE = ROOT / "diagnose" / "reader" / "_tfevents.c"


def run(seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    """Fuzz in a process of its own. Raises CalledProcessError or FileNotFoundError without sanitizers."""
    return sanitized.run(__file__, SOURCE, seconds, folder)


def inside(library: str, seconds: float) -> None:
    """Read files at random until the time is up."""
    from diagnose.reader import tfevents

    kernel = sanitized.loaded(library)
    tfevents._kernel = lambda: kernel  # type: ignore[assignment]
    draw = random.Random(os.environ.get("FUZZ_SEED", "1"))
    until, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        one_round(kernel, draw)
        rounds += 1
    print(f"{rounds} rounds")


def one_round(kernel: ModuleType, draw: random.Random) -> None:
    """Read one file in both ways; then parts of it, each in a buffer that ends where it does."""
    from made_tfevents import damage, made, record

    data = made(draw.randrange(1 << 40), 40, kernel.masked_crc)
    compare(data)
    payloads = []
    for payload in payloads_of(data):
        changed = bytearray(payload)
        for _ in range(draw.choice([0, 0, 1, 3]) if changed else 0):
            if draw.random() < 0.8:
                changed[draw.randrange(len(changed))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
            elif changed:
                damage(draw, changed)
            if not changed:
                break
        payloads.append(bytes(changed))
    data = b"".join(record(payload, kernel.masked_crc) for payload in payloads)
    compare(data)
    found = kernel.Scalars()
    for _ in range(10):
        part = data[draw.randrange(len(data) + 1) :][: draw.randrange(300)]
        found.scan(part, draw.randrange(len(part) + 1), len(part), draw.randrange(1 << 62))
        kernel.find(part, draw.randrange(len(part) + 1), len(part))
        kernel.masked_crc(part, True)
        if draw.random() < 0.1:
            found.columns()


def payloads_of(data: bytes) -> list[bytes]:
    from diagnose.reader.tfrecord import records

    return [record.data for record in records(data) if not record.problem]


def compare(data: bytes) -> None:
    """Read with the kernel and without it."""
    from diagnose.logs import tensorboard
    from diagnose.reader import RunBuilder, tfevents
    from diagnose.sources import from_bytes

    read = []
    for name in ("kernel", "pure"):
        os.environ["DIAGNOSE_ENGINE"] = name
        build = RunBuilder("x", "tensorboard")
        problems: list[str] = []

        def other(record, add, build=build, problems=problems) -> None:
            try:
                tensorboard._event(record, add, build)
            except ValueError as error:
                problems.append(f"{record.number} {error}")
            if record.problem:
                problems.append(f"{record.number} {record.offset} {record.problem}")

        ((order, tags),) = tfevents.scalars(from_bytes("x", data), other)
        columns = [(tag, bytes(value), bytes(step), bytes(line)) for tag, value, step, line in tags]
        read.append((bytes(order), columns, problems, repr(build.finish())))
    assert read[0] == read[1], data.hex()


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        sys.path.insert(0, str(Path(__file__).parent))
        inside(sys.argv[2], float(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as name:
            done = run(float(sys.argv[1]), Path(name))
        print(done.stdout[-2000:] + done.stderr[-8000:])
        sys.exit(done.returncode)
