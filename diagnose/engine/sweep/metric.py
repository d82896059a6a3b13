"""Which metric the runs are ranked by, in which direction, and what each run came to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from diagnose.engine.sweep.entry import OBJECTIVE, Entry, is_curve
from diagnose.engine.sweep.scale import Scales
from diagnose.engine.sweep.spelling import Key, goal_of, key_of
from diagnose.errors import SettingsError, did_you_mean
from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.model import Point, Series
from diagnose.names import canonical, slug, split_of
from diagnose.records import dataclass

ASKED = ("main_score()", 'main_loss("val")', 'main_score("test")', 'main_score("train")', 'main_loss("train")')
"""What speaks for a run, the surest first."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric of a sweep.

    Attributes:
        name: canonical; other spellings of it are found by ``key``.
        goal: ``max`` or ``min``.
        how: why it was chosen; empty if it speaks for most runs.
    """

    name: str
    printed: str
    goal: str
    how: str

    @property
    def key(self) -> Key:
        """What its spellings share."""
        return key_of(self.name)


def choose(entries: Sequence[Entry], wanted: str, goal: str) -> Metric | None:
    """Return the metric that the user names, or the one that speaks for most runs; None if they have none.

    Raises:
        SettingsError: if no run has what the user names, or nobody knows its direction.
    """
    if wanted:
        return _named(entries, wanted, goal)
    found = _objective(entries, goal)
    if found is not None and found.goal:
        return found
    scored = _asked(entries, goal)
    if found is not None and scored is None:
        raise SettingsError(
            "nobody knows whether the objective of the search is better high or low",
            mend="add --goal max or --goal min",
        )
    return scored


def _asked(entries: Sequence[Entry], goal: str) -> Metric | None:
    """Return the score or loss that speaks for most runs."""
    for asked in ASKED:
        tally: Counter[Key] = Counter()
        first: dict[Key, Series] = {}
        for entry in sorted(entries, key=lambda one: not one.has_curve):
            series = _ask(asked, entry)
            if series is not None:
                key = key_of(series.name)
                tally[key] += 1
                first.setdefault(key, series)
        if tally:
            series = first[tally.most_common(1)[0][0]]
            return Metric(series.name, series.printed, goal or goal_of(series.name) or "max", "")
    return None


def _named(entries: Sequence[Entry], wanted: str, goal: str) -> Metric:
    names = Counter(name for entry in entries for name in entry.segment.series)
    exact = next((name for name in (wanted, canonical(wanted), f"val/{slug(wanted)}") if name in names), None)
    key = key_of(wanted)
    near = [name for name in names if key_of(name) == key]
    name = exact or (max(near, key=lambda one: names[one]) if near else None)
    if name is None:
        mend = did_you_mean(wanted, names) or f"the runs have {', '.join(sorted(names)[:12]) or 'no metric at all'}"
        raise SettingsError(f"no run has the metric {wanted!r}", mend=mend)
    series = next(entry.segment.series[name] for entry in entries if name in entry.segment.series)
    goal = goal or goal_of(name) or next((entry.goal for entry in entries if entry.goal), "")
    if not goal:
        raise SettingsError(
            f"nobody knows whether {wanted!r} is better high or low", mend="add --goal max or --goal min"
        )
    return Metric(name, series.printed, goal, "named")


def _objective(entries: Sequence[Entry], goal: str) -> Metric | None:
    """Return the objective of a search, which all its trials share, with the direction that the search states."""
    having = [entry for entry in entries if OBJECTIVE in entry.segment.series or _score(entry) is not None]
    if not having or len(having) * 2 < sum(bool(entry.segment.series) for entry in entries):
        return None
    for entry in having:
        if OBJECTIVE not in entry.segment.series and (series := _score(entry)) is not None:
            entry.segment.series[OBJECTIVE] = series
            entry.goal = entry.goal or goal_of(series.printed)
    stated = Counter(entry.goal for entry in having if entry.goal)
    chosen = goal or (stated.most_common(1)[0][0] if stated else "")
    printed = Counter(series.printed for entry in having if (series := entry.segment.series.get(OBJECTIVE)) is not None)
    return Metric(OBJECTIVE, printed.most_common(1)[0][0], chosen, "the objective of the search")


def rivals(entries: Sequence[Entry], metric: Metric | None) -> dict[int, str]:
    """Return the trials whose study wants the other way, by identity, each with what must be said of it."""
    goals = {entry.goal for entry in entries if entry.goal}
    if metric is None or metric.name != OBJECTIVE or len(goals) < 2:
        return {}
    words = {"max": "maximises", "min": "minimises"}
    return {
        id(entry): f"its study {entry.study} {words[entry.goal]}: rank it with --goal {entry.goal}".replace("  ", " ")
        for entry in entries
        if entry.goal and entry.goal != metric.goal
    }


def _score(entry: Entry) -> Series | None:
    """Return the score that Keras Tuner gives a trial, named after the metric it equals."""
    stated = next(
        (event for event in entry.segment.events_of("best_summary") if event.fields.get("metric") == OBJECTIVE),
        None,
    )
    if stated is None or entry.format != "keras-tuner":
        return None
    value = float(stated.fields["value"])
    equal = [series for series in entry.segment.series.values() if np.any(series.value == value)]
    equal.sort(key=lambda series: split_of(series.name) != "val")
    if not equal:
        return None
    return Series(OBJECTIVE, equal[0].name, equal[0].path, equal[0].value, equal[0].step, equal[0].epoch, equal[0].line)


def _ask(text: str, entry: Entry) -> Series | None:
    try:
        found = evaluate(parse(text), Scope(entry.segment))
    except MissingError:
        return None
    return found if isinstance(found, Series) and np.isfinite(found.value).any() else None


def series_in(entry: Entry, key: Key, exact: str = "") -> Series | None:
    """Return the series of a metric in a run, whatever its spelling; a curve before a lone summary."""
    named = entry.segment.series.get(exact)
    if named is not None and is_curve(named):
        return named
    others = [series for name, series in entry.segment.series.items() if key_of(name) == key]
    return next((series for series in others if is_curve(series)), named or next(iter(others), None))


@dataclass(frozen=True, slots=True)
class Value:
    """What a run came to: the best point and the last, on the natural scale, and the whole curve.

    Attributes:
        counted: whether the epochs of the curve are told by nobody, and only the place of each value is known.
    """

    best: Point
    last: Point
    curve: tuple[tuple[float, float], ...]
    counted: bool = False


def value_of(series: Series, goal: str, known: Scales) -> Value | None:
    """Return the best and the last value of a series; None if it holds no number, or none that can be believed."""
    finite = np.flatnonzero(np.isfinite(series.value))
    factor = known.factor(series)
    if not len(finite) or math.isnan(factor):
        return None
    values = series.value[finite] if factor == 1.0 else np.round(series.value[finite] / factor, 12)
    pick = int(values.argmax() if goal == "max" else values.argmin())

    def point(index: int) -> Point:
        at = series.point(int(finite[index]))
        return Point(
            float(values[index]), path=series.path, line=at.line, step=at.step, epoch=at.epoch, series=series.name,
            scale=factor,
        )  # fmt: skip

    epochs = series.epoch[finite]
    counted = not np.isfinite(epochs).all()
    if counted:
        epochs = np.arange(1.0, len(finite) + 1) if len(finite) > 1 else epochs
    curve = tuple(zip(epochs.tolist(), values.tolist(), strict=True)) if len(finite) > 1 or is_curve(series) else ()
    return Value(point(pick), point(len(finite) - 1), tuple(pair for pair in curve if math.isfinite(pair[0])), counted)
