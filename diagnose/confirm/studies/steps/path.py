"""The ablation path: from baseline to suspect config, one culprit after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diagnose.confirm.model import Outcome, Step
from diagnose.confirm.studies.compare import arm, compare, flip_value, p_value
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.result import Arm, PathPoint, StepRecord
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs

SHOWN = 0.05
"""p up to which a step counts as one. It decides nothing: the culprit was confirmed before."""


def path(
    order: Sequence[Parts], everything: Parts, runs: Runs, options: StudyOptions, known: Sequence[int]
) -> Step[StepRecord]:
    """Switch on atoms one by one, in order, and the rest of the diff in one last stride.

    Stops that the study has run already cost nothing: both ends always, and the culprit where it is one setting.

    Source: Fawcett and Hoos 2016, Analysing differences between algorithm configurations through ablation, Journal of
    Heuristics 22(4), with an order given by the search in place of a race at every stop.

    Args:
        order: atoms to add at each stop.
        everything: parts of the suspect config.
        runs: of the study.
        options: choices.
        known: seeds of further runs that may be used: those of the confirmations.
    """
    before = len(runs.known)
    stops: list[Parts] = [tuple(sorted(atom for added in order[:at] for atom in added)) for at in range(len(order) + 1)]
    if stops[-1] != everything:
        stops.append(everything)
    seeds = options.control_seeds
    state = "done"
    try:
        for parts in stops:
            have = len(_votes(parts, runs, seeds, known))
            missing = [(parts, seeds)] if have < options.path_runs else []
            yield from runs.fill(missing, options.path_runs, options.spare)
    except OutOfBudget:
        state = "out-of-budget"
    if all(len(runs.votes(parts, known)) >= options.path_runs for parts in stops):
        seeds = range(0)  # pairs all along
    arms = [(parts, found) for parts in stops if (found := _votes(parts, runs, seeds, known))]
    points = _points(arms, everything, runs, options)
    return StepRecord(
        "path",
        state,
        runs=len(runs.known) - before,
        comparisons=tuple(point.step for point in points if point.step),
        path=tuple(points),
    )


def _votes(parts: Parts, runs: Runs, seeds: Sequence[int], known: Sequence[int]) -> list[Outcome]:
    """Return the runs of the control's seeds, or of the confirmations' where those are more, but never both.

    Some of the former may come from the search, which chose them.
    """
    return max(runs.votes(parts, seeds), runs.votes(parts, known), key=len)


def _points(
    arms: Sequence[tuple[Parts, list[Outcome]]], everything: Parts, runs: Runs, options: StudyOptions
) -> list[PathPoint]:
    judge = runs.judge
    stops = [arm(parts, found, judge) for parts, found in arms]
    levels = _levels(stops)
    ends = {stop.parts: level for stop, level in zip(stops, levels, strict=True)}
    whole = ends[everything] - ends[()] if everything in ends and () in ends else 0.0
    points: list[PathPoint] = []
    for at, (parts, found) in enumerate(arms):
        if not at:
            points.append(PathPoint((), stops[0]))
            continue
        last_parts, last = arms[at - 1]
        step = compare(
            "worse-than-before",
            (parts, found),
            (last_parts, last),
            judge,
            holds=min(p_value(found, last, judge), flip_value(found, last, judge)) <= SHOWN,
            resamples=options.resamples,
        )
        added = tuple(atom for atom in parts if atom not in last_parts)
        points.append(PathPoint(added, stops[at], step, (levels[at] - levels[at - 1]) / whole if whole else None))
    return points


def _levels(stops: Sequence[Arm]) -> list[float]:
    """Return where each stop stands: by metric if every run has a finite one, else by symptom."""
    if all(len(stop.metrics) == stop.runs and all(map(math.isfinite, stop.metrics)) for stop in stops):
        return [stop.mean or 0.0 for stop in stops]
    return [(stop.shown or 0) / stop.runs for stop in stops]
