"""What was set in each run, under one name whatever the file calls it, and which of it was varied."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from diagnose.engine.sweep.entry import Entry
from diagnose.model import UNKNOWN, Segment, Trial
from diagnose.names import Hyperparameter, hyperparameter
from diagnose.patterns import lazy

ASIDE = frozenset({"bookkeeping", "hardware", "seed"})
"""Roles of settings that make no difference, or only that of chance."""
STATED = ("batch_size", "lr", "weight_decay", "optimizer", "loss", "model", "image_size", "momentum", "focal_gamma")
"""Facts that are settings, where a log states them and no config does."""
SIZE = "parameters"
OFF = lazy(r"(?i)(false|off|no|disabled)\s*\(.*\)")
OF_THE_TUNER = "tuner/"
"""What Keras Tuner itself adds to the settings of a trial: its rung, not what was tried."""
LONGEST = 80
MOST = 1e300
NUMBERED = lazy(
    r"(?i)(?:(?<![-_ ])[-_ ]+|^|(?<=[a-z])(?=seed|run|fold|trial))"
    r"(?:(?:seed|run|row|rep(?:eat)?|fold|trial|exp|version|v|train|attempt|s)[-_ ]*\d+|\d{1,2})$"
)
"""What numbers a run; other digits at the end of a name are a value: ``patience20``."""
MANY = 8
"""Settings beyond which runs that share them all are taken for repeats, whatever they are called."""


def settings_of(entry: Entry) -> dict[str, Any]:
    """Return what is known to be set in a run, by canonical name where there is one."""
    segment = entry.segment
    found: dict[str, Any] = {}
    config = segment.config
    taken: dict[str, str] = {one.key: name for name, one in config.canonical.items()}
    for name, setting in config.canonical.items():
        _put(found, name, setting.value)
    for key, setting in config.settings.items():
        row = hyperparameter(key, config.framework)
        if key in taken or _is_aside(row, key):
            continue
        if row is not None and row.name in found and (found[row.name] == setting.value or setting.value is None):
            continue
        _put(found, key, setting.value)
    for name in STATED:
        fact = segment.facts.get(name)
        if fact is not None and name not in found:
            _put(found, name, fact.value)
    if "lr" not in found and (rate := _rate(segment)) is not None:
        found["lr"] = rate
    return {name: value for name, value in found.items() if not _is_aside(hyperparameter(name), name)}


def _rate(segment: Segment) -> float | None:
    """Return the learning rate that a curve shows: its peak, for a warm-up begins far below what was set."""
    series = segment.series.get("lr")
    finite = series.value[np.isfinite(series.value)] if series is not None else ()
    return float(max(finite)) if len(finite) else None


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if value is None or value is UNKNOWN:
        return
    if isinstance(value, str) and OFF.fullmatch(value.strip()):
        value = False  # switched off, with an amount that has no effect
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))[:LONGEST] or "[]"
    if is_number(value) and abs(value) > MOST:
        return
    if isinstance(value, str | int | float | bool) and value == value:
        found.setdefault(
            name, int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
        )


def _is_aside(row: Hyperparameter | None, key: str) -> bool:
    return (
        (row is not None and row.role in ASIDE)
        or key.startswith(OF_THE_TUNER)
        or key.rpartition(".")[2].startswith("_")
    )


def params_of(segment: Segment) -> float | None:
    """Return how many parameters a model has."""
    for name in ("total_params", "trainable_params"):
        fact = segment.facts.get(name)
        if fact is not None and isinstance(fact.value, int | float):
            return float(fact.value)
    return None


def varied(trials: Sequence[Trial]) -> tuple[dict[str, list[Any]], list[tuple[str, ...]]]:
    """Return the settings that differ between runs, and groups of settings that always moved together.

    Settings that are told of fewer than half of the runs are left out, and so are names of each run's own. Of several
    that move together only the one that is known best stays.

    Returns:
        By setting its value in every run (None where it is not told), and the groups, what stays first.
    """
    names = dict.fromkeys(name for trial in trials for name in trial.settings)
    found: dict[str, list[Any]] = {}
    together: dict[tuple[Any, ...], list[str]] = {}
    for name in sorted(names, key=lambda one: (hyperparameter(one) is None, one.count("."))):
        row = [trial.settings.get(name) for trial in trials]
        told = [value for value in row if value is not None]
        distinct = {_hashed(value) for value in told}
        if len(told) * 2 < len(trials) or len(distinct) < 2:
            continue
        if len(distinct) == len(told) > 3 and not any(is_number(value) for value in told):
            continue  # a name, or a path, of each run's own
        pattern = _pattern(row, len(distinct) == len(told))
        together.setdefault(pattern, []).append(name)
        if len(together[pattern]) == 1:
            found[name] = row
    return found, [tuple(group) for group in together.values() if len({_known(name) for name in group}) > 1]


def _pattern(row: Sequence[Any], distinct: bool) -> tuple[Any, ...]:
    """Return what settings share that always moved together.

    Where every run has a value of its own, as in a random search, all columns look alike: only one that is the other
    in another unit moved with it.
    """
    if distinct and all(is_number(value) or value is None for value in row):
        numbers = [None if value is None else float(value) for value in row]
        told = [value for value in numbers if value is not None]
        low, high = min(told), max(told)
        scaled = [None if value is None else (value - low) / (high - low) for value in numbers]
        flip = next(value for value in scaled if value is not None) > 1 / 2
        return ("number", *(None if one is None else round(1 - one if flip else one, 9) for one in scaled))
    codes: dict[tuple[str, Any] | None, int] = {}
    return tuple(codes.setdefault(None if value is None else _hashed(value), len(codes)) for value in row)


def _known(name: str) -> str:
    row = hyperparameter(name)
    return row.name if row is not None else name


def _hashed(value: Any) -> tuple[str, Any]:
    return ("number", float(value)) if is_number(value) else (type(value).__name__, str(value))


def is_number(value: Any) -> bool:
    """Whether a value is a number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def repeats(trials: Sequence[Trial], table: Mapping[str, Sequence[Any]]) -> list[list[Trial]]:
    """Return the runs that share all settings that were varied, where there are several.

    A setting that none of them tells counts as the same if most are told. Runs with names of their own may differ in
    what is not told: then all settings must be the same, many, and those of a whole config.
    """
    if not table:
        return []
    groups: dict[Any, list[Trial]] = {}
    stems = Counter(_stem(trial.run) for trial in trials)
    for index, trial in enumerate(trials):
        if not _is_told(table, index):
            continue  # where little is told, nobody knows that it is the same
        # What a run of focal loss sets, one of cross-entropy does not.
        pattern: tuple[Any, ...] = tuple(
            None if column[index] is None else _hashed(column[index]) for column in table.values()
        )
        own = trial.complete and stems[_stem(trial.run)] == 1
        whole = tuple(sorted((name, _hashed(value)) for name, value in trial.settings.items()))
        pattern = (*pattern, _stem(trial.run) if not own or len(whole) < MANY else whole)
        groups.setdefault(pattern, []).append(trial)
    return [group for group in groups.values() if len(group) > 1]


