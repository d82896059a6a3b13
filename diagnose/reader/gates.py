"""What a reader of a console log may want of a line, as texts that the scan engine looks for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from diagnose.reader import console, printed
from diagnose.scan import Gate, needed


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
    found = [needed(pattern) for pattern in (*patterns, *(() if alone else (console.GATE,)))]
    if None in found:
        return None
    return Gate(
        frozenset(texts).union(frozenset() if alone else printed.WANTED, *[some for some in found if some is not None])
    )
