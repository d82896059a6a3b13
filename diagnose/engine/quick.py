"""Which rules have something to look at in a segment, and in a fleet their conditions, ready for segments like it.

In a fleet the same outline comes again and again. What its names alone decide is then decided already, and of what is
left, that which several rules ask for is worked out once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diagnose.engine.shortlist import Shortlist
from diagnose.engine.view import View
from diagnose.language.outline import Outline, outline_of
from diagnose.model import Segment

if TYPE_CHECKING:
    from diagnose.engine.ready import Made, Todo

OFTEN = 8
"""The segment of an outline for which rules are made ready: that costs what it saves in so many."""
MOST, MOST_SEEN = 32, 1024
"""Outlines for which rules are kept ready, and that are counted."""
MOST_POINTS = 1 << 13
"""Points up to which a series is short: what is made of longer ones is not kept."""


class Quick:
    """Tells what rules of a shortlist have to do in a segment."""

    def __init__(self, shortlist: Shortlist, thresholds: Mapping[str, Mapping[str, Any]]) -> None:
        """Take rules, and thresholds by the names of rules."""
        self._shortlist, self._thresholds = shortlist, thresholds
        self._seen: Counter[Outline] = Counter()
        self._made: dict[Outline, Made] = {}

    def of(self, view: View) -> tuple[Todo, Mapping[str, str], frozenset[str]]:
        """Return rules to apply to a segment, what it lacks by the names of others, and which surely find nothing."""
        outline = outline_of(view.segment, view.run.format, compared=view.baseline is not None)
        often = self._often(outline) and _is_told_by_names(view.segment)
        if often and outline in self._made:
            return self._made[outline].of(view)
        rules, lacks = self._shortlist.of(view)
        if not often:
            return [(rule, None, False) for rule in rules], lacks, frozenset()
        from diagnose.engine.ready import Made

        if len(self._made) >= MOST:
            oldest = next(iter(self._made))
            self._seen[oldest] = 0
            del self._made[oldest]
        made = self._made[outline] = Made(rules, lacks, view, outline, self._thresholds)
        return made.of(view)

    def _often(self, outline: Outline) -> bool:
        if len(self._seen) > MOST_SEEN:
            self._seen.clear()
        self._seen[outline] += 1
        return self._seen[outline] >= OFTEN


def _is_told_by_names(segment: Segment) -> bool:
    """Whether names tell enough of a segment: its series have points, though not many, and nothing is compared."""
    return segment.changes is None and all(
        series.name == name and 0 < len(series.value) <= MOST_POINTS for name, series in segment.series.items()
    )
