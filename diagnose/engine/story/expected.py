"""What was planned, or may be expected, against what the log shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from diagnose.engine.story.told import (
    at,
    best,
    best_of,
    chance_of,
    is_better,
    judge_of,
    label,
    loss_of,
    number,
    place,
    score_of,
)
from diagnose.model import UNKNOWN, Event, Fact, Place, Segment, Series
from diagnose.model.story import Expectation
from diagnose.names import split_of, traits

MET, LESS, OTHER, UNTOLD = "as expected", "less", "differs", "cannot be told"
MOST = 40
NEAR = 0.02
"""Relative distance within which the last value is as good as the best."""
ENDS = ("early_stop", "out_of_memory", "traceback", "killed", "interrupted")


def expectations(segments: Sequence[Segment], baseline: dict[int, Segment]) -> tuple[tuple[Expectation, ...], int]:
    """Return the rows of the table, segment by segment, and how many were left out: first what is as expected."""
    rows = [
        replace(row, segment=label(segment, segments))
        for segment in segments
        for row in _of(segment, baseline.get(segment.index))
    ]
    kept = rows if len(rows) <= MOST else [row for row in rows if row.verdict != MET]
    return tuple(kept[:MOST]), len(rows) - len(kept[:MOST])


def _of(segment: Segment, before: Segment | None) -> Iterator[Expectation]:
    yield from _length(segment)
    yield from _rate(segment)
    loss = loss_of(segment, "train")
    if loss is not None and len(loss) > 1:
        yield _falling(segment, loss)
    judged = judge_of(segment)
    if judged is not None and len(judged) > 1:
        yield from _kept(segment, judged)
    score = score_of(segment)
    if score is not None:
        yield from _chance(segment, score)
    if judged is not None and before is not None:
        yield from _against(segment, judged, before)


def planned(segment: Segment) -> tuple[float, Place] | None:
    """Return the planned epochs and where they stand."""
    fact = segment.facts.get("planned_epochs")
    if fact is not None and _number(fact.value):
        return float(fact.value), fact.place
    setting = segment.config.canonical.get("epochs")
    if setting is not None and setting.value is not UNKNOWN and _number(setting.value):
        return float(setting.value), setting.place
    return None


def end_of(segment: Segment) -> Event | None:
    """Return the event that ended a segment before its time, if the log names one."""
    return next((event for kind in ENDS for event in segment.events if event.kind == kind), None)


def _length(segment: Segment) -> Iterator[Expectation]:
    plan, reached = planned(segment), segment.epochs
    if plan is not None and reached:
        ended = end_of(segment)
        places = (plan[1],) + ((ended.place,) if ended is not None else ())
        because = f", ended by {ended.kind.replace('_', ' ')}" if ended is not None and reached < plan[0] else ""
        verdict = MET if reached >= plan[0] else LESS
        yield Expectation(
            "length", f"{number(plan[0])} epochs", f"{reached} epochs{because}", verdict, segment.name, places
        )
    elif plan is None and (fact := segment.facts.get("planned_steps")) is not None and _number(fact.value):
        steps = [float(np.nanmax(one.step)) for one in segment.series.values() if np.isfinite(one.step).any()]
        if steps:
            verdict = MET if max(steps) >= 0.99 * float(fact.value) else LESS
            told = f"{number(float(fact.value))} steps"
            yield Expectation("length", told, f"{number(max(steps))} steps", verdict, segment.name, (fact.place,))


def _rate(segment: Segment) -> Iterator[Expectation]:
    seen = segment.series.get("lr")
    wanted = _stated_rate(segment)
    if seen is None:
        if wanted is not None:
            happened = "no learning rate is logged"
            yield Expectation("learning rate", number(wanted[0]), happened, UNTOLD, segment.name, (wanted[1],))
        return
    finite = np.flatnonzero(np.isfinite(seen.value))
    if not len(finite):
        return
    top = int(finite[seen.value[finite].argmax()])
    first, last = float(seen.value[finite[0]]), float(seen.value[finite[-1]])
    shape = "constant" if first == last == float(seen.value[top]) else f"{number(first)} to {number(last)}"
    happened = (
        f"{shape}, highest {number(float(seen.value[top]))} at {at(seen, top)}"
        if shape != "constant"
        else (f"constant {number(first)}")
    )
    places = (place(seen, top),)
    if wanted is None:
        yield Expectation("learning rate", "not stated", happened, UNTOLD, segment.name, places)
        return
    near = math.isclose(wanted[0], float(seen.value[top]), rel_tol=0.05)
    expected = f"{number(wanted[0])} at the start or after the warm-up"
    yield Expectation("learning rate", expected, happened, MET if near else OTHER, segment.name, (wanted[1], *places))


def _stated_rate(segment: Segment) -> tuple[float, Place] | None:
    setting: Fact | None = segment.facts.get("lr")
    if setting is not None and _number(setting.value):
        return float(setting.value), setting.place
    known = segment.config.canonical.get("lr")
    if known is not None and _number(known.value):
        return float(known.value), known.place
    return None


def _falling(segment: Segment, loss: Series) -> Expectation:
    finite = np.flatnonzero(np.isfinite(loss.value))
    name = f"training loss ({loss.printed})"
    if not len(finite):
        return Expectation(name, "falls", "never a number", OTHER, segment.name, (place(loss, 0),))
    first, last = int(finite[0]), int(finite[-1])
    broken = "" if len(finite) == len(loss) else f"; {len(loss) - len(finite)} records are no numbers"
    told = f"{number(float(loss.value[first]))} ({at(loss, first)}) to "
    told += f"{number(float(loss.value[last]))} ({at(loss, last)})"
    fell = loss.value[last] < loss.value[first] and not broken
    places = (place(loss, first), place(loss, last))
    return Expectation(name, "falls", told + broken, MET if fell else OTHER, segment.name, places)


def _kept(segment: Segment, series: Series) -> Iterator[Expectation]:
    index = best(series)
    finite = np.flatnonzero(np.isfinite(series.value))
    if index is None or len(finite) < 2:
        return
    last = int(finite[-1])
    top, end = float(series.value[index]), float(series.value[last])
    expected = f"close to its best, {number(top)} ({at(series, index)})"
    happened = f"{number(end)} ({at(series, last)})"
    lost = abs(top - end) / max(abs(top), 1e-12)
    verdict = MET if end == top or lost <= NEAR else OTHER
    if verdict == OTHER:
        happened += f", {number(100 * lost)} % {'below' if traits(series.name).better == 'higher' else 'above'} it"
    places = (place(series, index), place(series, last))
    yield Expectation(f"last {series.printed}", expected, happened, verdict, segment.name, places)


def _chance(segment: Segment, score: Series) -> Iterator[Expectation]:
    level, index = chance_of(segment, score), best(score)
    if level is None or index is None:
        return
    top = float(score.value[index])
    verdict = MET if top > level else LESS
    happened = f"best {number(top)} ({at(score, index)})"
    if split_of(score.name) == "train":
        return
    yield Expectation(
        f"{score.printed} against guessing", f"above {number(level)}", happened, verdict, segment.name,
        (place(score, index),),
    )  # fmt: skip


def _against(segment: Segment, series: Series, before: Segment) -> Iterator[Expectation]:
    other = before.series.get(series.name)
    if other is None:
        other = judge_of(before)
    if other is None or other.name != series.name:
        yield Expectation(
            "baseline", f"{series.printed} of the baseline", "the baseline does not log it", UNTOLD, segment.name
        )
        return
    mine, theirs = best(series), best(other)
    if mine is None or theirs is None:
        return
    now, then = float(series.value[mine]), float(other.value[theirs])
    verdict = "same" if now == then else "better" if is_better(series.name, now, then) else "worse"
    yield Expectation(
        f"{best_of(series.printed)} against the baseline",
        f"{number(then)} ({at(other, theirs)})",
        f"{number(now)} ({at(series, mine)})",
        verdict,
        segment.name,
        (place(other, theirs), place(series, mine)),
    )


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
