"""From outcomes to scores: one number per run, higher is worse."""

from __future__ import annotations

import math
from collections.abc import Sequence

SYMPTOM, METRIC, BOTH = "symptom", "metric", "symptom, then metric"


def scores(shown: Sequence[bool | None], badness: Sequence[float | None]) -> tuple[list[float], str]:
    """Return a score per run, and what it was made of.

    Runs that show the symptom are worse than all that do not; among runs with the same verdict the metric decides if
    each of them has one (runs that were stopped at their verdict have none), else they tie. Which runs are alike is
    thus told from all runs together and never from the arm they belong to, so that a permutation test of the scores
    keeps its level.

    Args:
        shown: the verdict of each run; all None if no symptom is judged.
        badness: the metric of each run so turned that higher is worse, +inf for NaN; None where there is none.

    Raises:
        ValueError: a run has neither.
    """
    if all(one is None for one in shown):
        if any(value is None for value in badness):
            raise ValueError("a run has neither symptom nor metric")
        return [_finite(value) for value in badness], METRIC
    if any(one is None for one in shown):
        raise ValueError("a run has no verdict")
    groups: dict[bool, list[int]] = {False: [], True: []}
    for at, one in enumerate(shown):
        groups[bool(one)].append(at)
    found = [0.0] * len(shown)
    ranked = False
    base = 0.0
    for members in (groups[False], groups[True]):
        if all(badness[at] is not None for at in members):
            order = sorted({_finite(badness[at]) for at in members})
            ranked |= len(order) > 1
            place = {value: number for number, value in enumerate(order)}
            for at in members:
                found[at] = base + place[_finite(badness[at])]
        else:
            for at in members:
                found[at] = base
        base += len(shown)
    return found, BOTH if ranked else SYMPTOM


def badness(metric: float | None, better: str | None) -> float | None:
    """Return a metric so turned that higher is worse; NaN is the worst there is."""
    if metric is None:
        return None
    if math.isnan(metric):
        return math.inf
    return -metric if better == "higher" else metric


def _finite(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else value
