"""A JSON document of results: histories, values by epoch, and summaries such as ``mAP50_best`` or ``final_loss``.

Objects that each hold curves or summaries of their own (experiments of a list, ``baseline_result`` beside
``changed_result``) become segments.
"""

from __future__ import annotations

import math
import re

from diagnose.names import canonical, slug, traits
from diagnose.patterns import lazy
from diagnose.reader import Head, RunBuilder
from diagnose.reader.jsontree import Node, parse
from diagnose.reader.likeness import home_split, is_epoch, is_metric, is_row_number, is_step
from diagnose.reader.results_json import (
    ASIDE,
    BARE,
    DEEPEST,
    GENERIC,
    LONGEST,
    Value,
    best_rows,
    curve_of,
    flattened,
    metric_of,
    number_of,
    numbers_of,
    parts_of,
    result_members,
    summary_of,
)
from diagnose.reader.stated import state
from diagnose.sources import Source, text_of

NAME = "json"
TITLE = "JSON document of results"
IS_GENERIC, MOST = True, 45
SAMPLES = (
    '{"history": {"loss": [0.9, 0.7, 0.6], "val_loss": [1.0, 0.9, 0.95]}, "config": {"lr": 0.01, "epochs": 3}}\n',
    (
        '{\n "baseline_result": {"epochs_done": 12, "mAP50_first": 0.1, "mAP50_best": 0.52, "mAP50_best_row": 9,'
        ' "mAP50_last": 0.5},\n "changed_result": {"epochs_done": 4, "mAP_by_epoch": {"2": 0.31, "3": 0.3}}\n}\n'
    ),
    (
        '[{"name": "small", "best_val_accuracy": 0.71, "final_train_loss": 0.8},'
        ' {"name": "large", "best_val_accuracy": 0.74, "status": "failed", "error": "out of disk"}]\n'
    ),
)

FOREIGN = frozenset(
    {"image_id", "category_id", "bbox", "annotations", "segmentation", "dependencies", "$schema", "cells"}
)
"""Keys of data sets, predictions, packages, schemas and notebooks, which hold numbers of their own."""
SETTINGS = lazy(r"(?i)^(hyper_?param(eter)?s|h?params|config(uration)?|settings|args|arguments|.*_config(uration)?)$")
SPAN = lazy(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:-|–|->|→|to)\s*(\d+(?:\.\d+)?|\.\d+) (?:over|in|within) (\d+) epochs\s*$")


def sniff(head: Head) -> int:
    """Accept a document that holds a curve of a metric, a summary, or two single metrics."""
    text = head.text.lstrip("\ufeff \r\n\t")
    if head.is_binary or text[:1] not in ("{", "["):
        return 0
    document = parse(text)
    root = document.root
    if root is None or not (document.complete or document.cut or document.damaged):
        return 0
    evidence = _evidence(root, 0)
    return 45 if evidence >= 2 else 0


def _evidence(node: Node, depth: int) -> float:
    """Return how much speaks for results: 2 for a curve, 1 for a metric; far below zero for something else."""
    if depth > DEEPEST:
        return 0
    if node.members():
        if FOREIGN & node.members().keys():
            return -1e9
        found = 1.0 if len(result_members(node)) >= 2 else 0.0
        for key, child in node.members().items():
            if SETTINGS.match(key) or ASIDE.match(key):
                continue
            metric = metric_of(key)
            if metric and len(curve_of(child)) >= 2:
                found += 2
            elif (metric or key.lower() in BARE) and child.number() is not None:
                found += 1
            elif isinstance(child.value, dict | list):
                found += _evidence(child, depth + 1)
        return found
    return sum(_evidence(child, depth + 1) for child in node.items()[:50])


def read(source: Source, build: RunBuilder) -> None:
    """Read curves and summaries, the settings beside them, and failures."""
    document = parse(text_of(source))
    if document.root is not None:
        _Reader(build).walk(document.root, (), "")
    if not document.complete:
        build.event("warning", document.breach_line, category="damaged file", message=document.breach)


