"""What was planned, or may be expected, against what the log shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diagnose.engine.story.told import (
    FEW,
    at,
    best,
    best_of,
    best_until,
    chance_of,
    is_better,
    judge_of,
    label,
    loss_of,
    natural,
    number,
    place,
    score_of,
    shared_epoch,
    unsteadiness,
)
from diagnose.model import UNKNOWN, Event, Fact, Finding, Place, Segment, Series
from diagnose.model.story import Expectation
from diagnose.names import split_of, traits
from diagnose.records import replace
from diagnose.text.wording import plural

Found = Sequence[tuple[int, Finding]]
MET, LESS, OTHER, UNTOLD = "as expected", "less", "differs", "cannot be told"
MOST = 40
NEAR = 0.02
"""Relative distance within which the last value is as good as the best, and two records of a loss as good as equal."""
SCATTER = 3.0
"""Times the unsteadiness of a series within which its values are not told apart."""
HARDLY = 0.01
"""Share of the scale up to which a score whose chance level is 0 may as well be chance."""
WARMING = 0.5
"""Part of the stated rate that a schedule may be down to by the end of the warm-up."""
NOT_FALLING = frozenset(
    {"loss-nan", "loss-nan-reported", "loss-diverging", "loss-plateau", "loss-at-chance", "loss-zero", "underfitting",
     "loss-zero-hides-nan", "loss-swings-grow", "loss-negative"}
)  # fmt: skip
NOT_ABOVE_CHANCE = frozenset(
    {"metric-near-zero", "zero-val-metric", "metric-below-chance", "metric-constant", "class-collapse"}
)
NOT_KEPT = frozenset({"metric-regression", "best-far-behind", "metric-loss-divergence"})
"""Names of findings that speak against a row of the table."""
GRAVE = ("error", "warning")
ENDS = ("early_stop", "out_of_memory", "traceback", "killed", "interrupted")


def expectations(
    segments: Sequence[Segment], baseline: dict[int, Segment], findings: Found = ()
) -> tuple[tuple[Expectation, ...], int]:
    """Return the rows of the table, segment by segment, and how many were left out: first what is as expected.

    No row says that all is as expected where a finding says that it is not.
    """
    rows = [
        replace(row, segment=label(segment, segments))
        for segment in segments
        for row in _of(segment, baseline.get(segment.index), findings)
    ]
    kept = rows if len(rows) <= MOST else [row for row in rows if row.verdict != MET]
    return tuple(kept[:MOST]), len(rows) - len(kept[:MOST])


def _of(segment: Segment, before: Segment | None, findings: Found) -> Iterator[Expectation]:
    yield from _length(segment)
    yield from _rate(segment)
    loss = loss_of(segment, "train")
    if loss is not None and len(loss) > 1:
        yield _falling(segment, loss, _doubt(segment, findings, NOT_FALLING, loss))
    judged, score = judge_of(segment), score_of(segment)
    chance = _chance(segment, score, _doubt(segment, findings, NOT_ABOVE_CHANCE, score)) if score else None
    # A score that never left the level of guessing has nothing to keep.
    if judged is not None and len(judged) > 1 and (chance is None or chance.verdict == MET):
        yield from _kept(segment, judged, _doubt(segment, findings, NOT_KEPT, judged, alone=True))
    if chance is not None:
        yield chance
    if judged is not None and before is not None:
        yield from _against(segment, judged, before)


class _Doubt(NamedTuple):
    """What findings on the same quantity say against a row: words to add, and whether one of them is sure of it."""

    told: str = ""
    grave: bool = False


def _doubt(segment: Segment, findings: Found, names: frozenset[str], series: Series, *, alone: bool = False) -> _Doubt:
    """Return what findings of these names say of a series; *alone*: not those on another one."""
    found = []
    for number_, finding in findings:
        if not names.intersection((finding.name, *finding.folded)) or finding.segment not in ("", segment.name):
            continue
        if finding.segments and segment.name not in finding.segments:
            continue
        about = finding.subject
        if about in segment.series and about != series.name and (alone or split_of(about) != split_of(series.name)):
            continue
        found.append((number_, finding))
    told = ", ".join(f"finding {number_} ({finding.name})" for number_, finding in found)
    grave = any(finding.severity in GRAVE for _, finding in found)
    return _Doubt(f"; see {told}" if told else "", grave)


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
    return next((event for kind in ENDS for event in segment.events_of(kind)), None)


def _length(segment: Segment) -> Iterator[Expectation]:
    plan, reached = planned(segment), segment.epochs
    if plan is not None and reached:
        ended = end_of(segment)
        places = (plan[1],) + ((ended.place,) if ended is not None else ())
        because = f", ended by {ended.kind.replace('_', ' ')}" if ended is not None and reached < plan[0] else ""
        verdict = MET if reached >= plan[0] else LESS
        yield Expectation("length", _epochs(plan[0]), f"{_epochs(reached)}{because}", verdict, segment.name, places)
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
    highest = float(seen.value[top])
    first, last = float(seen.value[finite[0]]), float(seen.value[finite[-1]])
    happened = f"{number(first)} to {number(last)}, highest {number(highest)} at {at(seen, top)}"
    if first == last == highest:
        happened = f"constant {number(first)}"
    places: tuple[Place, ...] = (place(seen, top),)
    chosen = segment.config.canonical.get("optimizer")
    if chosen is not None and str(chosen.value).strip().lower() == "auto":
        told = "what the automatic optimizer picks"
        yield Expectation("learning rate", told, happened, UNTOLD, segment.name, (chosen.place, *places))
        return
    if wanted is None:
        yield Expectation("learning rate", "not stated", happened, UNTOLD, segment.name, places)
        return
    verdict = MET if math.isclose(wanted[0], highest, rel_tol=0.05) else OTHER
    if verdict == OTHER and highest < wanted[0]:
        warm = _number_of(segment, "warmup_epochs")
        within = warm is not None and 0 < segment.epochs <= warm[0]
        if within or (warm is None and top == finite[-1] and last > first):
            verdict = UNTOLD
            happened += f": still within the warm-up of {_epochs(warm[0])}" if warm and within else ": still rising"
            places = (*places, warm[1]) if warm else places
        elif warm is not None and warm[0] > 0 and highest >= WARMING * wanted[0]:
            verdict = UNTOLD
            happened += ": the schedule goes down while the warm-up goes up"
    expected = f"{number(wanted[0])} at the start or after the warm-up"
    yield Expectation("learning rate", expected, happened, verdict, segment.name, (wanted[1], *places))


def _stated_rate(segment: Segment) -> tuple[float, Place] | None:
    setting: Fact | None = segment.facts.get("lr")
    if setting is not None and _number(setting.value):
        return float(setting.value), setting.place
    return _number_of(segment, "lr")


def _number_of(segment: Segment, name: str) -> tuple[float, Place] | None:
    known = segment.config.canonical.get(name)
    if known is not None and known.value is not UNKNOWN and _number(known.value):
        return float(known.value), known.place
    return None


def _falling(segment: Segment, loss: Series, doubt: _Doubt) -> Expectation:
    finite = np.flatnonzero(np.isfinite(loss.value))
    name = f"training loss ({loss.printed})"
    if not len(finite):
        return Expectation(name, "falls", f"never a number{doubt.told}", OTHER, segment.name, (place(loss, 0),))
    first, last = int(finite[0]), int(finite[-1])
    missing = len(loss) - len(finite)
    told = f"{number(float(loss.value[first]))} ({at(loss, first)}) to "
    told += f"{number(float(loss.value[last]))} ({at(loss, last)})"
    if missing:
        told += f"; {plural(missing, 'record')} {'is no number' if missing == 1 else 'are no numbers'}"
    verdict, why = _fell(loss.value[finite])
    if missing or doubt.grave:
        verdict, why = OTHER, ""
    elif doubt.told and verdict == MET:
        verdict = UNTOLD
    places = (place(loss, first), place(loss, last))
    return Expectation(name, "falls", told + why + doubt.told, verdict, segment.name, places)


def _fell(value: NDArray[np.float64]) -> tuple[str, str]:
    """Return whether a loss fell by more than it scatters, judged by the level of its first and its last records."""
    some = max(1, len(value) // 10)
    start, end, lowest = float(np.median(value[:some])), float(np.median(value[-some:])), float(value.min())
    if len(value) < FEW:
        near = abs(end - start) <= NEAR * max(abs(start), abs(end))
        return (UNTOLD, f": {len(value)} records, and hardly a difference") if near else _lower(start, end)
    scatter = unsteadiness(value) * math.sqrt(2 / some)
    if abs(end - start) <= SCATTER * scatter:
        return UNTOLD, ": no more than it moves from record to record"
    if start > end > lowest and end - lowest > max(0.5 * (start - lowest), SCATTER * scatter):
        return OTHER, f", up again from {number(lowest)}"
    return _lower(start, end)


def _lower(start: float, end: float) -> tuple[str, str]:
    return (MET if end < start else OTHER), ""


def _kept(segment: Segment, series: Series, doubt: _Doubt) -> Iterator[Expectation]:
    index = best(series)
    finite = np.flatnonzero(np.isfinite(series.value))
    if index is None or len(finite) < 2 or float(np.ptp(series.value[finite])) == 0:
        return
    last = int(finite[-1])
    top, end = float(series.value[index]), float(series.value[last])
    expected = f"close to its best, {number(top)} ({at(series, index)})"
    happened = f"{number(end)} ({at(series, last)})"
    lost = abs(top - end) / max(abs(top), 1e-12)
    verdict = MET
    if end != top and lost > NEAR:
        happened += f", {number(100 * lost)} % {'below' if traits(series.name).better == 'higher' else 'above'} it"
        if abs(top - end) > SCATTER * unsteadiness(
            series.value[len(series) // 2 :] if len(series) >= 2 * FEW else series.value
        ):
            verdict = OTHER
        elif not doubt.grave:
            happened += ": no more than it moves from record to record"
    if doubt.grave:
        verdict = OTHER
    places = (place(series, index), place(series, last))
    yield Expectation(f"last {series.printed}", expected, happened + doubt.told, verdict, segment.name, places)


def _chance(segment: Segment, score: Series, doubt: _Doubt) -> Expectation | None:
    level, index = chance_of(segment, score), best(score)
    if level is None or index is None or split_of(score.name) == "train":
        return None
    top = float(score.value[index])
    verdict = LESS if top <= level or doubt.grave else UNTOLD if doubt.told else MET
    happened = f"best {number(top)} ({at(score, index)})"
    if verdict == MET and level == 0 and natural(segment, score, top) < HARDLY:
        verdict, happened = UNTOLD, f"{happened}, hardly above it"
    return Expectation(
        f"{score.printed} against guessing", f"above {number(level)}", happened + doubt.told, verdict, segment.name,
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
    verdict = compared(series.name, now, then)
    shared = shared_epoch(series, other)
    if shared is not None and (one := best_until(series, shared)) and (two := best_until(other, shared)):
        until = compared(series.name, one[0], two[0])
        yield Expectation(
            f"{best_of(series.printed)} by epoch {number(shared)} against the baseline", number(two[0]), number(one[0]),
            until, segment.name, (two[1], one[1]),
        )  # fmt: skip
        verdict = verdict if verdict == until else UNTOLD
    yield Expectation(
        f"{best_of(series.printed)} against the baseline",
        f"{number(then)} ({at(other, theirs)})",
        f"{number(now)} ({at(series, mine)})" + (", the runs are of unequal length" if verdict == UNTOLD else ""),
        verdict,
        segment.name,
        (place(other, theirs), place(series, mine)),
    )


def compared(name: str, now: float, then: float) -> str:
    """Return ``same``, ``better`` or ``worse``."""
    return "same" if now == then else "better" if is_better(name, now, then) else "worse"


def _epochs(count: float) -> str:
    return f"{number(count)} epoch" + ("" if count == 1 else "s")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
