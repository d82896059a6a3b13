"""Many runs to one comparison, and the findings in it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from diagnose.engine.lint import Options, lint_run
from diagnose.engine.sweep.entries import Gathered
from diagnose.engine.sweep.entry import OBJECTIVE, STEPS, Entry
from diagnose.engine.sweep.events import Seen, events, place_of
from diagnose.engine.sweep.importance import importance
from diagnose.engine.sweep.join import configure, join, summaries
from diagnose.engine.sweep.judge import NOTHING, planned, reached, status
from diagnose.engine.sweep.links import links
from diagnose.engine.sweep.metric import Metric, Value, choose, rivals, series_in, value_of
from diagnose.engine.sweep.scale import Scales, scales
from diagnose.engine.sweep.spelling import Key, goal_of, key_of
from diagnose.engine.sweep.varied import known as told_of
from diagnose.engine.sweep.varied import nearest, params_of, repeats, settings_of, varied
from diagnose.model import STATUSES, FileReport, Finding, Place, Run, Segment, Sweep, Trial
from diagnose.names import hyperparameter, split_of, traits
from diagnose.records import dataclass, field, replace
from diagnose.rules import Rule
from diagnose.sources import Source

MOST_TOGETHER = 5
MOST_NAMED = 6
LONGEST_NUMBER = 20
SEARCHES = frozenset({"table of runs", "optuna", "keras-tuner"})
UNREACHED = frozenset({"budget", "stopping"})
"""Roles of settings that a run which is cut short never comes to."""


@dataclass(slots=True)
class Compared:
    """A sweep with what it was made from.

    Attributes:
        homes: by run, the config file that names it, and the key of its part.
    """

    sweep: Sweep
    entries: dict[str, Entry] = field(default_factory=dict)
    homes: dict[str, tuple[Source, str]] = field(default_factory=dict)
    scales: Scales = field(default_factory=Scales)


def compare(found: Gathered, *, metric: str = "", goal: str = "", at: str = "best") -> Compared:
    """Return the runs ranked, and what went with the result.

    Args:
        found: all that was read.
        metric: what to rank by; empty for what speaks for most runs.
        goal: ``max`` or ``min``; empty for the metric's own direction.
        at: ``best`` or ``last``: the epoch whose value counts.

    Raises:
        SettingsError: if no run has the metric, or nobody knows its direction.
    """
    chosen = choose(found.entries, metric, goal)
    entries = join(found.entries, chosen, found.sources)
    known = scales(entries, found.sources)
    homes = configure(entries, found.configs, found.sources)
    sweep = Sweep(notes=list(dict.fromkeys(note for entry in entries for note in entry.notes)))
    if chosen is not None:
        sweep.metric, sweep.printed, sweep.goal, sweep.detected = chosen.name, chosen.printed, chosen.goal, chosen.how
    sweep.at = at
    sweep.trials = _ranked(entries, chosen, at, known)
    having = sum(trial.value is not None for trial in sweep.trials)
    sweep.detected = sweep.detected or f"{having} of {len(sweep.trials)} runs have it"
    without = [trial.run for trial in sweep.trials if trial.reason == NOTHING]
    if without and sweep.metric:
        more = f" and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
        sweep.notes.append(f"no value of {sweep.printed}, and no error told: {', '.join(without[:MOST_NAMED])}{more}")
    doubtful = [trial for trial in sweep.trials if trial.status == "no-value" and trial.reason != NOTHING]
    sweep.notes += [f"{trial.run} is not ranked: {trial.reason}" for trial in doubtful[:MOST_NAMED]]
    if len(doubtful) > MOST_NAMED:
        sweep.notes.append(f"{len(doubtful) - MOST_NAMED} more runs are not ranked for reasons of their own")
    _relate(sweep, entries)
    return Compared(sweep, {entry.name: entry for entry in entries}, homes, known)


def _ranked(entries: Sequence[Entry], metric: Metric | None, at: str, known: Scales) -> list[Trial]:
    apart = rivals(entries, metric)
    values = {id(entry): _value(entry, metric, known) if id(entry) not in apart else None for entry in entries}
    names = _spellings(entries)
    lengths = [length for entry in entries if (length := reached(entry, values[id(entry)]))]
    trials = [
        _trial(entry, values[id(entry)], metric, at, lengths, known, apart.get(id(entry), ""), names)
        for entry in entries
    ]
    sign = -1.0 if metric is None or metric.goal == "max" else 1.0

    def rank(trial: Trial) -> tuple[int, bool, float, list[str]]:
        value = trial.value
        signed = sign * value if value is not None else 0.0
        return STATUSES.index(trial.status), value is None, signed, _natural(trial.run)

    return sorted(trials, key=rank)


def _natural(name: str) -> list[str]:
    """Return what names are sorted by: ``trial 2`` before ``trial 10``."""
    return [part.zfill(LONGEST_NUMBER) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _value(entry: Entry, metric: Metric | None, known: Scales) -> Value | None:
    series = series_in(entry, metric.key, metric.name) if metric is not None else None
    return value_of(series, metric.goal, known) if series is not None and metric is not None else None


def _lacking(entry: Entry, metric: Metric | None, known: Scales) -> str:
    """Return why a run has no value of a metric that it does log."""
    series = series_in(entry, metric.key, metric.name) if metric is not None else None
    if series is None:
        return NOTHING
    return known.doubt(series) or f"{series.printed} is never a finite number"


def _trial(
    entry: Entry,
    value: Value | None,
    metric: Metric | None,
    at: str,
    lengths: Sequence[int],
    known: Scales,
    apart: str,
    names: Mapping[Key, str],
) -> Trial:
    state, reason = status(entry, value, lengths, apart or _lacking(entry, metric, known))
    point = None if value is None else value.last if at == "last" else value.best
    place = point.place if point is not None else Place(entry.segment.path, entry.segment.first_line)
    epoch = float(point.epoch) if point is not None and point.epoch == point.epoch else None
    return Trial(
        entry.name,
        state,
        reason,
        None if point is None or state == "failed" else float(point),
        epoch,
        float(value.last) if value is not None else None,
        _stated(entry, metric),
        reached(entry, value),
        planned(entry),
        params_of(entry.segment),
        settings_of(entry),
        dict(_metrics(entry, metric, known, at, math.nan if epoch is None else epoch, names)),
        _curve(entry, value, known),
        place_of(entry, place) if state == "failed" else place,
        entry.paths,
        _complete(entry),
    )


def _complete(entry: Entry) -> bool:
    """Whether the settings are all that the run was given: those of a config file, or of a search; a log tells some."""
    elsewhere = any(one.place.path != entry.segment.path for one in entry.segment.config.settings.values())
    return elsewhere or entry.format in SEARCHES


def _curve(entry: Entry, value: Value | None, known: Scales) -> tuple[tuple[float, float], ...]:
    """Return the curve of the metric, or the intermediate values that a search was told."""
    if value is not None and value.curve:
        return value.curve
    told = entry.segment.series.get(STEPS)
    steps = value_of(told, "max", known) if told is not None else None
    return steps.curve if steps is not None else ()


def _stated(entry: Entry, metric: Metric | None) -> float | None:
    for event, is_last in summaries(entry):
        if metric is not None and not is_last and key_of(str(event.fields["metric"])) == metric.key:
            return float(event.fields["value"])
    return None


def _metrics(
    entry: Entry, metric: Metric | None, known: Scales, at: str, epoch: float, names: Mapping[Key, str]
) -> Mapping[str, float]:
    """Return every other score and loss, at the epoch whose value counts where the metric has one there."""
    found: dict[str, float] = {}
    for name, series in entry.segment.series.items():
        goal, key = goal_of(name), key_of(name)
        if not goal or split_of(name) == "train" or traits(name).kind not in ("score", "loss", "error"):
            continue
        if (metric is not None and key == metric.key) or name.startswith(OBJECTIVE):
            continue
        value = value_of(series, goal, known)
        if value is None:
            continue
        beside = dict(value.curve).get(epoch) if not value.counted else None
        if beside is None and epoch == epoch and value.curve and not value.counted:
            continue  # measured at other epochs: what it was at this one cannot be told
        chosen = beside if beside is not None else value.last if at == "last" else value.best
        found.setdefault(names.get(key, name), float(chosen))
    return found


def _spellings(entries: Sequence[Entry]) -> dict[Key, str]:
    """Return one name for each metric, whatever files call it: that of a log before that of a summary."""
    names: dict[Key, str] = {}
    for entry in sorted(entries, key=lambda one: not one.has_curve):
        for name in entry.segment.series:
            names.setdefault(key_of(name), name)
    return names


def _relate(sweep: Sweep, entries: Sequence[Entry]) -> None:
    """Fill in what went with the result, among the runs that are compared."""
    trials = sweep.judged
    table, together = varied([replace(trial, settings=_in_effect(trial)) for trial in trials])
    for group in together[:MOST_TOGETHER]:
        sweep.notes.append(f"{', '.join(group)} changed in the same runs: what one of them did, all did")
    bounds = {name: limits for entry in entries for name, limits in _bounds(entry)}
    groups = repeats(trials, table)
    sweep.known = told_of(trials, table)
    sweep.links = links(*_distinct(trials, table, groups), bounds, sweep.winner)
    sweep.repeats = [tuple(trial.run for trial in group) for group in groups]
    spreads = [max(one.value or 0 for one in group) - min(one.value or 0 for one in group) for group in groups]
    sweep.noise = max(spreads, default=None)
    sweep.nearest = nearest(trials, table, 0) if sweep.winner is not None else None
    sweep.notes += _at_one_length(sweep)
    if sweep.metric:
        sweep.importance = importance(trials, table, sweep.goal)


def _at_one_length(sweep: Sweep) -> list[str]:
    """Return a note where the winner leads only because it ran longer."""
    trials = [trial for trial in sweep.judged if trial.curve]
    winner = sweep.winner
    if winner is None or len(trials) < 2 or winner not in trials:
        return []
    shared = min(trial.curve[-1][0] for trial in trials)
    pick = max if sweep.goal == "max" else min
    best = {
        trial.run: pick(value for _, value in within)
        for trial in trials
        if (within := [pair for pair in trial.curve if pair[0] <= shared])
    }
    if winner.run not in best:
        return []
    leader = pick(best, key=lambda run: best[run])
    if best[leader] == best[winner.run]:
        return []
    told = f"{leader} is ahead ({best[leader]:.4g} against {best[winner.run]:.4g})"
    return [f"the runs are of different lengths: within the first {shared:g} epochs, which all have, {told}"]


def _distinct(
    trials: Sequence[Trial], table: Mapping[str, Sequence[Any]], groups: Sequence[Sequence[Trial]]
) -> tuple[list[Trial], dict[str, list[Any]]]:
    """Return one run for each setting, with the median of its repeats: repeats tell nothing new of a setting."""
    sized = {group[0].run: next((one.params for one in group if one.params is not None), None) for group in groups}
    middle = {group[0].run: median(one.value or 0.0 for one in group) for group in groups}
    gone = {one.run for group in groups for one in group[1:]}
    kept = [index for index, trial in enumerate(trials) if trial.run not in gone]
    chosen = [
        replace(one, value=middle.get(one.run, one.value), params=sized.get(one.run, one.params))
        for one in (trials[index] for index in kept)
    ]
    return chosen, {name: [row[index] for index in kept] for name, row in table.items()}


def _in_effect(trial: Trial) -> dict[str, Any]:
    """Return the settings that can have had an effect: a run that was cut short never came to its planned end."""
    if trial.status != "too-short":
        return trial.settings
    return {name: value for name, value in trial.settings.items() if _role(name) not in UNREACHED}


def _role(name: str) -> str:
    row = hyperparameter(name)
    return row.role if row is not None else ""


def _bounds(entry: Entry) -> list[tuple[str, tuple[float, float]]]:
    named = {one.key: name for name, one in entry.segment.config.canonical.items()}
    return [(named.get(key, key), limits) for key, limits in entry.bounds.items()]


def about_sweeps(rule: Rule) -> bool:
    """Whether a rule looks at a comparison of many runs."""
    return rule.family == "SWEEP"


def judge(compared: Compared, found: Gathered, path: str, options: Options) -> tuple[list[Finding], FileReport]:
    """Return the findings in a comparison, and the report of the rules.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    file = FileReport(path)
    if not compared.sweep.trials:
        return [], file
    seen = Seen(compared.sweep, compared.entries, path, compared.scales, found.named_best)
    segment = Segment("", 0, path, 1, 1, events=events(seen))
    chosen = replace(options, rules=[rule for rule in options.rules if about_sweeps(rule)], gate=None)
    findings = lint_run(Run(path, "sweep", [segment], [path]), file, chosen, found.sources)
    return findings, file
