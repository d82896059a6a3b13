"""TFRecord framing with its checksums, and the wire format of protocol buffers: just what event files need.

A record is: length (u64), CRC of the length (u32), data, CRC of the data (u32); all little-endian, the CRC is CRC-32C
(Castagnoli), rotated and shifted ("masked") as the TFRecord format wants it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from diagnose.records import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADER = struct.Struct("<QI")
POLYNOMIAL = 0x82F63B78
MASK = 0xA282EAD8
BATCH = 1 << 14
"""Records whose checksums are computed together."""
FEW = 32
"""Records of one length that are checked one by one."""
SHORT = 512
"""Bytes from which on a record is checked by itself."""
LANE = 256
"""Bytes of one lane when a long record is checked."""
NO_HEADER = re.compile(rb"\0{16,}")
"""A length of 0 has a checksum other than 0, so no record begins before the last bytes of such a stretch."""

CUT_HEADER = "cut inside a record header"
CUT = "cut inside a record"
WRONG_LENGTH = "the checksum of the record's length is wrong"
WRONG_DATA = "the checksum of the record's data is wrong"
"""Problems of records."""

Field: TypeAlias = "tuple[int, int, int | bytes]"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a TFRecord file.

    Attributes:
        number: counted from 1.
        offset: byte at which it begins.
        data: its payload.
        problem: what is wrong with it; empty if nothing is.
    """

    number: int
    offset: int
    data: bytes
    problem: str = ""


class Batch(NamedTuple):
    """Records whose headers are sound: their numbers, where they begin, and the lengths of their data."""

    numbers: list[int]
    starts: list[int]
    lengths: list[int]


def records(data: bytes) -> Iterator[Record]:
    """Yield the records of a file; a damaged one carries its problem, and reading goes on at the next sound header."""
    for found in batches(data):
        if isinstance(found, Record):
            yield found
        else:
            yield from checked(data, found)


def batches(data: bytes) -> Iterator[Batch | Record]:
    """Yield the records of a file in batches, their data unchecked, and alone those whose header is no good."""
    known: dict[bytes, int] = {}
    position, number = 0, 1
    while position < len(data):
        *starts, end = _sound(data, position, known)
        if starts:
            lengths = [after - before - 16 for before, after in pairwise([*starts, end])]
            yield Batch(list(range(number, number + len(starts))), starts, lengths)
            position, number = end, number + len(starts)
            continue
        problem, _ = _header(data, position)
        yield Record(number, position, b"", problem)
        position, number = _next_header(data, position + 1), number + 1


def _sound(data: bytes, position: int, known: dict[bytes, int]) -> list[int]:
    """Return where records begin whose headers are sound, one behind another, and where the last one ends.

    Args:
        data: the file.
        position: where the first one begins.
        known: the lengths that headers state; those that are new are added.
    """
    places, end = [position], len(data)
    for _ in range(BATCH):
        header = data[position : position + 12]
        length = known.get(header, -1)
        if length < 0:
            problem, length = _header(data, position)
            if problem:
                break
            known[header] = length
        position += length + 16
        if position > end:
            break
        places.append(position)
    return places


def checked(data: bytes, batch: Batch) -> Iterator[Record]:
    """Yield the records of a batch after their data checksums; records of equal length are checked side by side."""
    by_length: dict[int, list[tuple[int, int]]] = {}
    for number, offset, length in zip(*batch, strict=True):
        by_length.setdefault(length, []).append((number, offset + HEADER.size))
    wrong: set[int] = set()
    for length, places in by_length.items():
        wrong.update(_wrong(data, length, places))
    for number, offset, length in zip(*batch, strict=True):
        start = offset + HEADER.size
        problem = WRONG_DATA if number in wrong else ""
        yield Record(number, offset, data[start : start + length], problem)


