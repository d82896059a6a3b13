"""Studies of a world in which it is known what is to blame."""

from __future__ import annotations

from collections import Counter

from diagnose.confirm.model import FIX, Outcome
from diagnose.confirm.studies.result import STEPS, VERDICTS
from diagnose.confirm.studies.study import StudyOptions, study

ATOMS = [f"s{at}" for at in range(10)]
SYMPTOM = StudyOptions(metric=False, resamples=100)
BOTH = StudyOptions(better="lower", resamples=100)


def outcome(trial, bad, status="finished"):
    return Outcome(trial, status, bad, (2.0 if bad else 1.0) + 0.01 * (trial.seed % 7) + 0.001 * trial.repeat, 2.0, 1)


def conduct(run, options=SYMPTOM, atoms=ATOMS, prior=None):
    """Return the result of a study, and check what holds for every one."""
    asked = []
    steps = study(atoms, prior or {}, options)
    try:
        trials = next(steps)
        while True:
            assert trials
            asked += trials
            trials = steps.send([run(trial) for trial in trials])
    except StopIteration as end:
        result = end.value
    assert max(Counter(asked).values(), default=1) == 1
    assert all(trial.parts == tuple(sorted(trial.parts)) for trial in asked)
    assert result.verdict in VERDICTS
    assert [record.name for record in result.steps] == list(STEPS)
    assert sum(record.runs for record in result.steps) == result.runs == len(result.trials)
    return result


def culprit(*members, kind="and"):
    test = any if kind == "or" else all
    return lambda trial: outcome(trial, FIX not in trial.parts and test(one in trial.parts for one in members))
