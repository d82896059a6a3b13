"""How far a run got, and what its other segments hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.model import Event, Place, Segment, Series

NAN = math.nan


def series(name: str, values: list[float], *, epochs: list[float], steps: list[float], line: int = 1) -> Series:
    columns = [np.array(column, dtype=np.float64) for column in (values, steps, epochs)]
    return Series(name, name, "run.log", *columns, np.arange(line, line + len(values)))


def event(kind: str, line: int, text: str = "", **fields: Any) -> Event:
    return Event(kind, Place("run.log", line, 1, text), fields)


def scope(*columns: Series, events: tuple[Event, ...] = (), before: Segment | None = None) -> Scope:
    segment = Segment("", 0 if before is None else 1, "run.log", 1, 99)
    segment.series = {column.name: column for column in columns}
    segment.events = list(events)
    return Scope(segment, segments=[segment] if before is None else [before, segment])


LOSS = series("train/loss", [3, 2, NAN, 1, 1], epochs=[0.5, 1, 1.5, 2, 2.4], steps=[10, 20, 30, 40, 48])
CHECKED = series("val/loss", [2, 1], epochs=[1, 2], steps=[NAN, NAN], line=40)
RUN = scope(
    LOSS,
    CHECKED,
    events=(event("warning", 3, "Be careful", category="UserWarning"), event("missing_files", 4, count=7)),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last_epoch()", 2.4),
        ("last_step()", 48),
        ("step_gap()", 10),
        ("records()", 7),
        ("records('train')", 5),
        ("records('test')", 0),
        ("records_after(first_event('warning'))", 4),
        ("last(steps_of(train/loss))", 48),
        ("count(epochs_of(val/loss))", 2),
        ("last(epoch_sizes(train/loss))", 1),
        ("sum(epoch_sizes(train/loss))", 5),
        ("says(first_event('warning'), 'CAREFUL')", True),
        ("says(first_event('warning'), 'harm', 'userwarning')", True),
        ("says('No space left', 'memory')", False),
        ("count(saying('careful'))", 1),
        ("count(saying('careful', 'traceback'))", 0),
        ("sum_of('missing_files', 'count')", 7),
        ("segments_with('warning')", 1),
        ("default(previous.epochs, -1)", -1),
        ("default(seen_before('warning'), 'none')", "none"),
        ("default(where_true(false, 1), 2)", 2),
    ],
)
def test_values(text: str, expected: Any) -> None:
    assert evaluate(parse(text), RUN) == expected


def test_last_record_is_the_point_on_the_last_line() -> None:
    point = evaluate(parse("last_record()"), RUN)

    assert (float(point), point.line, point.series) == (1, 41, "val/loss")


@pytest.mark.parametrize(
    "text", ["last_epoch()", "last_step()", "step_gap()", "last_record()", "sum_of('missing_files', 'count')"]
)
def test_nothing_is_missing_not_zero(text: str) -> None:
    with pytest.raises(MissingError):
        evaluate(parse(text), scope())


def test_a_single_step_is_its_own_gap() -> None:
    only = scope(series("train/loss", [3], epochs=[1], steps=[50]))

    assert evaluate(parse("step_gap()"), only) == 50


def test_steps_that_are_unknown_are_missing() -> None:
    with pytest.raises(MissingError):
        evaluate(parse("steps_of(val/loss)"), RUN)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.8125, 0.75, 0.6875], 16), ([0.5, NAN, 0.7143, 0.7857], 14), ([0.0, 0.5, 1.0], 2), ([0.1, 0.3, 0.7], 10)],
)
def test_denominator(values: list[float], expected: float) -> None:
    count = len(values)
    data = scope(series("val/accuracy", values, epochs=list(range(count)), steps=[NAN] * count))

    assert evaluate(parse("denominator(val/accuracy)"), data) == expected


@pytest.mark.parametrize("values", [[0.51237, 0.62194, 0.70148], [0.5, 0.5, 0.75]])
def test_values_of_no_small_sample_have_no_denominator(values: list[float]) -> None:
    data = scope(series("val/accuracy", values, epochs=[1, 2, 3], steps=[NAN] * 3))

    with pytest.raises(MissingError):
        evaluate(parse("denominator(val/accuracy, 50)"), data)


def test_the_segment_before_is_reached_by_name() -> None:
    before = scope(LOSS, events=(event("killed", 9),)).segment
    now = scope(series("train/loss", [1.0], epochs=[3], steps=[60]), before=before)

    assert evaluate(parse("last(previous['train/loss'])"), now) == 1
    assert evaluate(parse("previous.epochs"), now) == 3
    assert evaluate(parse("seen_before('killed')"), now) is True
    assert evaluate(parse("segments_with('killed')"), now) == 1


def test_difference_is_the_share_of_mass_that_moves() -> None:
    data = Scope(RUN.segment, values={"a": {"x": 0.5, "y": 0.5}, "b": {"x": 0.2, "y": 0.8}, "c": {"z": 1.0}})

    assert evaluate(parse("difference(a, b)"), data) == pytest.approx(0.3)
    with pytest.raises(MissingError):
        evaluate(parse("difference(a, c)"), data)
