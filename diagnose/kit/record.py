"""A run as plain data: what a reader made of a file, for programs."""

from __future__ import annotations

import math
from typing import Any

from diagnose.model import Run, Segment, Series


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
        "config": {key: setting.value for key, setting in segment.config.settings.items()},
        "series": [_series(series) for series in segment.series.values()],
        "events": [
            {"kind": event.kind, "line": event.place.line, "fields": dict(event.fields)} for event in segment.events
        ],
    }


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
