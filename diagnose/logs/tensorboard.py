"""TensorBoard event files (``events.out.tfevents.*``): scalars, hyperparameters and text of one writer.

An event file has no lines: the ``line`` of everything read here is the number of its record, counted from 1.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from diagnose.names import canonical
from diagnose.reader import Head, RunBuilder
from diagnose.reader.huggingface import EVALUATION, SUMMARY, series_name
from diagnose.reader.lightning import PLACEHOLDER, unforked
from diagnose.reader.stated import state
from diagnose.reader.summaries import element_of, hyperparameters, plugin_of
from diagnose.reader.tfevents import Scalar, events
from diagnose.reader.tfrecord import Record, fields, looks_framed, masked_crc
from diagnose.sources import Source

NAME = "tensorboard"
TITLE = "TensorBoard event file (PyTorch, Lightning, Hugging Face, Keras, TensorFlow)"

VERSION = b"brain.Event:"
FALL_BACK = 0.9
"""A step below this share of the tag's last step is a new run in the same file, not writers out of order."""
CONFIG_TAGS = re.compile(r"(?i)^(args|arguments|config|configs|hparams|hyper_?parameters|hparam|params|settings|cfg)$")
ROW = re.compile(r"^[^\S\n]*\|[^\S\n]*`?([\w./:-]+)`?[^\S\n]*\|(.*)\|[^\S\n]*$", re.MULTILINE)
PAIR = re.compile(r"^[^\S\n]*+[-*]?[^\S\n]*([A-Za-z_][\w.-]*)[^\S\n]*[:=]\s*(\S.*)$", re.MULTILINE)


def _sample() -> bytes:
    """Return a small event file: two scalars of the old kind and one of the new."""

    def part(number: int, kind: int, payload: bytes) -> bytes:
        size = bytes([len(payload)]) if kind == 2 else b""
        return bytes([number << 3 | kind]) + size + payload

    def record(payload: bytes) -> bytes:
        size = struct.pack("<Q", len(payload))
        crcs = [struct.pack("<I", masked_crc(data)) for data in (size, payload)]
        return size + crcs[0] + payload + crcs[1]

    def scalar(step: int, body: bytes) -> bytes:
        return record(part(1, 1, struct.pack("<d", 1.7e9)) + part(2, 0, bytes([step])) + part(5, 2, part(1, 2, body)))

    tensor = part(1, 0, b"\1") + part(2, 2, b"") + part(4, 2, struct.pack("<f", 0.75))
    return (
        record(part(1, 1, struct.pack("<d", 1.7e9)) + part(3, 2, VERSION + b"2"))
        + scalar(10, part(1, 2, b"train/loss") + part(2, 5, struct.pack("<f", 1.5)))
        + scalar(20, part(1, 2, b"train/loss") + part(2, 5, struct.pack("<f", 1.25)))
        + scalar(20, part(1, 2, b"val/accuracy") + part(8, 2, tensor))
    )


SAMPLES = (_sample(),)


