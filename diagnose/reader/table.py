"""Delimited tables with a header: rows as text cells, each with its line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator

from diagnose.patterns import lazy
from diagnose.reader.grammar import number
from diagnose.records import dataclass
from diagnose.sources import Line

DELIMITERS = ",;\t|"
NUMERIC = lazy(r"\s*+[+-]?(\d[\d,]*+(\.\d*+)?|\.\d++)([eE][+-]?\d++)?\s*+%?\s*+$")
NONFINITE = lazy(r"(?i)\s*[+-]?(nan|inf|infinity)\s*$")
BLANKS = frozenset({"", "-", "--", "none", "null", "n/a", "na"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: physical line.
        cells: column name -> text, blank cells left out.
        width: cells found, blank ones included.
    """

    line: int
    cells: dict[str, str]
    width: int

    def value(self, column: str) -> float | None:
        """Return the number in a column; None for a blank cell or text. ``82%`` is 82."""
        return value_of(self.cells.get(column, ""))


def value_of(cell: str) -> float | None:
    """Return the number in a cell, NaN and Inf included; None for a blank cell or text."""
    if NUMERIC.match(cell):
        return number(cell)
    if NONFINITE.match(cell):
        return float(cell)
    return None


def delimiter_of(header: str) -> str:
    """Return the delimiter of a header line; an empty text if it has fewer than two cells."""
    best = max(DELIMITERS, key=header.count)
    return best if header.count(best) else ""


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, without quotes and outer spaces."""
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        row = line.split(delimiter)
    return [cell.strip() for cell in row]


def rows(lines: Iterator[Line], header: list[str], delimiter: str) -> Iterator[Row]:
    """Yield the rows after the header. A repeated header is passed over; the last row may be cut and then counts not.

    A row with too few cells anywhere else is damage, and is passed over too.
    """
    for line in lines:
        if not line.text.strip():
            continue
        cells = cells_of(line.text, delimiter)
        if len(cells) < len(header) or cells == header:
            continue
        named = {name: cell for name, cell in zip(header, cells, strict=False) if cell.lower() not in BLANKS}
        yield Row(line.number, named, len(cells))


def is_numeric(cell: str) -> bool:
    """Return whether a cell holds a number."""
    found = value_of(cell)
    return found is not None and not math.isinf(found)
