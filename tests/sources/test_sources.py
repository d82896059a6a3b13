"""Bytes to visible lines: packed files, encodings, progress bars, damage."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from diagnose.errors import SourceError
from diagnose.sources import Line, from_bytes, lines, open_source

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
            file.truncate(3 << 30)

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
