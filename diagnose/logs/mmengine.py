"""mmengine text logs: mmdet 3, mmseg 1, mmpose 1, mmpretrain, mmaction2 1, mmyolo and their kin."""

from __future__ import annotations

import math
import re
from typing import Any

from diagnose.reader import LineGrammar, Marked, Match, RunBuilder
from diagnose.reader.openmmlab import items_of, points, state_once
from diagnose.reader.openmmlab_text import TextLog
from diagnose.sources import Line, Source

NAME = "mmengine"
TITLE = "mmengine text log (mmdet 3, mmseg 1, mmpose 1, mmpretrain, mmyolo, ...)"
SAMPLES = (
    (
        "2024/03/02 10:15:01 - mmengine - INFO - Epoch(train)  [1][ 20/300]  base_lr: 2.0000e-03 lr: 1.5000e-04  "
        "eta: 1:02:03  time: 0.4120  data_time: 0.0510  memory: 2310  grad_norm: 8.1200  "
        "loss: 1.7311  loss_cls: 1.1210\n"
        "2024/03/02 10:19:44 - mmengine - INFO - Epoch(val) [1][45/45]    coco/bbox_mAP: 0.0710  coco/AP .5: 0.1930  "
        "data_time: 0.0110  time: 0.0820\n"
    ),
    (
        "03/02 10:15:01 - mmengine - INFO - Iter(train) [ 40/2000]  lr: 9.8000e-03  eta: 0:12:10  time: 0.3711  "
        "data_time: 0.0042  memory: 1811  loss: 2.0413  decode.loss_ce: 1.4411\n"
    ),
)

HEADED = r"^.{0,40}?(?:\d{4}/)?\d\d/\d\d \d\d:\d\d:\d\d - mmengine - [A-Z]+ - "
GRAMMAR = LineGrammar(
    "mmengine",
    gate=r"(?:Epoch|Iter)\((?:train|val|test)\)|- WARNING - |The `num_classes` \(|- INFO -\s*$|"
    r"Loads? checkpoint |load model from|The model and loaded|Skip early stopping|"
    r"- (?:INFO|WARNING|ERROR) - (?:Config:|Saving ch|The best ch|[Rr]esumed |Auto resumed|The testing res|"
    r"[Tt]he monitored|Stopping thr|Monitored)",
)

MARKS = (
    HEADED,
    r"(?:^|- )Epoch\((?:train|val)\)\s+\[\s*\d+\]\[\s*\d+/\d+\]  ",
    r"(?:^|- )(?:Iter\((?:train|val|test)\)|Epoch\(test\)) \[\s*\d+/\d+\]  ",
)


sniff = Marked(*MARKS)
"""mmengine's stamp, or a line of its training, validation or test loop."""


def read(source: Source, build: RunBuilder) -> None:
    """Read an mmengine text log."""
    _Reader(build, GRAMMAR).read(source)


class _Reader(TextLog):
    best_unit = "BEST_UNIT"

    def __init__(self, build: RunBuilder, grammar: LineGrammar) -> None:
        super().__init__(build, grammar)
        self.missing: set[tuple[int, str]] = set()

    def take(self, match: Match, line: Line) -> None:
        build, number, text = self.build, line.number, line.text.strip()
        match match.kind:
            case "by_epoch" | "by_step":
                self.record(match, line)
            case "loaded" | "resumed_from":
                self.loaded = (match.get("PATH") or "").strip()
                if match.kind == "loaded":
                    build.event("loaded", number, text, path=self.loaded)
            case "early_stop":
                reached: dict[str, Any] = {} if math.isnan(build.current_epoch) else {"epoch": build.current_epoch}
                build.event("early_stop", number, text, **reached)
            case "metric_missing":
                self.metric_missing(match, line)
            case _:
                super().take(match, line)

    def metric_missing(self, match: Match, line: Line) -> None:
        metric = match.get("MONITOR") or ""
        if (self.blocks.sessions, metric) in self.missing:  # it is said after every validation
            return
        self.missing.add((self.blocks.sessions, metric))
        available = re.findall(r"'([^']*)'", match.get("KEYS") or "")
        text = line.text.strip()
        self.build.event(
            "metric_missing", line.number, text, metric=metric, wanted_by="EarlyStoppingHook", available=available
        )

    def record(self, match: Match, line: Line) -> None:
        build = self.build
        split = (match.get("LOOP") or "").partition("(")[2].rstrip(")")
        numbers = [float(text) for text in match.all("INT")]
        if split == "train" and match.kind == "by_epoch":
            epoch, inner, total = numbers
            self.loop.train(epoch, inner, line.number, (epoch - 1) * total + inner)
            state_once(build, "steps_per_epoch", total, line)
            self.report(match, line, split, numbers)
        elif split == "train":
            inner, total = numbers
            self.loop.train(0.0, inner, line.number, inner)
            state_once(build, "planned_steps", total, line)
            self.report(match, line, split, numbers)
        else:
            if split == "val":
                state_once(build, "val_steps", numbers[-1], line)
            epoch_of = numbers[0] if match.kind == "by_epoch" else math.nan if split == "test" else None
            if split == "val":
                added = self.report(match, line, split, numbers, epoch_of)
            else:
                added = points(build, items_of(match), line.number, split, epoch=epoch_of)
            if added:
                self.blocks.evaluated(split, epoch_of)