def side_by_side(data: bytes, starts: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Return so many bytes from each of some places on, a row for the first byte of all, the second, and so on."""
    import numpy as np

    each = np.ndarray((max(0, len(data) - length + 1),), f"V{length}", data, 0, (1,))[starts]
    return np.ascontiguousarray(each.view(np.uint8).reshape(len(starts), length).T)


def masked_crcs(columns: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the checksums of many records of one length, below ``SHORT``, as ``side_by_side`` gives their bytes.

    CRC is linear: each byte adds to that of as many zeros what it would come to alone.
    """
    import numpy as np

    length, moved = len(columns), _moved()
    crc = np.full(columns.shape[1], crc32c(bytes(length)), dtype=np.uint32)
    alike = (columns == columns[:, :1]).all(axis=1)
    for at, column in enumerate(columns):
        table = moved[length - 1 - at]
        crc ^= table[column[0]] if alike[at] else table[column]
    masked: NDArray[np.uint32] = ((crc >> 15) | (crc << 17)).astype(np.uint32) + np.uint32(MASK)
    return masked


def looks_framed(data: bytes) -> bool:
    """Return whether a file begins with a sound record header."""
    if len(data) < HEADER.size:
        return False
    length, crc = HEADER.unpack_from(data)
    return bool(length < 1 << 31 and masked_crc(data[:8]) == crc)


def masked_crc(data: bytes) -> int:
    """Return the checksum that a TFRecord file stores for some bytes."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + MASK) & 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of some bytes."""
    lanes = len(data) // LANE
    crc = 0xFFFFFFFF
    if lanes >= 16:
        crc = _long_crc(data[: lanes * LANE], crc)
        data = data[lanes * LANE :]
    table = _table()
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def fields(data: bytes) -> Iterator[Field]:
    """Yield (field number, wire type, value) of a protocol buffer message.

    The value is an int for wire types 0 (varint), 1 (64 bits) and 5 (32 bits), bytes for 2.

    Raises:
        ValueError: if the bytes are no message.
    """
    for number, kind, start, end in spans(data, 0, len(data)):
        if kind == 0:
            yield number, kind, varint(data, start)[0]
        else:
            chunk = data[start:end]
            yield number, kind, chunk if kind == 2 else int.from_bytes(chunk, "little")


def spans(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield field number, wire type, and where the value begins and ends, of a message within some bytes.

    Raises:
        ValueError: if the bytes are no message.
    """
    while position < end:
        key, position = varint(data, position)
        kind = key & 7
        start = position
        if kind == 0:
            _, position = varint(data, position)
        elif kind == 2:
            size, start = varint(data, position)
            position = start + size
        elif kind in (1, 5):
            position += 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if position > end:
            raise ValueError("message ends early")
        yield key >> 3, kind, start, position


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Return a varint and the position after it. Raises ValueError if there is none."""
    value = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
    raise ValueError("no varint")


def _header(data: bytes, position: int) -> tuple[str, int]:
    """Return what is wrong with a header (or an empty text) and the length it states."""
    if position + HEADER.size > len(data):
        return CUT_HEADER, 0
    length, crc = HEADER.unpack_from(data, position)
    if masked_crc(data[position : position + 8]) != crc:
        return WRONG_LENGTH, 0
    if position + length + 16 > len(data):
        return CUT, 0
    return "", length


def _next_header(data: bytes, position: int) -> int:
    """Return where the next sound header begins; the end of the data if there is none."""
    last = len(data) - 16
    while position <= last:
        # The upper half of a length is zero in any real file: find that instead of testing every byte.
        position = data.find(b"\0\0\0\0", position + 4, len(data)) - 4
        if position < 0:
            break
        if position <= last and not _header(data, position)[0]:
            return position
        zeros = NO_HEADER.match(data, position)
        position = zeros.end() - 11 if zeros else position + 1
    return len(data)


def _wrong(data: bytes, length: int, places: list[tuple[int, int]]) -> Iterator[int]:
    """Yield which records of one length have a wrong checksum, given for each its number and where its data begin."""
    starts = [start for _, start in places]
    stored = [int.from_bytes(data[start + length : start + length + 4], "little") for start in starts]
    if len(places) < FEW or length >= SHORT:
        found = [masked_crc(data[start : start + length]) for start in starts]
    else:
        import numpy as np

        found = masked_crcs(side_by_side(data, np.array(starts), length)).tolist()
    return (at for (at, _), have, want in zip(places, found, stored, strict=True) if have != want)


@cache
def _moved() -> list[NDArray[np.uint32]]:
    """Return what each byte adds to a checksum, by how many others are behind it."""
    import numpy as np

    table = np.array(_table(), dtype=np.uint32)
    moved = [table]
    while len(moved) < SHORT:
        moved.append(table[moved[-1] & 255] ^ (moved[-1] >> 8))
    return moved


@cache
def _table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return table


def _lanes(rows: NDArray[np.uint8], crc: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the CRC register after every row, one row per lane."""
    import numpy as np

    table = np.array(_table(), dtype=np.uint32)
    for column in rows.T:
        crc = table[(crc ^ column) & 255] ^ (crc >> 8)
    return crc


def _long_crc(data: bytes, crc: int) -> int:
    """Return the CRC register after whole lanes: CRC is linear, so lanes are computed side by side and then joined."""
    import numpy as np

    rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, LANE)
    shift = _shift_tables()
    for lane in _lanes(rows, np.zeros(len(rows), np.uint32)).tolist():
        moved = shift[0][crc & 255] ^ shift[1][crc >> 8 & 255] ^ shift[2][crc >> 16 & 255] ^ shift[3][crc >> 24]
        crc = moved ^ lane
    return crc


@cache
def _shift_tables() -> tuple[list[int], ...]:
    """Tables that move a CRC register over ``LANE`` zero bytes, one per byte of the register."""
    table = _table()

    def moved(crc: int) -> int:
        for _ in range(LANE):
            crc = table[crc & 255] ^ (crc >> 8)
        return crc

    return tuple([moved(byte << shift) for byte in range(256)] for shift in (0, 8, 16, 24))
