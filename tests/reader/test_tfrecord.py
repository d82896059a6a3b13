"""Checksums and framing of TFRecord files."""

import os
import struct

import pytest

from diagnose.reader.tfrecord import crc32c, fields, looks_framed, masked_crc, records


def framed(payload: bytes) -> bytes:
    size = struct.pack("<Q", len(payload))
    return size + struct.pack("<I", masked_crc(size)) + payload + struct.pack("<I", masked_crc(payload))


def bitwise(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_the_check_value_of_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


@pytest.mark.parametrize("size", [1, 255, 4095, 4096, 4097, 10_000])
def test_long_data_is_checked_in_lanes_with_the_same_result(size: int) -> None:
    data = os.urandom(size)
    assert crc32c(data) == bitwise(data)


def test_many_records_of_one_length_are_checked_together() -> None:
    whole = [framed(struct.pack("<Q", number)) for number in range(100)]
    whole[40] = whole[40][:12] + b"12345678" + whole[40][20:]
    found = list(records(b"".join(whole)))
    assert [record.number for record in found if record.problem] == [41]
    assert found[99].data == struct.pack("<Q", 99)


def test_reading_goes_on_after_a_broken_header() -> None:
    data = framed(b"one") + b"\xffgarbage" + framed(b"two") + framed(b"three")[:-2]
    found = list(records(data))
    assert [record.data for record in found if not record.problem] == [b"one", b"two"]
    assert [record.problem[:3] for record in found if record.problem] == ["the", "cut"]


def test_framing_is_recognised_by_its_checksum() -> None:
    assert looks_framed(framed(b"x"))
    assert not looks_framed(b"x" * 40)
    assert not looks_framed(b"")


def test_messages_that_end_early_are_refused() -> None:
    assert list(fields(b"\x08\x96\x01")) == [(1, 0, 150)]
    for data in (b"\x08", b"\x0a\x05ab", b"\x0b", b"\x80" * 12):
        with pytest.raises(ValueError, match=r"varint|early|wire"):
            list(fields(data))
