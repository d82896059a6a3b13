"""Whole studies: budgets, failures, and steps that are left out."""

from __future__ import annotations

import pytest
from confirm_worlds import ATOMS, BOTH, SYMPTOM, conduct, culprit

from diagnose.confirm.model import Outcome
from diagnose.confirm.studies.study import StudyOptions, plan, study


@pytest.mark.parametrize("limit", [0, 1, 5, 9, 14, 20])
def test_a_budget_is_kept_and_what_was_found_is_told(limit):
    result = conduct(culprit("s6"), StudyOptions(metric=False, max_runs=limit, resamples=100))
    assert result.verdict == "undecided"
    assert result.runs == limit
    assert "budget" in result.reason
    assert "out-of-budget" in [record.state for record in result.steps]


def test_skipped_outcomes_are_the_end_of_the_budget():
    left = iter(range(11))
    run = culprit("s6")
    result = conduct_loosely(lambda trial: run(trial) if next(left, None) is not None else Outcome(trial, "skipped"))
    assert (result.verdict, result.runs) == ("undecided", 11)


def conduct_loosely(run, options=SYMPTOM):
    steps = study(ATOMS, {}, options)
    trials = next(steps)
    while True:
        try:
            trials = steps.send([run(trial) for trial in trials])
        except StopIteration as end:
            return end.value


def test_failed_runs_are_no_vote_and_are_replaced():
    def run(trial):
        return Outcome(trial, "failed") if trial.seed in (2, 101) else culprit("s6")(trial)

    result = conduct(run, BOTH)
    assert result.verdict == "confirmed"
    assert result.failed >= 3
    assert 2 not in result.step("control").comparisons[0].worse.seeds


def test_a_command_that_always_fails_is_undecided():
    result = conduct(lambda trial: Outcome(trial, "failed"), BOTH)
    assert result.verdict == "undecided"
    assert result.reason.startswith("Too few runs gave a verdict: 6 of 6 runs of the suspect config failed, and 6 of 6")
    assert result.runs <= 14


def test_combinations_that_crash_are_left_alone():
    def run(trial):
        crashes = "s1" in trial.parts and "s2" not in trial.parts
        return Outcome(trial, "failed") if crashes else culprit("s6")(trial)

    result = conduct(run)
    assert (result.verdict, result.culprits[0].atoms) == ("confirmed", ("s6",))


def test_runs_that_repeat_exactly_are_probed_with_the_seed_that_showed_it():
    def run(trial):
        bad = "s6" in trial.parts
        return Outcome(trial, "finished", bad, float(bad) + trial.seed)

    result = conduct(run, BOTH)
    assert result.step("noise").outcome == "deterministic"
    assert {probe.seed for probe in result.step("culprit").probes} == {1}


def test_four_probes_at_once():
    result = conduct(culprit("s6"), StudyOptions(metric=False, parallel=4, resamples=100))
    assert (result.verdict, result.culprits[0].atoms) == ("confirmed", ("s6",))


def test_the_control_can_be_left_out():
    result = conduct(culprit("s6"), StudyOptions(better="lower", skip=("noise", "control", "path"), resamples=100))
    assert result.verdict == "confirmed"
    metric = conduct(
        lambda trial: Outcome(trial, "finished", None, 1.0 - 0.5 * ("s6" in trial.parts) + trial.seed % 3 / 30),
        StudyOptions(symptom=False, better="higher", skip=("noise", "control"), resamples=100),
    )
    assert (metric.verdict, metric.culprits[0].atoms) == ("confirmed", ("s6",))


def test_what_was_not_varied_is_told():
    result = conduct(culprit("s1"), StudyOptions(metric=False, skip=("culprit",), resamples=100))
    assert any("Never run apart" in line for line in result.not_varied)


def test_the_same_outcomes_give_the_same_study():
    assert conduct(culprit("s6"), BOTH) == conduct(culprit("s6"), BOTH)


def test_plan_bounds_the_study():
    for options in (SYMPTOM, BOTH, StudyOptions(better="lower", fix=True, path_atoms=3, resamples=100)):
        found = plan(ATOMS, options)
        for members, kind in ((("s6",), "and"), (("s1", "s2"), "or"), (("s0", "s3", "s7", "s9"), "and")):
            result = conduct(culprit(*members, kind=kind), options)
            assert result.runs <= found.largest
            for step in found.steps:
                assert result.step(step.name).runs <= step.largest
        assert abs(conduct(culprit("s6"), options).runs - found.expected) <= 6
    assert plan(ATOMS, StudyOptions(max_runs=5)).largest == 5
    assert [step.name for step in plan(["one"], BOTH).steps] == ["noise", "control", "confirmation"]


@pytest.mark.parametrize(
    ("atoms", "options", "words"),
    [
        ([], {}, "do not differ"),
        (["a", "a"], {}, "an id of its own"),
        (["fix"], {}, "an id of its own"),
        (["a"], {"suspects": ("b",)}, "`b` is not among the changes"),
    ],
)
def test_studies_that_make_no_sense_are_refused(atoms, options, words):
    with pytest.raises(ValueError, match=words):
        next(study(atoms, {}, StudyOptions(**options)))


@pytest.mark.parametrize(
    "options",
    [{"symptom": False, "metric": False}, {"better": "up"}, {"skip": ("nothing",)}, {"looks": (4, 6)}],
)
def test_options_are_checked(options):
    with pytest.raises(ValueError, match=r"symptom or|`better`|no step|looks"):
        StudyOptions(**options)
