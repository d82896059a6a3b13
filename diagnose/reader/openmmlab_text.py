"""Text logs of the OpenMMLab family, line by line: what mmcv's and mmengine's loggers have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from diagnose.model import Fact
from diagnose.reader.builder import RunBuilder
from diagnose.reader.bulk import Bulk
from diagnose.reader.console import ConsoleEvents
from diagnose.reader.gates import gate
from diagnose.reader.grammar import LineGrammar, Match
from diagnose.reader.openmmlab import STAMP, Loop, Warnings, bulk_items, class_mismatch, saved
from diagnose.reader.openmmlab_blocks import DETECTED_START, Blocks
from diagnose.scan import Condition, Walk
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    from diagnose.reader.bulk import Floats


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
        walk = Walk(source, self.grammar.shapes, gate(self.grammar.gate, texts=(DETECTED_START,)))
        self.walk, self.bulk, self.planned = walk, Bulk(self.build, walk), self.plan()
        for line in walk:
            self.catch_up()
            match = self.grammar.parse(line.text)
            stamped = STAMP.match(line.text) is not None
            if match or stamped:
                self.blocks.close()
            if match:
                self.take(match, line)
            elif stamped or not self.blocks.feed(line):
                self.console.feed(line)
            self.bulk.check()
            self.agree()
            walk.counters = self.loop.at
            walk.everything = self.blocks.is_open or self.console.attentive or self.blocks.detected is not None
        self.catch_up()
        self.bulk.finish()
        self.blocks.close()
        self.console.finish()
        self.build.reach(walk.seen)

    def catch_up(self) -> None:
        """Follow the loop through the rows that were read in bulk since the last line."""
        if (at := self.walk.counters) != self.loop.at:
            epoch, inner = at
            known = self.build.known("steps_per_epoch")
            step = (epoch - 1) * float(known.value) + inner if epoch and known else inner
            self.loop.passed(epoch, inner, step)

    def plan(self) -> list[Fact | None]:
        """Return what a training record must agree with to be read in bulk."""
        return [self.build.known(name) for name in ("steps_per_epoch", "planned_steps", "val_steps")]

    def agree(self) -> None:
        """Begin anew with rows if what they must agree with is no longer what it was."""
        if (plan := self.plan()) != self.planned:
            self.bulk.finish()
            self.planned = plan

    def enable(self, match: Match, split: str, numbers: Sequence[float]) -> None:
        """Read lines like this one in bulk from here on, as far as they belong to the same loop.

        Args:
            match: a record that was just reported.
            split: what it was reported as; records of training must be of a later iteration each.
            numbers: its epoch, where it has one, iteration, and iterations in all.
        """
        if self.walk.template < 0 or not self.build.is_open:
            return
        parts = list(self.grammar.shapes.parts_of(self.walk.template))
        found = bulk_items(match, parts, split)
        counters = [part for part, (name, _) in zip(parts, match.tokens, strict=True) if name == "INT"]
        if found is None or -1 in counters or len(counters) != len(numbers):
            return
        self.agree()
        trains, by_epoch = split == "train", len(counters) == 3
        known = self.build.known("steps_per_epoch")
        total = float(known.value) if known else 0.0

        def position(rows: Floats) -> tuple[Floats, Floats]:
            """Epoch and step: rows hold the counters of the loop and, of a validation, its epoch."""
            epoch, inner = rows[:, 0], rows[:, 1]
            step = (epoch - 1) * total + inner if total else inner
            if trains:
                return (epoch, step) if by_epoch else (epoch * math.nan, inner)
            return (rows[:, 2], step) if by_epoch else (epoch * math.nan, step)

        self.bulk.enable(
            found[0],
            position,
            () if trains or not by_epoch else counters[:1],
            Condition(
                counters[0] if by_epoch and trains else -1,
                counters[-2] if trains else -1,
                counters[-1],
                numbers[-1],
                found[1],
            ),
        )

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
