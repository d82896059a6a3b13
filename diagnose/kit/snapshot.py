"""A run as text: what a reader made of a file. Shown by ``diagnose formats parse``; snapshots test the readers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from diagnose.model import Run, Segment, Series

SHOWN = 6
"""Points shown of a long series: half from its start, half from its end."""


def describe(run: Run, *, all_points: bool = False) -> str:
    """Return format, segments, facts, settings, series and events of a run as stable, readable text."""
    return "\n".join(_run(run, all_points)) + "\n"


def _run(run: Run, all_points: bool) -> Iterator[str]:
    yield f"format: {run.format}"
    for segment in run.segments:
        yield f"segment {segment.index + 1}: {segment.name or '-'} (lines {segment.first_line}-{segment.last_line})"
        yield from _segment(segment, all_points)


def _segment(segment: Segment, all_points: bool) -> Iterator[str]:
    for fact in sorted(segment.facts.values(), key=lambda fact: (fact.place.line, fact.name)):
        yield f"  fact {fact.name} = {_plain(fact.value)}  [line {fact.place.line}]"
    if segment.config:
        first = next(iter(segment.config.settings.values()))
        yield f"  config: {len(segment.config.settings)} settings from line {first.place.line}"
    for series in segment.series.values():
        yield f"  series {series.name} ({series.printed}): {len(series)} points"
        yield from _points(series, all_points)
    for event in segment.events:
        yield f"  event {event.kind} {_plain(event.fields)}  [line {event.place.line}]"


def _points(series: Series, all_points: bool) -> Iterator[str]:
    count = len(series)
    shown = range(count)
    indices = [*shown] if all_points or count <= SHOWN else [*shown[: SHOWN // 2], -1, *shown[-SHOWN // 2 :]]
    for index in indices:
        if index == -1:
            yield "    ..."
            continue
        point = series.point(index)
        where = "".join(
            f" {name} {value:g}"
            for name, value in (("epoch", point.epoch), ("step", point.step))
            if not math.isnan(value)
        )
        yield f"    {float(point)!r}{where}  [line {point.line}]"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