def known(trials: Sequence[Trial], table: Mapping[str, Sequence[Any]]) -> int:
    """Return how many different settings the runs have, of those of which most of what was varied is told."""
    told = [index for index in range(len(trials)) if _is_told(table, index)]
    return len({tuple(_hashed(column[index]) for column in table.values()) for index in told})


def _is_told(table: Mapping[str, Sequence[Any]], index: int) -> bool:
    missing = sum(column[index] is None for column in table.values())
    return bool(table) and missing * 2 <= len(table)


def _stem(run: str) -> str:
    """Return the name of a run without what numbers it: ``base (file)``, ``base_seed3``."""
    bare = re.sub(r" \(.*\)$", "", run)
    return NUMBERED.sub("", bare) or "trial"


def differing(trials: Sequence[Trial], table: Mapping[str, Sequence[Any]], one: int, other: int) -> tuple[str, ...]:
    """Return the settings in which two runs differ."""
    return tuple(name for name, row in table.items() if _hashed(row[one]) != _hashed(row[other]))


def nearest(
    trials: Sequence[Trial], table: Mapping[str, Sequence[Any]], winner: int
) -> tuple[str, tuple[str, ...]] | None:
    """Return the run that differs from the winner in the fewest settings, and in which."""
    others = [
        (differing(trials, table, winner, index), trial.run) for index, trial in enumerate(trials) if index != winner
    ]
    apart = [(names, run) for names, run in others if names]
    if not apart:
        return None
    names, run = min(apart, key=lambda pair: len(pair[0]))
    return run, names
