"""The control: does the suspect config reproduce the symptom, and is the baseline free of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from diagnose.confirm.model import Outcome, Step
from diagnose.confirm.studies.compare import (
    best_case,
    compare,
    flip_value,
    look_at,
    majority,
    p_value,
    uneven,
    withstands,
)
from diagnose.confirm.studies.options import APART, StudyOptions
from diagnose.confirm.studies.result import Look, StepRecord
from diagnose.confirm.studies.seeds import SAID, UNHEEDED, seedless, unheeded
from diagnose.confirm.studies.stats import label_permutation
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs
from diagnose.confirm.studies.verdicts import Judge

MOST = 0.75
"""Share of the baseline's runs with the symptom at which nothing more is run."""
IDLE = 0.5
"""p from which on the runs that did not break down show no effect at all."""
DOUBLE = 0.5
"""Part of a loss that the baseline must be without: near the end a tenth of it is little. Ours."""
FEW = "Too few runs gave a verdict"
BROKEN = "Runs that broke down may be what differs: settle that with --symptom failed, or mend them and add --again."
TOLD = 6
"""Runs per arm from which on an interval inside the smallest effect of interest is believed."""


@dataclass(frozen=True, slots=True)
class Control:
    """What the control came to.

    Attributes:
        outcome: ``reproduced``, ``not-reproduced``, ``reference-also-bad`` or ``undecided``.
        missed: runs of the suspect config without the symptom.
        bad: its runs that count.
        false: runs of the baseline with the symptom.
        good: its runs that count.
        steady: seeds with which the suspect config showed the symptom and the baseline did not.
        record: for the result.
        why: it came to no verdict; empty if it came to one, or for want of runs.
        paired: whether it was the pairs that told the arms apart.
        better: exact p of the suspect config being better than the baseline, and not worse; None if nobody
            said which way is better, or nothing was tested.
    """

    outcome: str
    missed: int
    bad: int
    false: int
    good: int
    steady: tuple[int, ...]
    record: StepRecord
    why: str = ""
    paired: bool = False
    better: float | None = None


def control(everything: Parts, runs: Runs, options: StudyOptions) -> Step[Control]:
    """Compare suspect config and baseline on the same seeds, with a look at 4, 6 and 8 runs each.

    Stops early where no later look could decide, where no run of the suspect config shows the symptom at the first
    look, or where three quarters of the baseline's do. Stopping for want of an effect cannot raise the error of the
    first kind. It never stops so with fewer runs than the first look has, or where runs broke down that may be what
    differs: those that are left are a choice then.
    """
    before = len(runs.known)
    seeds = options.control_seeds
    looks: list[Look] = []
    sides = runs.judge.sides
    outcome, state, why, notes = "undecided", "done", "", []
    try:
        if options.metric:  # two seeds show whether they do anything, before more runs are spent
            yield from runs.fill([(everything, seeds), ((), seeds)], 2, 0)
        for at, (count, alpha) in enumerate(zip(options.looks, options.spent, strict=True)):
            if why := _void(runs.votes(everything, seeds), runs.votes((), seeds), options):
                break
            yield from runs.fill([(everything, seeds), ((), seeds)], count, options.spare)
            bad, good = runs.votes(everything, seeds), runs.votes((), seeds)
            failed = runs.failed(everything, seeds), runs.failed((), seeds)
            if len(bad) < 2 or len(good) < 2:
                lost = _broken(failed, (len(bad), len(good)))
                why = f"{FEW}: {lost}" if lost else f"{FEW}."
                break
            looks.append(look_at(bad, good, p_value(bad, good, runs.judge), alpha))
            if why := _void(bad, good, options):
                break
            later = list(zip(options.looks, options.spent, strict=True))[at + 1 :]
            outcome, note = _decide(bad, good, looks[-1], later, runs, options)
            lost = _broken(failed, (len(bad), len(good))) if uneven(failed, (len(bad), len(good))) else ""
            if outcome == "reproduced" and looks[-1].p <= alpha and not withstands(bad, good, failed, runs.judge):
                outcome, note, lost = "undecided", "", _broken(failed, (len(bad), len(good)))
            elif lost and (outcome not in ("reproduced", "undecided") or looks[-1].p > IDLE):
                outcome, why = "undecided", lost
                break
            elif outcome == "not-reproduced" and later and _loses(failed, (len(bad), len(good))):
                outcome, note = "undecided", ""  # more runs tell whether that goes on
            if note:
                notes.append(note)
            if outcome != "undecided":
                break
            if not later:
                few = f"{FEW}: {len(bad)} of the suspect config, {len(good)} of the baseline."
                why = lost or (notes[-1] if notes else few)
    except OutOfBudget:
        state = "out-of-budget"
    bad, good = runs.votes(everything, seeds), runs.votes((), seeds)
    if outcome == "not-reproduced" and (moved := _moved(bad, good, runs.judge, options.alpha)):
        outcome, why = "undecided", moved
    reproduced = outcome == "reproduced"
    paired = reproduced and looks[-1].p > looks[-1].alpha
    if reproduced:
        runs.judge.settle(bad, good)
    if paired:
        runs.judge.pair(bad, good)
    comparison = compare(
        "reproduced",
        (everything, bad),
        ((), good),
        runs.judge,
        holds=reproduced,
        failed=(runs.failed(everything, seeds), runs.failed((), seeds)),
        looks=looks,
        sides=sides,
        resamples=options.resamples,
    )
    record = StepRecord(
        "control",
        state,
        outcome,
        runs=len(runs.known) - before,
        comparisons=(comparison,),
        notes=tuple(notes),
    )
    shown = {side: {one.trial.seed: runs.judge.shown(one) for one in arm} for side, arm in (("b", bad), ("g", good))}
    return Control(
        outcome,
        sum(one is False for one in shown["b"].values()),
        len(bad),
        sum(one is True for one in shown["g"].values()),
        len(good),
        tuple(seed for seed, one in shown["b"].items() if one and shown["g"].get(seed) is False),
        record,
        why,
        paired,
        p_value(good, bad, runs.judge) if looks and sides == 1 else None,
    )


