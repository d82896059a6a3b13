"""A run as it stood at an earlier moment: what its log had said by an epoch or step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from diagnose.errors import SettingsError
from diagnose.model import Event, Run, Segment, Series

EPOCH, STEP = "epoch", "step"
GIVEN = re.compile(r"\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*(epochs?|steps?|iterations?|iters?)\s*", re.IGNORECASE)
SLACK = 1.1
"""A run that is so far beyond the cut in steps, or an epoch, will not report on the cut any more."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment of a run.

    Attributes:
        unit: ``epoch`` or ``step``.
        at: its number, epochs counted from 1.
    """

    unit: str
    at: float

    @property
    def text(self) -> str:
        """``epoch 5``."""
        return f"{self.unit} {self.at:g}"


def read_cut(text: str) -> Cut | None:
    """Return the cut that the user asks for, ``5 epochs`` or ``2000 steps``; None for ``none``.

    Raises:
        SettingsError: for anything else.
    """
    if text.strip().lower() == "none":
        return None
    match = GIVEN.fullmatch(text)
    if match is None or float(match[1]) <= 0:
        raise SettingsError(f"--cut {text!r}: no moment of a run", mend="write `5 epochs`, `2000 steps` or `none`")
    return Cut(EPOCH if match[2][0].lower() == "e" else STEP, float(match[1]))


def moments(run: Run) -> list[Cut]:
    """Return the moments that the series of a run name, in order: its epochs, else its steps."""
    for unit in (EPOCH, STEP):
        found: set[float] = set()
        for series in _series(run):
            column = _column(series, unit)
            found.update(math.ceil(one - 1e-9) for one in column[np.isfinite(column)].tolist())
        if len(found) > 1:
            return [Cut(unit, float(at)) for at in sorted(found) if at > 0]
    return []


def before(run: Run, cut: Cut) -> Run:
    """Return what a run had said by a moment."""
    return replace(run, segments=[_segment(segment, cut) for segment in run.segments])


def reached(run: Run, cut: Cut, needed: Iterable[str]) -> bool:
    """Return whether a run has said all it has to say up to a moment.

    Args:
        run: what was read so far.
        cut: the moment.
        needed: names of the series that must have got there; a run that is well beyond the cut will not log them.
    """
    wanted = set(needed)
    own = [_last(series, cut.unit) for series in _series(run) if series.name in wanted]
    if own and min(own) >= cut.at:
        return True
    furthest = max((_last(series, cut.unit) for series in _series(run)), default=0.0)
    if not wanted and furthest >= cut.at:
        return True
    return furthest >= (cut.at + 1 if cut.unit == EPOCH else cut.at * SLACK)


def _series(run: Run) -> Iterable[Series]:
    return (series for segment in run.segments for series in segment.series.values())


def _column(series: Series, unit: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return series.epoch if unit == EPOCH else series.step


def _last(series: Series, unit: str) -> float:
    column = _column(series, unit)
    column = column[np.isfinite(column)]
    return float(column.max()) if len(column) else 0.0


def _segment(segment: Segment, cut: Cut) -> Segment:
    kept: dict[str, Series] = {}
    line = 0
    for series in segment.series.values():
        column = _column(series, cut.unit)
        inside = np.isfinite(column) & (column <= cut.at + 1e-9)
        if inside.any():
            line = max(line, int(series.line[inside].max()))
    whole = not any(np.isfinite(_column(series, cut.unit)).any() for series in segment.series.values())
    for name, series in segment.series.items():
        column = _column(series, cut.unit)
        inside = np.where(np.isfinite(column), column <= cut.at + 1e-9, (series.line <= line) | whole)
        if inside.all():
            kept[name] = series
        elif inside.any():
            kept[name] = series.take(inside)
    dropped = len(kept) < len(segment.series) or any(len(kept[name]) < len(segment.series[name]) for name in kept)
    events = [event for event in segment.events if not dropped or _by_then(event, cut, line)]
    return replace(segment, series=kept, events=events)


def _by_then(event: Event, cut: Cut, line: int) -> bool:
    at = event.fields.get(cut.unit)
    if isinstance(at, int | float) and math.isfinite(at):
        return at <= cut.at
    return event.place.line <= line
