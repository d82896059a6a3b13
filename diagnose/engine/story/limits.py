"""From when on a run shows whether it is sick: the epoch of the symptom, and the value to be reached by then."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from diagnose.engine.story.expected import planned
from diagnose.engine.story.told import Lines, best, best_until, chance_of, is_better, judge_of, number, place
from diagnose.model import Finding, Place, Segment, Series
from diagnose.model.finding import SEVERITIES
from diagnose.model.story import Statement
from diagnose.names import traits
from diagnose.records import dataclass
from diagnose.text.wording import plural

LONGER = 1.25
LEAST = 3
MOST_OF_BEST = 0.9
"""The part of the way from its first to its best value after which a baseline has shown that it learns."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the runs of a plan last, and when to stop them.

    Attributes:
        epochs: of a run that only has to show the symptom; 0 if no epoch is known.
        full: of a whole run; 0 if not known.
    """

    epochs: int
    full: int
    basis: tuple[Statement, ...]
    stop: tuple[Statement, ...]


def limits(segments: Sequence[Segment], findings: Sequence[Finding], baseline: dict[int, Segment]) -> Limits:
    """Return budget and limits with what they were taken from."""
    segment, symptom = _symptom(segments, findings)
    plan = planned(segment)
    full = int(plan[0]) if plan else segment.epochs
    told: list[Statement] = []
    needed = 0.0
    if symptom is not None:
        finding, epoch = symptom
        needed = epoch
        told.append(
            Statement(
                f"the symptom ({finding.name}) stands in the log by epoch {number(epoch)}", places=(finding.place,)
            )
        )
    before = baseline.get(segment.index)
    judged = judge_of(segment)
    other = before.series.get(judged.name) if before is not None and judged is not None else None
    if other is not None and (grown := _grown(other)) is not None:
        needed = max(needed, grown[0])
        told.append(
            Statement(
                f"the baseline has gone {MOST_OF_BEST:.0%} of the way to its best {other.printed} by epoch "
                f"{number(grown[0])}",
                places=(grown[1],),
            )
        )
    if not needed:
        needed = segment.epochs
        if needed:
            counted = "the one epoch of this run counts" if needed == 1 else f"the {needed} epochs of this run count"
            told.append(Statement(f"no epoch of a symptom is known, so {counted}"))
    epochs = max(math.ceil(LONGER * needed), LEAST) if needed else 0
    if full and epochs > full:
        epochs = full
    elif epochs:
        told.append(
            Statement(f"a quarter more, at least {LEAST}: {plural(epochs, 'epoch')} for a run that only has to show it")
        )
    early = math.ceil(needed)
    return Limits(epochs, full, tuple(told), tuple(_stops(segment, judged, other, early if early < epochs else 0)))


def _symptom(segments: Sequence[Segment], findings: Sequence[Finding]) -> tuple[Segment, tuple[Finding, float] | None]:
    """Return the gravest finding that has an epoch, and its segment."""
    for finding in sorted(findings, key=lambda one: SEVERITIES.index(one.severity)):
        if finding.severity not in ("error", "warning"):
            break
        for segment in segments:
            if finding.segment and finding.segment != segment.name:
                continue
            if finding.subject and finding.subject not in segment.series:
                continue
            lines = Lines(segment)
            for where in (finding.place, *(evidence.place for evidence in finding.evidence)):
                epoch = lines.exact(where) if finding.subject else lines.epoch(where)
                if epoch is not None and epoch >= 1:
                    return segment, (finding, math.ceil(epoch - 1e-9))
    judged = [segment for segment in segments if judge_of(segment) is not None]
    return (judged or list(segments))[-1], None


def _grown(series: Series) -> tuple[float, Place] | None:
    index = best(series)
    if index is None or not np.isfinite(series.epoch).all():
        return None
    first, top = float(series.value[np.isfinite(series.value)][0]), float(series.value[index])
    wanted = first + MOST_OF_BEST * (top - first)
    for at_ in range(index + 1):
        value = float(series.value[at_])
        if value == wanted or is_better(series.name, value, wanted):
            return float(math.ceil(series.epoch[at_] - 1e-9)), place(series, at_)
    return None


def _stops(segment: Segment, judged: Series | None, other: Series | None, epochs: int) -> list[Statement]:
    told = [Statement("stop at once when a loss is NaN or infinite")]
    if judged is None or not epochs or traits(judged.name).better == "none":
        return told
    mine = best_until(judged, epochs)
    theirs = best_until(other, epochs) if other is not None else None
    side = "below" if traits(judged.name).better == "higher" else "above"
    by = f"by epoch {epochs}"
    if mine is not None and theirs is not None and is_better(judged.name, theirs[0], mine[0]):
        half = (mine[0] + theirs[0]) / 2
        told.append(
            Statement(
                f"stop {by} if the best {judged.printed} is still {side} {number(half)}: half way between this run "
                f"({number(mine[0])}) and the baseline ({number(theirs[0])}) at that epoch",
                places=(mine[1], theirs[1]),
            )
        )
    elif mine is not None:
        level = chance_of(segment, judged)
        if level is not None and not is_better(judged.name, mine[0], level):
            told.append(
                Statement(
                    f"stop {by} if the best {judged.printed} is not above {number(level)}, the level of guessing, "
                    f"which this run had not left ({number(mine[0])})",
                    places=(mine[1],),
                )
            )
        else:
            told.append(
                Statement(
                    f"stop {by} if the best {judged.printed} is no better than {number(mine[0])}, where this run was "
                    "by then",
                    places=(mine[1],),
                )
            )
    return told
