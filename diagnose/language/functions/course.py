"""The course of a run: how far it got, how its records lie on epochs and steps, what stands in its other segments."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnose.language.functions import thinned
from diagnose.language.functions.registry import Registry, a_series, different, finite, middle, number_of_different
from diagnose.language.values import MissingError, ValueTypeError
from diagnose.model import Event, Point, Segment, Series
from diagnose.model.events import Events
from diagnose.names import event_kinds, split_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

function = Registry()
AT_ONCE = 1 << 16
"""Products that are looked at at once."""


def _all(scope: Any) -> list[Series]:
    return [series for series in scope.segment.series.values() if len(series.value)]


def _axis(scope: Any, axis: str) -> float:
    columns = _apart(getattr(series, axis) for series in _all(scope))
    highest = math.nan
    for column in columns:
        value = column.item(column.argmax())
        if math.isnan(value):
            value = float(np.fmax.reduce(column))  # NaN if there is nothing else
        highest = highest if value <= highest or math.isnan(value) else value
    if math.isnan(highest):
        raise MissingError(f"{axis} numbers")
    return highest


def _apart(columns: Iterable[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return columns once each: those of what one line printed are often the same."""
    return list({id(column): column for column in columns}.values())


@function
def last_epoch(scope: Any) -> float:
    """Last epoch that a point names, with its fraction: 2.4. Missing if none does."""
    return _axis(scope, "epoch")


@function
def last_step(scope: Any) -> float:
    """Last optimizer step that a point names. Missing if none does."""
    return _axis(scope, "step")


@function
def step_gap(scope: Any) -> float:
    """Usual distance in steps from one training record to the next; the step of a single one. Missing without steps."""
    columns = _apart(series.step for series in _all(scope) if split_of(series.name) not in ("val", "test"))
    steps = different(np.concatenate(columns)) if columns else np.empty(0)
    steps = steps[np.isfinite(steps)]
    if not len(steps):
        raise MissingError("steps of training")
    return float(middle(steps[1:] - steps[:-1])) if len(steps) > 1 else float(steps[0])


@function
def last_record(scope: Any) -> Point:
    """The point on the last line of the segment that holds any. Missing if there are no points."""
    found = _all(scope)
    if not found:
        raise MissingError("points")
    return max(found, key=lambda series: int(series.line[-1])).point(-1)


@function
def records(scope: Any, split: Any = "") -> float:
    """Number of lines (or records) that hold points, of one split or of all; the learning rate has no split."""
    named = scope.segment.series.items()
    found = [series for name, series in named if not split or split_of(name) == split]
    if any(series.weight is not None for series in found):
        return thinned.rows_of(found)
    columns = _apart(series.line for series in found)
    return float(number_of_different(np.concatenate(columns))) if columns else 0.0


@function
def records_after(scope: Any, event: Any) -> float:
    """Number of lines with points after an event or point of the segment."""
    line = event.line if isinstance(event, Point) else event.place.line if isinstance(event, Event) else None
    if line is None:
        raise ValueTypeError("`records_after` needs an event or a point")
    found = [series for series in _all(scope) if series.path == scope.segment.path]
    if any(series.weight is not None for series in found):
        return thinned.rows_of(found, line)
    lines = _apart(series.line for series in found)
    columns = [column[column > line] for column in lines]
    return float(number_of_different(np.concatenate(columns))) if columns else 0.0


def _with(series: Series, value: Any) -> Series:
    return series.valued(np.asarray(value, dtype=np.float64))


@function
def steps_of(series: Any) -> Series:
    """The steps of a series' points as values. Missing if the log has none."""
    return _positions(series, "step")


@function
def epochs_of(series: Any) -> Series:
    """The epochs of a series' points as values. Missing if the log has none."""
    return _positions(series, "epoch")


def _positions(series: Any, axis: str) -> Series:
    points = a_series(series, f"{axis}s_of")
    return finite(_with(points, getattr(points, axis)))


@function
def epoch_sizes(series: Any) -> Series:
    """Number of points in each epoch, in order. Missing if the epochs are not known."""
    points = _positions(series, "epoch")
    epochs = np.ceil(points.value)
    last = np.flatnonzero(np.append(epochs[1:] != epochs[:-1], True))
    number = last if points.index is None else points.index[last]
    return _with(points.take(last), np.diff(number, prepend=-1))


