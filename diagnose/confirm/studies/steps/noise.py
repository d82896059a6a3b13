"""The noise floor: does one seed give one run?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.confirm.model import Outcome, Step, Trial
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.result import StepRecord
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """What two runs of one seed came to.

    Attributes:
        deterministic: whether they were alike; False also if that could not be told.
        record: for the result.
    """

    deterministic: bool
    record: StepRecord


def noise(everything: Parts, runs: Runs, options: StudyOptions) -> Step[NoiseFloor]:
    """Run the suspect config twice with the first seed of the control, which uses the first of the two again.

    Runs are alike if both verdict and metric are, to the last digit that the log prints. Verdicts alone agree too
    easily, so a study without a metric leaves this step out.
    """
    before = len(runs.known)
    trials = [Trial(everything, options.control_seeds[0], repeat) for repeat in (0, 1)]
    try:
        outcomes = yield from runs.ask(trials)
    except OutOfBudget:
        return NoiseFloor(False, StepRecord("noise", "out-of-budget", runs=len(runs.known) - before))
    spread = _spread(outcomes)
    alike = spread == 0 and outcomes[0].symptom == outcomes[1].symptom
    notes, facts = [], {}
    if spread is None:
        notes.append("Whether runs repeat exactly is not known: the two runs gave no metric to compare.")
    else:
        facts["spread"] = spread
    if alike:
        notes.append("Runs of one seed repeat exactly, so one run per probe is enough.")
    elif spread is not None:
        notes.append("Two runs of the same seed differ.")
    outcome = "undecided" if spread is None else "deterministic" if alike else "noisy"
    record = StepRecord("noise", "done", outcome, runs=len(runs.known) - before, facts={**facts}, notes=tuple(notes))
    return NoiseFloor(alike, record)


def _spread(outcomes: Sequence[Outcome]) -> float | None:
    """Return how far the metrics are apart; None if they cannot be compared."""
    one, other = (outcome.metric for outcome in outcomes)
    if one is None or other is None:
        return None
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return 0.0 if one == other else abs(one - other)
