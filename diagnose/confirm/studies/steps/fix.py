"""The fix check: is the proposed fix better than the suspect config, and does it get as far as the baseline?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnose.confirm.model import FIX, Outcome, Step
from diagnose.confirm.studies.compare import arm, compare, flip_value, look_at, majority, p_value, uneven
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.result import Comparison, Look, StepRecord
from diagnose.confirm.studies.steps.control import hopeless
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs

ALPHA = 0.05
"""p up to which the fixed config counts as worse than the baseline."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the check came to.

    Attributes:
        accepted: None if it could not be told.
        record: for the result.
    """

    accepted: bool | None
    record: StepRecord


def fix(everything: Parts, runs: Runs, options: StudyOptions) -> Step[Fixed]:
    """Run the fixed config on the seeds of the control.

    Accepted if it is better than the suspect config (exact test with the looks of the control) and not worse than the
    baseline by more than the smallest effect of interest: by the means, and by the shares that show the symptom. As
    long as one of both is missing and looks are left, more runs are made. Whether the whole interval stays inside is a
    fact of the record (``shown_close``); few runs seldom can show that much.
    """
    before = len(runs.known)
    parts = tuple(sorted([*(everything if options.fix_parts is None else options.fix_parts), FIX]))
    seeds = options.control_seeds
    looks: list[Look] = []
    cured, state = False, "done"
    try:
        for at, (count, alpha) in enumerate(zip(options.looks, options.spent, strict=True)):
            yield from runs.fill([(parts, seeds), (everything, seeds), ((), seeds)], count, options.spare)
            runs.judge.settle(runs.votes(everything, seeds), runs.votes((), seeds))
            bad, tried = runs.votes(everything, seeds), runs.votes(parts, seeds)
            if not cured:
                looks.append(look_at(bad, tried, p_value(bad, tried, runs.judge), alpha))
                cured = looks[-1].p <= alpha and majority(bad, tried, runs.judge)
                if count == options.looks[-1]:
                    cured |= flip_value(bad, tried, runs.judge) <= options.by_pairs
            later = list(zip(options.looks, options.spent, strict=True))[at + 1 :]
            if cured and _close((parts, tried), (everything, bad), runs.votes((), seeds), runs, options)[0].holds:
                break
            if not cured and hopeless(bad, tried, later, runs, options.by_pairs):
                break
    except OutOfBudget:
        state = "out-of-budget"
    bad, tried, good = (runs.votes(one, seeds) for one in (everything, parts, ()))
    better = compare(
        "better-than-suspect",
        (everything, bad),
        (parts, tried),
        runs.judge,
        holds=cured,
        failed=(runs.failed(everything, seeds), runs.failed(parts, seeds)),
        looks=looks,
        resamples=options.resamples,
    )
    close, facts, notes = _close((parts, tried), (everything, bad), good, runs, options)
    close = replace(close, worse=replace(close.worse, failed=runs.failed(parts, seeds)))
    lost = runs.failed(parts, seeds), runs.failed((), seeds)
    accepted = None if state != "done" and not cured else cured and close.holds
    if uneven(lost, (len(tried), len(good))):  # those that are left are a choice
        accepted = None
    return Fixed(
        accepted,
        StepRecord(
            "fix",
            state,
            "undecided" if accepted is None else "accepted" if accepted else "not-accepted",
            runs=len(runs.known) - before,
            comparisons=(better, close),
            facts=facts,
            notes=notes,
        ),
    )


def _close(
    tried: tuple[Parts, Sequence[Outcome]],
    bad: tuple[Parts, Sequence[Outcome]],
    good: Sequence[Outcome],
    runs: Runs,
    options: StudyOptions,
) -> tuple[Comparison, dict[str, float | int | str | bool], tuple[str, ...]]:
    """Return fixed config against baseline; it holds if the fix is close enough."""
    judge = runs.judge
    found = compare("not-worse-than-baseline", tried, ((), good), judge, holds=False, resamples=options.resamples)
    if not found.worse.runs or not found.better.runs:
        return found, {}, ()
    facts: dict[str, float | int | str | bool] = {}
    notes = []
    holds = found.p is None or found.p > ALPHA
    if found.share is not None and judge.symptom:
        facts["share_margin"] = options.fix_share
        holds &= found.share <= options.fix_share
    margin = _margin(arm(*bad, judge).mean, found.better.mean, options)
    turned = -1 if judge.better == "higher" else 1
    if margin is not None and found.difference is not None and judge.better:
        diverged = sum(not math.isfinite(value) for value in found.worse.metrics)
        short = turned * found.difference
        facts |= {"margin": margin, "short_by": short}
        if found.interval:
            facts["shown_close"] = max(turned * end for end in found.interval) <= margin
        holds &= short <= margin and not diverged
        if holds and not facts.get("shown_close", True):
            notes.append("The interval of the difference from the baseline reaches beyond the margin.")
    return replace(found, holds=bool(holds)), facts, tuple(notes)


def _margin(bad: float | None, good: float | None, options: StudyOptions) -> float | None:
    if options.sesoi is not None:
        return options.sesoi
    return None if bad is None or good is None else options.fix_margin * abs(bad - good)