class _Reader:
    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.stated: set[str] = set()
        self.settings: set[str] = set()

    def walk(self, node: Node, path: tuple[str, ...], split: str) -> None:
        """Report everything below a node."""
        if len(path) > DEEPEST:
            return
        for title, part in parts_of(node):
            self.build.start(part.line, title)
            self.stated, self.settings = set(), set()
            self._object(part, (), split)
            self.build.close()
            for name in self.stated:
                self.build.forget(name)
            for key in self.settings:
                self.build.forget_setting(key)
        members = node.members()
        if members:
            separate = {id(part) for _, part in parts_of(node)}
            rest = {key: child for key, child in members.items() if id(child) not in separate}
            self._members(rest, node.line, path, split)
        elif not parts_of(node):
            self._rows(node, path, split)

    def _object(self, node: Node, path: tuple[str, ...], split: str) -> None:
        if node.members():
            self._members(node.members(), node.line, path, split)
        else:
            self.walk(node, path, split)

    def _members(self, members: dict[str, Node], line: int, path: tuple[str, ...], split: str) -> None:
        self._settings_first(members)
        self._summaries(members, path)
        self._failures(members)
        for key, child in members.items():
            if SETTINGS.match(key) or ASIDE.match(key) or not isinstance(child.value, dict | list):
                continue
            inner = {"train": "train", "val": "val", "valid": "val", "test": "test"}.get(
                re.split(r"[_ ]", key.lower())[0].removesuffix("ing").removesuffix("idation"), split
            )
            metric = metric_of(key)
            if metric and (curve := curve_of(child)):
                name = canonical(metric, split or home_split(metric))
                for point in curve:
                    self.build.point(key, point.value, point.line, name=name, epoch=point.epoch, step=point.step)
            else:
                title = () if GENERIC.fullmatch(slug(key)) else (key,)
                self.walk(child, (*path, *title), inner)

    def _settings_first(self, members: dict[str, Node]) -> None:
        for key, child in members.items():
            if SETTINGS.match(key):
                for name, value, line in flattened(child):
                    self.build.setting(name, value, line, f"{name}: {value}")
                    self.settings.add(name)
                    self._fact(name, value, line)
            elif not isinstance(child.value, dict | list):
                self._fact(key, child.value, child.line)

    def _fact(self, key: str, value: object, line: int) -> None:
        if fact := state(self.build, key, value, line, f"{key}: {value}"):
            self.stated.add(fact)

    def _summaries(self, members: dict[str, Node], path: tuple[str, ...]) -> None:
        """Report single numbers: the first, best and last value of a metric as points, and plain values."""
        done = number_of(members, "epochs_done", "epochs_completed", "completed_epochs", "epochs_run", "epochs_trained")
        rows = best_rows(members)
        found: dict[str, dict[str, Value]] = {}
        for key, child in members.items():
            value = child.number()
            metric, which = summary_of(key, members)
            told = SPAN.match(child.value) if isinstance(child.value, str) and metric and not which else None
            if told:
                # "0.0018-0.0021 over 27 epochs": the bounds of the metric over the run
                found[metric] = {
                    "first": Value(float(told[1]), child.line, 1.0),
                    "last": Value(float(told[2]), child.line, float(told[3])),
                }
            if value is None:
                continue
            if metric:
                epoch = {"first": 1.0, "best": rows.get(metric, rows.get("", math.nan)), "last": done}.get(
                    which, math.nan
                )
                found.setdefault(metric, {})[which] = Value(value, child.line, epoch)
        for metric, values in found.items():
            self._points_of(metric, values, path)
        if not math.isnan(done):
            line = next(
                child.line for key, child in members.items() if re.search("epochs_(done|compl|run|tr)|completed_e", key)
            )
            self.build.event("epoch_end", line, f"{done:g} epochs", epoch=done)

    def _points_of(self, metric: str, values: dict[str, Value], path: tuple[str, ...]) -> None:
        parents = path[-1:]
        name = canonical(metric) if not parents else f"{slug(parents[0])}/{canonical(metric)}"
        if "/" not in canonical(metric) and not parents:
            name = canonical(metric, "val" if traits(canonical(metric)).kind == "score" else "")
        if "best" in values and "first" not in values and "last" not in values:
            best = values["best"]
            self.build.event(
                "best_summary", best.line, f"{metric}: {best.value:g}", metric=name, value=best.value, epoch=best.epoch
            )
            return
        last = values.get("last")
        if last is not None and len(values) == 1:
            self.build.event("metric_summary", last.line, f"{metric}: {last.value:g}", metric=name, value=last.value)
            return
        ordered = [values[which] for which in ("first", "best", "last", "") if which in values]
        if not any(math.isnan(point.epoch) for point in ordered):
            ordered.sort(key=lambda point: point.epoch)
        for index, point in enumerate(ordered):
            # The best value may be the first or the last one told again.
            others = [*ordered[:index], *ordered[index + 1 :]]
            known = [other for other in others if other.epoch == point.epoch or math.isnan(point.epoch)]
            if point is values.get("best") and any(other.value == point.value for other in known):
                continue
            self.build.point(metric, point.value, point.line, name=name, epoch=point.epoch)

    def _failures(self, members: dict[str, Node]) -> None:
        for key, child in members.items():
            value = child.value
            if slug(key) in ("failed", "error", "exception", "failure", "error_message") and isinstance(value, str):
                if value.strip():
                    self.build.event("error_line", child.line, f"{key}: {value}", message=value[:200])
            elif slug(key) in ("nan_lines", "nan_count", "num_nan", "nans") and (child.number() or 0) > 0:
                self.build.event("nan_reported", child.line, f"{key}: {value}", what=key)
            elif slug(key) in ("early_stopped", "stopped_early") and value is True:
                epoch = number_of(members, "epochs_done", "epochs_completed", "stopped_epoch", "last_epoch")
                self.build.event("early_stop", child.line, f"{key}: true", epoch=epoch)

    def _rows(self, node: Node, path: tuple[str, ...], split: str) -> None:
        """Report a list of objects, one per epoch or step."""
        rows = [row for row in node.items() if row.members()]
        first = next((v for row in rows for k, v in numbers_of(row) if is_epoch(k)), None)
        offset = 1.0 if first is not None and first.value == 0 else 0.0
        numbered = first is not None or any(is_step(k) for row in rows[:3] for k, _ in numbers_of(row))
        for index, row in enumerate(rows[:LONGEST], 1):
            numbers = dict(numbers_of(row))
            epoch = next(
                (v.value + offset for k, v in numbers.items() if is_epoch(k)), math.nan if numbered else float(index)
            )
            step = next((v.value for k, v in numbers.items() if is_step(k)), math.nan)
            if not any(is_metric(key) for key in numbers):
                continue
            for key, value in numbers.items():
                if is_metric(key) or (
                    not (is_epoch(key) or is_step(key) or is_row_number(key)) and traits(key).kind != "other"
                ):
                    name = canonical(key, split or home_split(key))
                    self.build.point(key, value.value, value.line, name=name, epoch=epoch, step=step)
