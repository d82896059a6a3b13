"""TensorBoard event files (``events.out.tfevents.*``): scalars, hyperparameters and text of one writer.

An event file has no lines: the ``line`` of everything read here is the number of its record, counted from 1.
"""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from diagnose.reader import Head, RunBuilder
from diagnose.reader.stated import state
from diagnose.reader.summaries import element_of, hyperparameters, plugin_of
from diagnose.reader.tfevents import scalars
from diagnose.reader.tfrecord import Record, fields, looks_framed, masked_crc
from diagnose.sources import Source

if TYPE_CHECKING:
    from diagnose.reader.tfevents import Add

NAME = "tensorboard"
TITLE = "TensorBoard event file (PyTorch, Lightning, Hugging Face, Keras, TensorFlow)"

VERSION = b"brain.Event:"
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
MARKS = (r"\A[^\0]{0,7}\0", r"brain\.Event:")
"""The first record is shorter than 4 GB."""


def sniff(head: Head) -> int:
    """Recognise the version record that every event file begins with, or at least sound framing around events."""
    if looks_framed(head.data):
        return 300 if VERSION in head.data[:100] else 150
    # The first header is damaged, or the file was cut down to a few bytes of it.
    return 120 if VERSION in head.data[:100] and head.is_binary else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read scalars, hyperparameters and configs; damaged records are reported and skipped."""
    from diagnose.reader.tfcurves import add_points  # it needs numpy, which few inputs do

    damaged: list[Record] = []

    def other(record: Record, add: Add) -> None:
        try:
            if not record.problem:
                _event(record, add, build)
                return
        except (ValueError, struct.error) as error:
            record = Record(record.number, record.offset, b"", f"not an event: {error}")
        damaged.append(record)

    add_points(scalars(source, other), build, PurePath(source.path).parent.name)
    for problem, count in Counter(record.problem for record in damaged).items():
        first = next(record for record in damaged if record.problem == problem)
        message = f"record {first.number} at byte {first.offset}: {problem}" + (f" ({count} such)" * (count > 1))
        build.event("warning", first.number, message, category="damaged record", message=message)


# The messages: Event and Summary.Value


def _event(record: Record, add: Add, build: RunBuilder) -> None:
    step = 0
    values: list[bytes] = []
    for number, _, value in fields(record.data):
        if number == 2 and isinstance(value, int):
            step = value - (1 << 64) if value >> 63 else value
        elif number == 5 and isinstance(value, bytes):
            values += [part for n, _, part in fields(value) if n == 1 and isinstance(part, bytes)]
        elif number == 6 and isinstance(value, bytes):
            _message(record.number, value, build)
        elif number == 7 and isinstance(value, bytes):
            _session(record.number, step, value, build)
    for part in values:
        _value(record.number, step, part, add, build)


def _value(line: int, step: int, data: bytes, add: Add, build: RunBuilder) -> None:
    tag, plugin, content = b"", "", b""
    simple: float | None = None
    tensor: bytes | None = None
    for number, _, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            tag = value
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
            _text(tag.decode("utf-8", "replace"), number_or_text, line, build)
        else:
            simple = number_or_text
    if simple is not None:
        add(tag, simple, float(step), line)


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
