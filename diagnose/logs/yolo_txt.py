"""``results.txt`` of YOLOv7 and early YOLOv5: a whitespace table without a header, one row an epoch.

Columns: epoch/last, memory, box, obj, cls, (more losses,) total, labels, image size, then P, R, mAP@.5, mAP@.5:.95 and
the validation losses box, obj, cls. Epochs count from 0.
"""

from __future__ import annotations

import math
from functools import cache

from diagnose.patterns import lazy
from diagnose.reader import Head, LineGrammar, Match, RunBuilder, number
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.console_rows import is_just
from diagnose.reader.gates import gate
from diagnose.reader.yolo_settings import COMPANIONS, companion
from diagnose.scan import Condition, Walk
from diagnose.sources import Line, Source

__all__ = ["COMPANIONS", "NAME", "SAMPLES", "TITLE", "companion", "read", "sniff"]

NAME = "yolo-txt"
TITLE = "YOLOv7 results.txt"
SAMPLES: tuple[str, ...] = (
    """\
   0/39  5.02G  0.0712  0.0233  0.0311  0.1256  41  512  0.1102  0.2011  0.0912  0.0311  0.0688  0.0119  0.0217
   1/39  6.31G  0.0601  0.0214  0.0205  0.1020  38  512  0.3120  0.2945  0.2611  0.1102  0.0577  0.0108  0.0144
""",
)

ROW = lazy(r" *\d+/\d+ +\d[\d.]*[KMG]((?: +(?:[+-]?[\d.]+(?:e[+-]?\d+)?|nan|inf))+) *")
MARKS = (r"\A\s*+(?:\S[^\n\v\f\r\x1c-\x1e\x85\u2028\u2029]*+\s++)?\d++/\d++ ++\d[\d.]*+[KMG] ",)
"""A row is the first line or the second."""
LOSSES = ["train/box_loss", "train/obj_loss", "train/cls_loss"]
VALIDATION = ["precision", "recall", "map50", "map", "box_loss", "obj_loss", "cls_loss"]
FEWEST = 5
"""Numbers of the training half of a row with one loss and its total."""


def sniff(head: Head) -> int:
    """Return how surely this is such a table: all its first lines are rows."""
    if head.is_binary:
        return 0
    rows = fits = 0
    for line in head.text.splitlines()[:20]:
        if line.strip():
            found = ROW.fullmatch(line)
            rows += 1
            fits += found is not None and len(found[1].split()) >= FEWEST + len(VALIDATION)
            if fits < rows - 1:
                return 0
    return 300 if fits else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read every row; an epoch that does not rise begins another run."""
    _Table(build).read(source)


class _Table:
    """The rows of one file, in the order of its lines."""

    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.grammar = LineGrammar("yolo_txt", gate="/")
        self.planned = -1.0

    def read(self, source: Source) -> None:
        build = self.build
        walk = Walk(source, self.grammar.shapes, gate(self.grammar.gate, alone=True))
        bulk = Bulk(build, walk)
        for line in walk:
            if walk.counters[1] + 1 > build.current_epoch:
                build.current_epoch = walk.counters[1] + 1
            match = self.grammar.parse(line.text)
            if match is None or len(values := match.numbers()) < FEWEST:
                continue
            self.row(match, values, line)
            bulk.check()
            walk.counters = (0.0, build.current_epoch - 1)
            if walk.template >= 0:
                self.enable(bulk, match, line.text, values)
        bulk.finish()

    def row(self, match: Match, values: list[float], line: Line) -> None:
        """Take a row."""
        build = self.build
        at, last = (float(part) for part in match.tokens[0][1].split("/"))
        if at + 1 <= build.current_epoch:
            build.close()
        begins = not build.has_points
        build.epoch(at + 1, line.number)
        if last + 1 != self.planned:
            self.planned = last + 1
            build.fact("planned_epochs", self.planned, line.number, line.text.strip())
        if begins and at:
            build.event("resumed", line.number, line.text.strip(), epoch=at + 1, path="")
        build.point("gpu_mem", number(_memory(match)), line.number, name="mem/gpu")
        for (printed, split, name), value in zip(_columns(len(values)), values, strict=True):
            if printed:
                build.point(printed, value, line.number, split=split, name=name)

    def enable(self, bulk: Bulk, match: Match, text: str, values: list[float]) -> None:
        """Read rows like the last one in bulk from here on, as far as the epoch rises and as many are planned."""
        template, ends = self.grammar.shapes.place(text) or (None, ())
        if template is None or not all(map(math.isfinite, values)):
            return
        epochs, memory, *found = template.numbers_within(text, ends)
        if len(epochs) != 2 or not is_just(_memory(match), memory) or not all(len(parts) == 1 for parts in found):
            return
        items = [Item("gpu_mem", "", memory[0][0], "mem/gpu")]
        items += [
            Item(printed, split, part, name)
            for (printed, split, name), [(part, _)] in zip(_columns(len(values)), found, strict=True)
            if printed
        ]
        planned = Condition(minor=epochs[0][0], constant=epochs[1][0], expected=self.planned - 1)
        bulk.enable(items, lambda rows: (rows[:, 1] + 1, rows[:, 1] * math.nan), (), planned)


def _memory(match: Match) -> str:
    return (match.get("MEMORY") or "").rstrip("KMG")


@cache
def _columns(width: int) -> list[tuple[str, str, str]]:
    """Return for so many numbers of a row behind the memory what each is: name, split and canonical name, if any."""
    # A row without the validation columns is one that was cut.
    train = width - len(VALIDATION) if width >= FEWEST + len(VALIDATION) else width
    losses = [*LOSSES, *(f"train/loss_{number}" for number in range(len(LOSSES) + 1, train))][: train - 3]
    found = [(name, "", name) for name in losses]
    found += [("total", "", "train/loss"), ("labels", "", "train/instances"), ("", "", "")]
    return found + [(name, "val", "") for name in VALIDATION[: width - train]]
