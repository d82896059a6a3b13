"""JSON lines of the OpenMMLab family: mmcv's ``.log.json``, mmengine's ``vis_data/<stamp>.json``, ``scalars.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from diagnose.configs.openmmlab import config_facts
from diagnose.reader import Head, RunBuilder
from diagnose.reader.openmmlab import flat, points
from diagnose.reader.openmmlab_blocks import begin_session, state_config, state_environment
from diagnose.sources import Line, Source, lines, text_of

NAME = "openmmlab-json"
TITLE = "JSON lines of mmcv (.log.json) and mmengine (vis_data)"
SAMPLES = (
    (
        '{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.00198, "memory": 3790, "data_time": 0.0593, "loss": 1.5276, '
        '"time": 0.384}\n{"mode": "val", "epoch": 1, "iter": 625, "lr": 0.02, "bbox_mAP": 0.112}\n'
    ),
    (
        '{"base_lr": 0.004, "lr": 0.0031, "data_time": 0.061, "loss": 2.113, "time": 0.47, "epoch": 1, "iter": 20, '
        '"memory": 1422, "step": 20}\n{"coco/bbox_mAP": 0.071, "data_time": 0.08, "time": 0.13, "step": 1}\n'
    ),
)

COMPANIONS = ("config.py",)
"""mmengine writes the config beside its JSON; the JSON alone does not say how long the run was meant to be."""
HEADED = 60
"""Lines that detection looks at."""
TIMES = frozenset({"time", "data_time"})
HIERARCHY = frozenset({"train/data_time", "val/data_time"})
COUNTERS = frozenset({"epoch", "iter", "step", "mode"})


def sniff(head: Head) -> int:
    """Recognise mmcv's records by ``mode``, ``epoch`` and ``iter``, mmengine's by their times beside a ``step``."""
    if head.is_binary:
        return 0
    kinds: list[str] = []
    for text in head.text.split("\n", HEADED)[:HEADED]:
        values = _loaded(text)
        if values is None:
            continue
        if isinstance(values.get("env_info"), str):
            kinds.append("environment")
        elif {"mode", "epoch", "iter"} <= values.keys() and values["mode"] in ("train", "val", "test"):
            kinds.append("mmcv")
        elif "step" in values and (values.keys() >= TIMES or HIERARCHY & values.keys()):
            kinds.append("mmengine")
    return 100 * len(set(kinds)) + min(len(kinds), 99) if kinds else 0


def companion(source: Source, build: RunBuilder) -> None:
    """State what the config beside the log says. It is parsed, never executed."""
    from diagnose.configs.python_config import read_printed_config

    settings = read_printed_config(text_of(source), source.path).settings
    for key, setting in settings.items():
        build.setting(key, setting.value, setting.place.line, path=source.path)
    for fact in config_facts(settings):
        build.fact(fact.name, fact.value, fact.place.line, path=source.path)


def read(source: Source, build: RunBuilder) -> None:
    """Read the records, one session after the other."""
    session: list[_Record] = []
    for record in _records(source):
        if session and record.begins_after(session):
            _state(session, build)
            build.close()
            build.forget("steps_per_epoch")
            session = []
        session.append(record)
    _state(session, build)


class _Record:
    """One JSON line: the line, its values, and whether it tells of training."""

    __slots__ = ("line", "split", "values")

    def __init__(self, line: Line, values: dict[str, Any]) -> None:
        self.line, self.values = line, values
        mode = values.get("mode")
        if isinstance(mode, str):
            self.split = mode if mode in ("train", "val", "test") else ""
        elif "env_info" in values or "hook_msgs" in values:
            self.split = "meta"
        else:
            trained = {"lr", "base_lr", "epoch", "iter"} & values.keys() or any(
                key.startswith("train/") or key.endswith("/lr") for key in values
            )
            self.split = "train" if trained else "val"

    def count(self, key: str) -> float:
        """Return a counter, NaN where there is none."""
        value = self.values.get(key)
        return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else math.nan

    @property
    def at(self) -> tuple[float, float]:
        """Epoch and iteration; 0 where the record has none."""
        epoch, inner = self.count("epoch"), self.count("step" if "step" in self.values else "iter")
        return (0.0 if math.isnan(epoch) else epoch, 0.0 if math.isnan(inner) else inner)

    def begins_after(self, session: list[_Record]) -> bool:
        """Tell whether this record cannot belong to the session so far."""
        if self.split == "meta":
            return True
        if self.split != "train":
            return False
        last = next((record for record in reversed(session) if record.split == "train"), None)
        return last is not None and self.at <= last.at


def _records(source: Source) -> Iterator[_Record]:
    for line in lines(source):
        values = _loaded(line.text)
        if values is not None:
            yield _Record(line, values)


def _loaded(text: str) -> dict[str, Any] | None:
    """Return the object that a line holds; nothing for any other line (markers of a git conflict, a cut end)."""
    text = text.strip()
    if not text.startswith("{"):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) and values else None


def _state(session: list[_Record], build: RunBuilder) -> None:
    trained = [record for record in session if record.split == "train"]
    by_epoch = not trained or any("epoch" in record.values for record in trained)
    per_epoch = _steps_per_epoch(session, trained, build)
    for record in session:
        if record.split == "meta":
            _meta(record, build)
        elif record.split:
            _record(record, build, by_epoch, per_epoch)


def _record(record: _Record, build: RunBuilder, by_epoch: bool, per_epoch: float) -> None:
    number, values = record.line.number, record.values
    epoch, step = record.count("epoch"), record.count("step")
    if record.split == "train":
        if not math.isnan(epoch) and epoch >= 1:
            build.epoch(epoch, number)
        if math.isnan(step):
            inner = record.count("iter")
            step = inner + (max(epoch, 1.0) - 1) * per_epoch if per_epoch else inner
        build.current_step = step
        _points(record, build)
        return
    if math.isnan(epoch) and by_epoch and step >= 1:
        epoch = step  # the step of a validation is the epoch
    elif not by_epoch and not math.isnan(step):
        build.current_step = step
    added = _points(record, build, None if math.isnan(epoch) else epoch)
    if not added and record.split == "val" and "mode" in values:
        build.event(
            "validation_empty", number, record.line.text.strip(), epoch=epoch, message="validation without a metric"
        )


def _points(record: _Record, build: RunBuilder, epoch: float | None = None) -> int:
    items = [item for key, value in record.values.items() if key not in COUNTERS for item in flat(key, value)]
    return points(build, items, record.line.number, record.split, epoch=epoch)


def _steps_per_epoch(session: list[_Record], trained: list[_Record], build: RunBuilder) -> float:
    """Return the iterations of an epoch as far as the records tell; 0 where iterations count through the run."""
    firsts: dict[float, _Record] = {}
    lasts: dict[float, _Record] = {}
    for record in trained:
        epoch = record.count("epoch")
        firsts.setdefault(epoch, record)
        lasts[epoch] = record
    order = [epoch for epoch in firsts if not math.isnan(epoch)]
    counter = "step" if trained and "step" in trained[0].values else "iter"
    rises = [
        (firsts[after].count(counter) - firsts[before].count(counter), after - before, firsts[after])
        for before, after in pairwise(order)
        if after > before
    ]
    if rises and (counter == "step" or all(rise > 0 for rise, _, _ in rises)):
        # Counted through: the first records of neighbouring epochs lie one epoch apart. Short epochs are skipped over.
        rise, record = next(((rise, record) for rise, gap, record in rises if gap == 1), (0.0, rises[0][2]))
        if rise > 0:
            build.fact("steps_per_epoch", rise, record.line.number, record.line.text.strip())
        return 0.0
    if counter == "step" or not order:
        return 0.0
    counted = [record for record in lasts.values() if not math.isnan(record.count("iter"))]
    if not counted:
        return 0.0
    longest = max(record.count("iter") for record in counted)
    validated = [record.count("iter") for record in session if record.split == "val"]
    if len(order) < 2 and not validated:
        return longest  # nothing shows that the epoch had ended
    # mmcv before 1.3 gives the validation the iteration of training; later it is the validation's own.
    exact = [count for count in validated if longest <= count < longest * 1.1]
    total = max(exact, default=longest)
    record = next(record for record in counted if record.count("iter") == longest)
    build.fact("steps_per_epoch", total, record.line.number, record.line.text.strip())
    return total


def _meta(record: _Record, build: RunBuilder) -> None:
    number, values = record.line.number, record.values
    begin_session(build, Line(number, record.line.text[:200]))
    environment = values.get("env_info")
    if isinstance(environment, str):
        for text in environment.split("\n"):
            state_environment(build, text, number)
    config = values.get("config")
    if isinstance(config, str):
        from diagnose.configs.python_config import read_printed_config

        settings = read_printed_config(config, build.path).settings
        state_config(build, settings, at=number)
    seed = values.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool) and abs(seed) < 1 << 63:
        build.fact("seed", float(seed), number)
    classes = values.get("CLASSES")
    if isinstance(classes, list) and classes and all(isinstance(name, str) for name in classes):
        build.fact("class_names", classes, number)
        build.fact("num_classes", float(len(classes)), number)
