"""JSON lines of metrics: one object per step or epoch, as custom loops and exports of trackers write them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diagnose.names import canonical
from diagnose.reader import ConsoleEvents, Head, RunBuilder
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.likeness import home_split, is_epoch, is_metric, is_row_number, is_step
from diagnose.reader.stated import state
from diagnose.scan import Condition, Shapes, Slot, Walk, json_row
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    from diagnose.reader.bulk import Floats

NAME = "jsonl"
TITLE = "JSON lines of metrics"
IS_GENERIC, MOST = True, 55
SAMPLES = (
    '{"step": 10, "loss": 2.51, "lr": 0.001}\n{"step": 20, "loss": 2.2, "lr": 0.001}\n{"step": 30, "loss": NaN}\n',
    (
        '{"config": {"lr": 0.01}}\n{"epoch": 0, "train": {"loss": 0.9}, "val": {"loss": 1.0, "acc": 0.6}}\n'
        '{"epoch": 1, "train": {"loss": 0.7}, "val": {"loss": 0.9, "acc": 0.65}}\n'
    ),
)
SAMPLED = 200
MOST_SHAPES = 200
"""Kinds of objects that are read in bulk: a log that has more of them holds texts that change."""
FOREIGN = frozenset(
    {"image_id", "category_id", "bbox", "prompt", "completion", "text", "messages", "question", "answer"}
)
"""Keys of annotations, predictions and data sets, which also hold scores."""


def sniff(head: Head) -> int:
    """Accept at least two objects that hold a metric."""
    if head.is_binary or not head.text.lstrip().startswith("{"):
        return 0
    rows = [row for text in head.text.split("\n")[:SAMPLED] if (row := _object(text)) is not None]
    if any(FOREIGN & row.keys() for row in rows):
        return 0
    measured = sum(any(is_metric(key) for key, value in _numbers(row)) for row in rows)
    return 55 if measured >= 2 and measured * 4 >= len(rows) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read the numbers of every object as points, and objects without metrics as settings."""
    events = ConsoleEvents(build)
    rows = _Rows(source, build)
    for line in rows.walk:
        rows.catch_up()
        row = _object(line.text)
        if row is None:
            events.feed(line)
            continue
        numbers = dict(_numbers(row))
        if not any(is_metric(key) for key in numbers):
            _settings(row, line, build)
            continue
        epoch = next((value for key, value in numbers.items() if is_epoch(key)), math.nan)
        step = _step(numbers, line, build)
        if epoch == 0 and not build.has_points:
            rows.offset = 1.0
        offset = rows.offset
        if not math.isnan(epoch):
            build.epoch(epoch + offset, line.number)
        for key, value in numbers.items():
            if not (is_epoch(key) or is_step(key) or is_row_number(key)):
                build.point(
                    key,
                    value,
                    line.number,
                    name=canonical(key, _split(row) or home_split(key)),
                    epoch=epoch + offset,
                    step=step,
                )
        rows.taken(line.text.strip())
    rows.bulk.finish()
    events.finish()


class _Rows:
    """Reads objects like the last one in bulk, where only their numbers differ and the epoch does not fall back."""

    def __init__(self, source: Source, build: RunBuilder) -> None:
        self.shapes = Shapes(NAME)
        self.walk = Walk(source, self.shapes, None)
        self.build, self.bulk = build, Bulk(build, self.walk)
        self.offset = 0.0

    def catch_up(self) -> None:
        """Be where the rows have come to that were read in bulk."""
        if math.isfinite(self.walk.counters[0]) and self.build.is_open:
            self.build.current_epoch = self.walk.counters[0] + self.offset

    def taken(self, text: str) -> None:
        """The last line held numbers that became points."""
        self.bulk.check()
        epoch = self.build.current_epoch
        self.walk.counters = (-math.inf if math.isnan(epoch) else epoch - self.offset, 0.0)
        found = json_row(text)
        if found is None:
            return
        if self.walk.template < 0:
            if len(self.shapes.templates) < MOST_SHAPES:
                self.shapes.add(found[0])
            return
        numbers = dict(_numbers(found[1]))
        epochs = [value for key, value in numbers.items() if is_epoch(key)][:1]
        steps = _counters(numbers)[:1]
        if not all(isinstance(value, Slot) for value in (*epochs, *steps)):
            return
        split, offset, has_epoch, has_step = _split(found[1]), self.offset, bool(epochs), bool(steps)
        items = [
            Item(key, "", getattr(value, "part", -1), canonical(key, split or home_split(key)), value)
            for key, value in numbers.items()
            if not (is_epoch(key) or is_step(key) or is_row_number(key))
        ]

        def position(rows: Floats) -> tuple[Floats, Floats]:
            nowhere = rows[:, 0] * math.nan
            return rows[:, 0] + offset if has_epoch else nowhere, rows[:, 2] if has_step else nowhere

        extra = [value.part for value in steps if isinstance(value, Slot)]
        major = next((value.part for value in epochs if isinstance(value, Slot)), -1)
        self.bulk.enable(items, position, extra, Condition(major))


def _step(numbers: dict[str, float], line: Line, build: RunBuilder) -> float:
    """Return the step of a row; beside a current one, a total is what was planned."""
    counters = {key: value for key, value in numbers.items() if is_step(key)}
    current = {key: value for key, value in counters.items() if not key.startswith("total")}
    if current and len(current) < len(counters) and build.known("planned_steps") is None:
        build.fact("planned_steps", max(counters.values()), line.number, line.text.strip()[:200])
    return next(iter(_counters(numbers)), math.nan)


def _counters(numbers: dict[str, float]) -> list[float]:
    """Return the steps that a row counts, totals only where there is nothing else."""
    counters = {key: value for key, value in numbers.items() if is_step(key)}
    return list({key: value for key, value in counters.items() if not key.startswith("total")}.values()) or list(
        counters.values()
    )


def _split(row: dict[str, Any]) -> str:
    """Return the data that a whole line was measured on, where a key tells."""
    mode = str(row.get("split", row.get("mode", row.get("phase", "")))).lower()
    return {"train": "train", "training": "train", "val": "val", "valid": "val", "eval": "val", "test": "test"}.get(
        mode, ""
    )


def _object(text: str) -> dict[str, Any] | None:
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _numbers(row: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, float]]:
    for key, value in row.items():
        if isinstance(value, bool) or (isinstance(value, int) and value.bit_length() > 1000):
            continue
        if isinstance(value, int | float):
            yield prefix + key, value if isinstance(value, float) else float(value)
        elif isinstance(value, dict) and depth < 3:
            yield from _numbers(value, f"{prefix}{key}/", depth + 1)
        elif isinstance(value, str) and value.strip().lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
            yield prefix + key, float(value)


def _settings(row: dict[str, Any], line: Line, build: RunBuilder, prefix: str = "") -> None:
    for key, value in row.items():
        if isinstance(value, dict) and prefix.count(".") < 4:
            _settings(value, line, build, f"{prefix}{key}.")
        elif isinstance(value, str | int | float | bool | None):
            build.setting(prefix + key, value, line.number, f"{key}: {value}")
            state(build, key, value, line.number, f"{key}: {value}")
