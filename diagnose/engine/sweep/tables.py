"""Results files of which every row is a run: a CSV, or a list of objects in JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from diagnose.engine.enrich import name_settings
from diagnose.engine.sweep.entry import OBJECTIVE, Entry, segment_of, series_of
from diagnose.model import Place
from diagnose.names import canonical, hyperparameter, slug, split_of, traits
from diagnose.patterns import lazy
from diagnose.records import dataclass, replace
from diagnose.sources import Source, text_of

LARGEST = 64 << 20
MOST_ROWS = 100_000
NAMES = (
    "run",
    "run_name",
    "name",
    "experiment",
    "experiment_name",
    "exp",
    "trial",
    "trial_id",
    "number",
    "id",
    "model_id",
)
"""Columns that name a run, the surest first."""
STATE = frozenset({"state", "status", "result_status"})
ERROR = frozenset({"error", "exception", "message", "reason", "failure"})
PARAMETER = lazy(r"(?i)^(hyper_?param(eter)?s?|h?params?|config|hp|args)[._/ ]+(?=.)")
RESULT = lazy(r"(?i)^(metrics?|results?|scores?|summary|user_attrs|mean_test|best|final)[._/ ]+(?=.)")
OBJECTIVES = frozenset({"value", "values_0", "objective", "objective_value", "score", "result"})
SCORE = "score"
"""The only name of an objective that tells its direction."""
ASIDE = lazy(
    r"(?i)(^|_)(time|duration|seconds|minutes|date(time)?|timestamp|start|end|created|runtime|elapsed|path|dir|url|user"
    r"|host|notes?|tags?|rank|fit_time|score_time|std|split\d+)(_|$)"
)
FOLLOWING = lazy(r"(?i)^(epochs?|steps?|iter(ation)?s?|global_step|batch(es)?)$")
"""Columns of a table whose rows are the epochs of one run."""
DONE = frozenset({"", "ok", "completed", "complete", "finished", "done", "success", "succeeded"})
FAILED = lazy(r"(?i)^(fail|crash|error|killed|invalid)")
NESTED = 3
MOST = 1e300
"""A whole number beyond it, which JSON may hold, is no float."""


@dataclass(frozen=True, slots=True)
class Named:
    """A run that a results file calls the best."""

    run: str
    place: Place


def read(source: Source) -> tuple[list[Entry] | None, list[Named]]:
    """Return the runs of a table, None if the file is none, and the run that it calls the best, if it does."""
    head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"\0" in head[:4096] or not head or source.size > LARGEST:
        return None, []
    if head[:1] in (b"{", b"["):
        return _json(source)
    if b"," in head.split(b"\n", 1)[0] or b"\t" in head.split(b"\n", 1)[0]:
        return _csv(source), []
    return None, []


def _csv(source: Source) -> list[Entry] | None:
    text = text_of(source).lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text[:LARGEST]), delimiter=delimiter))[: MOST_ROWS + 1]
    except csv.Error:
        return None
    if len(rows) < 2 or not rows[0]:
        return None
    header = [cell.strip() for cell in rows[0]]
    if not is_table(header, rows[1:]):
        return None
    entries = []
    for number, row in enumerate(rows[1:], 2):
        told = {name: _plain(cell) for name, cell in zip(header, row, strict=False) if name and cell.strip() != ""}
        if told:
            entries.append(_entry(told, source.path, number, f"row {number - 1}"))
    return entries


def is_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the rows of a CSV are runs: they bear names or parameters, a result, and no epochs that count up."""
    slugs = [slug(name) for name in header]
    results = [name for name in header if _is_result(name)]
    parameters = [name for name in header if _parameter(name)]
    if not results:
        return False
    for index, name in enumerate(slugs):
        if FOLLOWING.match(name):
            column = [number for row in rows[:50] if index < len(row) and (number := _number(row[index])) is not None]
            if len(column) > 1 and all(one < other for one, other in pairwise(column)):
                return False
    marked = any(PARAMETER.match(name) for name in header)
    named = any(name in NAMES for name in slugs)
    return marked or (named and bool(parameters)) or len(parameters) >= 2


def _json(source: Source) -> tuple[list[Entry] | None, list[Named]]:
    text = text_of(source)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None, []
    named = _named_best(document, source.path, text)
    found = _rows(document)
    if found is None:
        return None, named
    inside, rows = found
    entries = []
    at = max(text.find(json.dumps(inside)), 0) if inside else 0
    for number, (name, row) in enumerate(rows[:MOST_ROWS], 1):
        told = _flat(row)
        label = name or str(next((told[key] for key in told if slug(key) in NAMES), ""))
        if label and (next_at := text.find(json.dumps(label), at)) >= 0:
            at = next_at + 1
        lines = {key: text.count("\n", 0, max(text.find(json.dumps(key.split(".")[-1]), at), at)) + 1 for key in told}
        entries.append(_entry(told, source.path, text.count("\n", 0, at) + 1, name or f"row {number}", lines))
    return entries, named


