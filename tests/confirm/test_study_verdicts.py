"""Whole studies: what a verdict stands on, and what it may not say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from confirm_worlds import ATOMS, BOTH, SYMPTOM, conduct, culprit, outcome

from diagnose.confirm.model import FIX, Outcome
from diagnose.confirm.studies.study import StudyOptions, plan

METRIC = StudyOptions(symptom=False, better="higher", resamples=100)
ONLY = {
    name: tuple({"noise", "control", "culprit", "confirmation", "path", "fix"} - {name}) for name in ("noise", "fix")
}
LEVELS = (0.81, 0.64, 0.93, 0.55, 0.77, 0.69, 0.88, 0.6)


def paired(effect, *, jitter=0.0):
    """Return a world in which a seed moves all configs alike, by more than the culprit does."""

    def run(trial):
        own = jitter * (sum(map(ord, "".join(trial.parts))) % 3)
        return Outcome(trial, "finished", None, LEVELS[trial.seed % 8] + own - effect * ("s6" in trial.parts))

    return run


def test_an_effect_in_every_pair_is_found_though_seeds_differ_more():
    result = conduct(paired(0.05), METRIC)
    control = result.step("control").comparisons[0]
    assert control.holds
    assert control.p > control.looks[-1].alpha
    assert control.p_paired == 1 / 256
    assert control.interval == pytest.approx((-0.05, -0.05))
    assert "by the pairs" in result.step("control").notes[0]
    assert (result.verdict, result.culprits[0].atoms) == ("confirmed", ("s6",))
    seeds = [{*one.worse.seeds, *one.better.seeds} for one in result.step("confirmation").comparisons]
    assert seeds[0] == seeds[1]
    assert not seeds[0] & {*control.worse.seeds}
    assert result.step("path").path[1].portion == pytest.approx(1)


def test_pairs_that_nearly_tell_are_no_proof_that_nothing_is_wrong():
    def run(trial):
        flipped = trial.seed in (7, 8)
        return Outcome(
            trial, "finished", None, LEVELS[trial.seed % 8] - (-0.01 if flipped else 0.05) * ("s6" in trial.parts)
        )

    result = conduct(run, METRIC)
    assert result.verdict == "undecided"
    assert "by the pairs" in result.reason


def test_what_all_looks_may_spend_is_the_total():
    for options in (SYMPTOM, METRIC):
        assert sum(options.spent) + options.by_pairs == pytest.approx(0.05)


@pytest.mark.parametrize("skip", [(), ("control",), ("noise", "control", "culprit")])
def test_runs_that_ignore_the_seed_prove_nothing(skip):
    def run(trial):
        bad = "s6" in trial.parts
        return Outcome(trial, "finished", bad, 0.8123456 - 0.2 * bad)

    options = replace(BOTH, better="higher", skip=skip, suspects=("s6",))
    result = conduct(run, options)
    assert result.verdict == "undecided"
    assert "seed has no effect" in result.reason
    if not skip:
        assert result.runs == 5


def test_short_numbers_are_given_four_runs_to_differ_and_trivial_ones_are_let_be():
    def run(trial):
        bad = "s6" in trial.parts
        return Outcome(trial, "finished", bad, (good, worse)[bad])

    good, worse = 0.8, 0.6
    assert conduct(run, BOTH).reason.startswith("The seed has no effect")
    good, worse = 1.0, 0.1
    assert conduct(run, replace(BOTH, better="higher")).verdict == "confirmed"


def test_a_control_alone_confirms_nothing():
    for skip in (("culprit",), ("culprit", "confirmation"), ("noise", "culprit", "confirmation", "path")):
        result = conduct(culprit("s6"), replace(BOTH, skip=skip))
        assert (result.verdict, result.reason, result.culprits) == (
            "undecided",
            "Reproduced; no cause was searched.",
            (),
        )
    alone = conduct(culprit("s0"), replace(BOTH, skip=("confirmation",)), atoms=["s0"])
    assert alone.verdict == "undecided"
    assert alone.reason == "Reproduced; `s0` is all that differs, but the confirmation was left out."


def test_what_was_left_out_is_said_where_nothing_was_decided():
    told = "Nothing was decided: control, search and confirmation were left out."
    assert conduct(culprit("s6"), replace(BOTH, skip=ONLY["noise"])).reason == told
    fixed = conduct(culprit("s6"), replace(BOTH, fix=True, skip=ONLY["fix"]))
    assert fixed.verdict == "undecided"
    assert fixed.reason.startswith(f"{told} The proposed fix is better than the suspect config")
    one = conduct(culprit("s0"), replace(BOTH, skip=("control", "confirmation")), atoms=["s0"])
    assert one.reason == "Nothing was decided: control and confirmation were left out."


def test_a_fix_that_fails_is_part_of_the_answer():
    useless = lambda trial: outcome(trial, "s6" in trial.parts)  # noqa: E731
    result = conduct(useless, replace(BOTH, fix=True, skip=("culprit", "confirmation", "path")))
    assert result.reason.startswith(
        "Reproduced; no cause was searched. The proposed fix was not accepted, since nothing"
    )
    assert "in 4 of 4 runs with it [40 %, 100 %]" in result.reason
    assert any(FIX in trial.parts for trial in result.trials)


def test_a_merged_culprit_is_never_said_to_act_alone():
    result = conduct(culprit("s6"), replace(BOTH, merged=("s6",)))
    assert result.reason == "`s6`, never run apart, bring the symptom, and without them it goes."


def test_not_reproduced_tells_what_the_runs_leave_possible_and_what_no_run_had():
    def weak(trial):
        return outcome(trial, "s6" in trial.parts and trial.seed in (1, 3, 6))

    result = conduct(weak, replace(SYMPTOM, aside=("device", "name")))
    assert result.verdict == "not-reproduced"
    assert "in 8 + 8 runs: 3 of 8 against 0 of 8" in result.reason
    assert "from -3 to 69 points" in result.reason
    assert result.reason.endswith("In all runs `device` and `name` stayed as in the baseline.")


def test_a_short_budget_is_spent_on_pairs():
    result = conduct(culprit("s6"), replace(SYMPTOM, max_runs=5))
    assert [(bool(one.parts), one.seed) for one in result.trials] == [
        (True, 1),
        (False, 1),
        (True, 2),
        (False, 2),
        (True, 3),
    ]


def test_complete_separation_has_an_interval():
    (control,) = conduct(culprit("s6")).step("control").comparisons
    assert control.share_interval == pytest.approx((0.307, 1.0), abs=0.001)


def test_the_path_does_not_mix_runs_of_the_search_with_those_of_the_confirmation():
    result = conduct(culprit("s6"), BOTH)
    stop = result.step("path").path[1]
    assert {*stop.arm.seeds} == {101, 102, 103, 104}


def test_one_change_is_planned_with_its_confirmation():
    found = plan(["s0"], SYMPTOM)
    assert found.expected == conduct(culprit("s0"), atoms=["s0"]).runs
    assert ATOMS
