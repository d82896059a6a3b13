"""The runs read from several files of one folder as one run."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePath

import numpy as np

from diagnose.model import Run, Segment


def merge(runs: list[Run]) -> Run:
    """Return one run: the file with the most points leads, the others add what it lacks.

    Files of one format in one folder are sessions of the run, each with segments of its own where they overlap.
    Series are added only where both files hold the same number of segments, since otherwise nobody can tell which
    belongs to which; events and facts of the others go to the last segment that has none of their kind.
    """
    folders: dict[tuple[str, PurePath], list[Run]] = defaultdict(list)
    for run in runs:
        folders[run.format, PurePath(run.path).parent].append(run)
    leader, *others = sorted((_sessions(folder) for folder in folders.values()), key=_points, reverse=True)
    merged = Run(leader.path, leader.format, leader.segments, [path for run in [leader, *others] for path in run.paths])
    for other in others:
        if not merged.segments:
            merged.segments = other.segments
        elif other.format.startswith("config"):
            for mine in merged.segments:  # a config holds for all that was run with it
                add(mine, other.segments[-1], series=False)
        elif len(other.segments) == len(merged.segments):
            for mine, theirs in zip(merged.segments, other.segments, strict=True):
                add(mine, theirs, series=True)
        else:
            for theirs in other.segments:
                add(merged.segments[-1], theirs, series=False)
    return merged


def _sessions(runs: list[Run]) -> Run:
    """Return the files of one folder, in the order of their names, as one run.

    Copies are left out, and so are lone points.
    """
    first, *others = sorted(runs, key=lambda run: run.path)
    for other in others:
        first.paths += other.paths
        if not first.segments or not other.segments:
            first.segments = first.segments or other.segments
        elif not (shared := first.segments[-1].series.keys() & other.segments[0].series.keys()):
            add(first.segments[-1], other.segments[0], series=True)
        elif not all(_same(first.segments[-1], other.segments[0], name) for name in shared):
            first.segments += other.segments
    if len(first.segments) > 1:
        for index, segment in enumerate(first.segments):
            segment.index, segment.name = index, segment.name or f"run {index + 1}"
    return first


def _same(mine: Segment, theirs: Segment, name: str) -> bool:
    """Whether *theirs* only repeats *mine*, or is a lone evaluation after it."""
    one, other = mine.series[name].value, theirs.series[name].value
    length = min(len(one), len(other))
    return max(len(series) for series in theirs.series.values()) < 2 or np.array_equal(
        one[:length], other[:length], equal_nan=True
    )


def _points(run: Run) -> int:
    return sum(len(series) for segment in run.segments for series in segment.series.values())


def add(mine: Segment, theirs: Segment, *, series: bool) -> None:
    """Add what *theirs* knows and *mine* does not: events of new kinds, facts, settings, and series if asked."""
    if series:
        for name, column in theirs.series.items():
            mine.series.setdefault(name, column)
    kinds = set(mine.kinds)
    mine.events.extend(event for event in theirs.events if event.kind not in kinds)
    for name, fact in theirs.facts.items():
        mine.facts.setdefault(name, fact)
    for key, setting in theirs.config.settings.items():
        mine.config.settings.setdefault(key, setting)
    mine.config.framework = mine.config.framework or theirs.config.framework
    mine.config.partial = mine.config.partial or theirs.config.partial
