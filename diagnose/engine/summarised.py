"""A summary of results read together with the runs it summarises, which lie in folders beside it."""

from __future__ import annotations

import os
from pathlib import Path

from diagnose import logs
from diagnose.engine.enrich import enrich
from diagnose.model import Place, Run, Segment
from diagnose.records import replace
from diagnose.sources import Source

BASELINE = frozenset({"baseline", "reference", "control"})
"""Names of a segment that others are compared with; it is not judged itself."""


def with_its_runs(run: Run, limit: int) -> tuple[Run, dict[str, Source]]:
    """Return a run whose segments are filled from the folders that bear their names, and the sources read for it.

    A results file with sections for ``baseline`` and ``changed`` beside the folders ``baseline/`` and ``changed/`` says
    of each run less than its log does. The log leads; ``Segment.summary`` points to the section.
    """
    sources: dict[str, Source] = {}
    if len(run.segments) < 2:
        return run, sources
    home = os.path.dirname(run.path)  # noqa: PTH120
    for index, segment in enumerate(run.segments):
        folder = os.path.join(home, segment.name)  # noqa: PTH118 - a Path takes longer than the call
        if not segment.name or not os.path.isdir(folder) or Path(segment.name).name != segment.name:  # noqa: PTH112
            continue
        from diagnose.engine.inputs import collect
        from diagnose.engine.merge import merge

        given = [item for item in collect([folder], limit=limit) if item.error is None]
        if len(given) != 1:
            continue
        found = [read for source in given[0].sources if (read := logs.read(source)) is not None]
        if not found or not (read := enrich(merge(found))).segments:
            continue
        sources.update({source.path: source for source in given[0].sources})
        run.segments[index] = _filled(segment, read.segments[-1])
    return run, sources


def _filled(section: Segment, logged: Segment) -> Segment:
    from diagnose.engine.merge import add

    place = Place(section.path, section.first_line)
    filled = replace(logged, name=section.name, index=section.index, summary=place)
    add(filled, section, series=not logged.series)
    return filled


def baseline_of(run: Run) -> Segment | None:
    """Return the segment that the others are compared with, if the run has one."""
    if len(run.segments) < 2:
        return None
    return next((segment for segment in run.segments if segment.name.lower() in BASELINE), None)
