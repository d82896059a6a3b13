"""Templates of rows that need no grammar: delimited numbers, and JSON objects on one line."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from diagnose.patterns import lazy
from diagnose.scan.template import (
    ANY_NUMBER,
    BLANKS,
    EXPONENT,
    FRACTION,
    LITERAL,
    MINUS,
    NUMBER,
    PRINTED,
    WHOLE,
    Part,
    Template,
)

JSON_PIECE = lazy(r'"(?:[^"\\]|\\.)*"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)', re.DOTALL)
JSON_NUMBER = MINUS | WHOLE | FRACTION | EXPONENT
NONFINITE = lazy(rb"(?i)[+-]?(?:nan|inf|infinity)")
WIDE = 40
LONGEST = 20_000
"""Characters of a row."""


def table_row(text: str, delimiter: str) -> tuple[Template, list[int]] | None:
    """Return a template for rows like this one, and the variable part of each cell.

    Returns:
        The part is -1 for a blank cell, and -2 for one that is no finite number in all such rows. None if a cell holds
        anything else.
    """
    parts: list[Part] = []
    where: list[int] = []
    count = 0
    padded = " " in text
    for cell in text.encode().split(delimiter.encode()) if len(text) < LONGEST else [b"x"]:
        if where:
            parts.append(Part(LITERAL, delimiter.encode()))
        if padded:
            parts.append(Part(BLANKS, high=WIDE))
            count += 1
        bare = cell.strip(b" ")
        if bare:
            if (not padded and bare != cell) or cell.endswith(b" "):
                return None
            if NONFINITE.fullmatch(bare):
                parts.append(Part(LITERAL, bare))
                where.append(-2)
                continue
            if not PRINTED.fullmatch(bare):
                return None
            parts.append(Part(NUMBER, low=ANY_NUMBER))
        where.append(count if bare else -1)
        count += bool(bare)
    return Template("row", _joined(parts), ()), where


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts with neighbouring literals as one."""
    found: list[Part] = []
    for part in parts:
        if found and part.operation == found[-1].operation == LITERAL:
            found[-1] = Part(LITERAL, found[-1].text + part.text)
        else:
            found.append(part)
    return tuple(found)


class Slot(float):
    """A number of a JSON row that knows which variable part of the row's template it is."""

    part: int = -1


def json_row(text: str, literal: float = math.nan) -> tuple[Template, dict[str, Any]] | None:
    """Return a template for objects that differ from this one in their numbers only, and the object with its slots.

    Args:
        text: the line.
        literal: a number that means something else than other numbers, and so belongs to the template.

    Returns:
        None if the text is no object, or names a key twice.
    """
    if len(text) > LONGEST or not text.startswith("{"):
        return None
    varies: list[bool] = []
    count = 0

    def slot(printed: str) -> float:
        nonlocal count
        value = Slot(printed)
        varies.append(value != literal)
        if not varies[-1]:
            return float(value)
        value.part = count
        count += 1
        return value

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a key twice")
        return found

    try:
        row = json.loads(text, parse_float=slot, parse_int=slot, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None
    parts: list[Part] = []
    at = numbers = 0
    for found in JSON_PIECE.finditer(text):
        if found[1] is None:
            continue
        numbers += 1
        if numbers <= len(varies) and varies[numbers - 1]:
            if found.start() > at:
                parts.append(Part(LITERAL, text[at : found.start()].encode("utf-8", "replace")))
            parts.append(Part(NUMBER, low=JSON_NUMBER))
            at = found.end()
    if numbers != len(varies) or not isinstance(row, dict) or not count or count > WIDE * 6:
        return None
    parts.append(Part(LITERAL, text[at:].encode("utf-8", "replace")))
    return Template("row", tuple(parts), ()), row
