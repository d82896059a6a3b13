"""What became of each run: it counts, it was too short to be judged, it has no value, or it failed, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from diagnose.engine.sweep.entry import Entry
from diagnose.engine.sweep.metric import Value
from diagnose.model import Event, Place, Segment
from diagnose.names import hyperparameter
from diagnose.patterns import lazy

FATAL = ("out_of_memory", "traceback", "error_line", "killed", "interrupted", "trial_failed")
"""Events that end a run, the most telling first."""
SHARE = 0.5
"""Of the planned epochs, below which a run says little of where it would have ended."""
AMONG = 0.25
"""Of the epochs that the others took."""
LEAST = 3
"""Values below which no curve can be told from its start."""
PREFIX = lazy(r"^[\d\-/:.,\sTZ\[\]|]*+(?:[\w.<>]++\s+(?:-|\|)\s+)?(?:ERROR|CRITICAL|FATAL)\b[\s:|\-\]]*", re.IGNORECASE)
NOTHING = "no value of the metric"
WITHOUT = "reported as failed, without a reason"
LONGEST = 300


def planned(entry: Entry) -> int | None:
    """Return the epochs of a full run: what the config says, else what the log plans, the larger of both."""
    found = [entry.plan or None, *(whole(setting.value) for setting in _epochs(entry.segment))]
    fact = entry.segment.facts.get("planned_epochs")
    found.append(whole(fact.value) if fact is not None else None)
    known = [number for number in found if number]
    return max(known, default=None)


def _epochs(segment: Segment) -> list[Any]:
    config = segment.config
    return [one for key, one in config.settings.items() if is_epochs(key, config.framework)]


def is_epochs(key: str, framework: str) -> bool:
    """Whether a setting is the number of epochs."""
    row = hyperparameter(key, framework)
    return row is not None and row.name == "epochs"


def whole(value: object) -> int | None:
    """Return a value as a whole number; None if it is no positive number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 < value < 1e9 else None


def ending(entry: Entry) -> tuple[str, Place | None]:
    """Return what ended a run by force, and where that stands; empty if nothing did."""
    if entry.state == "failed":
        events = _fatal(entry.segment)
        told = entry.reason or (_words(events[0]) if events else "")
        place = events[0].place if events else Place(entry.segment.path, entry.segment.first_line)
        return _bare(told, entry.name) or WITHOUT, place
    events = _fatal(entry.segment)
    return (_bare(_words(events[0]), entry.name), events[0].place) if events else ("", None)


def _bare(words: str, name: str) -> str:
    """Return a reason without the announcement that this run failed."""
    name = re.sub(r" \(.*\)$", "", name)
    return re.sub(rf"^[^:]*\b{re.escape(name)}\b[^:]*\bfail\w*\s*:\s*", "", words)


def _fatal(segment: Segment) -> list[Event]:
    return sorted(segment.events_of(*FATAL), key=lambda event: FATAL.index(event.kind))


def _words(event: Event) -> str:
    fields: Mapping[str, Any] = event.fields
    if event.kind == "interrupted":
        return f"interrupted by {fields.get('signal') or 'the user'}"
    parts = [str(part) for part in (fields.get("error"), fields.get("message")) if part]
    text = PREFIX.sub("", ": ".join(parts)).strip() or event.place.text or event.kind.replace("_", " ")
    return text[:LONGEST]


def reached(entry: Entry, value: Value | None) -> int:
    """Return the last epoch that a run came to; 0 if it is not told."""
    told = value is not None and not value.counted
    curve = max((math.ceil(epoch) for epoch, _ in value.curve), default=0) if value is not None and told else 0
    return max(entry.segment.epochs, curve, entry.ran)


def validations(value: Value | None) -> int:
    """Return how often the metric was measured; 0 where only a summary states it."""
    return len(value.curve) if value is not None else 0


def status(entry: Entry, value: Value | None, others: Sequence[int], lacking: str = "") -> tuple[str, str]:
    """Return the status of a run and the reason for it.

    Args:
        entry: the run.
        value: what it came to in the metric; None for nothing.
        others: the epochs that all runs came to.
        lacking: why there is no value.
    """
    words, _ = ending(entry)
    if entry.state == "failed":
        return "failed", words
    if entry.state == "pruned":
        return "too-short", "pruned by the search"
    if entry.state == "running":
        return "too-short", "still running, or given up without a word"
    if value is None:
        return ("failed", words) if words else ("no-value", lacking or NOTHING)
    epochs, plan = reached(entry, value), planned(entry)
    if "early_stop" in entry.segment.kinds:
        return "ok", ""
    after = f"; ended by: {words}" if words else ""
    if epochs and plan and epochs < plan * SHARE:
        return "too-short", f"{epochs} of {plan} epochs{after}"
    if 0 < validations(value) < LEAST and 0 < epochs < LEAST:
        return "too-short", f"{epochs} epoch{'s' * (epochs > 1)}{after}"
    usual = median(others) if others else 0
    if epochs and not plan and len(others) >= LEAST and epochs < usual * AMONG:
        return "too-short", f"{epochs} epochs where the others took {usual:.0f}{after}"
    return "ok", words and f"ended by: {words}"
