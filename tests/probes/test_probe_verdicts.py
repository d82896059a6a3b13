"""What is said to have been reproduced, and cured."""

from dataclasses import replace

import pytest
from made import of_counts, outcome, result

from diagnose.probes import show


@pytest.mark.parametrize(
    ("counts", "verdict", "why", "cured"),
    [
        ((64, 0, 0), "reproduced", "", True),
        ((64, 0, 60), "reproduced", "", False),
        ((40, 0, 30), "reproduced", "", False),
        ((64, 0, 16), "reproduced", "", False),  # rarer, and still as frequent as what counts as reproduced
        ((64, 0, 15), "reproduced", "", True),
        ((30, 0, 0), "reproduced", "", True),  # in about half of the replicas, and never without the cause
        ((40, 30, 0), "reproduced", "", True),  # ten replicas that only the cause brings to it, none the other way
        ((15, 0, 0), "not-reproduced", "too-rare", None),  # sure, and in less than a quarter
        ((40, 38, 0), "not-reproduced", "control-shows-it", None),
        ((64, 64, 64), "not-reproduced", "control-shows-it", None),
        ((0, 0, 0), "not-reproduced", "no-difference", None),
        ((5, 4, 0), "not-reproduced", "no-difference", None),
    ],
)
def test_verdict(counts: tuple[int, int, int], verdict: str, why: str, cured: bool | None) -> None:
    one = of_counts(*counts)

    assert (one.verdict, one.why, one.cured) == (verdict, why, cured)
    assert one.speedup == 5.0


def test_pairs_decide_where_intervals_overlap() -> None:
    """17 and 7 of 64: the intervals overlap, but ten replicas show it only with the cause and none only without."""
    one = of_counts(17, 7, 0)
    assert one.arm("suspect").interval[0] < one.arm("control").interval[1]
    assert one.verdict == "reproduced"
    told = show.verdict(one)
    assert told.startswith("Reproduced in few replicas: 26.6%")
    assert "16% more" in told
    assert "10 replicas only with the cause, 0 only without, exact McNemar p = 0.00098" in told


def test_the_same_counts_without_pairing_prove_nothing() -> None:
    suspect = tuple(replica < 17 for replica in range(64))
    control = tuple(20 <= replica < 32 for replica in range(64))
    one = result(outcome("suspect", suspect), outcome("control", control), outcome("fix", 0))
    assert one.verdict == "not-reproduced"


@pytest.mark.parametrize(("replicas", "hits"), [(2, 2), (5, 5), (7, 7), (8, 5), (8, 0)])
def test_few_replicas_are_undecided(replicas: int, hits: int) -> None:
    one = of_counts(hits, 0, 0, of=replicas)
    assert (one.verdict, one.why, one.open) == ("not-reproduced", "too-few-replicas", True)
    told = show.verdict(one)
    assert told.startswith("Undecided: ")
    assert "too few" in told
    assert show.text(one).startswith("m: undecided\n")


def test_eight_replicas_can_decide() -> None:
    assert of_counts(6, 0, 0, of=8).cured is True


def test_a_fix_that_only_makes_it_rarer_is_told_as_none() -> None:
    one = of_counts(63, 0, 28)
    assert (one.cured, one.why_not_cured) == (False, "rarer")
    told = show.verdict(one)
    assert "the fix makes the symptom rarer, which in 25% of the replicas or more is no cure (43.8%" in told


def test_a_fix_that_few_replicas_cannot_judge() -> None:
    one = of_counts(8, 0, 4, of=8)
    assert (one.cured, one.why_not_cured) == (False, "too-few-replicas")
    assert "may cure it, but these replicas are too few to tell" in show.verdict(one)


def test_a_control_that_diverged_proves_nothing() -> None:
    one = result(outcome("suspect", 64), outcome("control", 0, diverged=64), outcome("fix", 0))
    assert (one.verdict, one.why) == ("not-reproduced", "diverged")
    assert "64 of 64 without it" in show.verdict(one)
    assert one.record()["diverged"] == ["control"]


