"""Lines read by templates: Lark parses each new shape of lines once, and what it found is replayed over the bytes.

``learn`` makes a template of a parsed line, ``trie`` a program of all templates, ``_kernel.c`` runs it over blocks of
bytes (``pure`` does the same in Python), and ``walk`` yields what is left for readers.
"""

from typing import TYPE_CHECKING

from diagnose.later import later
from diagnose.scan.engine import ENGINES, Engine, engine

if TYPE_CHECKING:
    from diagnose.scan.again import line_texts
    from diagnose.scan.gate import SPACES, Gate
    from diagnose.scan.lalr import LineParser
    from diagnose.scan.learn import shape_key
    from diagnose.scan.literals import needed
    from diagnose.scan.pack import Pack
    from diagnose.scan.plain import Slot, json_row, table_row
    from diagnose.scan.raw import raw_template
    from diagnose.scan.shapes import ENOUGH, Shapes
    from diagnose.scan.walk import Condition, Walk, lines

__all__ = [
    "ENGINES",
    "ENOUGH",
    "SPACES",
    "Condition",
    "Engine",
    "Gate",
    "LineParser",
    "Pack",
    "Shapes",
    "Slot",
    "Walk",
    "engine",
    "json_row",
    "line_texts",
    "lines",
    "needed",
    "raw_template",
    "shape_key",
    "table_row",
]

__getattr__ = later(
    __name__,
    {
        "again": "line_texts",
        "gate": "SPACES Gate",
        "lalr": "LineParser",
        "learn": "shape_key",
        "literals": "needed",
        "pack": "Pack",
        "plain": "Slot json_row table_row",
        "raw": "raw_template",
        "shapes": "ENOUGH Shapes",
        "walk": "Condition Walk lines",
    },
)
