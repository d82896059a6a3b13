"""One input: a file, compressed file, or bytes from standard input or memory."""

from __future__ import annotations

import io
import os
import stat
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self, cast

from diagnose.errors import ExtraMissingError, SourceError
from diagnose.model import Place
from diagnose.records import dataclass, field

HEAD = 1 << 20
"""Bytes a format is detected from."""
MAX_BYTES = 10**10
"""Largest input read unless the user raises it: a log goes by at 1 GB/s and takes no memory, so this is seconds."""
WHOLE = 10**9
"""Largest input held in memory as one piece, unless the user raises the limit beyond ``MAX_BYTES``."""
CHUNK = 1 << 20
PIECE = 1 << 16
"""Bytes asked for where most likely none are left: their memory is taken before that shows."""

LFS_POINTER = b"version https://git-lfs"
"""How the text begins that Git LFS leaves in place of a file that was not fetched."""


def _zstd(raw: IO[bytes]) -> IO[bytes]:
    try:
        import zstandard
    except ImportError:
        raise ExtraMissingError("reading zstd files", "zstd") from None
    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(raw))


def _gzip(raw: IO[bytes]) -> IO[bytes]:
    import gzip

    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))


def _xz(raw: IO[bytes]) -> IO[bytes]:
    import lzma

    return cast("IO[bytes]", lzma.LZMAFile(raw))


def _bzip2(raw: IO[bytes]) -> IO[bytes]:
    import bz2

    return cast("IO[bytes]", bz2.BZ2File(raw))


PACKED: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": _gzip,
    b"\xfd7zXZ\x00": _xz,
    b"BZh": _bzip2,
    b"\x28\xb5\x2f\xfd": _zstd,
}
"""Compressed formats by their first bytes."""


@dataclass(slots=True)
class Source:
    """An input that can be opened more than once.

    Attributes:
        path: the name the user gave; findings carry it.
        head: its first ``HEAD`` bytes, decompressed.
        size: bytes on disk, before decompression.
        beside: reads a text file beside it that a config names, where that is not simply the disk (a git revision).
        format: name of the format that was detected, once it is known.
        frames: whether the states of a bar that later ones overwrite are wanted, too.
        marks: some lines and the bytes at which they begin, as far as it was read; none of what is packed.
        encoding: that of its text, once it is known; see ``lines.encoding``.
    """

    path: str
    head: bytes
    size: int
    _open: Callable[[], IO[bytes]]
    limit: int = MAX_BYTES
    beside: Callable[[str], str] | None = None
    format: str = ""
    frames: bool = False
    marks: list[tuple[int, int]] = field(default_factory=list)
    encoding: str = field(default="", init=False, repr=False, compare=False)

    def mark(self, line: int) -> tuple[int, int]:
        """Return the last marked line up to this one, and the byte at which it begins."""
        found = bisect_right(self.marks, (line, self.limit))
        return self.marks[found - 1] if found else (1, 0)

    @property
    def is_whole(self) -> bool:
        """Whether the head is all there is."""
        return 0 < self.size == len(self.head) < HEAD

    def open(self) -> IO[bytes]:
        """Open the decompressed bytes from the start."""
        return io.BytesIO(self.head) if self.is_whole else self._open()

    def read(self) -> bytes:
        """Return all bytes. Raises SourceError beyond the limit (also for what a small archive unpacks to)."""
        limit = self.limit if self.limit > MAX_BYTES else min(self.limit, WHOLE)
        if (known := max(self.size, len(self.head))) > limit:
            raise too_large(self.path, known, limit)
        if self.is_whole:
            return self.head
        whole = io.BytesIO()
        with self.open() as stream:
            while chunk := stream.read(CHUNK):
                if whole.tell() + len(chunk) > limit:
                    raise too_large(self.path, whole.tell() + len(chunk), limit)
                whole.write(chunk)
        return whole.getvalue()


