"""Lines that were read as rows, looked up once more where their text is quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from diagnose.scan.blocks import blocks
from diagnose.sources import Source
from diagnose.sources.lines import decode, encoding_of


def line_texts(source: Source) -> Callable[[int], str]:
    """Return a function that gives the text of a physical line; line numbers must rise from call to call.

    The source is opened on the first call and read as far as the last line that is asked for.
    """
    wanted = 0

    def found() -> Iterator[str]:
        first = 1  # line of the block
        for block, end in blocks(source):
            count = block.count(b"\n", 0, end)
            while wanted < first + count:
                at = 0
                for _ in range(wanted - first):
                    at = block.index(b"\n", at, end) + 1
                yield decode(bytes(block[at : block.index(b"\n", at, end)]), encoding_of(source.head)).rstrip("\r")
            first += count

    texts = found()

    def text(number: int) -> str:
        nonlocal wanted
        wanted = number
        return next(texts, "")

    return text
