"""Text lines of a console log: terminal control removed, overwritten progress-bar states dropped."""

from __future__ import annotations

import codecs
import io
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache, partial
from itertools import islice
from typing import NamedTuple

from diagnose.patterns import lazy
from diagnose.sources.source import Source, too_large

CHUNK = 1 << 20
PIECE = 1 << 15
"""Bytes decoded at once to try an encoding: more would be new memory each time."""
LONGEST = 1 << 20
"""Characters of a physical line that are looked at; a 30 kB line is real, a 100 MB one is damage."""

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_=>]")
CURSOR_UP = lazy(r"\x1b\[\d*[AF]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
OVERWRITE = lazy(r"[\r\b]+")
DIGITS = lazy(r"\d+")


class Line(NamedTuple):
    r"""One visible line: the 1-based physical line (``\n``) it stands on, and its text.

    Attributes:
        overwritten: whether a later state of the same shape stands in its place on a terminal.
    """

    number: int
    text: str
    overwritten: bool = False


shown_whole: Callable[[tuple[int, str, bool]], Line] = partial(tuple.__new__, Line)
"""Makes a line of its number and text and whether it is overwritten, at half the price of ``Line(...)``."""


def lines(source: Source, *, frames: bool = False) -> Iterator[Line]:
    """Yield the visible lines of a source.

    A carriage return or a run of backspaces overwrites: of consecutive states with the same shape only the last is
    yielded, unless *frames* asks for all. Undecodable bytes become replacement characters.

    Raises:
        SourceError: when the decompressed text exceeds the source's limit.
    """
    code = encoding(source)
    number = 0
    for block in _blocks(source, code):
        for text in _texts(block, code):
            number += 1
            if text.isprintable() and len(text) < LONGEST:
                yield shown_whole((number, text, False))
            else:
                yield from visible(number, text, frames)


def _texts(block: bytes, encoding: str) -> Iterable[str]:
    """Return the lines of a block as text: those of UTF-8 at once, for in it no other character has the byte of LF."""
    if len(block) > 2 * CHUNK or encoding in ("cp1252", "gb18030"):
        return (decode(raw, encoding) for raw in block.split(b"\n"))
    texts = block.decode(errors="replace")
    return (texts.replace("\n\ufeff", "\n").removeprefix("\ufeff") if "\ufeff" in texts else texts).split("\n")


def lines_at(source: Source, numbers: Collection[int], *, last: bool = False) -> Iterator[Line]:
    """Yield the visible lines of some physical lines, as ``lines`` does; the others are only counted.

    If *last*, only the last visible line of each physical one.

    Raises:
        SourceError: as ``lines`` does, up to the last of them.
    """
    code = encoding(source)
    wanted = sorted(set(numbers), reverse=True)
    while wanted:
        first, size = source.mark(wanted[-1])
        for block in _blocks(source, code, size):
            end = sys.maxsize if len(block) < LONGEST // 2 else first + newlines(block, len(block)) + 1
            held, at = io.BytesIO(block), first
            while wanted and wanted[-1] < end:
                number = wanted[-1]
                raw = next(islice(held, number - at, None), b"")
                if not raw:  # an empty line at the end, or one beyond a short block, whose lines were not counted
                    end = first + newlines(block, len(block)) + 1
                    if number >= end:
                        break
                wanted.pop()
                at = number + 1
                text = decode(raw.removesuffix(b"\n"), code)
                yield from visible(number, left_over(text) if last else text)
            first = end
            if not wanted or source.mark(wanted[-1])[0] >= end:
                break
        else:
            return


def newlines(block: bytes | bytearray, end: int) -> int:
    """Return how many newlines there are in a block up to its end."""
    if end < LONGEST // 2:
        return block.count(b"\n", 0, end)
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(block, np.uint8, end) == ord("\n")))  # five times as fast


