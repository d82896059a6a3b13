"""Bytes to visible lines: packed files, encodings, progress bars, damage."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
from pathlib import Path
from typing import IO, cast

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from diagnose.errors import SourceError
from diagnose.sources import HEAD, MAX_BYTES, Line, from_bytes, lines, lines_at, open_source
from diagnose.sources.lines import left_over, visible
from diagnose.sources.spool import KEPT

PACKERS = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.compress,
}


def texts(data: bytes, *, frames: bool = False) -> list[str]:
    return [line.text for line in lines(from_bytes("x", data), frames=frames)]


@pytest.mark.parametrize("packer", sorted(PACKERS))
class TestPacked:
    def test_is_read_as_the_plain_text(self, packer: str) -> None:
        assert ["one", "two"] == texts(PACKERS[packer](b"one\ntwo\n"))

    def test_a_cut_archive_is_an_error_with_its_name(self, packer: str) -> None:
        if packer == "zstd":
            return  # the library gives what is there and says nothing
        packed = PACKERS[packer](os.urandom(200_000))

        with pytest.raises(SourceError) as caught:
            list(lines(from_bytes("cut.gz", packed[: len(packed) // 2])))

        assert caught.value.place is not None
        assert "cut.gz" == caught.value.place.path

    def test_a_bomb_stops_at_the_limit(self, packer: str) -> None:
        with pytest.raises(SourceError, match="limit"):
            list(lines(from_bytes("bomb", PACKERS[packer](b"a line\n" * 2_000_000), limit=1_000_000)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("größe: 1".encode(), "größe: 1"),
        ("größe: 1".encode("utf-8-sig"), "größe: 1"),
        ("loss: 0.5\n".encode("utf-16"), "loss: 0.5"),
        ("损失: 0.5 训练集准确率".encode("gb18030"), "损失: 0.5 训练集准确率"),
        ("größe: 1".encode("latin-1"), "größe: 1"),
    ],
)
def test_encodings(data: bytes, expected: str) -> None:
    assert expected == texts(data)[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"1/3 [=>..]\r2/3 [==>.]\r3/3 [====]\n", ["3/3 [====]"]),
        (b"1/3 [=>..]\x08\x08\x08\x082/3 [==>.]\n", ["2/3 [==>.]"]),
        (b"Epoch 1/2\r1/3 [=>]\r3/3 [==]\rEpoch 2/2\r1/3 [>]\n", ["Epoch 1/2", "3/3 [==]", "Epoch 2/2", "1/3 [>]"]),
        (b"\x1b[1m3/3\x1b[0m \x1b[32mok\x1b[0m\n", ["3/3 ok"]),
        (b"one\r\ntwo\r\r\n", ["one", "two"]),
        (b"a\x00b\n", ["ab"]),
        (b"", []),
        (b"no newline", ["no newline"]),
    ],
)  # fmt: skip
def test_terminal_control(data: bytes, expected: list[str]) -> None:
    assert expected == texts(data)


def test_frames_are_kept_on_request() -> None:
    assert 3 == len(texts(b"1/3 [=>..]\r2/3 [==>.]\r3/3 [====]\n", frames=True))


def test_line_numbers_are_those_of_an_editor() -> None:
    data = b"one\n1/2 [>.]\r2/2 [==]\nthree\n"

    assert [Line(1, "one"), Line(2, "2/2 [==]"), Line(3, "three")] == list(lines(from_bytes("x", data)))


def test_a_line_of_many_megabytes_is_cut() -> None:
    found = list(lines(from_bytes("x", b"start\n" + b"x" * (80 << 20) + b"\nend\n")))

    assert [1, 2, 3] == [line.number for line in found]
    assert "end" == found[-1].text
    assert len(found[1].text) <= 1 << 20


class TestFiles:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="no such file"):
            open_source(tmp_path / "nothing.log")

    def test_not_a_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")

        with pytest.raises(SourceError, match="not a regular file"):
            open_source(tmp_path / "pipe")

    def test_too_large(self, tmp_path: Path) -> None:
        path = tmp_path / "big.log"
        with path.open("wb") as file:
            file.truncate(MAX_BYTES + 1)

        with pytest.raises(SourceError, match="limit"):
            open_source(path)

    def test_lfs_pointer(self) -> None:
        with pytest.raises(SourceError, match="LFS"):
            from_bytes("x.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


@given(st.binary(max_size=400))
def test_any_bytes_give_lines(data: bytes) -> None:
    try:
        found = texts(data)
    except SourceError:
        return
    assert all("\n" not in text and "\x1b[" not in text for text in found)


class Trickle(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part, self.rest = self.rest[:7000], self.rest[7000:]
        buffer[: len(part)] = part
        return len(part)


def test_a_file_that_is_all_in_its_head_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"small")
    source = open_source(file)
    file.write_bytes(b"other")
    with source.open() as stream:
        assert source.is_whole and stream.read() == b"small"


@pytest.mark.parametrize("size", [0, 10, HEAD, KEPT - 1, KEPT, KEPT + 100_000])
def test_a_stream_is_read_again_and_again(size: int) -> None:
    data = os.urandom(size)
    source = from_bytes("-", cast("IO[bytes]", Trickle(data)))

    assert source.size == size
    assert source.head == data[:HEAD]
    with source.open() as first, source.open() as second:
        assert first.read(5) == data[:5]
        assert second.read() == data
        assert first.read() == data[5:]
    assert source.read() == data


def test_a_stream_beyond_the_limit_is_not_read_on() -> None:
    pipe = Trickle(b"x" * 100_000)

    with pytest.raises(SourceError, match="limit of 20 kB"):
        from_bytes("-", cast("IO[bytes]", pipe), limit=20_000)
    assert pipe.rest


def test_a_limit_beyond_memory_takes_none() -> None:
    assert from_bytes("x", b"a\n", limit=10**18).read() == b"a\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig", "gb18030"])
def test_some_lines_are_those_of_all(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["diagnose.sources.lines"], "CHUNK", 13)
    text = "一行\n\n三 bar 1/9\rbar 9/9\n" + "lang" * 30 + "\nsechs\x1b[0m größe\n\nend"
    source = from_bytes("x", text.encode(encoding, "replace"))
    every = list(lines(source))

    for wanted in ([], [1], [3, 4], [2, 6, 7], [7, 3, 99], range(1, 9)):
        assert list(lines_at(source, wanted)) == [line for line in every if line.number in wanted]


@given(st.text("a1 \r\b\x1b[K\t", max_size=30))
def test_the_last_state_of_a_line_is_found_without_the_others(text: str) -> None:
    whole, end = ([line.text.strip() for line in visible(1, part)] for part in (text, left_over(text)))
    assert (end or [""])[-1] == (whole or [""])[-1]