def _rows(document: Any) -> tuple[str, list[tuple[str, Mapping[str, Any]]]] | None:
    """Return the key of the list and its rows; None if it holds curves, which the reader of results knows better."""
    inside = ""
    if isinstance(document, dict):
        lists = [
            key for key, value in document.items() if isinstance(value, list) and len(value) > 1 and _are_rows(value)
        ]
        if len(lists) == 1:
            inside = str(lists[0])
            document = document[inside]
        elif len(document) > 1 and _are_rows([*document.values()]):
            return "", [(str(key), value) for key, value in document.items()]
    if isinstance(document, list) and len(document) > 1 and _are_rows(document):
        return inside, [("", row) for row in document]
    return None


def _are_rows(values: Sequence[Any]) -> bool:
    if not all(isinstance(value, dict) for value in values):
        return False
    flat = [_flat(value) for value in values[:200]]
    with_result = sum(any(_is_result(key) for key in row) for row in flat)
    with_setting = sum(any(_parameter(key) for key in row) for row in flat)
    curves = any(_has_curve(value) for value in values[:200])
    return not curves and with_result * 2 >= len(flat) and with_setting * 2 >= len(flat)


def _has_curve(row: Any, depth: int = 0) -> bool:
    if isinstance(row, list):
        return len(row) > 1 and all(isinstance(item, int | float | dict) for item in row)
    return depth < NESTED and isinstance(row, dict) and any(_has_curve(item, depth + 1) for item in row.values())


def _flat(row: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, value in row.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and depth < NESTED:
            told |= _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, str | int | float | bool):
            told[name] = value
    return told


def _named_best(document: Any, path: str, text: str) -> list[Named]:
    """Return the run under a key such as ``best_result``."""
    for key, value in document.items() if isinstance(document, dict) else ():
        if not re.match(r"(?i)best(_|$|[A-Z])", str(key)):
            continue
        name = value if isinstance(value, str) else ""
        if isinstance(value, dict):
            name = str(next((value[word] for word in value if slug(str(word)) in NAMES), ""))
        if name:
            at = text.find(json.dumps(name), max(text.find(json.dumps(key)), 0))
            return [Named(name, Place(path, text.count("\n", 0, max(at, 0)) + 1))]
    return []


def _entry(told: Mapping[str, Any], path: str, line: int, name: str, lines: Mapping[str, int] | None = None) -> Entry:
    slugs = {slug(key): key for key in told}
    label = next((slugs[word] for word in NAMES if word in slugs), "")
    if label:
        name = str(told[label]) if isinstance(told[label], str) else f"{label} {told[label]}"
    settings: dict[str, object] = {}
    results: dict[str, float] = {}
    places: dict[str, int] = {}
    state = reason = ""
    for key, value in told.items():
        short = slug(key)
        if key == label:
            continue
        if short in STATE:
            state, reason = _state(str(value), reason)
        elif short in ERROR and isinstance(value, str):
            reason = value.strip() or reason
        elif _is_result(key) and isinstance(value, int | float):
            results.setdefault(_result(key), float(value) if abs(value) < MOST or value != value else math.inf)
            places.setdefault(_result(key), (lines or {}).get(key, line))
        elif setting := _parameter(key, loose=bool(label)):
            settings[setting] = value
            places[f"config {setting}"] = (lines or {}).get(key, line)
    segment = segment_of(name, path, line, settings)
    for setting in settings:
        place = Place(path, places[f"config {setting}"])
        segment.config.settings[setting] = replace(segment.config.settings[setting], place=place)
    name_settings(segment.config)
    for metric, number in results.items():
        segment.series[metric] = series_of(metric, metric, path, places[metric], [(math.nan, number)])
    word = "failed" if FAILED.match(state) or (reason and state not in DONE) else ""
    word = "pruned" if state.startswith("prune") else word
    word = "running" if state in ("running", "waiting", "pending", "queued") else word
    goal = "max" if SCORE in slugs and OBJECTIVE in results else ""
    return Entry(name, "table of runs", segment, (path,), word, reason, goal)


def _state(told: str, reason: str) -> tuple[str, str]:
    """Return the word of a state, and the reason that may follow it: ``failed: out of memory``."""
    words = told.strip().removeprefix("TrialState.")
    word, colon, rest = words.partition(":")
    if colon and FAILED.match(word) and " " not in word.strip():
        return word.strip().lower(), reason or rest.strip()
    return words.lower().removeprefix("trialstate."), reason


def _result(key: str) -> str:
    """Return the name of a result: what a row states is a result of validation unless it says otherwise."""
    if slug(key) in OBJECTIVES:
        return OBJECTIVE
    bare = RESULT.sub("", key)
    return canonical(bare, split_of(canonical(bare)) or "val")


def _is_result(key: str) -> bool:
    short = slug(key)
    if short in OBJECTIVES:
        return True
    if PARAMETER.match(key) or ASIDE.search(short) or (hyperparameter(key) is not None and not RESULT.match(key)):
        return False
    return traits(_result(key)).kind in ("score", "loss", "error")


def _parameter(key: str, *, loose: bool = False) -> str:
    """Return the name of a setting, or empty text; *loose*: also one that no table knows."""
    short = slug(key)
    if PARAMETER.match(key):
        return PARAMETER.sub("", key)
    if ASIDE.search(short) or short in NAMES or short in STATE or short in ERROR or _is_result(key):
        return ""
    return key if loose or hyperparameter(key) is not None else ""


def _plain(cell: str) -> Any:
    text = cell.strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = _number(text)
    if number is None:
        return text
    return int(number) if number.is_integer() and re.fullmatch(r"[-+]?\d+", text) else number


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
