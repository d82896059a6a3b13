"""Rows of the YOLO consoles: column names, numbers, and how far the bar behind them has come."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import pack
from typing import TypeVar

from diagnose.names import canonical, split_of
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import Match, number
from diagnose.records import dataclass

TRAIN_NAMES = {
    "box": "train/box_loss",
    "giou": "train/box_loss",
    "obj": "train/obj_loss",
    "cls": "train/cls_loss",
    "seg": "train/seg_loss",
    "total": "train/loss",
    "loss": "train/loss",
    "train_loss": "train/loss",
    "val_loss": "val/loss",
    "top1_acc": "val/accuracy",
    "top5_acc": "val/accuracy_top5",
    "labels": "train/instances",
    "targets": "train/instances",
    "instances": "train/instances",
    "gpu_mem": "mem/gpu",
}
VAL_NAMES = {
    "labels": "val/labels",
    "targets": "val/labels",
    "instances": "val/labels",
    "p": "val/precision",
    "r": "val/recall",
    "map50": "val/map50",
    "map@.5": "val/map50",
    "map50-95": "val/map",
    "map@.5:.95": "val/map",
    "top1_acc": "val/accuracy",
    "top5_acc": "val/accuracy_top5",
}
DETECTION = ["images", "labels", "p", "r", "map50", "map50-95"]
CLASSIFICATION = ["top1_acc", "top5_acc"]
SIZES = ("size", "img_size", "imgsz")
COLUMN = lazy(r"(?:([A-Z])[a-z]+\()?([^()]+)\)?")
LONGEST_COUNT = 19
CLASSIFIER = "train_loss"
"""Column of the classifier of YOLOv5, which counts epochs from 1, unlike its detector."""


@dataclass(slots=True)
class TrainRow:
    """A printed state of the training row of an epoch.

    Attributes:
        epoch, planned: counted from 1.
        values: by the column's name in lower case.
        done: share of the epoch; 1 if the row has no bar.
        seconds: spent so far; 0 if unknown.
        batches: how many are planned for the epoch; NaN if the row does not tell.
    """

    epoch: float
    planned: float
    values: dict[str, float]
    line: int
    done: float
    seconds: float
    batches: float = math.nan

    @property
    def is_broken(self) -> bool:
        """Whether a value is NaN or infinite."""
        return not all(map(math.isfinite, self.values.values()))

    def add_to(self, build: RunBuilder, *, whole: bool) -> None:
        """Add its points; those of an epoch that is not *whole* stand at a fraction of it."""
        known = build.known("planned_epochs")
        planned = None if known is not None and known.value == self.planned else self.planned
        build.epoch(self.epoch, self.line, planned=planned)
        epoch = self.epoch if whole else self.epoch - 1 + self.done
        values = self.values.items()
        named = [(printed, TRAIN_NAMES.get(printed) or canonical(printed, "train"), value) for printed, value in values]
        build.row(named, self.line, epoch=epoch)
        if self.done >= 1 and self.seconds > 0:
            build.point("elapsed", self.seconds, self.line, name="time/epoch", epoch=epoch)

    def add_frame(self, build: RunBuilder) -> None:
        """Add its points as those of a state within an epoch, if the row tells how many batches an epoch has."""
        if self.batches > 0:
            names = trained(self.values)
            epoch, values = self.epoch - 1 + self.done, [self.values[printed] for printed, _ in names]
            row = (self.line, epoch, round(epoch * self.batches), *values)
            build.frames(names, pack(f"={len(row)}d", *row))


def trained(columns: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the columns that say something of single batches, each with its canonical name: not memory and scores."""
    named = [(printed, TRAIN_NAMES.get(printed, "") or canonical(printed, "train")) for printed in columns]
    return tuple([(printed, name) for printed, name in named if split_of(name) == "train"])


def train_columns(match: Match) -> list[str]:
    """Return the columns between memory and image size; behind it may stand the rest of an overwritten header."""
    names = [name.lower() for name in match.all("COLUMN")]
    if len(names) < 2 or not names[0].startswith(("gpu_mem", "mem")):
        return []
    end = next((at for at, name in enumerate(names) if name in SIZES), len(names))
    return names[1:end]


