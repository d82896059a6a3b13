"""Whole lines of a source in one reused buffer, whatever it is packed in."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.scan.fold import folding
from diagnose.sources import Source
from diagnose.sources.lines import LONGEST
from diagnose.sources.source import fill, too_large

CHUNK = 1 << 18
"""Bytes read at once: beyond it the cache of the processor is left, below it calls cost."""
SPAN = 32
"""Chunks that one block may stand for then: to look a line up again, so many are read."""
MOST = 64 * LONGEST
"""Bytes of a line without an end, of which then only the last ``LONGEST`` are kept."""


def blocks(
    source: Source, *, folded: bool = False, ends: list[int] | None = None, chunk: int = CHUNK, start: int = 0
) -> Iterator[tuple[bytearray, int]]:
    """Yield a buffer and where the whole lines in it end; its content counts only until the next one is asked for.

    The last line gets its newline if it has none. If *folded*, the overwritten states of a line are dropped before the
    rest of the line is read, so that an epoch of a progress bar takes no memory, and what is left of several chunks is
    one block. To *ends* is added at which byte of the source each block ends, as far as one can go there again. A
    *chunk* is how many bytes are read at once, the *start* such a byte, where the source is read from there on.

    Raises:
        SourceError: when the decompressed bytes exceed the source's limit.
    """
    chunk, chunks = (source.size + 1, 1) if source.is_whole else (chunk, 2)
    buffer, have = bytearray(chunks * chunk), 0
    size = whole = given = start  # bytes that were read, in whole lines, and that were handed over
    fold = folding() if folded else None
    with source.open() as stream:
        if start:
            stream.seek(start)
        while True:
            if chunks > 1 and have + chunk > len(buffer):  # of what is whole, nothing is to come behind the first
                buffer.extend(bytes(have + chunk - len(buffer)))
            got = fill(stream, buffer, have, have + chunk)
            if not got:
                break
            size += got
            if size > source.limit:
                raise too_large(source.path, size, source.limit)
            last = buffer.rfind(b"\n", have, have + got) + 1
            whole = size - (have + got - last) if last else whole
            have += got
            if fold is not None:
                have = fold(buffer, buffer.rfind(b"\n", 0, have - got) + 1, have)
                if have < chunk and size - given < SPAN * chunk:
                    continue
            cut = buffer.rfind(b"\n", 0, have) + 1
            if cut:
                if ends is not None and hasattr(stream, "seek"):
                    ends.append(whole)
                given = size
                yield buffer, cut
                buffer[: have - cut] = buffer[cut:have]
                have -= cut
            elif have > MOST:
                buffer[:LONGEST] = buffer[have - LONGEST : have]
                have = LONGEST
    if have:
        if buffer[have - 1 : have] != b"\n":
            buffer[have : have + 1] = b"\n"
            have += 1
        yield buffer, have