@function
def denominator(series: Any, most: Any = 100.0) -> float:
    """Smallest n up to *most* such that every value is a multiple of 1/n as printed; Missing if there is none.

    Accuracy on n samples takes such values. Fewer than three different values tell nothing.
    Nothing beyond 10,000 is tried.
    """
    values = different(finite(a_series(series, "denominator")).value)
    if len(values) < 3:
        raise MissingError("three different values")
    end = min(int(most), 10_000) + 1
    block = max(1, AT_ONCE // len(values))
    for start in range(1, end, block):
        numbers = np.arange(start, min(start + block, end), dtype=np.float64)
        products = numbers[:, None] * values
        near = np.abs(products - np.round(products)) <= np.minimum(0.05, numbers * 6e-5)[:, None]
        fitting = np.flatnonzero(near.all(axis=1))
        if len(fitting):
            return float(numbers[fitting[0]])
    raise MissingError(f"a common denominator up to {most:g}")


@function
def difference(left: Any, right: Any) -> float:
    """Share of mass that two mappings of shares place on different classes, in 0..1. Missing if no class is common."""
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise ValueTypeError("`difference` needs two mappings")
    if not set(left) & set(right):
        raise MissingError("common classes")
    return math.fsum(abs(float(left.get(key, 0)) - float(right.get(key, 0))) for key in {*left, *right}) / 2


@function
def says(value: Any, phrase: Any, second: Any = "", third: Any = "", fourth: Any = "") -> bool:
    """Whether the text of an event, or a text, contains one of the phrases, whatever the case."""
    phrases = [str(text).lower() for text in (phrase, second, third, fourth) if text]
    text = _said(value) if isinstance(value, Event) else str(value).lower()
    return any(phrase in text for phrase in phrases)


@function
def saying(scope: Any, phrase: Any, kind: Any = "") -> list[Event]:
    """Events of the segment (of one kind, if named) that contain a phrase, whatever the case; may be empty."""
    if kind and kind not in event_kinds():
        raise ValueTypeError(f"unknown event kind {kind!r}")
    sought = str(phrase).lower() if phrase else "\0"
    segment, memo = scope.segment, scope.memo
    events = segment.events
    if isinstance(events, Events) or memo is None:
        of_kind = segment.events_of(kind) if kind else events
        events = of_kind.that_may_say(sought) if isinstance(of_kind, Events) else of_kind
        return [event for event in events if sought in _said(event)]

    # A rule may ask this for each event: with what all of them say written out each time, a log of many takes for ever.
    def told(segment: Segment) -> list[tuple[Event, str]]:
        return [(event, _said(event)) for event in (segment.events_of(kind) if kind else segment.events)]

    def found(segment: Segment) -> list[Event]:
        return [event for event, text in memo.of_segment(f"said {kind}", told, segment) if sought in text]

    saying: list[Event] = memo.of_segment(f"saying {kind} {sought}", found, segment)
    return saying


def _said(event: Event) -> str:
    """Return all that an event says, in lower case."""
    text, fields = event.place.text, event.fields
    return (" ".join([text, *map(str, fields.values())]) if fields else text).lower()


@function
def sum_of(scope: Any, kind: Any, field: Any) -> float:
    """Sum of a number that events of a kind carry: `sum_of("missing_files", "count")`. Missing if none carries it."""
    if kind not in event_kinds():
        raise ValueTypeError(f"unknown event kind {kind!r}")
    found = [event.fields.get(str(field)) for event in scope.segment.events_of(kind)]
    numbers = [float(value) for value in found if isinstance(value, int | float) and math.isfinite(value)]
    if not numbers:
        raise MissingError(f"{kind}.{field}")
    return math.fsum(numbers)


@function
def segments_with(scope: Any, kind: Any) -> float:
    """Number of segments of the run in which an event of this kind happened."""
    if kind not in event_kinds():
        raise ValueTypeError(f"unknown event kind {kind!r}")
    return float(sum(kind in segment.kinds for segment in scope.segments))


@function
def seen_before(scope: Any, kind: Any) -> bool:
    """Whether an event of this kind happened in the segment before. Missing if there is none before."""
    if kind not in event_kinds():
        raise ValueTypeError(f"unknown event kind {kind!r}")
    if not scope.segment.index or not scope.segments:
        raise MissingError("a segment before")
    return kind in scope.segments[scope.segment.index - 1].kinds
