"""The trials of a search that stand in a log: what Optuna prints of each, and attempts that ended before any epoch."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.engine.enrich import name_settings
from diagnose.engine.sweep.entry import Entry, segment_of
from diagnose.engine.sweep.studies import NOTHING, Study, StudyTrial, entry_of
from diagnose.model import Segment
from diagnose.names import hyperparameter
from diagnose.patterns import lazy
from diagnose.reader import LineGrammar, Match, number
from diagnose.sources import Line, Source, lines

TRIAL = lazy(rb"\bTrial \d+ (finished with values?: |failed with )")
UNNAMED = "no-name-"
"""How the names begin that Optuna makes up."""
LEAST = 2
"""Trials that make a log one of a search."""
ANNOUNCES = lazy(r"(?i)\b(hyper_?-?param\w*|params?|config\w*|settings|trial|training|experiment)\b")
"""What stands before the settings of an attempt, which Python or JSON wrote on the same line."""
FAULT = lazy(r"(?i)^\W*+(?:[\dT][\d\-/:., T]*+\W*+)?(?:error|exception|failed|failure)\b\s*[:\-]\s*(\S.*)$")
LONGEST = 300


def trials_of(source: Source, format: str) -> list[Entry] | None:
    """Return the trials that Optuna printed; None if the log holds no search of Optuna's."""
    if b"\0" in source.head[:4096] or (format != "optuna" and len(TRIAL.findall(source.head)) < LEAST):
        return None
    studies = _studies(source)
    entries = []
    for count, study in enumerate(studies, 1):
        name = f"study {count}" if study.name.startswith(UNNAMED) or not study.name else f"study {study.name}"
        for key in sorted(study.trials):
            entry = entry_of(study, study.trials[key], source.path)
            entry.name = f"{name} {entry.name}" if len(studies) > 1 else entry.name
            entries.append(entry)
    return entries or None


def _studies(source: Source) -> list[Study]:
    grammar = LineGrammar("optuna", gate=r"Trial *\d|study")
    found: list[Study] = []
    votes: list[Counter[str]] = []
    for line in lines(source):
        match = grammar.parse(line.text.strip())
        if match is None:
            continue
        if match.kind == "study":
            found.append(Study(match.get("NAME") or ""))
            votes.append(Counter())
            continue
        which = int(match.all("INT")[0])
        if not found or _anew(found[-1], which, match):
            found.append(Study(""))
            votes.append(Counter())
        _note(found[-1].trials.setdefault(which, StudyTrial(which, line=line.number)), match, line, votes[-1])
    for study, vote in zip(found, votes, strict=True):
        goal = vote.most_common(1)[0][0] if vote else ""
        study.goals = {0: goal} if goal else {}
    return [study for study in found if study.trials]


def _anew(study: Study, which: int, match: Match) -> bool:
    """Whether trials count anew; the line ``Trial 3 failed with value None.`` only says again what was said."""
    known = study.trials.get(which)
    return known is not None and not (match.kind == "failed" and known.state == "FAIL")


def _note(trial: StudyTrial, match: Match, line: Line, votes: Counter[str]) -> None:
    told = _mapping(match.get("MAPPING") or "")
    trial.params |= {key: NOTHING if value is None else value for key, value in told.items()}
    if match.kind == "pruned":
        trial.state = "PRUNED"
    elif match.kind == "failed":
        trial.state = "FAIL"
        if error := match.get("ERROR"):
            name, _, message = error.partition("(")
            parts = (name.strip(" ."), message.rstrip(". ").removesuffix(")"))
            trial.reason = ": ".join(part for part in parts if part)[:LONGEST]
    else:
        trial.state, trial.line = "COMPLETE", line.number
        values = [text for name, text in match.tokens if name in ("NUMBER", "NONFINITE", "LIST")]
        told_values = [_number(text) for text in re.findall(r"[-+\w.]+", values[0])]
        trial.values = {index: value for index, value in enumerate(told_values) if not math.isnan(value)}
        if len(values) > 1 and len(told_values) == 1:
            best = _number(values[1])
            # The best of all trials so far is at least as good as this one.
            votes.update(["min"] if best < told_values[0] else ["max"] if best > told_values[0] else [])


def _number(text: str) -> float:
    try:
        return number(text)
    except ValueError:
        return math.nan


def _mapping(text: str) -> dict[str, Any]:
    """Return the plain values of a mapping as Python or JSON writes it; empty if it is none."""
    bare = re.sub(r"\b(nan|inf|NaN|Infinity)\b", "None", text)
    bare = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", re.sub(r"\bnull\b", "None", bare)))
    try:
        found = ast.literal_eval(bare) if bare else {}
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    plain = (str, int, float, bool, type(None))
    return (
        {str(key): value for key, value in found.items() if isinstance(value, plain)} if isinstance(found, dict) else {}
    )


def attempts(source: Source, segments: Sequence[Segment]) -> list[Entry]:
    """Return the attempts that a log announces with their settings, and that end in an error before any epoch.

    The settings of an attempt that did train are added to its segment.
    """
    if b"\0" in source.head[:4096] or b"{" not in source.head:
        return []
    begun: list[tuple[int, Mapping[str, Any]]] = []
    faults: dict[int, tuple[int, str]] = {}
    for line in lines(source):
        text = line.text.strip()
        if "{" in text and (announced := _announced(text)):
            settings = _mapping(announced)
            if sum(hyperparameter(key) is not None for key in settings) >= LEAST:
                begun.append((line.number, settings))
        elif begun and len(begun) not in faults and (match := FAULT.match(text)) is not None:
            faults[len(begun)] = line.number, match.group(1)[:LONGEST]
    if len(begun) < LEAST:
        return []
    return [*_ended(begun, faults, source.path, segments)]


def _announced(text: str) -> str:
    """Return what stands in braces behind the first announcement with no other brace between; empty if nothing does."""
    text = text[: text.rfind("}") + 1]
    at = 0
    for part in text.split("{")[:-1]:
        at += len(part)
        if ANNOUNCES.search(part[part.rfind("}") + 1 :]):
            return text[at:] if len(text) - at > 2 else ""
        at += 1
    return ""


def _ended(
    begun: Sequence[tuple[int, Mapping[str, Any]]],
    faults: Mapping[int, tuple[int, str]],
    path: str,
    segments: Sequence[Segment],
) -> Iterator[Entry]:
    for index, (start, settings) in enumerate(begun, 1):
        end = begun[index][0] if index < len(begun) else math.inf
        inside = [segment for segment in segments if segment.series and start <= segment.first_line < end]
        made = segment_of(f"attempt {index}", path, start, dict(settings))
        name_settings(made.config)
        if len(inside) == 1:
            inside[0].name = inside[0].name or made.name
            for key, setting in made.config.settings.items():
                inside[0].config.settings.setdefault(key, setting)
            for name, setting in made.config.canonical.items():
                inside[0].config.canonical.setdefault(name, setting)
        elif not inside and index in faults:
            made.first_line = made.last_line = faults[index][0]
            yield Entry(made.name, "text", made, (path,), "failed", faults[index][1])
