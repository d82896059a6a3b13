"""What several files tell of one run becomes one entry: its log, its row of a results file, its part of a config."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias

from diagnose.engine.enrich import enrich
from diagnose.engine.merge import add
from diagnose.engine.sweep.entry import Entry, is_curve
from diagnose.engine.sweep.judge import WITHOUT, ending
from diagnose.engine.sweep.metric import Metric, series_in, value_of
from diagnose.engine.sweep.scale import Scales, scales
from diagnose.engine.sweep.spelling import key_of
from diagnose.model import UNKNOWN, Config, Event, Place, Run, Setting
from diagnose.patterns import lazy
from diagnose.sources import Source

SUMMARIES = frozenset({"best_summary", "metric_summary"})
LEAST_COPY = 3
ANNOUNCED = 1 << 14
"""Bytes of a log in which it says how it was set up."""
CONFIGURATION = lazy(r"(?im)\b(?:config(?:uration)?|preset|experiment|variant)\s*[:=]\s*[\"']?([\w.-]+)[\"']?\s*$")
Homes: TypeAlias = dict[str, tuple[Source, str]]
ROUNDED = 0.006
"""Difference that rounding of a percentage to few places explains."""


def plain(name: str) -> str:
    """Return a name as it is compared: case and signs aside."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def bare(reason: str) -> str:
    """Return a reason as it is compared; empty where none is told."""
    return "" if reason == WITHOUT else plain(reason)


def join(entries: Sequence[Entry], metric: Metric | None, sources: Mapping[str, Source]) -> list[Entry]:
    """Return entries of which each is one run: summaries go to the run whose log tells the same story.

    A summary that states another result than the log (and not zero, which is no result) is of another run.
    """
    known = scales(entries, sources)
    by_name: dict[str, list[Entry]] = defaultdict(list)
    by_home: dict[PurePath, list[Entry]] = defaultdict(list)
    by_file: dict[tuple[str, ...], set[str]] = defaultdict(set)
    telling = {id(entry) for entry in entries if _tells(entry, metric)}
    siblings: dict[int, set[str]] = {}
    for entry in entries:
        by_name[plain(entry.name)].append(entry)
        by_file[entry.paths].add(plain(entry.name))
        siblings[id(entry)] = by_file[entry.paths]
        for home in PurePath(entry.paths[0]).parents if id(entry) in telling else ():
            by_home[home].append(entry)
    gone: set[int] = set()
    for group in by_name.values():
        told = [entry for entry in group if id(entry) in telling]
        for stated in (entry for entry in group if id(entry) not in telling):
            there = by_home.get(PurePath(stated.paths[0]).parent / stated.name, [])
            rivals = [entry for entry in there or told or group if entry is not stated and id(entry) not in gone]
            rivals = [entry for entry in rivals if not set(entry.paths) & set(stated.paths)]
            fitting = [entry for entry in rivals if metric is None or _fits(stated, entry, metric, known)]
            if fitting:
                shared = {id(one): len(siblings[id(one)] & siblings[id(stated)]) for one in fitting}
                best = max(fitting, key=lambda one: (shared[id(one)], _agreement(one, stated)))
                _take(best, stated)
                gone.add(id(stated))
    kept = _without_copies([entry for entry in entries if id(entry) not in gone], metric)
    for entry in kept:
        _lift(entry)
    _tell_apart(kept)
    return kept


def _tells(entry: Entry, metric: Metric | None) -> bool:
    """Whether it holds the epochs of the run, not only a summary."""
    series = series_in(entry, metric.key, metric.name) if metric is not None else None
    return is_curve(series) if series is not None else entry.has_curve


def _without_copies(entries: Sequence[Entry], metric: Metric | None) -> list[Entry]:
    """Return the entries without those whose curve is a copy of another's: one run that lies in two folders."""
    kept: list[Entry] = []
    seen: dict[tuple[float, ...], Entry] = {}
    for entry in entries:
        series = series_in(entry, metric.key, metric.name) if metric is not None else None
        curve = tuple(series.value.tolist()) if series is not None and len(series) >= LEAST_COPY else ()
        first = seen.setdefault(curve, entry) if len(set(curve)) > 1 else entry
        if first is entry:
            kept.append(entry)
        else:
            first.notes.append(f"{entry.name} is a copy of {first.name}: counted once")
    return kept


def _fits(stated: Entry, told: Entry, metric: Metric, known: Scales) -> bool:
    """Whether a summary may be of a run: it states no other result."""
    one, other = series_in(stated, metric.key, metric.name), series_in(told, metric.key, metric.name)
    if (one is None) != (other is None) and "failed" in (stated.state, told.state):
        return False
    ends = [bare(ending(entry)[0]) for entry in (stated, told)]
    if all(ends) and ends[0] not in ends[1] and ends[1] not in ends[0]:
        return False  # two runs of one name, each with a failure of its own
    left = value_of(one, metric.goal, known) if one is not None else None
    right = value_of(other, metric.goal, known) if other is not None else None
    if left is None or right is None or float(left.best) == 0.0:
        return True
    return min(abs(left.best - right.best), abs(left.best - right.last)) <= max(ROUNDED * abs(right.best), 1e-9)


def _agreement(told: Entry, stated: Entry) -> int:
    """Return in how many summaries a log and a results file agree, less those in which they do not."""
    one, other = _bests(told), _bests(stated)
    return sum(1 if one[key] == other[key] else -1 for key in one.keys() & other.keys())


