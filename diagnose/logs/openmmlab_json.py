"""JSON lines of the OpenMMLab family: mmcv's ``.log.json``, mmengine's ``vis_data/<stamp>.json``, ``scalars.json``."""

from __future__ import annotations

import json
from typing import Any

from diagnose.configs.openmmlab import config_facts
from diagnose.reader import Head, RunBuilder
from diagnose.reader.openmmlab_blocks import begin_session, state_config, state_environment
from diagnose.reader.openmmlab_records import Record, Records
from diagnose.sources import Line, Source, text_of

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
MARKS = ('"env_info"', '"mode"', '"step"')


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
        if kinds and head.brief:
            break
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
    reader = Records(source, build, _meta)
    for line in reader.walk:
        values = _loaded(line.text)
        if values is not None:
            reader.take(Record(line, values))
    reader.finish()


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


def _meta(record: Record, build: RunBuilder) -> None:
    number, values = record.line.number, record.values
    begin_session(build, Line(number, record.line.text[:200]))
    environment = values.get("env_info")
    if isinstance(environment, str):
        for text in environment.split("\n"):
            state_environment(build, text, number)
    config = values.get("config")
    if isinstance(config, str):
        state_config(build, config, number)
    seed = values.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool) and abs(seed) < 1 << 63:
        build.fact("seed", float(seed), number)
    classes = values.get("CLASSES")
    if isinstance(classes, list) and classes and all(isinstance(name, str) for name in classes):
        build.fact("class_names", classes, number)
        build.fact("num_classes", float(len(classes)), number)