def test_a_fix_that_diverged_cures_nothing() -> None:
    one = result(outcome("suspect", 64), outcome("control", 0), outcome("fix", 0, diverged=16))
    assert (one.verdict, one.cured, one.why_not_cured) == ("reproduced", False, "diverged")
    assert "16 of its 64 replicas diverged" in show.verdict(one)


def test_a_suspect_that_diverged_is_no_result() -> None:
    one = result(outcome("suspect", 0, diverged=60), outcome("control", 0), outcome("fix", 0))
    assert one.why == "diverged"


def test_replicas_that_diverged_are_in_no_pair() -> None:
    one = result(outcome("suspect", 64), outcome("control", 0, diverged=5), outcome("fix", 0))
    assert one.against("control").count == 59
    assert one.verdict == "reproduced"


def test_where_divergence_is_the_symptom_it_counts() -> None:
    suspect = replace(outcome("suspect", 64, diverged=30), counted=True)
    one = result(suspect, outcome("control", 0, counted=True), outcome("fix", 0, counted=True))
    assert one.against("control").count == 64
    assert (one.verdict, one.record()["diverged"]) == ("reproduced", [])


def test_a_fix_that_makes_the_result_worse_is_none() -> None:
    good, bad = (0.77,) * 64, (0.68,) * 64
    arms = (outcome("suspect", 64, results=good), outcome("control", 0), outcome("fix", 0, results=bad))
    one = result(*arms)
    assert (one.cured, one.why_not_cured) == (False, "worse-result")
    assert "the result worse than it was, which is no cure" in show.verdict(one)
    assert result(*arms[:2], outcome("fix", 0, results=good)).cured is True


def test_a_result_that_differs_by_chance_is_not_worse() -> None:
    first = tuple(0.7 + 0.05 * (replica % 2) for replica in range(64))
    second = tuple(0.7 + 0.05 * ((replica + 1) % 2) for replica in range(64))
    assert not outcome("fix", 0, results=second).worse(outcome("suspect", 64, results=first))
    nothing = outcome("fix", 0, results=(float("nan"),) * 64)
    assert not nothing.worse(outcome("suspect", 64, results=first))


def test_the_sentence_says_why_not() -> None:
    assert "in fewer than 25%" in show.verdict(of_counts(12, 0, 0))
    assert "a difference of 25% or more can be excluded" in show.verdict(of_counts(4, 3, 0))
    assert "the control shows it too" in show.verdict(of_counts(64, 64, 0))
    assert "does not cure" in show.verdict(of_counts(64, 0, 64))


def test_further_arms_are_told() -> None:
    one = of_counts(64, 0, 64)
    more = replace(one, arms=(*one.arms, outcome("lower weight", 1), outcome("documented", 0)))
    assert "The arm 'lower weight' cures it (1.6%" in show.verdict(more)
    assert "The arm 'documented'" not in show.verdict(more)


@pytest.mark.parametrize("hits", [27, 30, 33, 35])
def test_a_seed_more_or_less_does_not_turn_the_verdict(hits: int) -> None:
    told = show.verdict(of_counts(hits, 0, 0))
    assert told.startswith("Reproduced in about half of the replicas: ")


def test_without_a_loop_there_is_no_ratio() -> None:
    record = replace(of_counts(64, 0, 0), rate=0.0, loop_rate=0.0).record()
    assert (record["speedup"], record["loop_replica_steps_per_second"]) == (None, None)


def test_json_has_the_pairs() -> None:
    suspect, control, _ = of_counts(17, 7, 0).record()["arms"]
    assert "against_suspect" not in suspect
    seen = control["against_suspect"]
    assert (seen["pairs"], seen["only_suspect"], seen["only_this"]) == (64, 10, 0)
    assert seen["p"] == pytest.approx(2**-10, rel=1e-2)
