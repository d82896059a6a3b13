"""The story of a run in the order in which it happened: parts, events, findings, the best and the last epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from diagnose.engine.quote import Quotes
from diagnose.engine.story.told import Lines, at, best, judge_of, number, place
from diagnose.model import Event, Finding, Place, Segment
from diagnose.model.finding import SEVERITIES
from diagnose.model.story import Moment
from diagnose.records import replace

MOST = 48
ALIKE = 3
"""Events of one kind in a segment from which on only the first and the last are told."""
OF_CONFIGS = ("CFG", "DIFF")
NOISE = ("metric_summary", "epoch_end", "session_start", "config_remark", "confusion_matrix", "suppression", "waiver")
WORDS = {
    "early_stop": "early stopping ended the training",
    "weights_restored": "weights of an earlier epoch were put back",
    "checkpoint": "checkpoint written",
    "checkpoint_not_improved": "no checkpoint: no improvement",
    "checkpoint_transferred": "weights handed on to the next stage",
    "lr_reduced": "the learning rate was lowered",
    "metric_missing": "a callback waits for a metric that is not there",
    "input_exhausted": "the input ran out of data",
    "warning": "warning",
    "error_line": "error in the log",
    "traceback": "the program failed",
    "out_of_memory": "memory ran out",
    "interrupted": "the program was interrupted",
    "killed": "the program was ended from outside",
    "resumed": "training went on from a checkpoint",
    "loaded": "weights loaded",
    "state_dict_mismatch": "weights did not fit the model",
    "epoch_broken_off": "the log ends within an epoch",
    "nan_reported": "the program reports a value that is not a number",
    "best_summary": "the program names its best value",
    "session_end": "the program says that it is done",
    "no_labels": "no labels were found",
    "trial_failed": "a trial failed",
}
OF_THEN = frozenset(
    {"early_stop", "epoch_end", "lr_reduced", "checkpoint", "epoch_broken_off", "checkpoint_not_improved"}
)
"""Events whose ``epoch`` is when they happened."""
FIRST_TO_GO = ("checkpoint_not_improved", "checkpoint", "warning", "best_summary", "loaded", "lr_reduced")


def timeline(
    segments: Sequence[Segment], findings: Sequence[tuple[int, Finding]], quotes: Quotes
) -> tuple[Moment, ...]:
    """Return the moments in order, with the text of their lines."""
    moments = [moment for segment in segments for moment in _of(segment, findings, alone=len(segments) == 1)]
    if len(moments) > MOST:
        moments = _fewer(moments)
    quotes.fetch(moment.place for _, moment in moments)
    return tuple(replace(moment, place=quotes.place(moment.place)) for _, moment in moments)


Keyed = list[tuple[str, Moment]]


def _of(segment: Segment, findings: Sequence[tuple[int, Finding]], *, alone: bool) -> Keyed:
    lines = Lines(segment)
    keyed: list[tuple[str, Moment]] = []
    if not alone:
        titled = 0 < segment.title_line < segment.first_line
        begin = Place(segment.path, segment.title_line if titled else segment.first_line)
        keyed.append(("", Moment(begin, segment.name, "", f"{segment.name or 'a part'} begins", "start")))
    keyed += [(kind, moment) for kind, moment in _events(segment, lines)]
    keyed += [("", moment) for moment in _turns(segment)]
    for number_, finding in findings:
        if finding.code.startswith(OF_CONFIGS):
            continue  # stands in a config, and did not happen at any time
        if _inside(finding, segment, alone=alone):
            when = lines.epoch(finding.place)
            told = f"epoch {number(math.ceil(when - 1e-9))}" if when is not None else ""
            keyed.append(
                (
                    "",
                    Moment(finding.place, segment.name, told, finding.message, "finding", finding.severity, (number_,)),
                )
            )
    order = {"start": 0, "event": 1, "best": 2, "finding": 3, "last": 4}
    keyed.sort(key=lambda pair: (_when(pair[1], lines), pair[1].place.line, order[pair[1].kind]))
    return _joined(keyed)


def _joined(keyed: Keyed) -> Keyed:
    """Return one moment a line: what happened there, with the findings that stand on it."""
    groups: dict[tuple[str, int], Keyed] = {}
    for pair in keyed:
        groups.setdefault((pair[1].place.path, pair[1].place.line), []).append(pair)
    joined: Keyed = []
    latest = ""
    for group in groups.values():
        first = next((pair for pair in group if pair[1].kind != "finding"), None)
        found = sorted(
            (moment for _, moment in group if moment.kind == "finding"), key=lambda one: SEVERITIES.index(one.severity)
        )
        if first is None and found[0].severity == "hint":
            continue
        kind, moment = first or ("", found[0])
        told = dict.fromkeys(one.what for _, one in group if one.kind != "finding") or {moment.what: None}
        numbers = tuple(sorted(number for one in found for number in one.findings))
        when = moment.when or next((one.when for _, one in group if one.when), "")
        if moment.kind == "event" and _epoch(when) < _epoch(latest):
            when = latest  # after an early stop, though the last record is older
        latest = max(latest, when, key=_epoch)
        severity = found[0].severity if found else ""
        kinds = {one.kind for _, one in group}
        best_here = "best" if "best" in kinds and moment.kind != "start" else moment.kind
        joined.append(
            (
                kind,
                replace(moment, what="; ".join(told), when=when, findings=numbers, severity=severity, kind=best_here),
            )
        )
    return joined


def _epoch(when: str) -> float:
    words = when.split()
    return float(words[1]) if words[:1] == ["epoch"] else -1.0


def _inside(finding: Finding, segment: Segment, *, alone: bool) -> bool:
    if alone:
        return True
    if finding.segment:
        return finding.segment == segment.name
    where = finding.place
    if where.path == segment.path and segment.first_line <= where.line <= segment.last_line:
        return True
    return segment.index == 0 and (where.path != segment.path or where.line < segment.first_line)


def _when(moment: Moment, lines: Lines) -> float:
    known = lines.epoch(moment.place)
    if known is not None:
        return known
    return _epoch(moment.when)


def _events(segment: Segment, lines: Lines) -> Iterator[tuple[str, Moment]]:
    for kind in [kind for kind in segment.kinds if kind not in NOISE]:
        events = segment.events_of(kind)
        if len(events) > ALIKE:
            first, last = events[0], events[-1]
            yield kind, replace(_moment(segment, first, lines), times=len(events) - 1)
            yield kind, _moment(segment, last, lines)
        else:
            for event in events:
                yield kind, _moment(segment, event, lines)


def _moment(segment: Segment, event: Event, lines: Lines) -> Moment:
    what = WORDS.get(event.kind, event.kind.replace("_", " "))
    fields = event.fields
    epoch = fields.get("epoch")
    known = isinstance(epoch, int | float) and math.isfinite(epoch)
    when = ""
    if event.kind in OF_THEN and known:
        when = f"epoch {number(float(epoch))}"  # type: ignore[arg-type]
    elif (before := lines.epoch(event.place)) is not None:
        when = f"epoch {number(math.ceil(before - 1e-9))}"
    if event.kind == "weights_restored" and known:
        what = f"the weights of epoch {number(float(epoch))} were put back"  # type: ignore[arg-type]
    message = next((str(fields[name]) for name in ("message", "error", "metric", "what") if fields.get(name)), "")
    value = fields.get("value")
    if isinstance(value, int | float) and event.kind in ("best_summary", "lr_reduced"):
        message = f"{message} {number(float(value))}".strip()
    return Moment(event.place, segment.name, when, f"{what}: {message}" if message else what)


def _turns(segment: Segment) -> Iterator[Moment]:
    """Yield the best and the last record of what the run is judged by."""
    series = judge_of(segment)
    if series is None or len(series) < 2:
        return
    last = len(series) - 1
    index = best(series)
    if np.isfinite(series.value).all() and float(np.ptp(series.value)) == 0:
        told = f"last record of {series.printed}: {number(float(series.value[last]))}, as in every record before it"
        yield Moment(place(series, last), segment.name, at(series, last), told, "last")
        return
    if index is not None:
        told = f"{series.printed} is at its best: {number(float(series.value[index]))}"
        yield Moment(place(series, index), segment.name, at(series, index), told, "best")
    if index != last:
        told = f"last record of {series.printed}: {number(float(series.value[last]))}"
        yield Moment(place(series, last), segment.name, at(series, last), told, "last")


def _fewer(moments: Keyed) -> Keyed:
    """Leave out what tells least until the rest can be read."""
    for kind in FIRST_TO_GO:
        if len(moments) <= MOST:
            return moments
        moments = [pair for pair in moments if pair[0] != kind]
    for keep in (2, 3):
        if len(moments) > MOST:
            moments = [
                pair
                for pair in moments
                if pair[1].kind in ("start", "best") or (pair[1].severity and SEVERITIES.index(pair[1].severity) < keep)
            ]
            break
    return moments[:MOST]
