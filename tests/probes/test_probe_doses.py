"""Doses that were chosen so that a mechanism shows, and what is said of them beside the document's."""

from dataclasses import replace

import pytest
from made import outcome
from made import result as made_result

from diagnose.model import Place
from diagnose.probes import show
from diagnose.probes.declare import DOCUMENTED
from diagnose.probes.registry import mechanisms
from diagnose.probes.result import Result, Used

WITH_ONE = {
    "loss-weight-imbalance", "overregularised", "batch-without-lr", "gradient-conflict", "capacity-vs-data",
    "lr-sensitivity", "size-aware-weighting", "fusion-weight-gradient", "few-updates", "class-weight-collapse",
}  # fmt: skip


def result(*, origin: str = "default", suspect: int = 64, documented: bool = True) -> Result:
    hits = {"suspect": suspect, "control": 0, "fix": 0} | ({DOCUMENTED: 0} if documented else {})
    arms = tuple(
        outcome(
            name,
            count,
            title="at the dose of the document (batch 16 to 20)",
            changed={"batch": 20} if name == DOCUMENTED else {},
        )
        for name, count in hits.items()
    )
    used = (Used("batch", 256, origin, "samples", (Place("run.log", 3),)), Used("lr", 0.1, "default", "rate"))
    return made_result(*arms, parameters=used)


def test_which_mechanisms_have_a_dose_of_the_document() -> None:
    having = {name for name, one in mechanisms().items() if any(arm.name == DOCUMENTED for arm in one.ARMS)}
    assert having == WITH_ONE


@pytest.mark.parametrize("name", sorted(WITH_ONE))
def test_the_dose_of_the_document_is_told_as_such_and_is_another_one(name: str) -> None:
    one = mechanisms()[name]
    values = {parameter.name: parameter.default for parameter in one.PARAMETERS}
    (arm,) = (arm for arm in one.ARMS if arm.name == DOCUMENTED)
    assert arm.title.startswith("at the dose of the document (")
    numbers = arm.change(values)
    assert numbers == arm.change(dict.fromkeys(values, 7)), "a log does not move the document's dose"
    assert any(value != values[key] for key, value in numbers.items() if key in values)


@pytest.mark.parametrize("suspect", [64, 0])
def test_both_doses_stand_side_by_side(suspect: int) -> None:
    told = show.verdict(result(suspect=suspect))
    assert "Chosen so that it shows, not told by a log: batch = 256." in told
    assert told.endswith("At the dose of the document (batch 16 to 20): 0 of 64 [0.0%, 5.6%].")


@pytest.mark.parametrize("origin", ["log", "given"])
def test_a_dose_of_the_log_or_the_user_is_not_chosen(origin: str) -> None:
    one = result(origin=origin)
    assert "Chosen" not in show.verdict(one)
    assert "At the dose of the document" in show.verdict(one)
    assert one.record()["chosen_dose"] == []


def test_a_log_that_tells_nothing_is_told_to() -> None:
    told = "Nothing here comes from the log, which tells none of these numbers"
    for origin, words in (("default", told), ("log", "From the log: batch; all other numbers are not that run's.")):
        one = replace(result(origin=origin), log=True)
        assert words in show.verdict(one)
        assert one.record()["from_log"] == ["batch"] * (origin == "log")
    assert "the log" not in show.verdict(result())
    assert "from_log" not in result().record()


def test_json_keeps_its_three_arms() -> None:
    record = result().record()
    assert [arm["name"] for arm in record["arms"]] == ["suspect", "control", "fix"]
    assert [arm["name"] for arm in record["further_arms"]] == [DOCUMENTED]
    assert record["chosen_dose"] == ["batch"]


def test_without_such_an_arm_nothing_is_said() -> None:
    one = result(documented=False)
    assert show.dose(one) == ""
    assert not {"further_arms", "chosen_dose"} & one.record().keys()