def sniff(head: Head) -> int:
    """Recognise the version record that every event file begins with, or at least sound framing around events."""
    if looks_framed(head.data):
        return 300 if VERSION in head.data[:100] else 150
    # The first header is damaged, or the file was cut down to a few bytes of it.
    return 120 if VERSION in head.data[:100] and head.is_binary else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read scalars, hyperparameters and configs; damaged records are reported and skipped."""
    scalars: list[Scalar] = []
    damaged: list[Record] = []
    for record in events(source.read()):
        if isinstance(record, Scalar):
            _scalar_read(record, scalars)
            continue
        if record.problem:
            damaged.append(record)
            continue
        try:
            _event(record, scalars, build)
        except (ValueError, struct.error) as error:
            damaged.append(Record(record.number, record.offset, b"", f"not an event: {error}"))
    _points(scalars, build, PurePath(source.path).parent.name)
    for problem, count in Counter(record.problem for record in damaged).items():
        first = next(record for record in damaged if record.problem == problem)
        message = f"record {first.number} at byte {first.offset}: {problem}" + (f" ({count} such)" * (count > 1))
        build.event("warning", first.number, message, category="damaged record", message=message)


# The messages: Event and Summary.Value


def _event(record: Record, scalars: list[Scalar], build: RunBuilder) -> None:
    wall, step = math.nan, 0
    values: list[bytes] = []
    for number, _, value in fields(record.data):
        if number == 1 and isinstance(value, int):
            wall = struct.unpack("<d", struct.pack("<Q", value & (1 << 64) - 1))[0]
        elif number == 2 and isinstance(value, int):
            step = value - (1 << 64) if value >> 63 else value
        elif number == 5 and isinstance(value, bytes):
            values += [part for n, _, part in fields(value) if n == 1 and isinstance(part, bytes)]
        elif number == 6 and isinstance(value, bytes):
            _message(record.number, value, build)
        elif number == 7 and isinstance(value, bytes):
            _session(record.number, step, value, build)
    for part in values:
        _value(record.number, step, wall, part, scalars, build)


def _value(line: int, step: int, wall: float, data: bytes, scalars: list[Scalar], build: RunBuilder) -> None:
    tag, plugin, content = "", "", b""
    simple: float | None = None
    tensor: bytes | None = None
    for number, _, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, int):
            simple = struct.unpack("<f", struct.pack("<I", value & 0xFFFFFFFF))[0]
        elif number == 8 and isinstance(value, bytes):
            tensor = value
        elif number == 9 and isinstance(value, bytes):
            plugin, content = plugin_of(value)
    if plugin == "hparams":
        for key, setting in hyperparameters(content):
            _setting(key, setting, line, build)
        return
    if simple is None and tensor is not None and plugin in ("", "scalars", "text"):
        number_or_text = element_of(tensor)
        if isinstance(number_or_text, str):
            _text(tag, number_or_text, line, build)
        else:
            simple = number_or_text
    if simple is not None:
        _scalar_read(Scalar(line, tag, step, simple, wall), scalars)


def _scalar_read(scalar: Scalar, scalars: list[Scalar]) -> None:
    if not (scalar.tag == PLACEHOLDER and scalar.value == -1):
        scalars.append(scalar)


def _session(line: int, step: int, data: bytes, build: RunBuilder) -> None:
    status, path = 0, ""
    for number, _, value in fields(data):
        if number == 1 and isinstance(value, int):
            status = value
        elif number == 2 and isinstance(value, bytes):
            path = value.decode("utf-8", "replace")
    if status == 3:
        build.event("checkpoint", line, f"checkpoint {path}", step=float(step), path=path)


def _message(line: int, data: bytes, build: RunBuilder) -> None:
    level, text = 0, ""
    for number, _, value in fields(data):
        if number == 1 and isinstance(value, int):
            level = value
        elif number == 2 and isinstance(value, bytes):
            text = value.decode("utf-8", "replace")
    if level >= 40:
        build.event("error_line", line, text, message=text[:200])
    elif level >= 30:
        build.event("warning", line, text, category="log message", message=text[:200])


# Settings: the hparams plugin, and texts that are configs


def _text(tag: str, text: str, line: int, build: RunBuilder) -> None:
    base = tag.removesuffix("/text_summary").strip("/")
    prefix = "" if CONFIG_TAGS.match(base.rpartition("/")[2]) else base.replace("/", ".") + "."
    for key, value in _pairs(text):
        _setting(prefix + key, value, line, build)


def _pairs(text: str) -> Iterator[tuple[str, object]]:
    """Yield the pairs of a text that is a JSON object, a Markdown table, or lines of ``key: value``."""
    if text.lstrip().startswith("{"):
        try:
            yield from _flat(json.loads(text))
        except (ValueError, RecursionError):
            return
        return
    found = _table(text) or PAIR.findall(text)
    if len(found) >= 2:
        yield from ((key, _scalar(value.strip())) for key, value in found)


def _table(text: str) -> list[tuple[str, str]]:
    """Return the rows of a Markdown table of two columns, without its header."""
    found = ROW.findall(text)
    rule = next((index for index, pair in enumerate(found) if not set("".join(pair)) - set("-: ")), -1)
    return found[rule + 1 :]


def _flat(tree: Any, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _scalar(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _setting(key: str, value: object, line: int, build: RunBuilder) -> None:
    key = key.replace("/", ".")
    build.setting(key, value, line, f"{key}: {value}")
    if "." not in (plain := key.removeprefix("params.")):
        state(build, plain, value, line, f"{key}: {value}")


# Points


def _points(scalars: list[Scalar], build: RunBuilder, folder: str) -> None:
    tags = {scalar.tag for scalar in scalars}
    if any(tag.startswith("epoch_") for tag in tags):
        _keras(scalars, tags, build, folder)
        return
    names = unforked(tags)
    last: dict[str, int] = {}
    for scalar, epoch in _with_epochs(scalars):
        if scalar.step < last.get(scalar.tag, 0) * FALL_BACK:
            build.close()
            last.clear()
        last[scalar.tag] = scalar.step
        if scalar.tag.removeprefix("train/") in SUMMARY and scalar.tag.startswith("train/"):
            _summary(scalar, build)
            continue
        tag = names[scalar.tag]
        if name := series_name(tag) if EVALUATION.match(tag) else canonical(tag):
            build.point(scalar.tag, scalar.value, scalar.record, step=float(scalar.step), epoch=epoch, name=name)


def _summary(scalar: Scalar, build: RunBuilder) -> None:
    """Report what Hugging Face's trainer sums up at its end: ``train_loss`` is a mean over the run, not a point."""
    text = f"{scalar.tag} {scalar.value:g} at step {scalar.step}"
    if scalar.tag == "train/train_loss":
        build.event("metric_summary", scalar.record, text, metric="train_loss", value=scalar.value)
    elif scalar.tag == "train/train_runtime":
        build.event("session_end", scalar.record, text)


