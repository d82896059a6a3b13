"""Optuna's storages, read without Optuna: a database of SQLite and a journal of JSON lines.

The tables are those of ``optuna/storages/_rdb/models.py``, the codes those of ``optuna/storages/journal/_storage.py``.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from diagnose.engine.enrich import name_settings
from diagnose.engine.sweep.entry import OBJECTIVE, STEPS, Entry, segment_of, series_of
from diagnose.errors import SourceError
from diagnose.model import Place
from diagnose.records import dataclass, field
from diagnose.sources import Source, lines

SQLITE = b"SQLite format 3\0"
STATES = {"FAIL": "failed", "PRUNED": "pruned", "RUNNING": "running", "WAITING": "running"}
CODES = {0: "RUNNING", 1: "COMPLETE", 2: "PRUNED", 3: "FAIL", 4: "WAITING"}
DIRECTIONS: Mapping[Any, str] = {"MINIMIZE": "min", "MAXIMIZE": "max", 1: "min", 2: "max"}
MOST_TRIALS = 100_000
NOTHING = "None"
"""A choice among others, where a setting that is not told would be none."""


@dataclass(slots=True)
class StudyTrial:
    """One trial, as a study tells it."""

    number: int
    state: str = "RUNNING"
    values: dict[int, float] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    steps: dict[int, float] = field(default_factory=dict)
    reason: str = ""
    line: int = 1


@dataclass(slots=True)
class Study:
    """A study: its directions by objective, and its trials."""

    name: str
    goals: dict[int, str] = field(default_factory=dict)
    trials: dict[int, StudyTrial] = field(default_factory=dict)


def read(source: Source) -> list[Entry] | None:
    """Return the trials of a storage; None if the file is none.

    Raises:
        SourceError: for a database that is none of Optuna's, or damaged.
    """
    if source.head.startswith(SQLITE):
        return [*_entries(_from_database(source), source)]
    if is_journal(source):
        return [*_entries(_from_journal(source), source)]
    return None


def is_journal(source: Source) -> bool:
    """Whether a file is a journal of Optuna."""
    return source.head.lstrip().startswith(b"{") and b'"op_code"' in source.head.split(b"\n", 1)[0]


def _from_database(source: Source) -> list[Study]:
    uri = f"{Path(source.path).absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            base.text_factory = lambda data: data.decode("utf-8", "replace")
            return _studies(base)
    except (sqlite3.Error, ValueError, TypeError, OverflowError, KeyError) as error:
        mend = "an Optuna storage has the tables studies, trials and trial_params"
        raise SourceError(f"cannot be read as a study: {error}", place=Place(source.path), mend=mend) from None


def _studies(base: sqlite3.Connection) -> list[Study]:
    found = {key: Study(name) for key, name in base.execute("SELECT study_id, study_name FROM studies")}
    for study, objective, direction in _rows(base, "study_directions", "study_id", "objective", "direction"):
        found[study].goals[objective or 0] = DIRECTIONS.get(direction, "")
    trials: dict[int, StudyTrial] = {}
    for key, study, number, state in _rows(base, "trials", "trial_id", "study_id", "number", "state"):
        trials[key] = StudyTrial(int(number if number is not None else key), str(state))
        if study in found:
            found[study].trials[key] = trials[key]
    for key, objective, value in _rows(base, "trial_values", "trial_id", "objective", "value"):
        if key in trials and value is not None:
            trials[key].values[objective or 0] = float(value)
    columns = ("trial_id", "param_name", "param_value", "distribution_json")
    for key, name, value, distribution in _rows(base, "trial_params", *columns):
        if key in trials:
            _set(trials[key], str(name), value, str(distribution))
    for key, step, value in _rows(base, "trial_intermediate_values", "trial_id", "step", "intermediate_value"):
        if key in trials and value is not None:
            trials[key].steps[int(step)] = float(value)
    for key, name, value in _rows(base, "trial_system_attributes", "trial_id", "key", "value_json"):
        if key in trials and "fail" in str(name):
            trials[key].reason = str(value).strip('"')[:300]
    return list(found.values())


def _rows(base: sqlite3.Connection, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table; nothing if this version of the schema lacks it, None for columns it lacks."""
    there = {row[1] for row in base.execute(f"PRAGMA table_info({table})")}
    if not there:
        return
    asked = ", ".join(column if column in there else "NULL" for column in columns)
    yield from base.execute(f"SELECT {asked} FROM {table} LIMIT {MOST_TRIALS * 50}")  # noqa: S608 - names of our own


