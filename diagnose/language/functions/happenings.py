"""Events, facts and settings: what happened, what is known, and what to use where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnose.language.functions.registry import Registry
from diagnose.language.values import Mask, MissingError, ValueTypeError
from diagnose.model import Event, Place
from diagnose.names import event_kinds

function = Registry()


def _events(scope: Any, kind: Any) -> Sequence[Event]:
    if kind not in event_kinds():
        raise ValueTypeError(f"unknown event kind {kind!r}")
    found: Sequence[Event] = scope.segment.events_of(kind)
    return found


@function
def seen(scope: Any, kind: Any) -> bool:
    """Whether an event of this kind happened in the segment."""
    return bool(_events(scope, kind))


@function
def count_of(scope: Any, kind: Any) -> float:
    """How many events of this kind happened in the segment."""
    return float(len(_events(scope, kind)))


@function
def events(scope: Any, kind: Any) -> list[Event]:
    """All events of a kind; may be empty."""
    return list(_events(scope, kind))


@function
def first_event(scope: Any, kind: Any) -> Event:
    """First event of a kind. Missing if there is none."""
    found = _events(scope, kind)
    if not found:
        raise MissingError(f"event {kind}")
    return found[0]


@function
def last_event(scope: Any, kind: Any) -> Event:
    """Last event of a kind. Missing if there is none."""
    found = _events(scope, kind)
    if not found:
        raise MissingError(f"event {kind}")
    return found[-1]


@function
def end_of(event: Any) -> Event:
    """The line on which an event that takes several lines ends: the error of a traceback."""
    if not isinstance(event, Event):
        raise ValueTypeError("`end_of` needs an event")
    end = event.fields.get("ends")
    return Event(event.kind, Place(event.place.path, int(end)), event.fields) if end else event


@function
def lines_after(scope: Any, event: Any) -> float:
    """Lines of the segment that follow the end of an event, whatever they hold."""
    return float(max(scope.segment.last_line - end_of(event).place.line, 0))


@function
def default(lazy_value: Any, lazy_otherwise: Any) -> Any:
    """The value, or the second argument where the log lacks something the first depends on."""
    try:
        return lazy_value()
    except MissingError:
        return lazy_otherwise()


@function
def where_true(lazy_condition: Any, lazy_value: Any) -> Any:
    """The value if the condition holds. Missing otherwise: a case distinction together with `default`."""
    held = lazy_condition()
    if not (held.where.any() if isinstance(held, Mask) else held):
        raise MissingError("what a condition asks for")
    return lazy_value()


@function
def has(lazy_value: Any) -> bool:
    """Whether the log holds what a value depends on: `has(fact.batch_size)`."""
    try:
        lazy_value()
    except MissingError:
        return False
    return True


@function
def nearest_key(mapping: Any, number: Any) -> str:
    """Key of the mapping whose value is nearest to a number. Missing if the mapping holds no numbers."""
    if not isinstance(mapping, dict):
        raise ValueTypeError("`nearest_key` needs a mapping")
    numbers = {str(key): float(value) for key, value in mapping.items() if isinstance(value, int | float)}
    if not numbers:
        raise MissingError("numbers in the mapping")
    return min(numbers, key=lambda key: abs(numbers[key] - float(number)))


@function
def shares(mapping: Any) -> dict[str, float]:
    """A mapping of counts or weights, scaled so that its values sum to 1."""
    if not isinstance(mapping, dict):
        raise ValueTypeError("`shares` needs a mapping")
    numbers = {key: float(value) for key, value in mapping.items() if isinstance(value, int | float)}
    total = sum(numbers.values())
    if not total:
        raise MissingError("positive numbers in the mapping")
    return {key: value / total for key, value in numbers.items()}


@function
def lower(text: Any) -> str:
    """A text in lower case."""
    return str(text).lower()


@function
def one_column(scope: Any) -> Event:
    """First confusion matrix with all predictions in one column and at least two true classes. Missing if none."""
    for event in _events(scope, "confusion_matrix"):
        rows = [row for row in event.fields.get("rows") or [] if isinstance(row, list) and sum(row) > 0]
        columns = [sum(column) for column in zip(*rows, strict=False)]
        if len(rows) >= 2 and sum(count > 0 for count in columns) == 1:
            return event
    raise MissingError("a confusion matrix with one column")
