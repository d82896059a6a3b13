"""What is said to have been reproduced, and cured."""

from dataclasses import replace

import pytest

from diagnose.probes import show
from diagnose.probes.result import Outcome, Result


def result(suspect: int, control: int, fix: int, of: int = 64) -> Result:
    arms = tuple(
        Outcome(name, "", hits, of, {}, 0, 0.1, {})
        for name, hits in (("suspect", suspect), ("control", control), ("fix", fix))
    )
    return Result(
        mechanism="m", title="T", symptom="s", proxy="p", device="cpu", device_name="CPU", replicas=of, seed=0,
        parameters=(), arms=arms, varied=(), none_left=None, steps=10, rate=50.0, loop_rate=10.0, seconds=1.0,
        torch="2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "verdict", "cured"),
    [
        ((64, 0, 0), "reproduced", True),
        ((64, 0, 60), "reproduced", False),
        ((40, 0, 30), "reproduced", False),
        ((30, 0, 0), "reproduced", True),  # in about half of the replicas, and never without the cause
        ((15, 0, 0), "not-reproduced", None),  # in less than a quarter
        ((40, 30, 0), "not-reproduced", None),  # the control shows it too
        ((0, 0, 0), "not-reproduced", None),
        ((64, 64, 64), "not-reproduced", None),
    ],
)
def test_verdict(counts: tuple[int, int, int], verdict: str, cured: bool | None) -> None:
    one = result(*counts)

    assert (one.verdict, one.cured) == (verdict, cured)
    assert one.speedup == 5.0


def test_few_replicas_prove_nothing() -> None:
    assert result(2, 0, 0, of=2).verdict == "not-reproduced"


def test_the_sentence_says_why_not() -> None:
    assert "fewer than 25%" in show.verdict(result(12, 0, 0))
    assert "intervals overlap" in show.verdict(result(24, 15, 0))
    assert "the control shows it too" in show.verdict(result(64, 64, 0))
    assert "does not cure" in show.verdict(result(64, 0, 64))


@pytest.mark.parametrize("hits", [27, 30, 33, 35])
def test_a_seed_more_or_less_does_not_turn_the_verdict(hits: int) -> None:
    told = show.verdict(result(hits, 0, 0))
    assert told.startswith("Reproduced in about half of the replicas: ")


def test_without_a_loop_there_is_no_ratio() -> None:
    record = replace(result(64, 0, 0), rate=0.0, loop_rate=0.0).record()
    assert (record["speedup"], record["loop_replica_steps_per_second"]) == (None, None)
