"""Whatever the bytes are, linting them ends with a report: every fixture damaged in every way, and plain noise."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnose.engine import Options, lint
from diagnose.engine.inputs import collect
from diagnose.logs import formats
from diagnose.rules import Rule, Selection, builtin, select
from diagnose.sources import MAX_BYTES

FIXTURES = Path(__file__).parents[2] / "fixtures"
PIECES = sorted(
    {path for path in FIXTURES.glob("*/**/*") if path.is_file() and "make" not in path.parts and path.suffix != ".py"}
)
NUMBERS = (
    b"1e999",
    b"-1e999",
    b"nan",
    b"-inf",
    b"0" * 400,
    b"9" * 400,
    b"1e-400",
    b"0x1p3",
    b"-0.0",
    "٣".encode(),
    b"1_0",
    b"",
)
LONGEST = 12_000
"""Bytes of a fixture that are damaged: enough for its head and some epochs."""


@cache
def rules() -> list[Rule]:
    return list(select(builtin(), Selection()))


@cache
def material() -> list[bytes]:
    samples = [sample for format in formats().values() for sample in format.SAMPLES]
    texts = [sample if isinstance(sample, bytes) else sample.encode() for sample in samples]
    return texts + [path.read_bytes()[:LONGEST] for path in PIECES]


def check(data: bytes, format: str = "") -> None:
    report = lint(collect(["-"], limit=MAX_BYTES, stdin=data), Options(rules(), format=format))

    (file,) = report.files
    assert file.status in ("ok", "unknown", "error")
    assert file.status != "error" or file.detail


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[chance.randrange(len(data) + 1) :] if chance.random() < 0.3 else data[: chance.randrange(len(data) + 1)]


def doubled(data: bytes, _: random.Random) -> bytes:
    return data + data


def flipped(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 40)):
        if damaged:
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def shuffled(data: bytes, chance: random.Random) -> bytes:
    parts = data.splitlines(keepends=True)
    chance.shuffle(parts)
    return b"".join(parts)


def glued(data: bytes, chance: random.Random) -> bytes:
    parts = data.split(b"\n")
    return b"".join(part + chance.choice((b"\n", b"\n", b"\n", b"", b" ", b"\r", b"\b")) for part in parts)


def with_crlf(data: bytes, _: random.Random) -> bytes:
    return data.replace(b"\n", b"\r\n")


def with_nulls(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + b"\0" * chance.randint(1, 600) + data[at:]


def renumbered(data: bytes, chance: random.Random) -> bytes:
    """Put strange numbers in place of some."""
    parts: list[bytes] = []
    for number, part in enumerate(re.split(rb"(\d+(?:\.\d+)?)", data)):
        parts.append(chance.choice(NUMBERS) if number % 2 and chance.random() < 0.05 else part)
    return b"".join(parts)


def as_utf16(data: bytes, _: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode("utf-16")


def mixed(data: bytes, chance: random.Random) -> bytes:
    return data + chance.choice(material())


DAMAGE: list[Callable[[bytes, random.Random], bytes]] = [
    cut, doubled, flipped, shuffled, glued, with_crlf, with_nulls, renumbered, as_utf16, mixed,
]  # fmt: skip
WHICH, SEED = st.integers(0, 999), st.integers(0, 1 << 32)
MODEST = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("damage", DAMAGE, ids=[damage.__name__ for damage in DAMAGE])
@settings(MODEST, max_examples=12)
@given(which=WHICH, seed=SEED)
def test_damaged_logs(damage: Callable[[bytes, random.Random], bytes], which: int, seed: int) -> None:
    data = material()[which % len(material())]

    check(damage(data, random.Random(seed)))


@MODEST
@given(which=WHICH, seed=SEED, ways=st.lists(st.sampled_from(DAMAGE), min_size=2, max_size=4))
def test_logs_damaged_twice(which: int, seed: int, ways: list[Callable[[bytes, random.Random], bytes]]) -> None:
    data, chance = material()[which % len(material())], random.Random(seed)
    for damage in ways:
        data = damage(data, chance)[: 2 * LONGEST]

    check(data)


@MODEST
@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    check(data)


@MODEST
@given(st.text(max_size=600))
def test_any_text(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@MODEST
@given(which=WHICH, name=st.sampled_from(sorted(formats())))
def test_any_log_as_any_format(which: int, name: str) -> None:
    check(material()[which % len(material())], name)