def train_row(match: Match, line: int, columns: list[str], losses: tuple[str, ...], counts_from: int) -> TrainRow:
    """Read a row.

    Args:
        match: a ``train_row`` of yolo_table.lark.
        line: its number.
        columns: from the header; empty if none was seen, which leaves *losses*, unknown ones, instances and size.
        losses: names of the first losses then.
        counts_from: number of the first epoch.
    """
    at, _, planned = match.tokens[0][1].partition("/")
    values, tail = numbers(match)
    memory = number((match.get("MEMORY") or "nan").rstrip("KMG"))
    named = named_values(values, memory, columns, losses)
    first = first_epoch(columns, counts_from)
    return TrainRow(float(at) - first, float(planned) - first, named, line, *progress(tail))


Number = TypeVar("Number")


def named_values(
    values: Sequence[Number], memory: Number, columns: list[str], losses: tuple[str, ...]
) -> dict[str, Number]:
    """Return the numbers of a row of training by column; see ``train_row``."""
    if not columns:
        unknown = len(values) - len(losses) - 2
        columns = [*losses, *(f"column_{index + 1}" for index in range(unknown)), "instances"]
    return {**dict(zip(columns, values, strict=False)), "gpu_mem": memory}


def first_epoch(columns: list[str], counts_from: int) -> int:
    """Return what rows print of their epochs more than the epochs before."""
    return 0 if CLASSIFIER in columns else counts_from - 1


def val_columns(match: Match) -> list[str]:
    """Return the columns of a validation; those in ``Mask(...)`` and ``Pose(...)`` get a suffix, as in results.csv."""
    names, group = [], ""
    for name in match.all("COLUMN"):
        found = COLUMN.fullmatch(name)
        if found is None or "…" in name:  # the terminal was too narrow for the header
            return []
        group = found[1] or group
        names.append(found[2].lower() + (f"_{group.lower()}" if group and group != "B" else ""))
    return names if names[:1] in (["images"], ["top1_acc"]) else []


def val_row(match: Match, columns: list[str]) -> dict[str, float]:
    """Return the values of the row ``all`` by column; without a fitting header they are those of a detector."""
    return val_values(numbers(match)[0], columns)


def val_values(values: Sequence[Number], columns: list[str]) -> dict[str, Number]:
    """Return the numbers of the row ``all`` by column; see ``val_row``."""
    if len(columns) != len(values):
        columns = CLASSIFICATION if len(values) == len(CLASSIFICATION) else DETECTION
    return dict(zip(columns, values, strict=False))


@lru_cache(maxsize=1000)
def val_name(column: str) -> str:
    """Return the canonical name of a column of a validation."""
    base, _, group = column.partition("_") if column.startswith(("p_", "r_")) else (column, "", "")
    known = VAL_NAMES.get(base, f"val/{base}")
    return f"{known}_{group}" if group else known


def numbers(match: Match) -> tuple[list[float], list[tuple[str, str]]]:
    """Return the numbers of a row, and the tokens of the bar behind it."""
    end = next((at for at, (terminal, _) in enumerate(match.tokens) if terminal == "COLON"), len(match.tokens))
    row = [number(text) for terminal, text in match.tokens[:end] if terminal in ("NUMBER", "NONFINITE")]
    return row, [*match.tokens[end:]]


def whole(text: str) -> int:
    """Return a printed count; a number longer than any count is as large as counts get."""
    return int(text) if len(text) < LONGEST_COUNT else sys.maxsize


def progress(tail: list[tuple[str, str]]) -> tuple[float, float, float]:
    """Return the share done, the seconds spent and the batches planned, as a bar tells.

    No bar means a whole epoch of unknown duration.
    """
    tokens = dict(reversed(tail))
    seconds = 0.0
    if elapsed := tokens.get("ELAPSED"):
        for part in elapsed.strip("[s").split(":"):
            seconds = seconds * 60 + float(part)
    if fraction := tokens.get("FRACTION"):
        done, total = (float(part) for part in fraction.split("/"))
        return (min(1.0, done / total) if total else 1.0), seconds, total
    if percent := tokens.get("PERCENT"):
        return min(1.0, number(percent) / 100), seconds, math.nan
    return 1.0, seconds, math.nan
