"""What a comparison shows, as events that rules of the family SWEEP look at. Only measured here; rules judge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias

from diagnose.engine.sweep.entry import Entry
from diagnose.engine.sweep.join import speaks_of, summaries
from diagnose.engine.sweep.judge import ending
from diagnose.engine.sweep.metric import series_in, value_of
from diagnose.engine.sweep.scale import Scales
from diagnose.engine.sweep.spelling import goal_of, key_of
from diagnose.engine.sweep.tables import Named
from diagnose.model import Event, Place, Sweep, Trial
from diagnose.names import split_of, traits
from diagnose.records import dataclass, field

PRUNED = "pruned by the search"
HALF = 0.5
Measured: TypeAlias = tuple[Trial, float, float, Place]
"""A run with the best and the last value of a score, and where the last one stands."""
UNRECORDED = 0.02
"""Difference between a stated best and the best of the epochs, beyond which it is not rounding."""


@dataclass(slots=True)
class Seen:
    """What the events are made from."""

    sweep: Sweep
    entries: Mapping[str, Entry]
    path: str
    scales: Scales
    named: Sequence[Named] = field(default_factory=tuple)


def events(seen: Seen) -> list[Event]:
    """Return all events of a sweep; the first sums it up."""
    found = [*_failed(seen), *_short(seen), *_unrecorded(seen), *_zero(seen), *_settings(seen), *_named(seen)]
    return [_whole(seen, found), *found]


def _whole(seen: Seen, found: Sequence[Event]) -> Event:
    sweep, winner = seen.sweep, seen.sweep.winner
    judged = sweep.judged
    second = judged[1] if len(judged) > 1 else None
    ahead = (winner.value, second.value) if winner is not None and second is not None else (None, None)
    gap = abs(ahead[0] - ahead[1]) if ahead[0] is not None and ahead[1] is not None else math.nan
    near, names = sweep.nearest or ("", ())
    equal = len(judged) if judged and winner is None else 0
    unrecorded = [event for event in found if event.kind == "sweep_unrecorded"]
    fields = {
        "metric": sweep.printed or sweep.metric,
        "goal": sweep.goal,
        "runs": len(sweep.trials),
        "ok": sum(trial.status == "ok" for trial in sweep.trials),
        "failed": sum(event.kind == "sweep_failed" for event in found),
        "short": sum(trial.status == "too-short" and not _pruned(trial) for trial in sweep.trials),
        "judged": len(judged),
        "equal": equal,
        "equal_value": judged[0].value if equal else math.nan,
        "epochs": max((trial.epochs for trial in judged), default=0),
        "planned": max((trial.planned or 0 for trial in sweep.trials), default=0),
        "best": winner.value if winner is not None else math.nan,
        "best_run": winner.run if winner is not None else "",
        "second": second.value if second is not None else math.nan,
        "second_run": second.run if second is not None else "",
        "gap": gap,
        "noise": sweep.noise if sweep.noise is not None else math.nan,
        "repeated": len(sweep.repeats),
        "known": sweep.known,
        "settings": len(sweep.links),
        "nearest": near,
        "nearest_settings": list(names),
        "unrecorded": len({event.fields["run"] for event in unrecorded}),
        "unrecorded_zero": len({event.fields["run"] for event in unrecorded if event.fields["recorded"] == 0}),
    }
    place = (winner or next(iter(sweep.trials))).place
    return Event(
        "sweep", place, {key: float(value) if isinstance(value, int) else value for key, value in fields.items()}
    )


def _failed(seen: Seen) -> Iterator[Event]:
    for trial in seen.sweep.trials:
        if trial.status == "failed":
            yield Event("sweep_failed", trial.place, {"run": trial.run, "reason": trial.reason})


def _short(seen: Seen) -> Iterator[Event]:
    for trial in seen.sweep.trials:
        if trial.status == "too-short" and not _pruned(trial):
            fields = {
                "run": trial.run,
                "reason": trial.reason,
                "epochs": float(trial.epochs),
                "planned": float(trial.planned or 0),
            }
            yield Event("sweep_short", trial.place, fields)


def _pruned(trial: Trial) -> bool:
    """Whether the search itself ended a run, which is no fault."""
    return trial.reason.startswith(PRUNED)


def _unrecorded(seen: Seen) -> Iterator[Event]:
    """Yield where a summary states another best than the epochs show."""
    known = seen.scales
    for run, entry in seen.entries.items():
        told: dict[tuple[str, tuple[str, frozenset[str]]], Event] = {}
        for event, is_last in summaries(entry):
            name = str(event.fields["metric"])
            key = key_of(name)
            series = series_in(entry, key)
            goal = goal_of(series.name) if series is not None else ""
            if series is None or not goal or traits(series.name).kind not in ("score", "loss", "error"):
                continue
            value = value_of(series, goal, known)
            if value is None or not value.curve:
                continue
            recorded = float(event.fields["value"])
            real = value.last if is_last else value.best
            if traits(series.name).high == 1.0 and recorded > 1.5:
                recorded /= 100.0
            if math.isfinite(recorded) and abs(recorded - real) <= max(UNRECORDED * abs(real), 0.006):
                continue
            if math.isfinite(recorded) and recorded != 0 and (is_last or abs(recorded - value.last) <= UNRECORDED):
                continue  # the last value called the best, or another moment: another fault than none recorded
            fields = {
                "run": run, "metric": series.printed, "recorded": recorded, "value": float(real),
                "epoch": float(real.epoch), "score": traits(series.name).kind == "score",
                "main": speaks_of(event, key_of(seen.sweep.metric)),
            }  # fmt: skip
            told.setdefault((event.place.path, key), Event("sweep_unrecorded", event.place, fields))
        yield from sorted(told.values(), key=lambda event: not event.fields["main"])


def _zero(seen: Seen) -> Iterator[Event]:
    """Yield scores that are zero at the end of runs whose other score is not."""
    sweep, known = seen.sweep, seen.scales
    if not sweep.metric or traits(sweep.metric).kind not in ("score", "other"):
        return
    main = key_of(sweep.metric)
    runs = [trial for trial in sweep.ranked if trial.value]
    names = dict.fromkeys(name for trial in runs for name in seen.entries[trial.run].segment.series)
    done = {main}
    for name in names:
        key = key_of(name)
        if (
            key in done
            or (split_of(name) or "val") != "val"
            or traits(name).kind != "score"
            or traits(name).better != "higher"
        ):
            continue
        done.add(key)
        found: list[Measured] = []
        for trial in runs:
            series = series_in(seen.entries[trial.run], key)
            value = value_of(series, "max", known) if series is not None else None
            if series is not None and value is not None:
                found.append((trial, float(value.best), float(value.last), value.last.place))
        found, within = _most_at_zero(found)
        at_zero = [one for one in found if one[2] == 0]
        if not at_zero:
            continue
        best = max(found, key=lambda one: one[1])
        fields = {
            "metric": _printed(seen, name, [one[0] for one in found]), "within": within,
            "zero": float(len(at_zero)), "never": float(sum(one[1] == 0 for one in found)), "runs": float(len(found)),
            "best": best[1], "run": best[0].run, "other": sweep.printed or sweep.metric,
            "other_low": min(float(one[0].value or 0) for one in at_zero),
            "other_high": max(float(one[0].value or 0) for one in at_zero),
        }  # fmt: skip
        yield Event("sweep_zero", at_zero[0][3], fields)


def _most_at_zero(found: list[Measured]) -> tuple[list[Measured], str]:
    """Return the runs among which a score is mostly zero: all, or, if it is not so of all, those of one file."""
    groups: dict[str, list[Measured]] = {}
    for one in found:
        groups.setdefault(one[0].paths[0] if one[0].paths else "", []).append(one)

    def share(group: list[Measured]) -> float:
        return sum(one[2] == 0 for one in group) / max(len(group), 1)

    path, most = max(groups.items(), key=lambda pair: share(pair[1]) if len(pair[1]) > 1 else 0.0, default=("", []))
    if share(found) >= HALF or len(most) < 2 or share(most) <= share(found):
        return found, ""
    return most, PurePath(path).name


def _printed(seen: Seen, name: str, trials: Sequence[Trial]) -> str:
    known = (seen.entries[trial.run].segment.series for trial in trials)
    return next((series[name].printed for series in known if name in series), name)


def _settings(seen: Seen) -> Iterator[Event]:
    winner = seen.sweep.winner
    for link in seen.sweep.links:
        numbers = (
            [float(value) for value in link.values if isinstance(value, int | float)] if link.kind == "number" else []
        )
        fields = {
            "name": link.name, "sort": link.kind, "runs": float(link.runs), "tried": float(len(link.values)),
            "low": min(numbers, default=math.nan), "high": max(numbers, default=math.nan), "best": link.best,
            "rho": _number(link.statistic), "rho_low": _number(link.low), "rho_high": _number(link.high),
            "p": _number(link.p), "adjusted": _number(link.adjusted), "verdict": link.verdict, "edge": link.edge,
            "bounded": link.bounded,
        }  # fmt: skip
        place = winner.place if winner is not None else Place(seen.path, 1)
        entry = seen.entries.get(winner.run) if winner is not None else None
        setting = entry.segment.config.get(link.name) if entry is not None else None
        if setting is not None and setting.place.line:
            place = setting.place
        yield Event("sweep_setting", place, fields)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _named(seen: Seen) -> Iterator[Event]:
    from diagnose.engine.sweep.join import plain

    winner = seen.sweep.winner
    if winner is None:
        return
    for named in seen.named:
        called = next((trial for trial in seen.sweep.ranked if plain(trial.run.split(" (")[0]) == plain(named.run)
                       and named.place.path in trial.paths), None)  # fmt: skip
        rivals = [trial for trial in seen.sweep.judged if named.place.path in trial.paths]
        if called is not None and rivals and rivals[0].value != called.value:
            fields = {
                "run": called.run,
                "value": _number(called.value),
                "best_run": rivals[0].run,
                "best": _number(rivals[0].value),
            }
            yield Event("sweep_named", named.place, fields)


def place_of(entry: Entry, default: Place) -> Place:
    """Return where a run's failure stands, else where its value does."""
    words, place = ending(entry)
    return place if words and place is not None else default
