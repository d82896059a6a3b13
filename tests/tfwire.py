"""Event files by hand: fields of messages, and records."""

from __future__ import annotations

import struct
from collections.abc import Callable

from diagnose.reader.tfrecord import masked_crc


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def part(number: int, value: bytes | float, *, double: bool = False) -> bytes:
    """Return one field of a message: bytes, varint or (with a float) 32 or 64 bits."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | (1 if double else 5)) + struct.pack("<d" if double else "<f", value)
    return varint(number << 3) + varint(value)


def record(payload: bytes, crc: Callable[[bytes], int] = masked_crc) -> bytes:
    size = struct.pack("<Q", len(payload))
    return size + struct.pack("<I", crc(size)) + payload + struct.pack("<I", crc(payload))
