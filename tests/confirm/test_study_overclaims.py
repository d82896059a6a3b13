"""Whole studies: what runs that broke down, effects that add up, and numbers that never change may not be taken for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from confirm_worlds import ATOMS, BOTH, SYMPTOM, conduct, culprit, outcome

from diagnose.confirm.model import FIX, Outcome
from diagnose.confirm.studies.study import StudyOptions

METRIC = StudyOptions(symptom=False, better="higher", resamples=100)
ALONE = ("noise", "culprit", "confirmation", "path")


def spread(trial):
    return 0.02 * ((trial.seed * 37 + len(trial.parts)) % 11) / 11


def adds_up(trial):
    lost = 0.30 * ("s6" in trial.parts) + 0.22 * ("s2" in trial.parts)
    return Outcome(trial, "finished", None, 0.9 - lost + spread(trial))


class TestSuspects:
    def test_a_part_of_the_harm_is_not_cleared_by_a_larger_one(self):
        result = conduct(adds_up, replace(METRIC, suspects=("s2",)))

        assert (result.verdict, result.culprits[0].atoms, result.cleared) == ("confirmed", ("s6",), ())
        assert "`s2` was suspected" in result.reason
        assert "is not cleared: with nothing else, it moves the metric by -0.2" in result.reason
        told = {one.claim: one for one in result.step("confirmation").comparisons}
        assert told["worse-alone"].holds
        assert told["worse-alone"].worse.parts == ("s2",)

    def test_without_a_search_neither(self):
        result = conduct(adds_up, replace(METRIC, suspects=("s2",), skip=("culprit", "path")))
        assert (result.verdict, result.cleared) == ("undecided", ())

    def test_the_innocent_are_run_before_they_are_cleared(self):
        result = conduct(adds_up, replace(METRIC, suspects=("s1", "s3")))

        assert (result.verdict, result.cleared) == ("refuted", ("s1", "s3"))
        assert ("s1", "s3") in {trial.parts for trial in result.trials}
        assert result.reason.startswith("`s6` is the cause, and the suspects are not: without the suspects")

    def test_suspects_that_the_budget_did_not_reach_are_not_cleared(self):
        options = StudyOptions(metric=False, suspects=("s1",), resamples=100)
        whole = conduct(culprit("s6"), options)
        assert whole.verdict == "refuted"
        result = conduct(culprit("s6"), replace(options, max_runs=whole.runs - 3))

        assert (result.verdict, result.cleared) == ("confirmed", ())
        assert "`s1` was suspected" in result.reason
        assert "is not cleared, since it was not tested" in result.reason


class TestFailures:
    def test_an_arm_that_crashes_is_not_like_the_other(self):
        def run(trial):
            return Outcome(trial, "failed") if trial.parts and trial.seed % 2 == 0 else outcome(trial, False)

        for options in (BOTH, SYMPTOM, replace(METRIC, better="lower")):
            result = conduct(run, options)
            assert result.verdict == "undecided"
            assert "runs of the suspect config failed, and 0 of " in result.reason
            assert "--symptom failed" in result.reason
            (control,) = result.step("control").comparisons
            assert (control.worse.failed, control.better.failed) in ((3, 0), (4, 0))

    def test_few_failures_are_told_and_decide_nothing(self):
        def run(trial):
            return Outcome(trial, "timeout") if trial.parts and trial.seed == 3 else outcome(trial, False)

        result = conduct(run, SYMPTOM)
        assert result.verdict == "not-reproduced"
        assert result.reason.endswith("Not counted: 1 of 9 runs of the suspect config failed, 0 of 8 of the baseline.")

    def test_a_difference_must_withstand_the_runs_that_broke_down(self):
        def run(trial):
            lost = trial.parts and trial.seed in (2, 4)
            return Outcome(trial, "failed") if lost else culprit("s6")(trial)

        result = conduct(run, SYMPTOM)
        assert result.verdict == "confirmed"
        assert result.step("control").comparisons[0].worse.runs > 4

    def test_failing_can_be_the_symptom(self):
        def run(trial):
            bad = "s6" in trial.parts
            return Outcome(trial, "failed" if bad else "finished", bad)

        result = conduct(run, SYMPTOM)
        assert (result.verdict, result.culprits[0].atoms, result.failed) == ("confirmed", ("s6",), 0)


class TestConstants:
    @staticmethod
    def collapse(trial, good=1.0, trace=""):
        bad = "s6" in trial.parts
        return Outcome(trial, "finished", bad, 0.62318838 if bad else good, trace=trace)

    def test_a_collapse_beside_a_perfect_baseline_is_confirmed(self):
        for options in (replace(BOTH, better="higher"), METRIC):
            result = conduct(self.collapse, options)
            assert (result.verdict, result.culprits[0].atoms) == ("confirmed", ("s6",))

    def test_a_collapse_alone_never_convicts_but_a_plain_baseline_does(self):
        result = conduct(lambda trial: self.collapse(trial, good=0.9123456), replace(BOTH, better="higher"))
        assert result.reason.startswith("The seed has no effect")

    def test_both_collapsed_is_no_proof_that_the_seed_is_not_read(self):
        result = conduct(lambda trial: Outcome(trial, "finished", None, 0.62318838), METRIC)
        assert result.verdict == "not-reproduced"

    def test_whole_logs_tell_what_a_number_cannot(self):
        moves = lambda trial: self.collapse(trial, 0.9123456, f"{trial.parts}{trial.seed}")  # noqa: E731
        copies = lambda trial: self.collapse(trial, 1.0, f"{trial.parts}")  # noqa: E731
        assert conduct(moves, replace(BOTH, better="higher")).verdict == "confirmed"
        assert conduct(copies, replace(BOTH, better="higher")).reason.startswith("The seed has no effect")

    def test_settings_that_nothing_reads_are_no_proof_either(self):
        same = lambda trial: Outcome(trial, "finished", False, 0.9 + trial.seed / 1e4, trace=f"{trial.seed}")  # noqa: E731
        acts = lambda trial: replace(same(trial), trace=f"{trial.seed}{bool(trial.parts) and trial.seed == 4}")  # noqa: E731
        for options in (replace(BOTH, better="higher"), METRIC, SYMPTOM):
            void = conduct(same, options)
            assert (void.verdict, void.reason[:36]) == ("undecided", "The changed settings have no effect:")
            assert conduct(acts, options).verdict == "not-reproduced"
            assert conduct(same, replace(options, seeded=False)).verdict == "not-reproduced"


class TestFixes:
    OPTIONS = replace(SYMPTOM, fix=True, skip=ALONE)

    @staticmethod
    def leaves(seeds):
        def run(trial):
            fixed = FIX in trial.parts
            return outcome(trial, trial.seed in seeds if fixed else "s6" in trial.parts)

        return run

    def test_what_is_left_of_the_symptom_is_told(self):
        result = conduct(self.leaves({3, 7}), self.OPTIONS)
        assert result.fix_accepted is False
        assert "better than the suspect config, but not as good as the baseline" in result.reason
        assert "the symptom shows in 2 of 8 runs with it [3 %, 65 %], in 0 of 8 of the baseline" in result.reason
        assert "up to 12.5 points more would do" in result.reason
        assert "cure" not in result.reason

    def test_a_clean_fix_is_not_said_to_be_more_than_it_is(self):
        result = conduct(self.leaves(set()), self.OPTIONS)
        assert result.fix_accepted is True
        assert (
            "could not be told from the baseline: the symptom shows in 0 of 4 runs with it [0 %, 60 %]" in result.reason
        )
        assert "cure" not in result.reason

    def test_a_fix_that_crashes_is_not_accepted(self):
        def run(trial):
            return Outcome(trial, "failed") if FIX in trial.parts and trial.seed < 4 else self.leaves(set())(trial)

        result = conduct(run, self.OPTIONS)
        assert result.fix_accepted is None
        assert "runs with it failed" in result.reason


class TestDirections:
    def test_what_nobody_called_worse_is_other(self):
        result = conduct(lambda trial: replace(adds_up(trial), metric=2 - (adds_up(trial).metric or 0)), METRIC_OPEN)
        assert result.verdict == "confirmed"
        assert "makes the metric differ (it is higher)" in result.reason
        assert "symptom" not in result.reason
        assert "worse" not in result.reason

    def test_better_is_said_to_be_better(self):
        def wins(trial):
            on = "s6" in trial.parts
            return Outcome(trial, "finished", not on, 0.5 + 0.3 * on + spread(trial))

        for options in (METRIC, SYMPTOM):
            result = conduct(wins, options)
            assert result.verdict == "not-reproduced"
            assert "could not be told" not in result.reason
            assert "in 4 + 4 runs (exact p = 0.014)" in result.reason
        assert "shows the symptom less often than the baseline" in result.reason


METRIC_OPEN = replace(METRIC, better=None)


def test_the_boundary_that_is_told_is_the_one_that_was_asked():
    result = conduct(culprit("s6"), SYMPTOM)
    looks = [one.looks[-1] for one in result.step("confirmation").comparisons]
    assert [look.alpha for look in looks] == [pytest.approx(1 / 70, rel=1e-6)] * 2
    assert [look.arms for look in looks] == [(4, 4)] * 2
    open_ = conduct(adds_up, METRIC_OPEN)
    assert (4, 6) in [one.looks[-1].arms for one in open_.step("confirmation").comparisons]


def test_runs_without_seeds_are_no_pairs():
    result = conduct(adds_up, replace(METRIC, seeded=False))
    assert result.verdict == "confirmed"
    assert result.step("noise").state == "not-needed"
    assert result.seeds == ()
    for record in result.steps:
        assert all(one.p_paired is None and one.worse.seeds == () for one in record.comparisons)


def test_what_the_last_look_nearly_shows_is_not_settled():
    def run(trial):
        return outcome(trial, bool(trial.parts) and trial.seed % 2 == 0)

    result = conduct(run, SYMPTOM)
    assert result.verdict == "undecided"
    assert result.reason.startswith("Not settled: the suspect config is worse (exact p 0.038")


def test_an_effect_of_interest_is_a_size():
    for size in (-1.0, 0.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="smallest effect"):
            StudyOptions(sesoi=size)
    assert ATOMS


def test_a_symptom_that_misses_what_the_metric_shows_gives_no_all_clear():
    def worse(trial):
        return Outcome(trial, "finished", False, 0.9 - 0.5 * ("s6" in trial.parts) + spread(trial))

    result = conduct(worse, StudyOptions(better="higher", resamples=100))
    assert result.verdict == "undecided"
    assert "the metric is far worse: in the median 0.406" in result.reason
    assert conduct(worse, StudyOptions(better="lower", resamples=100)).verdict == "not-reproduced"
