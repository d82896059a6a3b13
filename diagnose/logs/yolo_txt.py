"""``results.txt`` of YOLOv7 and early YOLOv5: a whitespace table without a header, one row an epoch.

Columns: epoch/last, memory, box, obj, cls, (more losses,) total, labels, image size, then P, R, mAP@.5, mAP@.5:.95 and
the validation losses box, obj, cls. Epochs count from 0.
"""

from __future__ import annotations

from diagnose.patterns import lazy
from diagnose.reader import Head, LineGrammar, RunBuilder, number
from diagnose.reader.yolo_settings import COMPANIONS, companion
from diagnose.sources import Source, lines

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
LOSSES = ["train/box_loss", "train/obj_loss", "train/cls_loss"]
VALIDATION = ["precision", "recall", "map50", "map", "box_loss", "obj_loss", "cls_loss"]
FEWEST = 5
"""Numbers of the training half of a row with one loss and its total."""


def sniff(head: Head) -> int:
    """Return how surely this is such a table: all its first lines are rows."""
    if head.is_binary:
        return 0
    rows = [line for line in head.text.splitlines()[:20] if line.strip()]
    fits = [
        found for line in rows if (found := ROW.fullmatch(line)) and len(found[1].split()) >= FEWEST + len(VALIDATION)
    ]
    return 300 if rows and len(fits) >= max(1, len(rows) - 1) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read every row; an epoch that does not rise begins another run."""
    grammar = LineGrammar("yolo_txt", gate="/")
    planned = -1.0
    for line in lines(source):
        match = grammar.parse(line.text)
        if match is None:
            continue
        values = match.numbers()
        if len(values) < FEWEST:
            continue
        at, last = (float(part) for part in match.tokens[0][1].split("/"))
        if at + 1 <= build.current_epoch:
            build.close()
        begins = not build.has_points
        build.epoch(at + 1, line.number)
        if last + 1 != planned:
            planned = last + 1
            build.fact("planned_epochs", planned, line.number, line.text.strip())
        if begins and at:
            build.event("resumed", line.number, line.text.strip(), epoch=at + 1, path="")
        memory = (match.get("MEMORY") or "").rstrip("KMG")
        build.point("gpu_mem", number(memory), line.number, name="mem/gpu")
        # A row without the validation columns is one that was cut.
        train = values[: -len(VALIDATION)] if len(values) >= FEWEST + len(VALIDATION) else values
        *losses, total, instances, _ = train
        for index, value in enumerate(losses):
            name = LOSSES[index] if index < len(LOSSES) else f"train/loss_{index + 1}"
            build.point(name, value, line.number, name=name)
        build.point("total", total, line.number, name="train/loss")
        build.point("labels", instances, line.number, name="train/instances")
        if len(train) < len(values):
            for name, value in zip(VALIDATION, values[-len(VALIDATION) :], strict=True):
                build.point(name, value, line.number, split="val")
