"""What a reader of a console log may want of a line, as texts that the scan engine looks for."""

from __future__ import annotations

import json
import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from functools import cache
from typing import Any

from diagnose.foreseen import foreseen
from diagnose.reader import console, printed
from diagnose.scan import Gate


@cache
def gate(*patterns: str, texts: Iterable[str] = (), alone: bool = False) -> Gate | None:
    """Return a gate for lines that may match one of the patterns or hold one of the texts.

    Args:
        patterns: regular expressions.
        texts: any line with one of them is wanted.
        alone: leave out what ``ConsoleEvents`` may want.

    Returns:
        None if some pattern has no text that all its matches contain: then every line is wanted.
    """
    patterns = (*patterns, *(() if alone else (console.GATE,)))
    wanted = sorted({*texts, *(() if alone else printed.WANTED)})
    made = foreseen("gates", json.dumps([patterns, wanted]), lambda: worked_out(patterns, wanted))
    return None if made is None else unpacked(*made)


def packed(texts: list[str]) -> list[Any]:
    """Return the texts of a gate, and its table in the byte order of this machine, for JSON."""
    return [texts, *(b2a_base64(zlib.compress(part), newline=False).decode() for part in Gate(texts).table())]


def unpacked(texts: list[str], *table: str) -> Gate:
    """Return the gate that was packed, or of the texts alone."""
    return Gate(texts, tuple(zlib.decompress(a2b_base64(part)) for part in table))


def worked_out(patterns: Iterable[str], texts: Iterable[str]) -> list[list[str]] | None:
    """Return the texts of a gate for lines that may match one of the patterns or hold one of the texts, in a list."""
    from diagnose.scan import needed

    found = [needed(pattern) for pattern in patterns]
    if None in found:
        return None
    return [sorted(set(texts).union(*[some for some in found if some is not None]))]
