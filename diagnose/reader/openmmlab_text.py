"""Text logs of the OpenMMLab family, line by line: what mmcv's and mmengine's loggers have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from diagnose.model import Fact
from diagnose.reader.builder import RunBuilder
from diagnose.reader.bulk import ALWAYS, Bulk, First, Item
from diagnose.reader.column import ABSENT
from diagnose.reader.console import ConsoleEvents
from diagnose.reader.gates import gate
from diagnose.reader.grammar import LineGrammar, Match, number
from diagnose.reader.kept import Kept, lines_of
from diagnose.reader.openmmlab import (
    STAMP,
    Loop,
    Warnings,
    absent,
    best,
    bulk_items,
    class_mismatch,
    counted,
    items_of,
    points,
)
from diagnose.reader.openmmlab_blocks import DETECTED_START, Blocks
from diagnose.reader.openmmlab_passages import Passage, passage_of
from diagnose.scan import SPACES, Condition, Shapes, Walk
from diagnose.sources import Line, Source
from diagnose.sources.lines import decode, visible

if TYPE_CHECKING:
    from diagnose.reader.bulk import Floats
    from diagnose.reader.kept import Fields


STAMPED = tuple(f"{digit} - " for digit in range(10))
"""Texts one of which every stamped line contains; descriptions of compilers hold a dash, too."""
BORDERS = (*STAMPED, *(f"{loop}{after}" for loop in ("Epoch", "Iter") for after in ("[", "(", " ", *SPACES)))
"""The same of stamped lines and of records: settings are called ``max_epochs`` and ``warmup_iters``."""
KEPT = frozenset({"saved", "best", "warning"})
"""Kinds of lines that say all by themselves."""
MOST_KEPT = 32
"""Templates of such lines that are kept."""
OPENING = frozenset({"environment", "config", "mismatch"})
"""Kinds of lines above a block, of which no token counts."""


class Plan(NamedTuple):
    """How lines of a template are read in bulk.

    Attributes:
        items: their numbers.
        counters: the parts that count.
        tokens: which token each part is.
        checks: what must not be -1.
    """

    items: list[Item]
    counters: list[int]
    tokens: dict[int, int]
    checks: tuple[tuple[int, float, bool], ...]


@cache
def plans_of(shapes: Shapes) -> dict[tuple[int, str], Plan | None]:
    """Return how lines are read in bulk, by template and split, for all logs of the process; it is filled meanwhile."""
    return {}


class TextLog:
    """Reads one log; a format says in ``take`` what the matches that are its own mean.

    Attributes:
        others: pattern of what ends a block besides stamped lines and records; by default that of the grammar's gate.
        best_unit: terminal of what is counted where the best checkpoint so far is told.
        best_path: where a line above such a one says that it lies.
    """

    others, best_unit, best_path = "", "UNIT", ""

    def __init__(self, build: RunBuilder, grammar: LineGrammar) -> None:
        """Report to *build* what *grammar* accepts."""
        self.build, self.grammar, self.shapes = build, grammar, grammar.shapes
        self.blocks, self.loop, self.warnings = Blocks(build), Loop(build), Warnings(build)
        self.console = ConsoleEvents(build)
        self.loaded = ""
        self.kept: dict[int, tuple[str, Fields | None]] = {}  # of each template its kind, and what its column says
        self.plans = plans_of(grammar.shapes)

    def read(self, source: Source) -> None:
        """Read all lines: matches, blocks between two stamped lines, and what any console may show."""
        wanted = gate(self.grammar.gate, texts=(DETECTED_START,))
        borders = gate(self.others or self.grammar.gate, texts=BORDERS if self.others else STAMPED, alone=True)
        walk = Walk(source, self.shapes, wanted, borders)
        self.walk, self.bulk = walk, Bulk(self.build, walk, lazy=True)
        self.planned, self.stated, self.at = self.plan(), self.build.stated, walk.counters
        walk.full = self.full
        for line in walk:
            if walk.skipped:
                self.catch_up()
            match = self.match(line)
            if match:
                self.blocks.close()
                self.take(match, line)
                if match.kind in KEPT and walk.template not in self.kept:
                    self.keep(match)
            elif STAMP.match(line.text):
                self.blocks.close()
                walk.ignore()
            elif not self.blocks.feed(line):
                self.console.feed(line)
                if self.console.idle:
                    walk.ignore()
            self.go_on()
        self.catch_up()
        self.bulk.finish()
        self.blocks.close()
        self.console.finish()
        self.build.reach(walk.seen)

    def match(self, line: Line) -> Match | None:
        """Return what the grammar reads in the line that the walk has yielded last."""
        template = self.walk.template
        if template < 0:
            return self.grammar.parse(line.text)
        kind = self.shapes.templates[template].kind
        return Match(kind, ()) if kind in OPENING else self.known(line.text)

    def known(self, text: str) -> Match | None:
        """Return what the grammar reads in a line of which the walk knows the template; others learn them later."""
        found = self.walk.match(text)
        return self.grammar.parse(text) if found is None else Match(*found)

    def go_on(self) -> None:
        """Tell the walk what is wanted of the lines that come."""
        walk, blocks, attentive = self.walk, self.blocks, self.console.attentive
        self.bulk.check()
        if self.stated != self.build.stated:
            self.agree()
        if self.at is not self.loop.at:
            self.at = walk.counters = self.loop.at
        walk.everything = attentive
        walk.rows = blocks.detected is None
        walk.passing = self.passage if blocks.kind and not attentive else None

    def passage(self, first: int, lines: bytes) -> int:
        """Take lines none of which is stamped or a match, the first of which has this number; return how many."""
        passage = passage_of(lines) if self.blocks.repeats else Passage(lines)
        if passage.is_plain:
            taken = self.blocks.passage(first, passage)
        else:
            taken = passage.count
            for number, raw in enumerate(passage.lines.split(b"\n")[:-1], first):
                for line in visible(number, decode(raw, "utf-8")):
                    if not self.blocks.feed(line):
                        self.console.feed(line)
        self.go_on()
        return taken

    def keep(self, match: Match) -> None:
        """Keep lines like this one, which say all by themselves, from here on, to take them all at once."""
        template = self.walk.template
        if template < 0 or len(self.kept) == MOST_KEPT:
            return
        counts = []
        if match.kind == "saved":
            parts = self.shapes.parts_of(template)
            counts = [part for part, (name, _) in zip(parts, match.tokens, strict=True) if name == "INT" and part >= 0]
        self.kept[template] = match.kind, partial(_at, counted(match)) if counts else None
        self.walk.enable(counts, ALWAYS, keeps=True)

    def take_kept(self) -> None:
        """Take the lines that were kept, in their order."""
        walk, kept = self.walk, self.kept
        found = [(walk.kept(template), *kept[template]) for template in walk.holding() if template in kept]
        if not found:
            return
        said = partial(_said, self.grammar, partial(best, unit=self.best_unit, path=self.best_path))
        told = [lines_of(*lines, fields or said, self.best_path) for lines, kind, fields in found if kind != "warning"]
        warned = [lines_of(*lines, said) for lines, kind, _ in found if kind == "warning"]
        if all(one.raw.isascii() for one in told) and all(self.is_known(one.raw) for one in warned):
            if told:
                self.build.happened_all(Kept("checkpoint", self.build.path, told))
            return
        for at, text, _ in sorted(each for one in (*told, *warned) for each in one.each()):
            if (match := self.known(text)) is not None:
                self.take(match, Line(at, text))

    def is_known(self, warnings: bytes) -> bool:
        """Whether lines like all of these were taken before in this session."""
        return self.warnings.tell_nothing(warnings, self.blocks.sessions)

    def full(self, template: int) -> None:
        """Take what was stored of a template."""
        if template in self.kept:
            self.take_kept()
        else:
            self.bulk.take(template)

    def catch_up(self) -> None:
        """Follow the loop through the rows that were read in bulk since the last line, and take what was kept."""
        if self.kept:
            self.take_kept()
        if (at := self.walk.counters) != self.loop.at:
            epoch, inner = at
            known = self.build.known("steps_per_epoch")
            step = (epoch - 1) * float(known.value) + inner if epoch and known else inner
            self.loop.passed(epoch, inner, step)
            self.at = self.loop.at

    def plan(self) -> list[Fact | None]:
        """Return what a training record must agree with to be read in bulk."""
        return [self.build.known(name) for name in ("steps_per_epoch", "planned_steps", "val_steps")]

    def agree(self) -> None:
        """Begin anew with rows if what they must agree with is no longer what it was.

        How long a validation is says nothing of training: before the first one, no rows are those of validations.
        """
        self.stated = self.build.stated
        plan, planned = self.plan(), self.planned
        if plan[:-1] != planned[:-1] or (plan[-1] != planned[-1] is not None):
            self.bulk.finish()
        self.planned = plan

    def report(self, match: Match, line: Line, split: str, numbers: Sequence[float], epoch: float | None = None) -> int:
        """Report a record, and read lines like it in bulk from here on, as far as they belong to the same loop.

        Args:
            match: the record.
            line: its line.
            split: what it is reported as; records of training must be of a later iteration each.
            numbers: its epoch, where it has one, iteration, and iterations in all.
            epoch: of a validation, if it is not the one that the loop is in.

        Returns:
            How many values it holds.
        """
        plan = self.plan_of(match, split) if self.walk.template >= 0 else None
        if plan is None or len(plan.counters) != len(numbers) or math.isnan(self.build.current_step):
            return points(self.build, items_of(match), line.number, split, epoch=epoch)

        tokens = match.tokens
        values = {part: number(tokens[at][1]) for part, at in plan.tokens.items()}
        whole = plan.items and (
            ABSENT not in values.values() or not any(values.get(item.part) == ABSENT for item in plan.items)
        )
        first = First(line.number, self.loop.at, values)
        by_epoch = match.kind.endswith("epoch")
        if whole and self.build.is_open and self.enable(plan, split, numbers, first, by_epoch=by_epoch):
            return len(plan.items)
        added = points(self.build, items_of(match), line.number, split, epoch=epoch) if plan.items else 0
        if self.build.is_open:
            self.enable(plan, split, numbers, by_epoch=by_epoch)
        return added

    def enable(
        self, plan: Plan, split: str, numbers: Sequence[float], first: First | None = None, *, by_epoch: bool
    ) -> bool:
        """Read lines like the one yielded last in bulk from here on; see ``Bulk.enable``."""
        counters = plan.counters
        if self.stated != self.build.stated:
            self.agree()
        trains = split == "train"
        known = self.build.known("steps_per_epoch")
        total = float(known.value) if known else 0.0

        def position(rows: Floats) -> tuple[Floats, Floats]:
            """Epoch and step: rows hold the counters of the loop and, of a validation, its epoch."""
            epoch, inner = rows[:, 0], rows[:, 1]
            step = (epoch - 1) * total + inner if total else inner
            if trains:
                return (epoch, step) if by_epoch else (epoch * math.nan, inner)
            return (rows[:, 2], step) if by_epoch else (epoch * math.nan, step)

        return self.bulk.enable(
            plan.items,
            position,
            () if trains or not by_epoch else counters[:1],
            Condition(
                counters[0] if by_epoch and trains else -1,
                counters[-2] if trains else -1,
                counters[-1],
                numbers[-1],
                checks=plan.checks,
            ),
            first,
        )

    def plan_of(self, match: Match, split: str) -> Plan | None:
        """Return how lines of the template of the line yielded last are read in bulk; None if they cannot be."""
        key = self.walk.template, split
        if key not in self.plans:
            parts = list(self.shapes.parts_of(key[0]))
            items = bulk_items(match, parts, split)
            tokens = {part: at for at, part in enumerate(parts) if part >= 0}
            counters = [part for part, (name, _) in zip(parts, match.tokens, strict=True) if name == "INT"]
            checks = [
                (item.part, ABSENT, False) for item in items or () if absent(item.printed) == "all" and item.part >= 0
            ]
            self.plans[key] = None if items is None or -1 in counters else Plan(items, counters, tokens, tuple(checks))
        return self.plans[key]

    def take(self, match: Match, line: Line) -> None:
        """Report a match that both loggers print."""
        build, number, text = self.build, line.number, line.text.strip()
        match match.kind:
            case "environment" | "config" | "mismatch":
                self.blocks.open(match.kind, line)
            case "saved":
                build.event("checkpoint", number, text, **{counted(match): float(match.get("INT") or 0)})
            case "best":
                build.event("checkpoint", number, text, **best(match, unit=self.best_unit, path=self.best_path))
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


def _at(place: str, _: str, count: float) -> dict[str, Any]:
    """Return what a line says that counts something."""
    return {place: count}


def _said(grammar: LineGrammar, best: Callable[[Match], dict[str, Any]], text: str, _: float) -> dict[str, Any]:
    """Return what a line says of a checkpoint."""
    match = grammar.parse(text)
    if match is None or match.kind == "best":
        return {} if match is None else best(match)
    return _at(counted(match), text, float(match.get("INT") or 0))
