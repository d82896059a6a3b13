"""What happened, in three to five sentences made of measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from diagnose.engine.diff.side import CONFIG
from diagnose.engine.story.expected import compared, end_of, planned
from diagnose.engine.story.outcome import outcome
from diagnose.engine.story.told import (
    at,
    best,
    best_of,
    best_until,
    judge_of,
    label,
    loss_of,
    number,
    place,
    shared_epoch,
)
from diagnose.model import Finding, Place, Run, Segment, Series
from diagnose.model.finding import SEVERITIES
from diagnose.model.story import Statement
from diagnose.names import split_of
from diagnose.sources import Source
from diagnose.text.wording import plural

NAMED = 4
"""Segments that a sentence names one by one."""
TOLD_WHOLE = 2
"""Segments whose score is told from its first to its last value."""
GRAVE = ("error", "warning")
OF_CONFIGS = ("DIFF", "CFG")
"""Families whose findings tell nothing of what happened in the run."""


def summary(
    run: Run,
    title: str,
    findings: Sequence[tuple[int, Finding]],
    baseline: dict[int, Segment],
    sources: Mapping[str, Source] | None = None,
) -> tuple[Statement, ...]:
    """Return the sentences: how far it came, what it reached and states, its losses, the baseline, what was found."""
    told = [_reach(run, title)]
    told += _scores(run.segments)
    told += outcome(run, sources or {})
    told += _losses(run.segments)
    told += _compared(run.segments, baseline)
    told.append(_found(findings))
    return tuple(told)


def _reach(run: Run, title: str) -> Statement:
    fits = run.segments
    places: list[Place] = []
    if run.format.startswith(CONFIG):
        count = plural(sum(len(segment.config.settings) for segment in fits), "setting")
        return Statement(f"{title} ({run.format}) is a config with {count}; no log of a run was read.")
    if len(fits) == 1:
        plan, end = planned(fits[0]), end_of(fits[0])
        text = f"{title} ({run.format}) is one run"
        if fits[0].epochs:
            text += f" that reached epoch {fits[0].epochs}" + (f" of {number(plan[0])}" if plan else "")
        if plan:
            places.append(plan[1])
        if end is not None and (plan is None or fits[0].epochs < plan[0] or end.kind != "early_stop"):
            text += f"; {ENDED[end.kind]}"
            places.append(end.place)
        return Statement(text + ".", places=tuple(places))
    parts = []
    segments = fits
    for segment in segments[:NAMED]:
        plan, end = planned(segment), end_of(segment)
        reached = (
            f"epoch {segment.epochs}" + (f" of {number(plan[0])}" if plan else "") if segment.epochs else "no epoch"
        )
        parts.append(
            f"{label(segment, segments)} reached {reached}" + (f" ({SHORT[end.kind]})" if end is not None else "")
        )
        places += [end.place] if end is not None else []
    more = f"; {plural(len(fits) - NAMED, 'further part')}" if len(fits) > NAMED else ""
    return Statement(f"{title} ({run.format}) holds {len(fits)} fits: {'; '.join(parts)}{more}.", places=tuple(places))


ENDED = {
    "early_stop": "early stopping ended it",
    "out_of_memory": "memory ran out",
    "traceback": "the program failed",
    "killed": "it was ended from outside",
    "interrupted": "it was interrupted",
}
SHORT = {
    "early_stop": "early stopping",
    "out_of_memory": "memory ran out",
    "traceback": "the program failed",
    "killed": "killed",
    "interrupted": "interrupted",
}


def _scores(segments: Sequence[Segment]) -> Iterator[Statement]:
    found = [(segment, series) for segment in segments if (series := judge_of(segment)) is not None]
    parts, places = [], []
    if len(found) > TOLD_WHOLE:
        yield from _bests(found, segments)
        return
    for segment, series in found:
        index, last = best(series), len(series) - 1
        if index is None:
            continue
        where = f" in {label(segment, segments)}" if len(segments) > 1 else ""
        value = series.value
        if len(series) == 1:
            text = f"{series.printed} is {number(float(value[0]))}{where}"
        elif np.isfinite(value).all() and value.min() == value.max():
            text = f"{series.printed} is {number(float(value[0]))} in all {len(series)} records{where}"
        else:
            text = (
                f"{series.printed} began at {number(float(value[0]))} ({at(series, 0)}), was best at "
                f"{number(float(value[index]))} ({at(series, index)})"
            )
            text += (
                f" and ended at {number(float(value[last]))} ({at(series, last)})"
                if index != last
                else ", its last record"
            )
            text += where
        parts.append(text)
        places += [place(series, index), place(series, last)]
    if parts:
        yield Statement(
            "; ".join(_capital(part) if not at_ else part for at_, part in enumerate(parts)) + ".", places=tuple(places)
        )
    elif any(segment.series for segment in segments):
        yield Statement("No score and no loss is logged by which the run could be judged.")


def _bests(found: list[tuple[Segment, Series]], segments: Sequence[Segment]) -> Iterator[Statement]:
    """Yield the best value of each part, for each quantity that parts are judged by."""
    for name in dict.fromkeys(best_of(series.printed) for _, series in found):
        there = [(segment, one) for segment, one in found if best_of(one.printed) == name]
        tops = [(segment, one, index) for segment, one in there if (index := best(one)) is not None]
        told = [
            f"{number(float(one.value[index]))} in {label(segment, segments)} ({at(one, index)})"
            for segment, one, index in tops[:NAMED]
        ]
        if not told:
            continue
        more = ""
        if len(tops) > NAMED:
            rest = [float(one.value[index]) for _, one, index in tops[NAMED:]]
            low, high = number(min(rest)), number(max(rest))
            more = f", and {low if low == high else f'{low} to {high}'} in {plural(len(rest), 'further part')}"
        yield Statement(
            _capital(f"the {name} is {', '.join(told)}{more}."),
            places=tuple(place(one, i) for _, one, i in tops[:NAMED]),
        )


def _losses(segments: Sequence[Segment]) -> Iterator[Statement]:
    segment = next((one for one in reversed(segments) if loss_of(one, "train") is not None), None)
    if segment is None:
        return
    parts, places, clean = [], [], _without_nan(segments)
    judged = judge_of(segment)
    for split in ("train", "val"):
        loss = loss_of(segment, split)
        if loss is None or len(loss) < 2 or (judged is not None and loss.name == judged.name):
            continue
        part, where = _course(loss)
        parts.append(part)
        places += where
    if parts:
        where_ = f" in {label(segment, segments)}" if len(segments) > 1 else ""
        yield Statement(_capital(" and ".join(parts)) + where_ + clean + ".", places=tuple(places))
    elif clean:
        yield Statement(_capital(clean.removeprefix("; ")) + ".")


def _without_nan(segments: Sequence[Segment]) -> str:
    """Return that no record of the run holds a NaN, as words to add; empty where one does, or a loss hides some."""
    series = [one for segment in segments for one in segment.series.values()]
    if not series or not all(np.isfinite(one.value).all() for one in series):
        return ""
    records = sum(max((len(one) for one in segment.series.values()), default=0) for segment in segments)
    return f"; no NaN in {plural(records, 'record')}"


def _course(loss: Series) -> tuple[str, list[Place]]:
    finite = np.flatnonzero(np.isfinite(loss.value))
    what = "the training loss" if split_of(loss.name) == "train" else "the validation loss"
    if not len(finite):
        return f"{what} was never a number", [place(loss, 0)]
    first, last = int(finite[0]), int(finite[-1])
    text = f"{what} went from {number(float(loss.value[first]))} to {number(float(loss.value[last]))}"
    broken = len(loss) - len(finite)
    if broken:
        lost = plural(broken, "record")
        start = int(np.flatnonzero(~np.isfinite(loss.value))[0])
        text += f" and was no number in {lost}, first at {at(loss, start)}"
        return text, [place(loss, start)]
    return text, [place(loss, first), place(loss, last)]


THAN = {"same": "as good as", "better": "better than", "worse": "worse than"}


def _compared(segments: Sequence[Segment], baseline: dict[int, Segment]) -> Iterator[Statement]:
    parts, places = [], []
    for segment in segments:
        other, series = baseline.get(segment.index), judge_of(segment)
        theirs = other.series.get(series.name) if other is not None and series is not None else None
        if series is None or theirs is None or (mine := best(series)) is None or (then := best(theirs)) is None:
            continue
        now, was = float(series.value[mine]), float(theirs.value[then])
        where = f" in {label(segment, segments)}" if len(segments) > 1 else ""
        told = f"the {best_of(series.printed)}{where} is {THAN[compared(series.name, now, was)]} the baseline's: "
        told += f"{number(now)} against {number(was)}"
        places += [place(series, mine), place(theirs, then)]
        shared = shared_epoch(series, theirs)
        if shared is not None and (one := best_until(series, shared)) and (two := best_until(theirs, shared)):
            alike = compared(series.name, one[0], two[0]) == compared(series.name, now, was)
            told += f"; by epoch {number(shared)}, where the shorter of the two ends, "
            told += "" if alike else f"it is {THAN[compared(series.name, one[0], two[0])]} it: "
            told += f"{number(one[0])} against {number(two[0])}"
            places += [one[1], two[1]]
        last, end = float(series.value[-1]), float(theirs.value[-1])
        if now != last and compared(series.name, last, end) != compared(series.name, now, was):
            # Where a run starts from the baseline's checkpoint, its best value is that of the start.
            told += f"; its last is {THAN[compared(series.name, last, end)]} the baseline's: {number(last)} against "
            told += number(end)
            places += [place(series, -1), place(theirs, -1)]
        parts.append(told)
    if parts:
        yield Statement(_capital("; ".join(parts[:NAMED])) + ".", places=tuple(places))
    elif baseline:
        yield Statement("This run and the baseline log no score or loss that both have, so no result is compared.")


def _found(findings: Sequence[tuple[int, Finding]]) -> Statement:
    if not findings:
        return Statement("No rule found a problem.")
    counted = [(severity, sum(one.severity == severity for _, one in findings)) for severity in SEVERITIES]
    told = ", ".join(plural(count, severity) for severity, count in counted if count)
    logged = [pair for pair in findings if not pair[1].code.startswith(OF_CONFIGS) and pair[1].severity in GRAVE]
    number_, worst = min(logged or findings, key=lambda pair: (SEVERITIES.index(pair[1].severity), pair[0]))
    if worst.severity in ("info", "hint"):
        return Statement(f"The rules found no error and no warning, but {told} (below).")
    among = " of the run" if logged and any(one.code.startswith(OF_CONFIGS) for _, one in findings) else ""
    text = f"The rules found {told}; the gravest{among} is number {number_}: {worst.message.rstrip('.')}."
    return Statement(text, places=(worst.place,))


def _capital(text: str) -> str:
    """Return a sentence with a capital letter, unless it begins with a name of the log."""
    return text[:1].upper() + text[1:] if text.startswith(("the ", "no ")) else text
