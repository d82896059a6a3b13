"""A stream that can be read once, such as standard input, made one that can be opened again and again."""

from __future__ import annotations

import io
import weakref
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEPT = 8 << 20
"""Bytes that are held in memory; more go to a file without a name, which is gone when nobody reads it any more."""
CHUNK = 1 << 20


def spool(stream: IO[bytes], limit: int) -> tuple[Callable[[], IO[bytes]], int]:
    """Read a stream to its end, or to the first byte beyond *limit*; return what opens its bytes, and how many."""
    start = io.BytesIO()
    size = _copy(stream, start, min(KEPT, limit + 1))
    if size < KEPT or size > limit:
        data = start.getvalue()
        return lambda: io.BytesIO(data), size
    import tempfile  # it takes long

    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as what opens it
    file.write(start.getbuffer())
    size += _copy(stream, file, limit + 1 - size)
    return _Spooled(file), size


def _copy(stream: IO[bytes], to: IO[bytes], most: int) -> int:
    copied = 0
    while copied < most and (chunk := stream.read(min(CHUNK, most - copied))):
        to.write(chunk)
        copied += len(chunk)
    return copied


class _Spooled:
    """Opens a file without a name, which is closed with the last of those who can read it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        weakref.finalize(self, file.close)

    def __call__(self) -> IO[bytes]:
        return cast("IO[bytes]", io.BufferedReader(_Part(self)))


class _Part(io.RawIOBase):
    """A reader of a file that others read as well, each at its own place."""

    def __init__(self, spooled: _Spooled) -> None:
        self._spooled, self._at = spooled, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        file = cast("io.FileIO", self._spooled.file)
        file.seek(self._at)
        got = file.readinto(buffer) or 0
        self._at += got
        return got
