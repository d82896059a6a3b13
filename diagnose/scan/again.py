"""Lines that were read as rows, looked up once more where their text is quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from diagnose.scan.blocks import blocks
from diagnose.sources import Source
from diagnose.sources.lines import decode, encoding_of, newlines, visible


def line_texts(source: Source) -> Callable[[int], str]:
    """Return a function that gives what a physical line shows last; line numbers must not fall from call to call.

    The source is opened on the first call and read as far as the last line that is asked for, but for what stands
    before its marks.
    """
    wanted, encoding = 0, encoding_of(source.head)

    def found() -> Iterator[str]:
        beyond = 0  # the line behind the block that was read last
        while (mark := source.mark(wanted))[0] > beyond:
            beyond, start = mark
            for block, end in blocks(source, start=start):
                at, here = 0, beyond
                beyond += newlines(block, end)
                while wanted < beyond:
                    while here < wanted:
                        at, here = block.find(b"\n", at) + 1, here + 1
                    line = decode(bytes(block[at : block.find(b"\n", at)]), encoding)
                    yield next(reversed([shown.text for shown in visible(wanted, line)]), "")
                if source.mark(wanted)[0] > beyond:
                    break

    texts = found()

    def text(number: int) -> str:
        nonlocal wanted
        wanted = number
        return next(texts, "")

    return text
