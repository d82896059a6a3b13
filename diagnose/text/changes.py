"""Changes between two configs in words: values as people write them, how far each moved, where it stands."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from diagnose.model import UNKNOWN, Change, Comparison, Place, Report, Result
from diagnose.model.change import RISKS
from diagnose.patterns import lazy
from diagnose.text import escape
from diagnose.text.secrets import masked
from diagnose.text.terminal import ELLIPSIS, columns, shorten
from diagnose.text.wording import plural

SEVERITIES = {"critical": "error", "high": "warning", "medium": "info", "low": "hint"}
"""The severity whose colour a risk is shown in."""
ALARMING = {"critical", "high"}

SIGNIFICANT = 12
"""Digits that are left of a float which arithmetic has blurred (0.30000000000000004)."""
BLURRED = 15
MOST_BITS = 1024
DEEPEST = 12
MOST_RUNS_NAMED = 3

EDGES_OR_CONTROL = lazy(r"^\s|\s$|[\x00-\x1f\x7f]")
SCALAR = lazy(
    r"~|[-+]?(?=\.?\d)[\d_]*+(?:\.\d*+)?(?:e[-+]?\d+)?|[-+]?\.?(?:inf|nan)"
    r"|true|false|yes|no|on|off|null|none|absent|unknown",
    re.IGNORECASE,
)
"""Text that would be taken for something else if it stood there without quotes."""
LONGEST_SCALAR = 40
SOURCES = lazy(r"(?<=[.!]) \([^()]*(?:\([^()]*\)[^()]*)*\)$")
"""What stands in brackets after the sentence of a reason: where it comes from."""
WORDS = {
    "activation": "on",
    "deactivation": "off",
    "added": "added",
    "removed": "removed",
    "unknown": "?",
    "choice": "changed",
}


def worst_first(report: Report) -> list[tuple[int, Change]]:
    """Return the changes of all comparisons, the most dangerous first, each with the index of its comparison."""
    pairs = [(index, change) for index, both in enumerate(report.comparisons) for change in both.changes]
    return sorted(pairs, key=lambda pair: pair[1].rank)


def ordered(comparison: Comparison) -> list[Change]:
    """Return the changes of one comparison, the most dangerous first."""
    return sorted(comparison.changes, key=lambda change: change.rank)


def groups(comparison: Comparison) -> list[tuple[str, list[Change]]]:
    """Return what was switched on apart from what was changed otherwise, the group with the worst change first."""
    apart = {
        "switched on": [change for change in ordered(comparison) if change.kind == "activation"],
        "changed": [change for change in ordered(comparison) if change.kind != "activation"],
    }
    found = [(title, changes) for title, changes in apart.items() if changes]
    return sorted(found, key=lambda group: _level(group[1][0]))


def _level(change: Change) -> int:
    return RISKS.index(change.risk) if change.risk in RISKS else len(RISKS)


def alarming(report: Report) -> list[tuple[Comparison, Change]]:
    """Return the changes of critical and high risk that no finding points to, for the places that annotate lines."""
    lines = {(finding.place.path, finding.place.line) for finding in report.findings}
    subjects = {(finding.place.path, finding.subject) for finding in report.findings if finding.subject}
    found = []
    for index, change in worst_first(report):
        path = change.place.path
        pointed = (path, change.place.line) in lines or {(path, change.key), (path, change.name)} & subjects
        if change.risk in ALARMING and not pointed:
            found.append((report.comparisons[index], change))
    return found


def tally(comparison: Comparison) -> str:
    """Return ``20 changed (1 critical, 5 high, 14 low), 9 the same``."""
    same = f"{comparison.same} the same"
    if not comparison.changes:
        return f"nothing changed, {same}"
    counted = [(risk, sum(change.risk == risk for change in comparison.changes)) for risk in RISKS]
    told = ", ".join(f"{number} {_of(risk)}" for risk, number in counted if number)
    return f"{len(comparison.changes)} changed ({told}), {same}"


def _of(risk: str) -> str:
    return "without effect" if risk == "none" else risk


def roles(changes: list[Change]) -> str:
    """Return ``augmentation (12), data (3), other (1)``: how many changes each role has, the most first."""
    counted: dict[str, int] = {}
    for change in changes:
        role = change.role or "other"
        counted[role] = counted.get(role, 0) + 1
    return ", ".join(f"{role} ({number})" for role, number in sorted(counted.items(), key=lambda pair: -pair[1]))


def label(change: Change) -> str:
    """Return the key, with the canonical name where it says something else: ``fl_gamma (focal_gamma)``."""
    if not change.name or change.name in (change.key, change.key.rpartition(".")[2]):
        return change.key
    return f"{change.key} ({change.name})"


def moved(change: Change) -> str:
    """Return how far it moved: ``-20 %``, ``x10``, ``on``."""
    if change.kind != "tuning":
        return WORDS.get(change.kind, change.kind)
    if change.factor is not None and math.isfinite(change.factor) and not 0.5 <= change.factor <= 2:
        return f"x{_rounded(change.factor)}"
    if change.change_percent is not None and math.isfinite(change.change_percent):
        return f"{'+' * (change.change_percent > 0)}{_rounded(change.change_percent)} %"
    return "from 0" if change.old == 0 else "to 0" if change.new == 0 else WORDS["choice"]


def _rounded(number_: float) -> str:
    return number(float(f"{number_:.3g}"))


def reasons(change: Change) -> list[str]:
    """Return the reasons that say anything."""
    return [reason for reason in change.because if reason.strip()]


def brief(change: Change) -> list[str]:
    """Return the reasons without their sources, for where there is little room."""
    return [SOURCES.sub("", escape.line(reason)) for reason in reasons(change)]


def told(change: Change) -> str:
    """Return how far it moved and why that matters, for a single line: ``-20 %; too low to get anywhere``."""
    first = brief(change)[:1]
    how = {"on": "switched on", "off": "switched off"}.get(moved(change), moved(change))
    said = bool(first) and (first[0].startswith(how) or change.kind == "unknown")
    return joined([*[how] * (not said), *first])


def joined(sentences: list[str]) -> str:
    """Return sentences, with or without their full stops, as one line."""
    return "; ".join(map(escape.line, sentences)).replace(".; ", ". ")


def sentence(change: Change, width: int = 60) -> str:
    """Return ``lr0 0.005 -> 0.004 (-20 %; why)`` on one line."""
    old, new = sides(change, width)
    return f"{escape.line(label(change))} {old} -> {new} ({escape.line(told(change))})"


def where(change: Change, comparison: Comparison, path: str = "") -> str:
    """Return ``path:line`` of the new side, else of the old one, else the name of the new side."""
    place = change.place
    path = path or place.path or comparison.new
    return f"{path}:{place.line}" if place.line else path


def place(change: Change, comparison: Comparison) -> Place:
    """Return where a change is shown; the new side as a whole if it stands nowhere."""
    return change.place if change.place.path else Place(comparison.new)


def sides(change: Change, width: int) -> tuple[str, str]:
    """Return the old and the new value as text of *width* columns at most, with the difference in view."""
    old = escape.line(_side(masked(change.key, change.old), change.old_place))
    new = escape.line(_side(masked(change.key, change.new), change.new_place))
    cut = middle(old, width), middle(new, width)
    if cut[0] != cut[1] or old == new:
        return cut
    at = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    return shorten(old, width, at)[0], shorten(new, width, at)[0]


def _side(value: Any, place: Place | None) -> str:
    if place is None and value is None:
        return "absent"
    return written(value) + " (default)" * (place is None and value is not UNKNOWN)


def middle(text: str, width: int) -> str:
    """Cut *text* in its middle to *width* columns."""
    width = max(width, 3)
    if columns(text) <= width:
        return text
    head, tail = text[: width // 2], text[-((width - 1) // 2) :]
    while columns(head) > width // 2:
        head = head[:-1]
    while columns(tail) > (width - 1) // 2:
        tail = tail[1:]
    return head + ELLIPSIS + tail


def written(value: Any, depth: int = 0) -> str:
    """Return a value as a person would write it in a config; text in quotes only where it would be misread."""
    if value is UNKNOWN:
        return "unknown"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= MOST_BITS else f"an integer of {value.bit_length()} bits"
    if isinstance(value, dict | list | tuple) and value and depth >= DEEPEST:
        return ELLIPSIS
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(str(key))}: {written(item, depth + 1)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item, depth + 1) for item in value) + "]"
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if _misread(text) else text


def _misread(text: str) -> bool:
    """Whether a text without quotes would look like a number, like no text at all, or would break the line."""
    if not text or EDGES_OR_CONTROL.search(text):
        return True
    return len(text) <= LONGEST_SCALAR and SCALAR.fullmatch(text) is not None


def number(value: float, digits: int = 0) -> str:
    """Return a number as people write it (``1e-05``, ``0.3``, ``64``), with that many significant digits if given."""
    if not math.isfinite(value):
        return str(value)
    text = repr(float(f"{value:.{digits}g}") if digits else value)
    if not digits and sum(sign.isdigit() for sign in text.partition("e")[0].lstrip("-0.")) > BLURRED:
        text = repr(float(f"{value:.{SIGNIFICANT}g}"))
    return text.removesuffix(".0") if value else "0"


def measured(values: tuple[float, ...]) -> str:
    """Return what the runs of a side came to: ``0.2356``, ``0.231, 0.236``, ``0.21 to 0.24 (5 runs)``."""
    if not values:
        return "-"
    if len(values) <= MOST_RUNS_NAMED:
        return ", ".join(number(value, 4) for value in values)
    return f"{number(min(values), 4)} to {number(max(values), 4)} ({plural(len(values), 'run')})"


def noise(result: Result) -> str:
    """Return the spread among runs of one side, or a dash."""
    return "-" if result.noise is None else number(result.noise, 4)
