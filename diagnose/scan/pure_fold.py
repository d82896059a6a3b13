"""Overwritten states of progress bars dropped as ``fold.h`` does it, in Python: those of the commonest bars."""

from __future__ import annotations

import re

OVERWRITTEN = re.compile(
    rb"""
    \r (?: [ \t] | \x1b\[[0-9;?]*+[mK] )*+
    (?: (?P<count> [0-9]{1,9}+ / [0-9]{1,9}+ (?:\x1b\[[0-9;?]*+[mK])*+ [ ] )
      | [0-9]{1,9}+ %\| (?P<mark> [\x20-\x2f\x3a-\x7e] | \xe2[\x94-\x96][\x80-\xbf] )
      | (?P<word> [\x21-\x2f\x3a-\x7e][\x20-\x2f\x3a-\x7e]{3} ) )
    (?: [^\r\n\x08\x1b]++ | \x1b\[[0-9;?]*+[mK] )*+
    \x08*+
    (?= \r (?: [ \t] | \x1b\[[0-9;?]*+[mK] )*+
        (?(count) [0-9]{1,9}+ / [0-9]{1,9}+ (?:\x1b\[[0-9;?]*+[mK])*+ [ ]
          | (?(mark) [0-9]{1,9}+ %\| (?P=mark) | (?P=word) ) ) )
    """,
    re.VERBOSE,
)
"""A state whose first four characters, numbers blanked, are also the next one's: ``12/63 ``, ``93%|#``, or any text."""


def fold(block: bytearray, start: int, end: int) -> int:
    """Drop states from a part of a block in place; return where what remains ends."""
    if block.find(b"\r", start, end) < 0 or block.find(b"\x1b]", start, end) >= 0:  # titles may hold anything
        return end
    left = OVERWRITTEN.sub(b"", block[start:end])
    block[start : start + len(left)] = left
    return start + len(left)
