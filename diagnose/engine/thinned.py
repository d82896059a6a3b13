"""What is said of a run whose series were too long to be held whole."""

from __future__ import annotations

from diagnose.model import Run
from diagnose.text.wording import plural


def told_of_thinning(run: Run) -> list[str]:
    """Return a note on the points that were left out; none if all are there."""
    thinned = [series for segment in run.segments for series in segment.series.values() if series.thinned]
    if not thinned:
        return []
    longest = max(thinned, key=lambda series: series.total)
    return [
        f"{run.path}: {plural(len(thinned), 'series')} thinned: of {longest.printed}, {len(longest):,} of "
        f"{longest.total:,.0f} points were kept, with the first, the last, the extremes and what is not finite; "
        "other statistics are estimates"
    ]
