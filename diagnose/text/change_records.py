"""Changes and comparisons as plain dictionaries of ``diagnose/findings-v1``."""

from __future__ import annotations

import math
from typing import Any

from diagnose.model import UNKNOWN, Change, Comparison, Place, Report, Result
from diagnose.text import changes
from diagnose.text.secrets import masked

UNTOLD = "cannot be told without running the config"


def change_records(report: Report) -> list[dict[str, Any]]:
    """Return the changes of all comparisons, the most dangerous first."""
    return [_change(change, index) for index, change in changes.worst_first(report)]


def _change(change: Change, index: int) -> dict[str, Any]:
    unknown = [side for side, value in (("old", change.old), ("new", change.new)) if value is UNKNOWN]
    because = [*change.because] or [f"the {side} value {UNTOLD}" for side in unknown]
    path, line = _position(change.new_place or change.old_place)
    old_path, old_line = _position(change.old_place)
    return {
        "key": change.key,
        "name": change.name,
        "old": plain(masked(change.key, change.old)),
        "new": plain(masked(change.key, change.new)),
        "unknown": unknown,
        "change_percent": _finite(change.change_percent),
        "factor": _finite(change.factor),
        "kind": change.kind,
        "role": change.role,
        "risk": change.risk,
        "because": because,
        "path": path,
        "line": line,
        "old_path": old_path,
        "old_line": old_line,
        "comparison": index,
    }


def comparison_records(report: Report) -> list[dict[str, Any]]:
    """Return what was compared, in the order of the report; the changes stand in a list of their own."""
    return [_comparison(comparison) for comparison in report.comparisons]


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "old": comparison.old,
        "new": comparison.new,
        "changed": len(comparison.changes),
        "same": comparison.same,
        "results": [_result(result) for result in comparison.results],
    }


def _result(result: Result) -> dict[str, Any]:
    old_path, old_line = _position(result.old_place)
    new_path, new_line = _position(result.new_place)
    return {
        "metric": result.metric,
        "printed": result.printed,
        "better": result.better,
        "old": [_finite(value) for value in result.old],
        "new": [_finite(value) for value in result.new],
        "noise": _finite(result.noise),
        "verdict": result.verdict,
        "old_path": old_path,
        "old_line": old_line,
        "new_path": new_path,
        "new_line": new_line,
    }


def _position(place: Place | None) -> tuple[str | None, int | None]:
    return (place.path, max(place.line, 1)) if place is not None and place.path else (None, None)


def _finite(value: float | None) -> float | None:
    """Return a number without the last digits that arithmetic blurs; None where JSON has no number for it."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{changes.SIGNIFICANT}g}") if isinstance(value, float) else value


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value of a config as JSON can hold it.

    What cannot be told is null; a float without a JSON number is the text ``NaN``, ``Infinity`` or ``-Infinity``, which
    Python's ``float`` and JavaScript's ``Number`` both read.
    """
    if value is None or value is UNKNOWN:
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _not_finite(value)
    if isinstance(value, int):
        return value if value.bit_length() <= changes.MOST_BITS else changes.written(value)
    if depth >= changes.DEEPEST and value:
        return changes.written(value)
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return str(value)


def _not_finite(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
