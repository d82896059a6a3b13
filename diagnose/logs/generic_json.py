"""A JSON document of results: histories, values by epoch, and summaries such as ``mAP50_best`` or ``final_loss``.

Objects that each hold curves or summaries of their own (experiments of a list, ``baseline_result`` beside
``changed_result``) become segments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from diagnose.names import canonical, slug, traits
from diagnose.reader import Head, RunBuilder
from diagnose.reader.jsontree import Node, parse
from diagnose.reader.likeness import home_split, is_epoch, is_metric, is_row_number, is_step
from diagnose.reader.stated import state
from diagnose.sources import Source, text_of

NAME = "json"
TITLE = "JSON document of results"
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
TITLES = ("experiment_name", "experiment_id", "run_name", "name", "experiment", "run", "run_id", "trial", "fold", "id")
SETTINGS = re.compile(
    r"(?i)^(hyper_?param(eter)?s|h?params|config(uration)?|settings|args|arguments|.*_config(uration)?)$"
)
ASIDE = re.compile(
    r"(?i)^(changes|changed|changed_(keys|settings)|diff(erences?)?|best_(result|run|trial|experiment)s?|(comparison|per_class|confusion|expected|target).*)$"
)
"""Keys of comparisons, and of copies of what stands elsewhere in the document."""
SUMMARY = re.compile(
    r"(?i)^(?:(?P<before>first|initial|best|final|last|max|min)_)?(?P<metric>.+?)(?:_(?P<after>first|initial|best|last|final|end|max|min))?$"
)
CURVE = re.compile(r"(?i)[_ ](by_epoch|per_epoch|epochs?|history|histories|curve|values|list|hist|log)$")
ROW = re.compile(r"(?i)^(?P<metric>.+?)_?best_(row|epoch)$|^(?P<bare>best_epoch|best_row)$")
SPAN = re.compile(
    r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:-|–|->|→|to)\s*(\d+(?:\.\d+)?|\.\d+) (?:over|in|within) (\d+) epochs\s*$"
)
BARE = frozenset({"first", "best", "last", "final"})
GENERIC = re.compile(
    r"(overall_|performance_|evaluation_|all_|training_|train_|validation_|val_)?(metrics|results?|scores|performance|history)"
    r"|evaluation|overall|train(ing)?|val(idation)?|test|experiments|log"
)
"""Keys that only hold results and say nothing about them."""
DEEPEST = 8
LONGEST = 200_000
"""Elements of one curve."""


def sniff(head: Head) -> int:
    """Accept a document that holds a curve of a metric, a summary, or two single metrics."""
    text = head.text.lstrip("\ufeff \r\n\t")
    if head.is_binary or text[:1] not in ("{", "["):
        return 0
    document = parse(text)
    root = document.root
    if root is None or not (document.complete or document.cut):
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
        found = 1.0 if len(_result_members(node)) >= 2 else 0.0
        for key, child in node.members().items():
            if SETTINGS.match(key) or ASIDE.match(key):
                continue
            metric = _metric_of(key)
            if metric and len(_curve(child)) >= 2:
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
        build.event("warning", document.line, category="damaged file", message=document.breach)


@dataclass(slots=True)
class _Value:
    value: float
    line: int
    epoch: float = math.nan
    step: float = math.nan


class _Reader:
    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.stated: set[str] = set()
        self.settings: set[str] = set()

    def walk(self, node: Node, path: tuple[str, ...], split: str) -> None:
        """Report everything below a node."""
        if len(path) > DEEPEST:
            return
        for title, part in _parts(node):
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
            separate = {id(part) for _, part in _parts(node)}
            rest = {key: child for key, child in members.items() if id(child) not in separate}
            self._members(rest, node.line, path, split)
        elif not _parts(node):
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
            metric = _metric_of(key)
            if metric and (curve := _curve(child)):
                name = canonical(metric, split or home_split(metric))
                for point in curve:
                    self.build.point(key, point.value, point.line, name=name, epoch=point.epoch, step=point.step)
            else:
                title = () if GENERIC.fullmatch(slug(key)) else (key,)
                self.walk(child, (*path, *title), inner)

    def _settings_first(self, members: dict[str, Node]) -> None:
        for key, child in members.items():
            if SETTINGS.match(key):
                for name, value, line in _flat(child):
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
        done = _number_of(
            members, "epochs_done", "epochs_completed", "completed_epochs", "epochs_run", "epochs_trained"
        )
        rows = _best_rows(members)
        found: dict[str, dict[str, _Value]] = {}
        for key, child in members.items():
            value = child.number()
            metric, which = _summary(key, members)
            told = SPAN.match(child.value) if isinstance(child.value, str) and metric and not which else None
            if told:
                # "0.0018-0.0021 over 27 epochs": the bounds of the metric over the run
                found[metric] = {
                    "first": _Value(float(told[1]), child.line, 1.0),
                    "last": _Value(float(told[2]), child.line, float(told[3])),
                }
            if value is None:
                continue
            if metric:
                epoch = {"first": 1.0, "best": rows.get(metric, rows.get("", math.nan)), "last": done}.get(
                    which, math.nan
                )
                found.setdefault(metric, {})[which] = _Value(value, child.line, epoch)
        for metric, values in found.items():
            self._points_of(metric, values, path)
        if not math.isnan(done):
            line = next(
                child.line for key, child in members.items() if re.search("epochs_(done|compl|run|tr)|completed_e", key)
            )
            self.build.event("epoch_end", line, f"{done:g} epochs", epoch=done)

    def _points_of(self, metric: str, values: dict[str, _Value], path: tuple[str, ...]) -> None:
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
                epoch = _number_of(members, "epochs_done", "epochs_completed", "stopped_epoch", "last_epoch")
                self.build.event("early_stop", child.line, f"{key}: true", epoch=epoch)

    def _rows(self, node: Node, path: tuple[str, ...], split: str) -> None:
        """Report a list of objects, one per epoch or step."""
        rows = [row for row in node.items() if row.members()]
        first = next((v for row in rows for k, v in _numbers(row) if is_epoch(k)), None)
        offset = 1.0 if first is not None and first.value == 0 else 0.0
        numbered = first is not None or any(is_step(k) for row in rows[:3] for k, _ in _numbers(row))
        for index, row in enumerate(rows[:LONGEST], 1):
            numbers = dict(_numbers(row))
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


def _parts(node: Node) -> list[tuple[str, Node]]:
    """Return the objects below a node that are runs of their own, with their titles."""
    if node.items():
        named = [(title, part) for part in node.items() if (title := _title(part)) and not _is_row(part)]
        return named if len(named) == len(node.items()) and named else []
    results = _result_members(node)
    if len(results) >= 2:
        return results
    runs = [(key, child) for key, child in node.members().items() if child.members() and _holds_curves(child)]
    return (
        runs if len(runs) >= 2 and not any(_metric_of(key) or GENERIC.fullmatch(slug(key)) for key, _ in runs) else []
    )


def _result_members(node: Node) -> list[tuple[str, Node]]:
    """Return members such as ``baseline_result`` and ``changed_result`` with what tells them apart."""
    return [
        (re.sub(r"(?i)[_ ]results?$", "", key), child)
        for key, child in node.members().items()
        if re.search(r"(?i)[_ ]results?$", key) and child.members() and not ASIDE.match(key)
    ]


def _title(node: Node) -> str:
    members = node.members()
    key = next((key for key in TITLES if key in members and isinstance(members[key].value, str | int)), "")
    return f"{members[key].value}" if key else ""


def _is_row(node: Node) -> bool:
    return any(is_epoch(key) or is_step(key) for key, child in node.members().items() if child.number() is not None)


def _holds_curves(node: Node) -> bool:
    members = node.members()
    return any(_metric_of(key) and len(_curve(child)) >= 2 for key, child in members.items()) or any(
        _holds_curves(child) for key, child in members.items() if GENERIC.fullmatch(slug(key)) and child.members()
    )


def _metric_of(key: str) -> str:
    """Return the metric a key names, without words for a curve; empty if it names none."""
    plain = CURVE.sub("", key)
    return plain if is_metric(plain) else ""


def _curve(node: Node) -> list[_Value]:
    """Return a list of numbers, of pairs (step, number), or an object from epoch to number."""
    if node.items():
        numbers = [child.number() for child in node.items()[:LONGEST]]
        if all(number is not None for number in numbers):
            lines = [child.line for child in node.items()]
            return [
                _Value(v, line, i) for i, (v, line) in enumerate(zip(numbers, lines, strict=False), 1) if v is not None
            ]
        return []
    found = []
    for key, child in node.members().items():
        number = child.number()
        epoch = re.fullmatch(r"(?:epoch[_ ]?)?(\d{1,7})", key)
        if number is None or epoch is None:
            return []
        found.append(_Value(number, child.line, float(epoch[1])))
    offset = 1.0 if any(point.epoch == 0 for point in found) else 0.0
    return [_Value(p.value, p.line, p.epoch + offset) for p in sorted(found, key=lambda p: p.epoch)]


def _summary(key: str, members: dict[str, Node]) -> tuple[str, str]:
    """Return metric and moment (first, best, last or none) that a key names."""
    if key.lower() in BARE:
        # "first", "best" and "last" without a name: a score if the best is the highest of them.
        numbers = {name: members[name].number() for name in ("first", "best", "last") if name in members}
        best = numbers.get("best")
        others = [value for value in numbers.values() if value is not None]
        if best is None or len(others) < 3 or best < max(others):
            return "", ""
        return "val_score", "last" if key.lower() == "final" else key.lower()
    if ROW.match(key):
        return "", ""
    found = SUMMARY.match(key)
    if found is None or not is_metric(found["metric"]):
        return "", ""
    which = (found["before"] or found["after"] or "").lower()
    which = {"initial": "first", "final": "last", "end": "last", "max": "best", "min": "best"}.get(which, which)
    return found["metric"], which


def _best_rows(members: dict[str, Node]) -> dict[str, float]:
    rows = {}
    for key, child in members.items():
        if (found := ROW.match(key)) and (value := child.number()) is not None:
            rows[found["metric"] or ""] = value
    return rows


def _number_of(members: dict[str, Node], *keys: str) -> float:
    for key in keys:
        if key in members and (value := members[key].number()) is not None:
            return value
    return math.nan


def _numbers(node: Node) -> Iterator[tuple[str, _Value]]:
    for key, child in node.members().items():
        if (value := child.number()) is not None:
            yield key, _Value(value, child.line)


def _flat(node: Node, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object, int]]:
    for key, child in node.members().items():
        if child.members() and depth < DEEPEST:
            yield from _flat(child, f"{prefix}{key}.", depth + 1)
        else:
            yield prefix + key, child.plain(), child.line
