"""The part of a source that is being read, in one buffer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Self

from diagnose.sources.source import fill, too_large

if TYPE_CHECKING:
    from diagnose.sources import Source

CHUNK = 1 << 20
"""Bytes read at once: beyond it the cache of the processor is left, below it calls cost."""
LEAST = 1 << 16
"""Bytes that the buffer holds at least."""


class Window:
    """A stretch of a source that moves on; what lies before ``start`` may be dropped at any time.

    Attributes:
        buffer: its bytes stand between ``start`` and ``end``; the buffer stays the same object.
        start: set by whoever has read so far.
        end: where the bytes end that were read from the source.
    """

    def __init__(self, source: Source) -> None:
        """Make a window that is empty at first."""
        self._source, self._open = source, ExitStack()
        self._stream: IO[bytes] | None = None
        self.buffer, self.start, self.end = bytearray(min(CHUNK, max(source.size + 1, LEAST))), 0, 0
        self._before = 0

    def __enter__(self) -> Self:
        """Open the source."""
        self._stream = self._open.enter_context(self._source.open())
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self._open.close()

    @property
    def offset(self) -> int:
        """The position of ``start`` in the source."""
        return self._before + self.start

    def more(self) -> bool:
        """Read on. Returns False at the end of the source.

        Raises:
            SourceError: when the bytes exceed the source's limit.
        """
        buffer = self.buffer
        if self.start:
            buffer[: self.end - self.start] = buffer[self.start : self.end]
            self._before += self.start
            self.start, self.end = 0, self.end - self.start
        if self.end == len(buffer):
            buffer.extend(bytes(max(CHUNK, len(buffer))))
        got = fill(self._stream, buffer, self.end, len(buffer)) if self._stream else 0
        self.end += got
        if self._before + self.end > self._source.limit:
            raise too_large(self._source.path, self._before + self.end, self._source.limit)
        return got > 0
