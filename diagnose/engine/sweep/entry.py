"""One run as it was read, before runs are compared."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from diagnose.model import Event, Place, Segment, Series, Setting
from diagnose.records import dataclass, field

OBJECTIVE = "objective"
STEPS = "objective/steps"
"""What a trial told its search on the way."""


@dataclass(slots=True, eq=False)
class Entry:
    """One run.

    Attributes:
        name: unique once all are read.
        segment: its series, events, facts and config.
        paths: the files that tell of it.
        state: what a study says became of it: ``failed``, ``pruned``, ``running``, or empty.
        reason: what a study or table says of that.
        goal: the direction that a study states for its objective; empty if none.
        study: the name of the study whose trial it is; empty if it is of none.
        bounds: the range of a setting that a study states.
        ran, plan: the epochs that a search gave to a trial, and those of a full run; 0 if they are not known.
        stated: events of summaries in other files that speak of this run.
        notes: what must be said of how it was read.
    """

    name: str
    format: str
    segment: Segment
    paths: tuple[str, ...] = ()
    state: str = ""
    reason: str = ""
    goal: str = ""
    study: str = ""
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    ran: int = 0
    plan: int = 0
    stated: list[Event] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def has_curve(self) -> bool:
        """Whether it holds values of epochs or steps, not only a summary."""
        return any(is_curve(series) for series in self.segment.series.values())


def is_curve(series: Series) -> bool:
    """Whether a series tells epochs or steps: the best and last value of a summary have neither."""
    return len(series) > 2 or bool((np.isfinite(series.epoch) | np.isfinite(series.step)).all())


def series_of(name: str, printed: str, path: str, line: int, points: Iterable[tuple[float, float]]) -> Series:
    """Return a series of (epoch, value) that all stand at one place."""
    pairs = list(points)
    epochs = np.array([epoch for epoch, _ in pairs], dtype=np.float64)
    values = np.array([value for _, value in pairs], dtype=np.float64)
    nowhere = np.full(len(pairs), np.nan)
    return Series(name, printed, path, values, nowhere, epochs, np.full(len(pairs), line, dtype=np.int64))


def segment_of(name: str, path: str, line: int, settings: dict[str, object]) -> Segment:
    """Return a segment for a run of which a results file has one row."""
    segment = Segment(name, 0, path, line, line)
    for key, value in settings.items():
        segment.config.settings[key] = Setting(key, value, Place(path, line))
    return segment
