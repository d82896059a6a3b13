"""Lists of things as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.text import escape
from diagnose.text.terminal import columns


def table(rows: Sequence[Mapping[str, Any]], output: str, shown: Sequence[str] = ()) -> str:
    """Return rows of equal keys as ``text``, ``markdown`` or ``json``.

    Args:
        rows: the rows.
        output: how to write them.
        shown: keys of the columns in text and Markdown; all by default. JSON always holds all.
    """
    if output == "json":
        return json.dumps(list(rows), indent=2, ensure_ascii=False) + "\n"
    keys = list(shown) or list(rows[0]) if rows else []
    cells = [[str(row[key]) for key in keys] for row in rows]
    if output == "markdown":
        lines = [keys, ["---"] * len(keys), *([escape.markdown(cell) for cell in row] for row in cells)]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)
    widths = [max(columns(row[index]) for row in cells) for index in range(len(keys))]
    return "".join(
        "  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in cells
    )
