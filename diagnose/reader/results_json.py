"""What the keys of a JSON document of results mean: parts, curves, rows, and single values such as ``mAP50_best``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from diagnose.names import slug
from diagnose.patterns import lazy
from diagnose.reader.jsontree import Node
from diagnose.reader.likeness import is_epoch, is_metric, is_step
from diagnose.records import dataclass

TITLES = ("experiment_name", "experiment_id", "run_name", "name", "experiment", "run", "run_id", "trial", "fold", "id")
ASIDE = lazy(
    r"(?i)^(changes|changed|changed_(keys|settings)|diff(erences?)?|best_(result|run|trial|experiment)s?|(comparison|per_class|confusion|expected|target).*)$"
)
"""Keys of comparisons, and of copies of what stands elsewhere in the document."""
SUMMARY = lazy(
    r"(?i)^(?:(?P<before>first|initial|best|final|last|max|min)_)?(?P<metric>.+?)(?:_(?P<after>first|initial|best|last|final|end|max|min))?$"
)
CURVE = lazy(r"(?i)[_ ](by_epoch|per_epoch|epochs?|history|histories|curve|values|list|hist|log)$")
ROW = lazy(r"(?i)^(?P<metric>.+?)_?best_(row|epoch)$|^(?P<bare>best_epoch|best_row)$")
BARE = frozenset({"first", "best", "last", "final"})
GENERIC = lazy(
    r"(overall_|performance_|evaluation_|all_|training_|train_|validation_|val_)?(metrics|results?|scores|performance|history)"
    r"|evaluation|overall|train(ing)?|val(idation)?|test|experiments|log"
)
"""Keys that only hold results and say nothing about them."""
DEEPEST = 8
LONGEST = 200_000
"""Elements of one curve."""


@dataclass(slots=True)
class Value:
    """A number of the document with its place there and in the run."""

    value: float
    line: int
    epoch: float = math.nan
    step: float = math.nan


def parts_of(node: Node) -> list[tuple[str, Node]]:
    """Return the objects below a node that are runs of their own, with their titles."""
    if node.items():
        named = [(title, part) for part in node.items() if (title := _title(part)) and not _is_row(part)]
        return named if len(named) == len(node.items()) and named else []
    results = result_members(node)
    if len(results) >= 2:
        return results
    runs = [(key, child) for key, child in node.members().items() if child.members() and _holds_curves(child)]
    return runs if len(runs) >= 2 and not any(metric_of(key) or GENERIC.fullmatch(slug(key)) for key, _ in runs) else []


def result_members(node: Node) -> list[tuple[str, Node]]:
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
    return any(metric_of(key) and len(curve_of(child)) >= 2 for key, child in members.items()) or any(
        _holds_curves(child) for key, child in members.items() if GENERIC.fullmatch(slug(key)) and child.members()
    )


def metric_of(key: str) -> str:
    """Return the metric a key names, without words for a curve; empty if it names none."""
    plain = CURVE.sub("", key)
    return plain if is_metric(plain) else ""


def curve_of(node: Node) -> list[Value]:
    """Return a list of numbers, of pairs (step, number), or an object from epoch to number."""
    if node.items():
        numbers = [child.number() for child in node.items()[:LONGEST]]
        if all(number is not None for number in numbers):
            lines = [child.line for child in node.items()]
            return [
                Value(v, line, i) for i, (v, line) in enumerate(zip(numbers, lines, strict=False), 1) if v is not None
            ]
        return []
    found = []
    for key, child in node.members().items():
        number = child.number()
        epoch = re.fullmatch(r"(?:epoch[_ ]?)?(\d{1,7})", key)
        if number is None or epoch is None:
            return []
        found.append(Value(number, child.line, float(epoch[1])))
    offset = 1.0 if any(point.epoch == 0 for point in found) else 0.0
    return [Value(p.value, p.line, p.epoch + offset) for p in sorted(found, key=lambda p: p.epoch)]


def summary_of(key: str, members: dict[str, Node]) -> tuple[str, str]:
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


def best_rows(members: dict[str, Node]) -> dict[str, float]:
    """Return the epochs of the best values by metric: ``map_best_epoch``, ``best_row``."""
    rows = {}
    for key, child in members.items():
        if (found := ROW.match(key)) and (value := child.number()) is not None:
            rows[found["metric"] or ""] = value
    return rows


def number_of(members: dict[str, Node], *keys: str) -> float:
    """Return the first of some members that is a number, NaN if none is."""
    for key in keys:
        if key in members and (value := members[key].number()) is not None:
            return value
    return math.nan


def numbers_of(node: Node) -> Iterator[tuple[str, Value]]:
    """Yield the members that are numbers."""
    for key, child in node.members().items():
        if (value := child.number()) is not None:
            yield key, Value(value, child.line)


def flattened(node: Node, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object, int]]:
    """Yield the values below a node by dotted key, with their lines."""
    for key, child in node.members().items():
        if child.members() and depth < DEEPEST:
            yield from flattened(child, f"{prefix}{key}.", depth + 1)
        else:
            yield prefix + key, child.plain(), child.line
