"""Whether a column that numbers the rows of a table counts them, stands still, or runs backwards."""

from __future__ import annotations

import io
import math

from diagnose.reader.table import cells_of, value_of
from diagnose.sources import HEAD, Source

COUNTS, STANDS, FALLS = range(3)
ALIKE = 8
"""Rows with one number that show that it does not count: fewer may be as many runs of one epoch each."""
FALLING = 3
"""Rows that show that the newest comes first: two may be the end of one run and the beginning of another."""


def counting(source: Source, column: int, delimiter: str) -> int:
    """Return what a column of a table does, as far as the head of the source shows.

    Returns:
        STANDS if it never changes, and so is no counter; FALLS if each row of the whole table is numbered below the one
        before, so that the newest comes first; else COUNTS, which for most tables their second row shows.
    """
    count, last, stands, falls = 0, math.nan, True, len(source.head) < HEAD
    for line in io.BytesIO(source.head):
        cells = cells_of(line.decode("utf-8", "replace"), delimiter)
        value = value_of(cells[column]) if len(cells) > column else None
        if value is None:
            continue
        if count:
            stands, falls = stands and value == last, falls and value < last
        if not stands and not falls:
            return COUNTS
        count, last = count + 1, value
    if stands:
        return STANDS if count >= ALIKE else COUNTS
    return FALLS if count >= FALLING else COUNTS