def _bests(entry: Entry) -> dict[tuple[str, frozenset[str]], float]:
    events = [event for event in entry.segment.events_of("best_summary") if "metric" in event.fields]
    found = {key_of(str(event.fields["metric"])): float(event.fields["value"]) for event in events}
    if not found and not entry.has_curve:
        found = {key_of(name): float(series.value[-1]) for name, series in entry.segment.series.items()}
    return found


def _take(entry: Entry, stated: Entry) -> None:
    """Add to a run what a results file states of it."""
    entry.stated += stated.segment.events_of(*SUMMARIES)
    for name, series in stated.segment.series.items():
        if entry.has_curve and not stated.segment.events_of(*SUMMARIES):
            fields = {"metric": name, "value": float(series.value[-1]), "epoch": math.nan}
            entry.stated.append(Event("best_summary", Place(series.path, int(series.line[-1])), fields))
    kept = entry.segment.events[:]
    add(entry.segment, stated.segment, series=not any(is_curve(series) for series in entry.segment.series.values()))
    entry.segment.events = kept + [
        event for event in stated.segment.events if event.kind not in SUMMARIES and event not in kept
    ]
    for name, setting in stated.segment.config.canonical.items():
        entry.segment.config.canonical.setdefault(name, setting)
    entry.paths += stated.paths
    entry.state, entry.reason = entry.state or stated.state, entry.reason or stated.reason
    entry.notes += stated.notes


def _lift(entry: Entry) -> None:
    """Set aside the summaries that a log itself prints."""
    entry.stated += [
        event for event in entry.segment.events_of(*SUMMARIES) if entry.has_curve and event not in entry.stated
    ]


def _tell_apart(entries: Iterable[Entry]) -> None:
    """Add the file to names that several runs bear, and a number where that is not enough."""
    for qualify in (lambda entry, _: PurePath(entry.paths[0]).stem, lambda _, number: str(number)):
        tally = Counter(plain(entry.name) for entry in entries)
        seen: Counter[str] = Counter()
        for entry in entries:
            name = plain(entry.name)
            if tally[name] > 1:
                seen[name] += 1
                entry.name = f"{entry.name} ({qualify(entry, seen[name])})"


def configure(entries: Iterable[Entry], found: Sequence[tuple[Source, Config]], sources: Mapping[str, Source]) -> Homes:
    """Give runs their part of config files that name them (``experiments.small.model.name``).

    A run that failed has no share in a config that only bears its name: what made it fail was mended there since.

    Returns:
        By name of a run, the file and the key below which its config stands; an empty key is the whole file.
    """
    homes: Homes = {}
    entries = list(entries)
    names = {plain(entry.name.split(" (")[0]) for entry in entries}
    # A file that names more of the runs is nearer to what was run than one that happens to name the same.
    configs = sorted(found, key=lambda pair: -sum(_stem(name, pair[1].settings) is not None for name in names))
    for entry in entries:
        if ending(entry)[0] and not entry.has_curve:
            continue
        if not _from_configs(entry, plain(entry.name.split(" (")[0]), configs, homes) and not entry.segment.config:
            for name in _announced(entry, sources, names):
                if _from_configs(entry, name, configs, homes):
                    break
    return homes


def _from_configs(entry: Entry, name: str, configs: Iterable[tuple[Source, Config]], homes: Homes) -> bool:
    """Add what configs hold under a name, and note the first of them."""
    hit = False
    for source, config in configs:
        stem = _stem(name, config.settings)
        if stem is None and plain(PurePath(source.path).stem) == name:
            stem = ""
        if stem is None:
            continue
        below = {key[len(stem) :]: setting for key, setting in config.settings.items() if key.startswith(stem)}
        _settle(entry, below)
        homes.setdefault(entry.name, (source, stem))
        hit = True
    return hit


def _announced(entry: Entry, sources: Mapping[str, Source], names: Collection[str]) -> list[str]:
    """Return the run whose config a log says that it trains with: ``training with configuration: small``."""
    source = sources.get(entry.paths[0])
    if source is None or b"\0" in source.head[:4096] or entry.segment.index:
        return []
    text = source.head[:ANNOUNCED].decode("utf-8", "replace")
    return [name for told in CONFIGURATION.findall(text) if (name := plain(told)) in names]


def _stem(name: str, settings: Mapping[str, Setting]) -> str | None:
    """Return what the keys of a run's part of a config begin with, if there is such a part."""
    for key in settings:
        parts = key.split(".")
        for index, part in enumerate(parts[:-1]):
            if plain(part) == name:
                return ".".join(parts[: index + 1]) + "."
    return None


def _settle(entry: Entry, below: Mapping[str, Setting]) -> None:
    """Add the settings of a config; what a log or results file states of the run leads."""
    part = Config({key: Setting(key, one.value, one.place, one.literal) for key, one in below.items()})
    segment = type(entry.segment)("", 0, entry.segment.path, 1, 1, config=part)
    enrich(Run(entry.segment.path, entry.format, [segment]))
    config = entry.segment.config
    for key, setting in part.settings.items():
        if setting.value is not UNKNOWN:
            config.settings.setdefault(key, setting)
    for name, setting in part.canonical.items():
        config.canonical.setdefault(name, setting)


def summaries(entry: Entry) -> list[tuple[Event, bool]]:
    """Return what summaries state of a run, each with whether it is of the last epoch and not of the best."""
    found = []
    for event in entry.stated:
        value = event.fields.get("value")
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and isinstance(event.fields.get("metric"), str)
        ):
            found.append((event, event.kind == "metric_summary"))
    return found


def speaks_of(event: Event, key: tuple[str, frozenset[str]]) -> bool:
    """Whether a summary is about a metric."""
    return key_of(str(event.fields["metric"])) == key
