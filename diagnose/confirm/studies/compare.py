"""Two arms side by side: the test, and the figures that a reader needs to judge it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from diagnose.confirm.model import Outcome
from diagnose.confirm.studies.result import Arm, Comparison, Look
from diagnose.confirm.studies.stats import (
    bootstrap_difference,
    chance_above,
    clopper_pearson,
    cohen_d,
    label_permutation,
    middle,
    newcombe,
    paired_difference,
    sign_flip,
)
from diagnose.confirm.studies.verdicts import Judge

Outcomes = Sequence[Outcome]
HALF = 0.5
MUCH = 0.3
"""Part of the runs of a config that may not break down: the others are a choice then."""
FAILING = 0.05


def arm(parts: tuple[str, ...], outcomes: Outcomes, judge: Judge, failed: int = 0) -> Arm:
    """Return what the runs of one config came to, and how many more broke down."""
    votes = [one for one in outcomes if judge.votes(one)]
    verdicts = [verdict for one in votes if (verdict := judge.shown(one)) is not None]
    shown = sum(map(int, verdicts)) if verdicts else None
    metrics = tuple(one.metric for one in votes if one.metric is not None)
    finite = [value for value in metrics if math.isfinite(value)]
    return Arm(
        parts,
        len(votes),
        tuple(one.trial.seed for one in votes) if judge.seeded else (),
        shown,
        clopper_pearson(shown, len(verdicts)) if shown is not None else None,
        metrics,
        float(middle(np.array(finite))) if finite else None,
        failed,
    )


def p_value(worse: Outcomes, better: Outcomes, judge: Judge) -> float:
    """Return the exact p of the first arm being worse; 1 without runs."""
    if not worse or not better:
        return 1.0
    one, other = ([judge.score(run) for run in side] for side in (worse, better))
    return label_permutation(one, other, judge.sides)


def flip_value(worse: Outcomes, better: Outcomes, judge: Judge, missing: int = 0) -> float:
    """Return the exact p of the first arm being worse by the pairs; 1 without pairs.

    Args:
        worse: runs of the first arm.
        better: of the second.
        judge: of the runs.
        missing: pairs to come, all of which are taken to be in favour, and far apart.
    """
    found = _differences(worse, better, judge)
    # Above infinity there is nothing: diverged runs are moved down to leave room.
    found = [max(-1e300, min(1e300, value)) for value in found]
    ways = (math.inf,) if judge.sides == 1 else (math.inf, -math.inf)
    flips = [[*found, *([way] * missing)] for way in ways]
    return min(sign_flip(one, judge.sides) for one in flips) if flips[0] else 1.0


def look_at(worse: Outcomes, better: Outcomes, p: float, alpha: float) -> Look:
    """Return a look at two arms."""
    return Look(min(len(worse), len(better)), p, alpha, (len(worse), len(better)))


def uneven(failed: tuple[int, int], counted: tuple[int, int]) -> bool:
    """Return whether runs broke down so often, or so much more often in one arm, that the others tell only a part.

    Args:
        failed: runs of each arm that broke down.
        counted: runs of each that gave a verdict.
    """
    tried = [lost + left for lost, left in zip(failed, counted, strict=True)]
    if any(lost / one >= MUCH for lost, one in zip(failed, tried, strict=True) if lost):
        return True
    flags = [[1.0] * lost + [0.0] * left for lost, left in zip(failed, counted, strict=True)]
    return bool(any(failed) and all(flags)) and label_permutation(flags[0], flags[1], 2) <= FAILING


def withstands(worse: Outcomes, better: Outcomes, failed: tuple[int, int], judge: Judge) -> bool:
    """Return whether runs that broke down can be left out of the proof that the first arm is worse.

    They can if they are few and of both arms, or if it would be shown even had they all come out against that.
    """
    if not uneven(failed, (len(worse), len(better))):
        return True
    against = [[judge.score(one) for one in worse], [judge.score(one) for one in better]]
    ends = [value for side in against for value in side]
    against[0] += [min(ends, default=0.0)] * failed[0]
    against[1] += [max(ends, default=0.0)] * failed[1]
    return label_permutation(against[0], against[1], judge.sides) <= FAILING


def majority(worse: Outcomes, better: Outcomes, judge: Judge) -> bool:
    """Return whether at least half of the first arm show the fault, and less than half of the second.

    Always true while nothing tells what counts as showing it: a control by metric alone.
    """
    shares = [_share(one, judge) for one in (worse, better)]
    return shares[0] is None or shares[1] is None or (shares[0] >= HALF > shares[1])


def best_case(worse: Outcomes, better: Outcomes, judge: Judge, runs: int) -> float:
    """Return the p that is left if all further runs, up to ``runs`` per arm, come out in favour of the claim."""
    if not worse or not better:
        return 0.0
    # Above infinity there is nothing: diverged runs are moved down to leave room.
    sides = [[min(judge.score(run), 1e300) for run in side] for side in (worse, better)]
    missing = [max(0, runs - len(side)) for side in sides]
    return min(
        label_permutation(sides[0] + [best] * missing[0], sides[1] + [-best] * missing[1], judge.sides)
        for best in ((math.inf,) if judge.sides == 1 else (math.inf, -math.inf))
    )


def compare(
    claim: str,
    worse: tuple[tuple[str, ...], Outcomes],
    better: tuple[tuple[str, ...], Outcomes],
    judge: Judge,
    *,
    holds: bool,
    failed: tuple[int, int] = (0, 0),
    flips: bool = False,
    looks: Sequence[Look] = (),
    adjusted: float | None = None,
    sides: int | None = None,
    resamples: int = 2000,
) -> Comparison:
    """Return a claim with its figures.

    Args:
        claim: see `Comparison`.
        worse: parts and runs that count of the arm that is worse by the claim.
        better: the same of the other.
        judge: of the runs.
        holds: what was decided.
        failed: runs of each arm that broke down.
        flips: whether the looks took p by sign flips.
        looks: at the data so far; without any, p is told for the arms as they stand.
        adjusted: p by Holm.
        sides: that the test had, if the judge has learned the direction since.
        resamples: of the bootstrap.
    """
    votes = [[one for one in side[1] if judge.votes(one)] for side in (worse, better)]
    arms = [arm(side[0], found, judge, lost) for side, found, lost in zip((worse, better), votes, failed, strict=True)]
    if not all(votes):
        return Comparison(claim, arms[0], arms[1], holds=False, looks=tuple(looks))
    finite = [[value for value in one.metrics if math.isfinite(value)] for one in arms]
    size = cohen_d(finite[0], finite[1]) if all(finite) else None
    pairs = _differences(votes[0], votes[1], judge) if judge.seeded else []
    shown = [one.shown or 0 for one in arms]
    told = all(one.shown is not None for one in arms)
    return Comparison(
        claim,
        arms[0],
        arms[1],
        holds=holds,
        p=looks[-1].p if looks else p_value(votes[0], votes[1], judge),
        sides=sides or judge.sides,
        p_paired=sign_flip(pairs, sides or judge.sides) if pairs else None,
        p_adjusted=adjusted,
        looks=tuple(looks),
        score="symptom" if judge.symptom else "metric",
        difference=float(middle(np.array(finite[0])) - middle(np.array(finite[1]))) if all(finite) else None,
        interval=_interval(votes, finite, resamples, seeded=judge.seeded),
        cohen_d=None if size is None else -size if judge.better == "higher" else size,
        p_worse=_chance(votes, judge),
        share=shown[0] / len(votes[0]) - shown[1] / len(votes[1]) if told else None,
        share_interval=newcombe((shown[0], len(votes[0])), (shown[1], len(votes[1]))) if told else None,
        flips=flips,
    )


def _interval(
    votes: Sequence[Outcomes], finite: Sequence[list[float]], resamples: int, *, seeded: bool
) -> tuple[float, float] | None:
    """Return the interval of the difference of metrics, over pairs if each run of both arms is one of a pair."""
    seeds = [{run.trial.seed: run.metric for run in side if run.metric is not None} for side in votes]
    if (
        not seeded
        or seeds[0].keys() != seeds[1].keys()
        or any(len(one) != len(side) for one, side in zip(finite, votes, strict=True))
    ):
        return bootstrap_difference(finite[0], finite[1], middle, resamples)
    return paired_difference([*seeds[0].values()], [seeds[1][seed] for seed in seeds[0]], middle, resamples)


def _chance(votes: Sequence[Outcomes], judge: Judge) -> float:
    """Return the chance that a run of the first arm is worse, by metric if all have one, else by symptom."""
    values = [[judge.badness(run) for run in side] for side in votes]
    known = [[value for value in side if value is not None] for side in values]
    if [len(side) for side in known] != [len(side) for side in votes]:
        known = [[judge.score(run) for run in side] for side in votes]
    return chance_above(known[0], known[1])


def _share(outcomes: Outcomes, judge: Judge) -> float | None:
    verdicts = [shown for one in outcomes if (shown := judge.shown(one)) is not None]
    return sum(verdicts) / len(verdicts) if verdicts else None


def _differences(worse: Outcomes, better: Outcomes, judge: Judge) -> list[float]:
    """Return by how much the first arm is worse at each seed that both have."""
    one, other = ({run.trial.seed: judge.score(run) for run in side} for side in (worse, better))
    return [0.0 if one[seed] == other[seed] else one[seed] - other[seed] for seed in one if seed in other]
