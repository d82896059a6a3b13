"""``results.csv`` of YOLOv5, YOLOv9 and Ultralytics: one row an epoch.

Files in the wild hold several runs (the epoch restarts without a new header), begin in the middle (resumed) and count
epochs from 0 (YOLOv5, YOLOv9, Ultralytics before 8.3) or from 1.
"""

from __future__ import annotations

import math
import re

from diagnose.patterns import lazy
from diagnose.reader import Head, LineGrammar, Match, RunBuilder, number
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.gates import gate
from diagnose.reader.yolo_settings import COMPANIONS, companion
from diagnose.scan import Condition, Walk
from diagnose.sources import Source

__all__ = ["COMPANIONS", "NAME", "SAMPLES", "TITLE", "companion", "read", "sniff"]

NAME = "yolo-csv"
TITLE = "YOLO results.csv (YOLOv5, YOLOv9, Ultralytics)"
SAMPLES: tuple[str, ...] = (
    """\
   epoch,  train/box_loss,  train/obj_loss,  metrics/precision,  metrics/mAP_0.5,  val/box_loss,  x/lr0,  x/lr1
       0,         0.10331,        0.024412,           0.018214,         0.007117,      0.070129, 0.0831, 0.0018
       1,        0.087120,        0.025003,           0.290115,          0.10442,      0.061250, 0.0655, 0.0037
""",
    """\
epoch,time,train/box_loss,train/cls_loss,metrics/mAP50(B),metrics/mAP50-95(B),val/box_loss,lr/pg0,lr/pg1
1,12.31,1.4021,2.8813,0.4117,0.2904,1.2218,0.000119,0.000119
""",
    """\
epoch,train/loss,metrics/accuracy_top1,metrics/accuracy_top5,val/loss,lr/pg0
1,0.61,0.71,0.97,0.55,0.0005
""",
)

HEADER = lazy(
    r"^\ufeff?[^\S\n]*epoch\s*,(?=.*\b(train|val|test)/\w*loss\b)(?=.*\b(metrics|val|test|x|lr)/)", re.MULTILINE
)
COUNTS_FROM_ONE = lazy(r"^\s*epoch\s*,\s*time\s*,")
RATE = lazy(r"(?:x/lr|lr/pg|lr/)(\d+)")
MARKS = (r"(?:train/|val/|test/)\w*loss",)


def sniff(head: Head) -> int:
    """Return how surely this is a ``results.csv``: by its header line."""
    if head.is_binary or (found := HEADER.search(head.text)) is None:
        return 0
    return 300 if not head.text[: found.start()].strip() else 150


def read(source: Source, build: RunBuilder) -> None:
    """Read every row of every run in the file."""
    _Table(build).read(source)