def _with_epochs(scalars: list[Scalar]) -> Iterator[tuple[Scalar, float]]:
    """Yield every scalar with its epoch, which Lightning and Hugging Face log after the metrics of the same step.

    Lightning's ``epoch`` counts from 0; Hugging Face's ``train/epoch`` is the share of epochs that is done.
    """
    first = next((scalar.value for scalar in scalars if scalar.tag == "epoch"), 1.0)
    offset = 1.0 if first == 0 else 0.0
    waiting: list[Scalar] = []
    for scalar in scalars:
        if waiting and waiting[0].step != scalar.step:
            yield from ((late, math.nan) for late in waiting)
            waiting = []
        if scalar.tag in ("epoch", "train/epoch"):
            epoch = scalar.value + (offset if scalar.tag == "epoch" else 0.0)
            yield from ((late, epoch) for late in waiting)
            waiting = []
        else:
            waiting.append(scalar)
    yield from ((late, math.nan) for late in waiting)


def _keras(scalars: Iterable[Scalar], tags: set[str], build: RunBuilder, folder: str) -> None:
    """Add the points of Keras' callback: ``epoch_*`` counts epochs from 0, ``evaluation_*_vs_iterations`` batches.

    Both hold the same values in the file of the validation writer, so the second only tells the steps.
    """
    evaluated = {tag for tag in tags if tag.startswith("evaluation_") and tag.endswith("_vs_iterations")}
    split = "val" if evaluated or folder.startswith("val") else "train"
    steps: dict[str, list[int]] = {}
    seen: Counter[str] = Counter()
    last = -1
    for scalar in scalars:
        base = scalar.tag.removeprefix("epoch_")
        if scalar.tag in evaluated:
            base = scalar.tag.removeprefix("evaluation_").removesuffix("_vs_iterations")
            steps.setdefault(base, []).append(scalar.step)
            if f"epoch_{base}" not in tags:
                build.point(scalar.tag, scalar.value, scalar.record, step=float(scalar.step), name=f"val/{base}")
            continue
        if base == scalar.tag:
            build.point(scalar.tag, scalar.value, scalar.record, step=float(scalar.step), split="train")
            continue
        if scalar.step < last * FALL_BACK:
            build.close()
        last = scalar.step
        known = steps.get(base, [])
        step = float(known[seen[base]]) if seen[base] < len(known) else math.nan
        seen[base] += 1
        name = canonical(base, split)
        build.point(scalar.tag, scalar.value, scalar.record, step=step, epoch=scalar.step + 1.0, name=name)
