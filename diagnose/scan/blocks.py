"""Whole lines of a source in one reused buffer, whatever it is packed in."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.scan.fold import fold
from diagnose.sources import Source
from diagnose.sources.lines import LONGEST
from diagnose.sources.source import fill, too_large

CHUNK = 1 << 20
"""Bytes read at once: beyond it the cache of the processor is left, below it calls cost."""
MOST = 64 * LONGEST
"""Bytes of a line without an end, of which then only the last ``LONGEST`` are kept."""


def blocks(source: Source, *, folded: bool = False, ends: list[int] | None = None) -> Iterator[tuple[bytearray, int]]:
    """Yield a buffer and where the whole lines in it end; its content counts only until the next one is asked for.

    The last line gets its newline if it has none. If *folded*, the overwritten states of a line are dropped before the
    rest of the line is read, so that an epoch of a progress bar takes no memory. To *ends* is added at which byte of
    the source each block ends, as far as one can go there again.

    Raises:
        SourceError: when the decompressed bytes exceed the source's limit.
    """
    chunk = source.size + 1 if source.is_whole else CHUNK
    buffer, have, size = bytearray(2 * chunk), 0, 0
    with source.open() as stream:
        while True:
            if have + chunk > len(buffer):
                buffer.extend(bytes(have + chunk - len(buffer)))
            got = fill(stream, buffer, have, have + chunk)
            if not got:
                break
            size += got
            if size > source.limit:
                raise too_large(source.path, size, source.limit)
            last = buffer.rfind(b"\n", have, have + got) + 1
            if ends is not None and last and hasattr(stream, "seek"):
                ends.append(size - (have + got - last))
            have += got
            if folded:
                have = fold(buffer, 0, have)
            cut = buffer.rfind(b"\n", 0, have) + 1
            if cut:
                yield buffer, cut
                buffer[: have - cut] = buffer[cut:have]
                have -= cut
            elif have > MOST:
                buffer[:LONGEST] = buffer[have - LONGEST : have]
                have = LONGEST
    if have:
        buffer[have : have + 1] = b"\n"
        yield buffer, have + 1