class _Table:
    """The rows of one file, in the order of its lines."""

    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.grammar = LineGrammar("yolo_csv", gate=",")
        self.names: list[str] = []
        self.first_is = 0.0
        self.rates: dict[int, str] = {}
        self.absent: frozenset[int] = frozenset()
        self.last = float("nan")

    def read(self, source: Source) -> None:
        first_is = _first_epoch(source)
        walk = Walk(source, self.grammar.shapes, gate(self.grammar.gate, alone=True))
        bulk = Bulk(self.build, walk)
        for line in walk:
            if walk.counters[1] + 1 - self.first_is > self.last:
                self.last = self.build.current_epoch = walk.counters[1] + 1 - self.first_is
            match = self.grammar.parse(line.text.removeprefix("\ufeff"))
            if match is None:
                continue
            if match.kind == "header":
                self.names = [name.strip() for name in match.all("NAME")]
                self.first_is = 1.0 if COUNTS_FROM_ONE.match(line.text) else first_is
                self.build.close()
                self.last = float("nan")
            elif self.names:
                self.row(match, line.number, line.text)
            bulk.check()
            walk.counters = (0.0, self.last - 1 + self.first_is)
            if match is not None and match.kind == "row" and walk.template >= 0 and not self.absent:
                self.enable(bulk, match, list(self.grammar.shapes.parts_of(walk.template)))
        bulk.finish()

    def enable(self, bulk: Bulk, match: Match, parts: list[int]) -> None:
        """Read rows like the last one in bulk from here on, as far as the epoch rises."""
        items = []
        index, first_is = 0, self.first_is
        epoch = -1
        for (terminal, text), part in zip(match.tokens, parts, strict=True):
            if terminal == "COMMA":
                index += 1
            elif index == 0:
                epoch = part
            elif index < len(self.names):
                name, split, canonical = self.named(index)
                if part < 0 and terminal == "NUMBER":
                    return
                items.append(Item(name, split, part, canonical, number(text)))
        if epoch >= 0:
            bulk.enable(
                items, lambda rows: (rows[:, 1] + 1 - first_is, rows[:, 1] * math.nan), (), Condition(minor=epoch)
            )

    def named(self, index: int) -> tuple[str, str, str]:
        """Return a column's printed name, the data it was measured on, and its canonical name where that is special."""
        name = self.names[index]
        split = name.split("/", 1)[0] if "/" in name else ""
        split = {"metrics": "val"}.get(split, split if split in ("train", "val", "test") else "")
        return name, split, "time/total" if name == "time" else self.rates.get(index, "")

    def row(self, match: Match, line: int, text: str) -> None:
        cells = _cells(match)
        if cells[0] is None or not math.isfinite(cells[0]):
            return
        epoch = cells[0] + 1 - self.first_is
        if epoch <= self.last:
            self.build.close()
        begins = not self.build.has_points
        self.build.epoch(epoch, line)
        if begins:
            self.rates = _rates(self.names, cells)
            self.absent = _absent(self.names, cells)
            if epoch > 1:
                self.build.event("resumed", line, text.strip(), epoch=epoch, path="")
        self.last = epoch
        for index, (_, value) in enumerate(zip(self.names, cells, strict=False)):
            if index and value is not None and not (value == 0 and index in self.absent):
                name, split, canonical = self.named(index)
                self.build.point(name, value, line, split=split, name=canonical)


def _cells(match: Match) -> list[float | None]:
    """Return the values of a row; None for a blank cell."""
    cells: list[float | None] = [None]
    for terminal, text in match.tokens:
        if terminal == "COMMA":
            cells.append(None)
        else:
            cells[-1] = number(text)
    return cells


def _rates(names: list[str], cells: list[float | None]) -> dict[int, str]:
    """Name the learning rates of the parameter groups, by column.

    During warm-up the biases' rate starts near ``warmup_bias_lr`` (0.1) and falls while the others rise from 0, and it
    is the first or the last group depending on the version. The lowest rate of the first row is that of the weights.
    """
    found = [
        (cells[index], index, hit[1]) for index, name in enumerate(names[: len(cells)]) if (hit := RATE.fullmatch(name))
    ]
    known = [row for row in found if row[0] is not None and row[0] == row[0]]
    weights = min(known, key=lambda row: (row[0], row[1]))[1] if known else -1
    return {index: "lr" if index == weights else f"lr/pg{group}" for _, index, group in found}


def _absent(names: list[str], cells: list[float | None]) -> frozenset[int]:
    """Return the columns of validation losses if all are exactly 0: YOLOv9 does not compute them while it trains."""
    losses = [index for index, name in enumerate(names[: len(cells)]) if name.startswith("val/") and "loss" in name]
    return frozenset(losses) if all(cells[index] == 0 for index in losses) else frozenset()


def _first_epoch(source: Source) -> float:
    """Return 0 if the file counts epochs from 0, else 1.

    A row 0 proves it; without one (a resumed run) ``x/lr0`` does, which only YOLOv5 and YOLOv9 write.
    """
    head = source.head.decode("utf-8", "replace")
    if re.search(r"\n[^\S\n]*0+(\.0*)?[^\S\n]*,", f"\n{head}"):  # much faster than with `^`
        return 0.0
    return 0.0 if "x/lr" in head and re.search(r"\bx/lr\d", head) else 1.0
