"""A run as plain data: what a reader made of a file, for programs."""

from __future__ import annotations

import math
from typing import Any

from diagnose.model import UNKNOWN, Run, Segment, Series, UnknownValue


def record(run: Run) -> dict[str, Any]:
    """Return the format, segments, facts, settings, series and events of a run."""
    return {
        "path": run.path,
        "format": run.format,
        "segments": [_segment(segment) for segment in run.segments],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "first_line": segment.first_line,
        "last_line": segment.last_line,
        "facts": {fact.name: {"value": fact.value, "line": fact.place.line} for fact in segment.facts.values()},
        "config": {key: _plain(setting.value) for key, setting in segment.config.settings.items()},
        "unknown": [key for key, setting in segment.config.settings.items() if setting.value is UNKNOWN],
        "series": [_series(series) for series in segment.series.values()],
        "events": [
            {"kind": event.kind, "line": event.place.line, "fields": _plain(dict(event.fields))}
            for event in segment.events
        ],
    }


def _plain(value: Any) -> Any:
    """Return a value with null for what only running the config would tell."""
    if isinstance(value, UnknownValue):
        return None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple | set) else value


def _series(series: Series) -> dict[str, Any]:
    """Numbers that are not finite become text where they were logged, and null where they were not."""
    return {
        "name": series.name,
        "printed": series.printed,
        "value": [number if math.isfinite(number) else str(number) for number in series.value.tolist()],
        "epoch": [number if math.isfinite(number) else None for number in series.epoch.tolist()],
        "step": [number if math.isfinite(number) else None for number in series.step.tolist()],
        "line": series.line.tolist(),
    }