def _blocks(source: Source, encoding: str, size: int = 0) -> Iterator[bytes]:
    """Yield lines without the end of the last one, as many as are read at once.

    UTF-16 is given as UTF-8.

    Args:
        source: what is read.
        encoding: its encoding.
        size: how many bytes stand before the line to begin with.
    """
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding.startswith("utf-16") else None
    rest = b""
    with source.open() as stream:
        if size:
            stream.seek(size)
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > source.limit:
                raise too_large(source.path, size, source.limit)
            if decoder is not None:
                chunk = decoder.decode(chunk).encode("utf-8", "replace")
            cut = chunk.rfind(b"\n")
            if cut < 0:
                rest += chunk
                if len(rest) > 64 * LONGEST:
                    rest = rest[-LONGEST:]
                continue
            yield rest + chunk[:cut]
            rest = chunk[cut + 1 :]
    if rest:
        yield rest


def text_of(source: Source) -> str:
    """Return a whole source as text, in the encoding that its first bytes show.

    Raises:
        SourceError: when the decompressed text exceeds the source's limit.
    """
    return source.read().decode(encoding(source), "replace")


def encoding(source: Source) -> str:
    """Return the encoding of a source, found out once: a head is long."""
    source.encoding = source.encoding or encoding_of(source.head)
    return source.encoding


def encoding_of(head: bytes) -> str:
    """Return the encoding of a log from its first bytes: BOM, UTF-8, GB 18030, else Windows-1252."""
    for bom, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(bom):
            return name
    return "utf-8" if head.isascii() else _encoding_beyond_ascii(head)


@lru_cache(maxsize=1)
def _encoding_beyond_ascii(head: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(head), PIECE):
            decoder.decode(head[at : at + PIECE])
    except UnicodeDecodeError:
        broken = head.decode("utf-8", "replace").count("�")
        if broken * 200 < len(head) and not _is_gbk(head):
            return "utf-8"
        return "gb18030" if _is_gbk(head) else "cp1252"
    return "utf-8"


def _is_gbk(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(head)
    except UnicodeDecodeError:
        return False
    wide = [char for char in text if ord(char) > 127]
    return len(wide) >= 4 and sum("一" <= char <= "鿿" or "　" <= char <= "〿" for char in wide) > len(wide) / 2


def decode(raw: bytes, encoding: str) -> str:
    """Return a physical line as text; what cannot be decoded becomes replacement characters."""
    encoding = "utf-8" if encoding == "utf-8-sig" or encoding.startswith("utf-16") else encoding
    text = raw[: 64 * LONGEST].decode(encoding, "replace")
    return text.removeprefix("\ufeff")


def visible(number: int, text: str, frames: bool = False) -> Iterator[Line]:
    """Yield what a physical line shows: its text without terminal control, or the states that nothing overwrote."""
    if "\x1b" in text:
        text = ANSI.sub("", CURSOR_UP.sub("\r", text))
    text = text.rstrip("\r")
    if "\r" not in text and "\b" not in text:
        yield Line(number, CONTROL.sub("", text)[:LONGEST])
        return
    for state, overwritten in _states(text):
        if frames or not overwritten:
            yield Line(number, CONTROL.sub("", state if frames else state.rstrip())[:LONGEST], overwritten)


def left_over(text: str) -> str:
    """Return the last state of a physical line, or as much of its end as holds it."""
    if "\x1b" in text:
        return text
    end = len(text)
    while (start := max(text.rfind("\r", 0, end), text.rfind("\b", 0, end))) >= 0:
        if text[start + 1 : end].strip():
            return text[start + 1 : end]
        end = start
    return text[:end]


def _states(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the states of one physical line, each with whether a later state of the same shape overwrites it.

    Two states have the same shape if their first characters agree once numbers are blanked: ``12/63 [=`` and
    ``63/63 [=`` do, ``Epoch 2/5`` and ``1/63 [`` do not.
    """
    states = [state for state in OVERWRITE.split(text) if state.strip()]
    heads = [*map(_head, states), ""]
    for state, head, after in zip(states, heads, heads[1:], strict=False):
        yield state, head == after


def _head(state: str) -> str:
    return DIGITS.sub("0", state.lstrip()[:24])[:4]
