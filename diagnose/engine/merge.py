"""The runs read from several files of one folder as one run."""

from __future__ import annotations

from diagnose.model import Run, Segment


def merge(runs: list[Run]) -> Run:
    """Return one run: the file with the most points leads, the others add what it lacks.

    Series are added only where both files hold the same number of segments, since otherwise nobody can tell which
    belongs to which; events and facts of the others go to the last segment that has none of their kind.
    """
    leader, *others = sorted(runs, key=_points, reverse=True)
    merged = Run(leader.path, leader.format, leader.segments, [path for run in [leader, *others] for path in run.paths])
    for other in others:
        if not merged.segments:
            merged.segments = other.segments
        elif len(other.segments) == len(merged.segments):
            for mine, theirs in zip(merged.segments, other.segments, strict=True):
                add(mine, theirs, series=True)
        else:
            for theirs in other.segments:
                add(merged.segments[-1], theirs, series=False)
    return merged


def _points(run: Run) -> int:
    return sum(len(series) for segment in run.segments for series in segment.series.values())


def add(mine: Segment, theirs: Segment, *, series: bool) -> None:
    """Add what *theirs* knows and *mine* does not: events of new kinds, facts, settings, and series if asked."""
    if series:
        for name, column in theirs.series.items():
            mine.series.setdefault(name, column)
    kinds = {event.kind for event in mine.events}
    mine.events.extend(event for event in theirs.events if event.kind not in kinds)
    for name, fact in theirs.facts.items():
        mine.facts.setdefault(name, fact)
    for key, setting in theirs.config.settings.items():
        mine.config.settings.setdefault(key, setting)
