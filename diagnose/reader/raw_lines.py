"""Templates of lines as consoles hold them, with terminal control: what one console taught serves the next one."""

from __future__ import annotations

from diagnose.reader.grammar import LineGrammar
from diagnose.scan import Shapes
from diagnose.scan.template import Template

NOTE = "raw lines"


class RawLines:
    """What is learned of the raw lines of consoles that one grammar reads.

    Attributes:
        shapes: their templates.
        shown: of each template, what matches that which its lines show.
        same: of lines that were repeated to the letter, what matches what they show.
        used: which templates a console had a use for.
        is_stale: whether what lines show is matched by something else by now.
    """

    def __init__(self, name: str) -> None:
        """Begin without templates, for the grammar of a name."""
        self.shapes = Shapes(name)
        self.shown: dict[Template, Template] = {}
        self.same: dict[str, Template] = {}
        self.used: set[int] = set()
        self.is_stale = False

    def again(self) -> bool:
        """Whether to go on with the next console: not if this one had no use for most of the templates."""
        fits = not self.is_stale and 2 * len(self.used) >= len(self.shapes.templates)
        self.used.clear()
        return fits


def raw_lines(grammar: LineGrammar) -> RawLines:
    """Return what consoles before taught of lines of a grammar, if the last one was like those before it."""
    notes = grammar.notes
    known = notes.get(NOTE)
    if known is None or not known.again():
        known = notes[NOTE] = RawLines(grammar.name)
    return known
