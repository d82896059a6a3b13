"""Blocks of lines in the text logs of the OpenMMLab family: environment, config dump, state-dict report."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.model import Fact, Setting
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.openmmlab_passages import (
    LONGEST_MEMO,
    RULE,
    Passage,
    Told,
    ends_dump,
    ends_report,
    framework_with,
    mismatches,
    printed,
    stated,
)
from diagnose.records import dataclass, field
from diagnose.sources import Line
from diagnose.sources.lines import LONGEST

LONGEST_DUMP = 20_000
"""Lines of a config dump."""
HEAD = r"\| class +\| gts +\| dets +\| recall +\| ap +\|\s*$"
DETECTED = lazy(HEAD)
"""The head of the table that an evaluation of VOC prints: a row for each class."""
DETECTED_ROW = lazy(r"(?m)^\|[^|\n]+\| *(\d+) *\| *(\d+) *\| *(\d+(?:\.\d+)?|nan) *\| *[\d.nan]+ *\|[^\S\n]*$")
BEHIND_ROWS = lazy(rf"(?m)^(?:(?![|+])|{HEAD})")
DETECTED_START = "| class "
DETECTIONS, RECALL = "dets", "mean recall"
"""What the sum of a column, and the mean of another, are called."""


@dataclass(slots=True)
class Detected:
    """What the table of one evaluation holds: boxes found, and the recall of each class that has objects."""

    line: int
    found: float = 0.0
    recalls: list[float] = field(default_factory=list)

    def take(self, lines: str) -> None:
        """Take rows of the table; lines that are none hold no class."""
        for objects, found, recall in DETECTED_ROW.findall(lines):
            self.found += float(found)
            if recall != "nan" and float(objects):
                self.recalls.append(float(recall))


class Blocks:
    """Reads what stands between two stamped lines: environment, config dump, state-dict report.

    Attributes:
        kind: of the block to which the lines that come belong, if any.
        sessions: how often a program has started.
        detected: what the table above the next record of an evaluation holds, if there is one.
    """

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self.kind = ""
        self._lines: list[Line] = []
        self._piece = ""  # what follows them, in one
        self._rules = 0
        self.sessions = 0
        self.detected: Detected | None = None
        self._table = Detected(0)

    @property
    def repeats(self) -> bool:
        """Whether the open block is one that a program prints again each time it starts."""
        return self.kind in ("environment", "config", "mismatch")

    def open(self, kind: str, line: Line) -> None:
        """Begin a block (``environment``, ``config`` or ``mismatch``) below a stamped line."""
        self.close()
        self.kind, self._lines, self._piece, self._rules = kind, [line], "", 0

    def feed(self, line: Line) -> bool:
        """Take a line without a stamp; return whether it belongs to the open block."""
        text = line.text
        if text.startswith(DETECTED_START) and DETECTED.match(text):
            self.open("detected", line)
            # With several thresholds of overlap there is a table for each: the first one counts.
            self._table = Detected(line.number)
            return True
        if not self.kind:
            return False
        if self.kind == "detected":
            if not text.startswith(("|", "+")):
                self.close()
                return False
            self._table.take(text)
            return True
        self._unfold()
        if self.kind == "environment":
            if RULE.fullmatch(text):
                self._rules += 1
                if self._rules == 1:
                    begin_session(self._build, self._lines[0])
                    self.sessions += 1
            if self._rules == 0 and text.strip():
                self.kind = ""  # a blank record that opened nothing
                return False
            state_environment(self._build, text, line.number)
            if self._rules >= 2:
                self.close()
            return True
        if self.kind == "config" and ends_dump(text, blank_above=not self._lines[-1].text.strip()):
            self.close()
            return False
        if self.kind == "mismatch" and ends_report(text):
            self.close()
            return False
        self._lines.append(line)
        if len(self._lines) > LONGEST_DUMP:
            self.close()
        return True

    def passage(self, first: int, passage: Passage) -> int:
        """Take plain lines without stamps, the first of which has this number; return how many belong to the block."""
        adjoins = first == self._lines[0].number + 1 and not self._rules
        if adjoins and self.repeats and len(passage.raw) <= LONGEST_MEMO:
            if self.kind == "environment":
                return self._environment(first, passage.told)
            taken, piece = passage.dump if self.kind == "config" else passage.report
            if taken < LONGEST_DUMP:
                self._piece = piece
                if taken < passage.count:
                    self.close()
                return taken
        lines = passage.lines.decode(errors="replace")
        if self.kind == "detected" and (behind := BEHIND_ROWS.search(lines)) is not None:
            self._table.take(lines[: behind.start()])
            if behind.start() < len(lines):
                self.close()
            return lines.count("\n", 0, behind.start())
        for taken, text in enumerate(lines.split("\n")[:-1]):
            if not self.kind or not self.feed(Line(first + taken, text[:LONGEST])):
                return taken
        return passage.count

    def _environment(self, first: int, told: Told) -> int:
        self._rules = told.rules
        if told.begins:
            begin_session(self._build, self._lines[0])
            self.sessions += 1
        for at, text in told.lines:
            state_environment(self._build, text, first + at)
        if told.rules > 1 or not told.begins:
            self.kind = ""
        return told.taken

    def _unfold(self) -> None:
        """Go over from a dump in one piece to its lines."""
        if self._piece:
            texts = self._piece.split("\n")
            self._lines += [Line(number, text) for number, text in enumerate(texts, self._lines[0].number + 1)]
            self._piece = ""

    def close(self) -> str:
        """End the open block and report what it held; return its kind, empty if none was open."""
        if not self.kind:
            return ""
        kind, self.kind = self.kind, ""
        if kind == "config" and self._piece:
            _state(self._build, *printed(self._piece), shift=self._lines[0].number)
        elif kind == "config" and len(self._lines) > 1:
            first = self._lines[1].number
            # A dropped physical line would shift all lines below it: keep the numbers.
            rows = [""] * (self._lines[-1].number - first + 1)
            for line in self._lines[1:]:
                rows[line.number - first] = line.text
            _state(self._build, *printed("\n".join(rows)), shift=first - 1)
        elif kind == "mismatch":
            self._mismatch()
        elif kind == "detected" and self.detected is None:
            self.detected = self._table
        return kind

    def evaluated(self, split: str, epoch: float | None) -> None:
        """Report the table above the record of an evaluation, if there was one."""
        table, self.detected = self.detected, None
        if table is None or not split:
            return
        values = [(DETECTIONS, f"{split}/{DETECTIONS}", table.found)]
        if table.recalls:
            values.append((RECALL, f"{split}/recall", sum(table.recalls) / len(table.recalls)))
        for shown, name, value in values:
            known = self._build.column(name)
            if known is None or known.printed == shown:
                self._build.point(shown, value, table.line, epoch=epoch, name=name)

    def _mismatch(self) -> None:
        head = self._lines[0]
        counts, message = mismatches(self._piece or "\n".join([line.text for line in self._lines[1:]]))
        self._build.event("state_dict_mismatch", head.number, head.text.strip(), **counts, message=message)


def begin_session(build: RunBuilder, line: Line) -> None:
    """A program start: what follows is a segment of its own."""
    build.close()
    for name in ("steps_per_epoch", "val_steps"):
        build.forget(name)
    build.start(line.number)
    build.event("session_start", line.number, line.text.strip())


def state_environment(build: RunBuilder, text: str, line: int) -> None:
    """State what one line of the environment block says."""
    if (said := stated(text)) is None:
        return
    name, value = said
    if name == "framework":
        known = build.known(name)
        value = framework_with(str(known.value) if known else "", str(value))
    build.fact(name, value, line, text)


def state_config(build: RunBuilder, dump: str, at: int) -> None:
    """Add the settings of a config that is printed in the one line *at*, and the facts that follow from them."""
    _state(build, *printed(dump), at=at)


def _state(
    build: RunBuilder, settings: dict[str, Setting], facts: Iterable[Fact], *, at: int = 0, shift: int = 0
) -> None:
    """Add settings and facts, whose lines lie *shift* lines below where they say, or all at *at*."""
    build.settings(settings, at=at, shift=shift)
    for fact in facts:
        build.fact(fact.name, fact.value, at or fact.place.line + shift, fact.place.text)
    state_batch(build)


def state_batch(build: RunBuilder) -> None:
    """State the batch of one optimizer update once devices and the batch of one device are known."""
    one, devices, accumulate = (build.known(name) for name in ("batch_size_per_device", "devices", "accumulate"))
    if one is not None and devices is not None:
        times = accumulate.value if accumulate is not None else 1
        build.fact("batch_size", one.value * devices.value * times, one.place.line, one.place.text)
