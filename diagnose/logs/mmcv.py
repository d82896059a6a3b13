"""mmcv 1.x text logs: mmdet 1 and 2, mmseg 0.x, mmcls, mmaction, mmpose 0.x, mmrotate 0.x and their kin."""

from __future__ import annotations

from diagnose.patterns import lazy
from diagnose.reader import Head, LineGrammar, Match, RunBuilder, marked
from diagnose.reader.openmmlab import items_of, points, state_once
from diagnose.reader.openmmlab_text import TextLog
from diagnose.sources import Line, Source

NAME = "mmcv"
TITLE = "mmcv 1.x text log (mmdet 2, mmseg 0.x, mmcls, mmaction, ...)"
SAMPLES = (
    (
        "2022-06-11 08:14:05,311 - mmdet - INFO - Epoch [1][50/900]\tlr: 1.978e-03, eta: 2:41:14, time: 0.506, "
        "data_time: 0.062, memory: 3114, loss_cls: 1.3406, loss_bbox: 0.2118, loss: 1.5524\n"
        "2022-06-11 08:31:47,020 - mmdet - INFO - Epoch(val) [1][250]\tbbox_mAP: 0.1660, bbox_mAP_50: 0.3580, "
        "bbox_mAP_copypaste: 0.166 0.358 0.124\n"
    ),
    (
        "2022-06-11 08:14:05,311 - mmseg - INFO - Iter [50/4000]\tlr: 9.891e-03, eta: 0:41:14, time: 0.306, "
        "data_time: 0.006, memory: 8114, decode.loss_seg: 1.3406, loss: 1.9106\n"
    ),
)

STAMPED = r"^.{0,40}?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (?:[\w.\-]+ - )?INFO - "
OTHERS = (
    r"- WARNING - |The `num_classes` \(|[Ll]oads? checkpoint |load model from|The model and loaded|"
    r"- (?:INFO|WARNING|ERROR) - (?:Environment info|Config:|Saving ch|Best |Now best|resumed |The testing res|"
    r"workflow|Distributed tr|Set random)"
)
GRAMMAR = LineGrammar(
    "mmcv",
    gate=rf"(?:Epoch|Iter)(?: ?\((?:train|val|test)\))?\s*\[|{OTHERS}",
)

MARKS = (
    STAMPED + r"(?:Environment info:|workflow: \[|Distributed training: |Start running, host: |Config:(?! ?\{))",
    r"(?:^|- )(?:Epoch \[\d+\]\[\d+/\d+\]|Iter \[\d+/\d+\])\s+lr(?:_\w+)?: ",
    STAMPED + r"(?:Epoch|Iter)\((?:val|train)\) \[\d+\](?:\[\d+\])?\s",
)


MILLISECONDS = lazy(r",\d{3} - ")
"""How a stamp ends: a search for it is much faster than one for a stamped line."""


def sniff(head: Head) -> int:
    """Recognise mmcv's records: stamped, or the loop's own layout."""
    stamped = MILLISECONDS.search(head.shapes) is not None
    return marked(head, *(mark for mark in MARKS if stamped or not mark.startswith(STAMPED)))


def read(source: Source, build: RunBuilder) -> None:
    """Read an mmcv 1.x text log."""
    _Reader(build, GRAMMAR).read(source)


class _Reader(TextLog):
    others = OTHERS

    def take(self, match: Match, line: Line) -> None:
        build, number, text = self.build, line.number, line.text.strip()
        match match.kind:
            case "by_epoch" | "by_step" | "evaluated_epoch" | "evaluated_step":
                self.record(match, line)
            case "best_path":
                self.best_path = match.get("PATH") or ""
            case "loaded":
                self.loaded = (match.get("PATH") or "").strip()
                build.event("loaded", number, text, path=self.loaded)
            case "planned":
                unit = (match.get("UNIT") or "").strip()
                name = "planned_epochs" if unit.startswith("epoch") else "planned_steps"
                build.fact(name, float(match.get("INT") or 0), number, text)
            case "distributed":
                if (match.get("FLAG") or "").strip() == "False":
                    build.fact("devices", 1.0, number, text)
            case "seed":
                build.fact("seed", float(match.get("INT") or 0), number, text)
            case _:
                super().take(match, line)

    def record(self, match: Match, line: Line) -> None:
        build = self.build
        split = (match.get("LOOP") or "").partition("(")[2].rstrip(")") or "train"
        numbers = [float(text) for text in match.all("INT")]
        if split == "train" and match.kind == "by_epoch":
            epoch, inner, total = numbers
            self.loop.train(epoch, inner, line.number, (epoch - 1) * total + inner)
            state_once(build, "steps_per_epoch", total, line)
            self.report(match, line, split, numbers)
        elif split == "train" and match.kind == "by_step":
            inner, total = numbers
            self.loop.train(0.0, inner, line.number, inner)
            state_once(build, "planned_steps", total, line)
            self.report(match, line, split, numbers)
        else:
            epoch_of = numbers[0] if match.kind in ("by_epoch", "evaluated_epoch") else None
            if split == "val" and epoch_of is not None:
                added = self.report(match, line, split, numbers, epoch_of)
            else:
                added = points(build, items_of(match), line.number, split, epoch=epoch_of)
            if added:
                self.blocks.evaluated(split, epoch_of)
            if not added and split == "val":
                build.event("validation_empty", line.number, line.text.strip(), message="validation without a metric")