def _void(bad: Sequence[Outcome], good: Sequence[Outcome], options: StudyOptions) -> str:
    """Return why the runs so far prove nothing, whatever they show; empty if they may."""
    if seedless((bad, good)):
        return SAID
    return UNHEEDED if options.seeded and unheeded(bad, good) else ""


def _moved(bad: Sequence[Outcome], good: Sequence[Outcome], judge: Judge, alpha: float) -> str:
    """Return in words that the metric is far worse where a symptom tells nothing; empty if not, or if nobody knows."""
    values = [[value for one in arm if (value := judge.badness(one)) is not None] for arm in (bad, good)]
    if not judge.symptom or not all(values) or (p := label_permutation(values[0], values[1], 1)) > alpha:
        return ""
    worse, better = (median(arm) for arm in values)
    if worse - better < (APART if judge.better == "higher" else DOUBLE) * max(abs(worse), abs(better)):
        return ""
    sign = -1 if judge.better == "higher" else 1
    return (
        "The symptom does not tell the configs apart, but the metric is far worse: in the median "
        f"{sign * worse:.3g} with the suspect config, {sign * better:.3g} with the baseline (exact p = {p:.2g}). Ask "
        "for another symptom, or for the metric alone."
    )


def _loses(failed: tuple[int, int], counted: tuple[int, int]) -> bool:
    """Return whether a larger part of the suspect config's runs broke down than of the baseline's."""
    return failed[0] * (failed[1] + counted[1]) > failed[1] * (failed[0] + counted[0])


def _broken(failed: tuple[int, int], counted: tuple[int, int]) -> str:
    """Return in a sentence how many runs of each arm broke down, and what to do; empty if none did."""
    if not any(failed):
        return ""
    lost, other = (f"{one} of {one + left}" for one, left in zip(failed, counted, strict=True))
    return f"{lost} runs of the suspect config failed, and {other} of the baseline. {BROKEN}"


def _decide(
    bad: Sequence[Outcome],
    good: Sequence[Outcome],
    look: Look,
    later: Sequence[tuple[int, float]],
    runs: Runs,
    options: StudyOptions,
) -> tuple[str, str]:
    """Return the outcome at a look, ``undecided`` if the next one is needed, and a note."""
    judge = runs.judge
    if look.p <= look.alpha and majority(bad, good, judge):
        return "reproduced", ""
    few = min(len(bad), len(good)) < options.looks[0]
    if few:
        return "undecided", ""
    if judge.symptom:
        shares = [sum(one.symptom is True for one in arm) / len(arm) for arm in (bad, good)]
        if not shares[0]:
            return "not-reproduced", f"None of {len(bad)} runs of the suspect config showed the symptom."
        if shares[1] >= MOST or (not later and min(shares) >= 0.5):
            return "reference-also-bad", ""
        if look.p <= look.alpha and not later:
            return "not-reproduced", "The runs are worse, but fewer than half show the symptom."
    if not later and options.by_pairs:
        flips = flip_value(bad, good, judge)
        told = f"the suspect config is worse by the pairs of one seed (exact p of sign flips {flips:.2g}"
        if flips <= options.by_pairs:
            return "reproduced", f"{told[0].upper()}{told[1:]}, which had to be at most {options.by_pairs:g})."
        if flips <= options.alpha:
            return "undecided", f"Not settled: {told}), but not clearly enough to decide."
    if not later and look.p <= options.alpha and runs.judge.sides == 1:
        told = f"the suspect config is worse (exact p {look.p:.2g}, which had to be at most {look.alpha:g})"
        return "undecided", f"Not settled: {told}, but not clearly enough to decide."
    if not later:
        return "not-reproduced", ""
    if hopeless(bad, good, later, runs, options.by_pairs):
        return "not-reproduced", "Stopped early: no later look could show the suspect config to be worse."
    if options.sesoi is not None and judge.metric and look.runs >= TOLD:
        interval = compare("", ((), bad), ((), good), judge, holds=False, resamples=options.resamples).interval
        if interval and max(abs(end) for end in interval) < options.sesoi:
            return "not-reproduced", "The interval of the effect lies inside the smallest effect of interest."
    return "undecided", ""


def hopeless(
    worse: Sequence[Outcome],
    better: Sequence[Outcome],
    later: Sequence[tuple[int, float]],
    runs: Runs,
    by_pairs: float = 0.0,
) -> bool:
    """Return whether no later look can show the first arm to be worse, whatever the runs to come bring.

    Args:
        worse: runs of the first arm.
        better: of the second.
        later: runs and alpha of the looks to come.
        runs: of the study.
        by_pairs: what sign flips may spend at the last of them.
    """
    if later and by_pairs:
        missing = max(0, later[-1][0] - min(len(worse), len(better)))
        if flip_value(worse, better, runs.judge, missing) <= by_pairs:
            return False
    for count, alpha in later:
        if best_case(worse, better, runs.judge, count) > alpha:
            continue
        verdicts = [[runs.judge.shown(one) for one in arm] for arm in (worse, better)]
        if any(None in arm for arm in verdicts):
            return False
        most = (sum(map(bool, verdicts[0])) + max(0, count - len(worse))) / max(count, len(worse))
        least = sum(map(bool, verdicts[1])) / max(count, len(better))
        if most >= 0.5 > least:
            return False
    return True