def _from_journal(source: Source) -> list[Study]:
    studies: list[Study] = []
    trials: list[StudyTrial] = []
    for line in lines(source):
        try:
            record = json.loads(line.text)
            _replay(record, studies, trials, line.number)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            continue  # a line that was cut, or of a later version
    return studies


def _replay(record: Mapping[str, Any], studies: list[Study], trials: list[StudyTrial], line: int) -> None:
    match record["op_code"]:
        case 0:
            goals = {index: DIRECTIONS.get(code, "") for index, code in enumerate(record.get("directions", ()))}
            studies.append(Study(str(record["study_name"]), goals))
        case 4:
            study = studies[record["study_id"]]
            trial = StudyTrial(len(study.trials), line=line)
            if isinstance(record.get("state"), int):
                trial.state = CODES.get(record["state"], "RUNNING")
            trials.append(trial)
            study.trials[len(trials) - 1] = trial
        case 5:
            trial = trials[record["trial_id"]]
            _set(trial, str(record["param_name"]), record["param_value_internal"], str(record["distribution"]))
        case 6:
            trial = trials[record["trial_id"]]
            trial.state, trial.line = CODES.get(record["state"], ""), line
            if record.get("values"):
                trial.values = {index: float(value) for index, value in enumerate(record["values"])}
        case 7:
            trials[record["trial_id"]].steps[int(record["step"])] = float(record["intermediate_value"])
        case 9:
            for name, value in record.get("system_attr", {}).items():
                if "fail" in name:
                    trials[record["trial_id"]].reason = str(value)[:300]


def _set(trial: StudyTrial, name: str, value: Any, distribution: str) -> None:
    """Set a parameter; a choice is stored as an index, and whole numbers as decimal ones."""
    try:
        told = json.loads(distribution)
        attributes = told.get("attributes", {})
    except (ValueError, AttributeError, RecursionError):
        trial.params[name] = value
        return
    kind = str(told.get("name", ""))
    if "choices" in attributes:
        choices = attributes["choices"]
        index = int(value)
        chosen = choices[index] if 0 <= index < len(choices) else value
        trial.params[name] = NOTHING if chosen is None else chosen
        return
    trial.params[name] = int(value) if kind.startswith("Int") else value
    low, high = attributes.get("low"), attributes.get("high")
    if isinstance(low, int | float) and isinstance(high, int | float):
        trial.bounds[name] = float(low), float(high)


def _entries(studies: list[Study], source: Source) -> Iterator[Entry]:
    for study in studies:
        for trial in study.trials.values():
            entry = entry_of(study, trial, source.path)
            if Path(f"{source.path}-wal").is_file():
                entry.notes.append(
                    f"what {source.path}-wal holds, the latest trials, is not read: close the study first"
                )
            entry.name = f"{study.name} {entry.name}" if len(studies) > 1 else entry.name
            yield entry


def entry_of(study: Study, trial: StudyTrial, path: str) -> Entry:
    """Return a trial as a run."""
    segment = segment_of(f"trial {trial.number}", path, trial.line, trial.params)
    name_settings(segment.config)
    if trial.steps:
        first = 1.0 if 0 in trial.steps else 0.0  # steps from 0 are counted from 1 here
        points = [(step + first, value) for step, value in sorted(trial.steps.items())]
        segment.series[STEPS] = series_of(STEPS, OBJECTIVE, path, trial.line, points)
    for index, value in trial.values.items():
        name = OBJECTIVE if index == 0 else f"{OBJECTIVE}/{index}"
        segment.series[name] = series_of(name, OBJECTIVE, path, trial.line, [(math.nan, value)])
    entry = Entry(segment.name, "optuna", segment, (path,), STATES.get(trial.state, ""), trial.reason)
    entry.goal, entry.study, entry.bounds = study.goals.get(0, ""), study.name, trial.bounds
    if len(study.goals) > 1:
        entry.notes.append(f"the study {study.name!r} has {len(study.goals)} objectives: ranked by the first")
    return entry
