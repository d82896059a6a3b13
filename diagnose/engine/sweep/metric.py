"""Which metric the runs are ranked by, in which direction, and what each run came to."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from diagnose.engine.sweep.entry import OBJECTIVE, Entry, is_curve
from diagnose.errors import SettingsError, did_you_mean
from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.model import Point, Series
from diagnose.names import canonical, slug, split_of, traits

ASKED = ("main_score()", 'main_loss("val")', 'main_score("test")', 'main_score("train")', 'main_loss("train")')
"""What speaks for a run, the surest first."""
SAME = {"acc": "accuracy", "char": "character", "seq": "sequence", "avg": "mean", "prec": "precision"}
ASIDE = frozenset({"best", "final", "max", "min", "val", "valid", "validation", "last"})
PERCENT = 1.5
"""A share is never above one; a bounded score above this is printed in percent, and so are all of its file."""


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
    def key(self) -> tuple[str, frozenset[str]]:
        """What its spellings share."""
        return key_of(self.name)


@lru_cache(maxsize=4096)
def key_of(name: str) -> tuple[str, frozenset[str]]:
    """Return what spellings of a metric share: its split, and its words without regard to abbreviation and order."""
    known = canonical(name)
    split = split_of(known)
    base = known.removeprefix(f"{split}/") if split else known
    words = [SAME.get(word, word) for word in re.split(r"[\W_]+", slug(base)) if word]
    return split or "val", frozenset(word for word in words if word not in ASIDE)


def goal_of(name: str) -> str:
    """Return the direction of a metric as far as its name tells it; empty if it does not."""
    return {"higher": "max", "lower": "min"}.get(traits(name).better, "")


def choose(entries: Sequence[Entry], wanted: str, goal: str) -> Metric | None:
    """Return the metric that the user names, or the one that speaks for most runs; None if they have none.

    Raises:
        SettingsError: if no run has what the user names, or nobody knows its direction.
    """
    if wanted:
        return _named(entries, wanted, goal)
    found = _objective(entries, goal)
    if found is not None:
        return found
    for asked in ASKED:
        tally: Counter[tuple[str, frozenset[str]]] = Counter()
        first: dict[tuple[str, frozenset[str]], Series] = {}
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
    goal = goal or (stated.most_common(1)[0][0] if stated else "")
    how = "the objective of the search"
    if not goal:
        goal, how = "max", "the objective of the search; its direction is not stated and taken to be max (--goal)"
    return Metric(OBJECTIVE, OBJECTIVE, goal, how)


def _score(entry: Entry) -> Series | None:
    """Return the score that Keras Tuner gives a trial, named after the metric it equals."""
    stated = next(
        (
            event
            for event in entry.segment.events
            if event.kind == "best_summary" and event.fields.get("metric") == OBJECTIVE
        ),
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


def percents(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the files that print shares in percent: one share above one shows it for all of them."""
    found = set()
    for entry in entries:
        for series in entry.segment.series.values():
            if traits(series.name).high == 1.0 and np.nanmax(np.append(series.value, 0.0)) > PERCENT:
                found.add(series.path)
    return frozenset(found)


def series_in(entry: Entry, key: tuple[str, frozenset[str]], exact: str = "") -> Series | None:
    """Return the series of a metric in a run, whatever its spelling; a curve before a lone summary."""
    named = entry.segment.series.get(exact)
    if named is not None and is_curve(named):
        return named
    others = [series for name, series in entry.segment.series.items() if key_of(name) == key]
    return next((series for series in others if is_curve(series)), named or next(iter(others), None))


@dataclass(frozen=True, slots=True)
class Value:
    """What a run came to: the best point and the last, on the natural scale, and the whole curve."""

    best: Point
    last: Point
    curve: tuple[tuple[float, float], ...]


def value_of(series: Series, goal: str, percent: frozenset[str]) -> Value | None:
    """Return the best and the last value of a series; None if it holds no number."""
    finite = np.flatnonzero(np.isfinite(series.value))
    if not len(finite):
        return None
    scaled = series.path in percent and traits(series.name).high == 1.0
    factor = 100.0 if scaled else 1.0
    values = np.round(series.value[finite] / factor, 12) if scaled else series.value[finite]
    pick = int(values.argmax() if goal == "max" else values.argmin())

    def point(index: int) -> Point:
        at = series.point(int(finite[index]))
        return Point(
            float(values[index]), path=series.path, line=at.line, step=at.step, epoch=at.epoch, series=series.name,
            scale=factor,
        )  # fmt: skip

    epochs = series.epoch[finite]
    if not np.isfinite(epochs).all():
        epochs = np.arange(1.0, len(finite) + 1) if len(finite) > 1 else epochs
    curve = tuple(zip(epochs.tolist(), values.tolist(), strict=True)) if len(finite) > 1 or is_curve(series) else ()
    return Value(point(pick), point(len(finite) - 1), tuple(pair for pair in curve if math.isfinite(pair[0])))
