"""Text logs of the OpenMMLab family, line by line: what mmcv's and mmengine's loggers have in common."""

from __future__ import annotations

from diagnose.reader.builder import RunBuilder
from diagnose.reader.console import ConsoleEvents
from diagnose.reader.grammar import LineGrammar, Match
from diagnose.reader.openmmlab import STAMP, Loop, Warnings, class_mismatch, saved
from diagnose.reader.openmmlab_blocks import Blocks
from diagnose.sources import Line, Source, lines


class TextLog:
    """Reads one log; a format says in ``take`` what the matches that are its own mean."""

    def __init__(self, build: RunBuilder, grammar: LineGrammar) -> None:
        """Report to *build* what *grammar* accepts."""
        self.build, self.grammar = build, grammar
        self.blocks, self.loop, self.warnings = Blocks(build), Loop(build), Warnings(build)
        self.console = ConsoleEvents(build)
        self.loaded = ""

    def read(self, source: Source) -> None:
        """Read all lines: matches, blocks between two stamped lines, and what any console may show."""
        number = 0
        for line in lines(source):
            number = line.number
            match = self.grammar.parse(line.text)
            stamped = STAMP.match(line.text) is not None
            if match or stamped:
                self.blocks.close()
            if match:
                self.take(match, line)
            elif stamped or not self.blocks.feed(line):
                self.console.feed(line)
        self.blocks.close()
        self.console.finish()
        self.build.reach(number)

    def take(self, match: Match, line: Line) -> None:
        """Report a match that both loggers print."""
        build, number, text = self.build, line.number, line.text.strip()
        match match.kind:
            case "environment" | "config" | "mismatch":
                self.blocks.open(match.kind, line)
            case "saved":
                saved(build, match.get("INT") or "0", match.get("UNIT") or "", line)
            case "resumed":
                epoch, step = match.all("INT")
                build.event("resumed", number, text, epoch=float(epoch), step=float(step), path=self.loaded)
            case "class_mismatch":
                class_mismatch(build, match, line)
                self.console.feed(line)
            case "validation_empty":
                build.event("validation_empty", number, text, message=text)
            case "warning":
                self.warnings.feed(match.get("MESSAGE") or "", line, self.blocks.sessions)
