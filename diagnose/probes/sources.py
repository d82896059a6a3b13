"""Where a segment of a run tells a parameter: small functions that a mechanism names, tried in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from diagnose.model import Place
from diagnose.probes.declare import Found, Source

if TYPE_CHECKING:
    from diagnose.model import Segment

Number = Callable[[Any], Any]


def fact(name: str, read: Number = lambda value: value) -> Source:
    """Look up a fact; *read* turns its value into the parameter, or returns None."""

    def look(segment: Segment) -> Found | None:
        known = segment.facts.get(name)
        value = None if known is None else read(plain(known.value))
        return None if known is None or value is None else Found(value, (known.place,))

    return look


def setting(name: str, read: Number = lambda value: value) -> Source:
    """Look up a setting of the run's config by its canonical name; *read* as for ``fact``."""

    def look(segment: Segment) -> Found | None:
        known = segment.config.get(name)
        value = None if known is None else read(plain(known.value))
        return None if known is None or value is None else Found(value, (known.place,))

    return look


def series(name: str, pick: Callable[[list[float]], float] = max) -> Source:
    """Look up a curve (``lr``) and take one number of its finite points, the largest unless told otherwise."""

    def look(segment: Segment) -> Found | None:
        known = segment.series.get(name)
        points = [] if known is None else [known.point(index) for index in range(len(known))]
        finite = [point for point in points if math.isfinite(point)]
        if not finite:
            return None
        value = pick([float(point) for point in finite])
        return Found(value, (next((point for point in finite if point == value), finite[0]).place,))

    return look


def event(kind: str, field: str, read: Number = lambda value: value) -> Source:
    """Look up a numeric field of the last event of a kind; *read* as for ``fact``."""

    def look(segment: Segment) -> Found | None:
        for one in reversed(segment.events_of(kind)):
            value = read(one.fields.get(field))
            if value is not None:
                return Found(value, (one.place,))
        return None

    return look


def reached(segment: Segment) -> Found | None:
    """Look up the last epoch that a segment came to: a run may end long before the epochs that were planned."""
    epochs = segment.epochs
    if epochs < 1:
        return None
    return Found(epochs, (Place(segment.path, segment.last_line),), "epochs that the log came to")


def patience(segment: Segment) -> Found | None:
    """Look up a stated patience, else the epochs between the restored epoch and the early stop."""
    stated = fact("patience", whole)(segment)
    stop = next(iter(segment.events_of("early_stop")), None)
    back = next(iter(segment.events_of("weights_restored")), None)
    if stated is not None or stop is None or back is None:
        return stated
    ends = number(stop.fields.get("epoch")), number(back.fields.get("epoch"))
    if ends[0] is None or ends[1] is None or ends[0] - ends[1] < 1:
        return None
    return Found(int(ends[0] - ends[1]), (back.place, stop.place), "epochs from the restored one to the stop")


def numbers(value: Any) -> tuple[float, ...] | None:
    """Read a list of numbers, or the values of a mapping in the order of its keys; None if it is something else."""
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value, key=_key)]
    if not isinstance(value, list | tuple) or not value:
        return None
    if not all(isinstance(one, float | int) and math.isfinite(one) for one in value):
        return None
    return tuple(float(one) for one in value)


def whole(value: Any) -> int | None:
    """Read a whole number of 1 or more; None if it is something else."""
    return int(value) if isinstance(value, float | int) and math.isfinite(value) and value >= 1 else None


def number(value: Any) -> float | None:
    """Read a finite number; None if it is something else."""
    return float(value) if isinstance(value, float | int) and math.isfinite(value) else None


def optimizer_of(value: Any) -> str | None:
    """Read the family of an optimizer: ``sgd``, or ``adam`` for it and its like; None for others and what is none."""
    word = value.casefold() if isinstance(value, str) else ""
    if "sgd" in word or word == "momentum":
        return "sgd"
    return "adam" if "adam" in word or "lamb" in word else None


def plain(value: Any) -> Any:
    """Return numbers as numbers where a config holds them as text, everything else as it is."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return None if isinstance(value, bool) else value


def _key(key: Any) -> tuple[int, float, str]:
    try:
        return 0, float(key), ""
    except (TypeError, ValueError):
        return 1, 0.0, str(key)
