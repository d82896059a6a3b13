"""What every log format shares: line grammars, the run builder, detection marks, console events."""

from diagnose.reader.builder import RunBuilder
from diagnose.reader.console import ConsoleEvents
from diagnose.reader.format import Format, Head, Marked, head_of, marked
from diagnose.reader.grammar import LineGrammar, Match, number

__all__ = [
    "ConsoleEvents",
    "Format",
    "Head",
    "LineGrammar",
    "Marked",
    "Match",
    "RunBuilder",
    "head_of",
    "marked",
    "number",
]
