"""What the YOLO trainers' own settings say: ``opt.yaml``, ``args.yaml``, ``hyp.yaml`` and printed argument lines."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from diagnose.errors import SourceError
from diagnose.model import Place, Setting
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.configs import hand_over
from diagnose.reader.grammar import Match
from diagnose.records import replace
from diagnose.sources import Source, text_of

COMPANIONS = ("args.yaml", "opt.yaml", "hyp.yaml")
"""Files that the trainers write beside their results, in the order of their authority."""


LITERAL = lazy(r"[-+]?[\d.]|[\[({'\"]|(?:True|False|None)$")
LONGEST_LITERAL = 500


def _positive(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if number and value > 0 else None


def _count(value: Any) -> Any:
    value = _positive(value)
    return value if value is not None and value >= 1 else None


def _size(value: Any) -> Any:
    return (
        _count(max(value, key=lambda item: _count(item) or 0))
        if isinstance(value, list | tuple) and value
        else _count(value)
    )


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _text(value: Any) -> Any:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


FACTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "epochs": ("planned_epochs", _count),
    "batch_size": ("batch_size", _count),
    "total_batch_size": ("batch_size", _count),
    "batch": ("batch_size", _count),
    "imgsz": ("image_size", _size),
    "img_size": ("image_size", _size),
    "patience": ("patience", _positive),
    "optimizer": ("optimizer", lambda value: None if value == "auto" else _text(value)),
    "num_classes": ("num_classes", _count),
    "seed": ("seed", _number),
    "amp": ("amp", _flag),
    "task": ("task", _text),
    "weight_decay": ("weight_decay", _number),
    "momentum": ("momentum", _number),
    "warmup_epochs": ("warmup_epochs", _number),
    "fl_gamma": ("focal_gamma", _positive),
}
"""Setting -> fact it states, and which of its values do. A batch of -1 means "find one", a patience of 0 "never"."""


def state(
    settings: Iterable[Setting], build: RunBuilder, prefix: str = "", renamed: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Add settings, and the facts that they state, each with its own place.

    Args:
        settings: in the order of the file.
        build: takes them.
        prefix: put before each key (``hyp.``).
        renamed: keys of another trainer, and what they are called here.
    """
    settings = list(settings)
    # Ultralytics then chooses optimizer, rate and momentum itself.
    automatic = any(found.key == "optimizer" and found.value == "auto" for found in settings)
    for found in settings:
        state_one(found, build, prefix, renamed, automatic=automatic)


def state_one(
    found: Setting,
    build: RunBuilder,
    prefix: str = "",
    renamed: Mapping[str, str] = MappingProxyType({}),
    *,
    automatic: bool = False,
) -> None:
    """Add a setting, as ``state`` does many; *automatic*: the trainer chooses the momentum."""
    place = found.place
    build.adopt(replace(found, key=prefix + found.key) if prefix else found)
    fact, admit = FACTS.get(renamed.get(found.key, found.key).removeprefix("hyp."), ("", _text))
    if fact and not (automatic and fact == "momentum") and (value := admit(found.value)) is not None:
        if isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        build.fact(fact, value, place.line, place.text, path=place.path)


def companion(source: Source, build: RunBuilder) -> None:
    """Read a settings file that stands beside a log. A damaged one is an event of the run, not an error."""
    from diagnose.configs.yaml_config import read_yaml_config

    try:
        reading = read_yaml_config(text_of(source), source.path)
    except SourceError as error:
        build.event("warning", 0, category="config", message=str(error))
        return
    hand_over(reading.remarks, build)
    state(reading.settings.values(), build, "hyp." if PurePath(source.path).name == "hyp.yaml" else "")


def printed(match: Match, line: int, text: str, path: str) -> Iterator[Setting]:
    """Yield the settings of a printed ``key=value, ...`` line, as ``pair`` of yolo_table.lark reads it."""
    key = value = ""
    for terminal, token in [*match.tokens, ("COMMA", ",")]:
        if terminal == "KEY":
            key, value = token, ""
        elif terminal == "VALUE":
            value = token.strip()
        elif terminal in ("COMMA", "CLOSE") and key:
            yield Setting(key, plain(value), Place(path, line, 1, text.strip()))
            key = ""


@lru_cache(maxsize=1000)
def plain(text: str) -> Any:
    """Return the value of a printed Python literal (``True``, ``0.01``, ``[0]``, ``'auto'``), else the text itself.

    Nobody may change it: every session of a log states the same.
    """
    text = text.strip()
    if not LITERAL.match(text) or len(text) >= LONGEST_LITERAL:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python about text such as 1or
            value = ast.literal_eval(text)
        return math.inf if isinstance(value, int) and value.bit_length() > 1000 else value
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return text
