"""Whole studies, with a world in place of a training command: what they find."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from confirm_worlds import ATOMS, BOTH, SYMPTOM, conduct, culprit, outcome

from diagnose.confirm.model import FIX, Outcome
from diagnose.confirm.studies.study import StudyOptions


def test_one_planted_culprit_is_confirmed_in_thirty_runs():
    for options in (SYMPTOM, BOTH):
        result = conduct(culprit("s6"), options)
        assert result.verdict == "confirmed"
        assert [(one.kind, one.atoms, one.confirmed) for one in result.culprits] == [("single", ("s6",), True)]
        assert result.runs <= 30
        assert result.reason == "`s6` alone brings the symptom, and without it the symptom goes."


def test_every_figure_is_told():
    result = conduct(culprit("s6"), BOTH)
    (control,) = result.step("control").comparisons
    assert control.claim == "reproduced"
    assert control.p == pytest.approx(1 / 70)
    assert (control.worse.shown, control.worse.runs, control.better.shown) == (4, 4, 0)
    assert control.looks[0].alpha == 0.0143
    assert control.interval[0] < control.difference < control.interval[1]
    assert control.p_worse == 1.0
    assert control.p_paired == 1 / 16
    assert control.share == 1.0
    claims = {one.claim: one for one in result.step("confirmation").comparisons}
    assert claims["sufficient"].worse.parts == ("s6",)
    assert claims["necessary"].better.parts == tuple(atom for atom in ATOMS if atom != "s6")
    assert claims["necessary"].p_adjusted == pytest.approx(2 / 70)
    assert not set(claims["sufficient"].worse.seeds) & set(control.worse.seeds)
    assert result.seconds == result.gpu_seconds == 2.0 * result.runs
    assert [point.portion for point in result.step("path").path] == [
        None,
        pytest.approx(1, abs=0.1),
        pytest.approx(0, abs=0.1),
    ]


@pytest.mark.parametrize("kind", ["and", "or"])
def test_two_interacting_culprits_are_found(kind):
    result = conduct(culprit("s2", "s5", kind=kind))
    assert result.verdict == "confirmed"
    assert [(one.kind, one.atoms) for one in result.culprits] == [(kind, ("s2", "s5"))]
    claims = Counter(one.claim for one in result.step("confirmation").comparisons)
    assert claims == ({"sufficient": 1, "necessary": 2} if kind == "and" else {"sufficient": 2, "necessary": 1})
    assert result.step("path").path[0].added == ()


def test_no_difference_is_not_reproduced():
    result = conduct(lambda trial: outcome(trial, False))
    assert result.verdict == "not-reproduced"
    assert result.runs == 8
    assert result.step("culprit").state == "not-needed"


def test_a_baseline_that_shows_the_symptom_is_told():
    assert conduct(lambda trial: outcome(trial, True), BOTH).verdict == "reference-also-bad"


def test_a_metric_alone_is_enough():
    def run(trial):
        return Outcome(trial, "finished", None, 0.2 + trial.seed % 5 / 50 + 0.5 * ("s4" not in trial.parts))

    for better in ("higher", None):
        result = conduct(run, StudyOptions(symptom=False, better=better, resamples=100))
        # Nobody said which is better: worse is what the suspect config is, here as there.
        assert (result.verdict, result.culprits[0].atoms) == ("confirmed", ("s4",))
        assert result.step("control").comparisons[0].sides == (1 if better else 2)


def test_divergence_counts_as_worst():
    def run(trial):
        return Outcome(trial, "finished", None, math.nan if "s1" in trial.parts else 1 + trial.seed % 3 / 10)

    result = conduct(run, StudyOptions(symptom=False, better="lower", resamples=100))
    assert (result.verdict, result.culprits[0].atoms) == ("confirmed", ("s1",))
    assert result.step("control").comparisons[0].difference is None


def test_suspects_that_are_innocent_are_refuted():
    result = conduct(culprit("s6"), StudyOptions(metric=False, suspects=("s1", "s2"), resamples=100))
    assert result.verdict == "refuted"
    assert result.cleared == ("s1", "s2")
    assert result.culprits[0].atoms == ("s6",)


def test_suspects_can_be_tested_without_a_search():
    options = StudyOptions(metric=False, suspects=("s1",), skip=("culprit", "path"), resamples=100)
    guilty = conduct(culprit("s1"), options)
    innocent = conduct(culprit("s6"), options)
    assert (guilty.verdict, innocent.verdict) == ("confirmed", "refuted")
    assert innocent.runs <= 16
    assert innocent.culprits == ()
    assert {one.claim for one in innocent.step("confirmation").comparisons if one.holds} == {
        "not-necessary",
        "not-sufficient",
    }


def test_half_of_an_and_pair_is_not_refuted():
    options = StudyOptions(metric=False, suspects=("s1",), skip=("culprit", "path"), resamples=100)
    assert conduct(culprit("s1", "s6"), options).verdict == "undecided"
    found = conduct(culprit("s1", "s6"), StudyOptions(metric=False, suspects=("s1", "s3"), resamples=100))
    assert (found.verdict, found.culprits[0].atoms, found.cleared) == ("confirmed", ("s1", "s6"), ("s3",))


def test_one_change_needs_no_search():
    result = conduct(culprit("s0"), atoms=["s0"])
    assert (result.verdict, result.runs) == ("confirmed", 16)
    assert result.reason == "`s0` is all that differs, and the symptom came with it."
    (fresh,) = result.step("confirmation").comparisons
    (control,) = result.step("control").comparisons
    assert not {*fresh.worse.seeds, *fresh.better.seeds} & {*control.worse.seeds}


def test_the_diff_as_a_whole_can_be_all_that_is_suspected():
    options = StudyOptions(metric=False, skip=("culprit",), suspects=tuple(ATOMS), resamples=100)
    result = conduct(culprit("s0"), options)
    assert (result.verdict, result.culprits[0].kind, len(result.culprits[0].atoms)) == ("confirmed", "set", 10)


def test_an_unconfirmed_culprit_stays_a_suspect():
    result = conduct(culprit("s3"), StudyOptions(metric=False, skip=("confirmation",), resamples=100))
    assert result.verdict == "undecided"
    assert (result.culprits[0].atoms, result.culprits[0].confirmed) == (("s3",), False)


def test_four_together_are_found_by_delta_debugging():
    result = conduct(culprit("s0", "s3", "s7", "s9"), BOTH)
    assert result.verdict == "confirmed"
    assert (result.culprits[0].kind, result.culprits[0].atoms) == ("set", ("s0", "s3", "s7", "s9"))


def test_a_fix_is_accepted_only_if_it_cures():
    options = StudyOptions(better="lower", fix=True, resamples=100)
    cured = conduct(culprit("s6"), options)
    assert cured.fix_accepted is True
    assert cured.step("fix").runs == 4
    useless = conduct(lambda trial: outcome(trial, "s6" in trial.parts), options)
    assert useless.fix_accepted is False
    assert useless.verdict == "confirmed"


def test_a_fix_that_falls_short_of_the_baseline_is_not_accepted():
    def run(trial):
        level = 1.7 if FIX in trial.parts else 2.0 if "s6" in trial.parts else 1.0
        return Outcome(trial, "finished", level == 2.0, level + 0.01 * (trial.seed % 5))

    result = conduct(run, StudyOptions(better="lower", fix=True, resamples=100))
    assert result.fix_accepted is False
    better, close = result.step("fix").comparisons
    assert (better.holds, close.holds) == (True, False)