def fill(stream: IO[bytes], buffer: bytearray, start: int, end: int) -> int:
    """Read bytes into a part of a buffer, by way of no other where the stream can; return how many there were."""
    read_into = getattr(stream, "readinto", None)
    if read_into is not None:
        with memoryview(buffer) as view:
            return int(read_into(view[start:end]))
    chunk = stream.read(end - start)
    buffer[start : start + len(chunk)] = chunk
    return len(chunk)


def too_large(path: str, size: int, limit: int) -> SourceError:
    """Return the error for an input beyond the limit."""
    return SourceError(
        f"larger than the limit of {_bytes(limit)} ({_bytes(size)} or more)",
        place=Place(path),
        mend="raise it with --max-size, or lint a part of the file",
    )


def _bytes(size: int) -> str:
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def from_bytes(path: str, data: bytes | IO[bytes], limit: int = MAX_BYTES) -> Source:
    """Return a source over bytes in memory, or over those of a stream (standard input), decompressed if packed.

    Raises:
        SourceError: if the bytes are a damaged archive, or a stream has more than *limit* of them.
    """
    if isinstance(data, bytes):
        return _source(path, len(data), lambda: io.BytesIO(data), limit)
    from diagnose.sources.spool import spool

    opener, size = spool(data, limit)
    if size > limit:
        raise too_large(path, size, limit)
    return _source(path, size, opener, limit)


def open_source(path: str | Path, limit: int = MAX_BYTES) -> Source:
    """Return a source over a file.

    Raises:
        SourceError: if it is missing, unreadable, not a regular file, damaged or larger than *limit* bytes.
    """
    name, file = str(path), path if isinstance(path, Path) else Path(path)
    try:
        about = _about(file)
        if about is None:
            raise SourceError("no such file", place=Place(name), mend="check the path")
        if not stat.S_ISREG(about.st_mode):
            raise SourceError("not a regular file", place=Place(name), mend="name a file or a folder")
        if about.st_size > limit:
            raise too_large(name, about.st_size, limit)
        return _source(name, about.st_size, lambda: file.open("rb"), limit)
    except PermissionError:
        raise SourceError("permission denied", place=Place(name), mend="check the file's mode") from None
    except OSError as error:
        raise SourceError(error.strerror or str(error), place=Place(name)) from None


def _about(file: Path) -> os.stat_result | None:
    """Return what the disk says of a file; None if there is none."""
    try:
        return file.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # no file has a name with a null byte
        return None


class _Unpacked:
    """A decompressed stream: closes the file under it, and reports damage as an error with the file's name."""

    def __init__(self, name: str, unpack: Callable[[IO[bytes]], IO[bytes]], raw: IO[bytes]) -> None:
        self._name, self._raw = name, raw
        try:
            self._stream = unpack(raw)
        except BaseException:
            raw.close()
            raise

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except Exception as error:  # noqa: BLE001 - each decompressor has exceptions of its own
            mend = "unpack it by hand and check"
            raise SourceError(f"damaged archive: {error}", place=Place(self._name), mend=mend) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._raw.close()


def _source(name: str, size: int, opener: Callable[[], IO[bytes]], limit: int) -> Source:
    with opener() as raw:
        head = _beginning(raw, min(size, HEAD))
    unpack = next((unpack for mark, unpack in PACKED.items() if head.startswith(mark)), None)
    opened = opener
    if unpack is not None:
        opened = lambda: cast("IO[bytes]", _Unpacked(name, unpack, opener()))  # noqa: E731
        with opened() as stream:
            head = _beginning(stream, HEAD)
    if head.startswith(LFS_POINTER):
        raise SourceError("a Git LFS pointer, not the file itself", place=Place(name, 1), mend="run: git lfs pull")
    return Source(name, head, size, opened, limit)


def _beginning(stream: IO[bytes], size: int) -> bytes:
    """Return the first ``HEAD`` bytes of a stream, which has *size* of them or more."""
    head = stream.read(size)
    while len(head) < HEAD and (more := stream.read(min(HEAD - len(head), PIECE))):  # zstd gives less than is asked for
        head += more
    return head
