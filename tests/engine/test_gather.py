"""Findings that many segments share become one; those of a few stages, or about different things, do not."""

from dataclasses import replace

from diagnose.engine.gather import LEAST, gather
from diagnose.model import Finding, Place


def finding(number: int, message: str = "lr is 1e-06", severity: str = "warning", path: str = "a.log") -> Finding:
    return Finding(
        "OPT001", "x", severity, message, Place(path, number), f"fold {number}", "lr", fingerprint=str(number)
    )


def each(findings: list[Finding]) -> list[list[Finding]]:
    """Each finding in a segment of its own."""
    return [[item] for item in findings]


def test_few_segments_stay_apart() -> None:
    findings = [finding(number) for number in range(1, LEAST)]

    assert gather(each(findings)) == findings


def test_what_one_line_states_for_all_is_said_once() -> None:
    first = finding(2)
    few = [
        first,
        replace(first, segment="stage 2", fingerprint="b"),
        replace(first, segment="stage 3", fingerprint="c"),
    ]
    (one,) = gather(each(few))

    assert one.message == "in 3 of 3 segments: lr is 1e-06"
    assert gather(each([first, replace(first, message="lr is 1e-05", segment="stage 2")])) != [one]
    assert len(gather([[first, replace(first, fingerprint="b")]])) == 2


def test_many_alike_become_one() -> None:
    (one,) = gather([*each([finding(number) for number in range(1, 8)]), [], []])

    assert one.message == "in 7 of 9 segments: lr is 1e-06"
    assert (one.place.line, one.segment) == (1, "")
    assert [evidence.text for evidence in one.evidence] == [f"fold {number}: the same" for number in range(2, 8)]


def test_numbers_may_differ() -> None:
    (one,) = gather(each([finding(number, f"epoch {number} of 20") for number in range(1, 6)]))

    assert one.message == "in 5 of 5 segments, first in fold 1: epoch 1 of 20"
    assert one.evidence[-1].text == "fold 5: epoch 5 of 20"


def test_one_line_is_told_once() -> None:
    (one,) = gather([[finding(3)], [], [replace(finding(3), segment="fold 2")]])

    assert one.message == "in 2 of 3 segments: lr is 1e-06"
    assert [evidence.text for evidence in one.evidence] == ["fold 2: the same"]


def test_segments_of_one_name_count_alone() -> None:
    findings = [replace(finding(number), segment="fold 1") for number in range(5)]

    assert len(gather(each(findings))) == 1


def test_words_paths_and_severities_may_not() -> None:
    messages = ["KeyError: a", "KeyError: b", "KeyError: c", "KeyError: d"]
    by_message = [finding(number, message) for number, message in enumerate(messages)]
    by_path = [finding(number, path=f"{number}.log") for number in range(5)]
    by_severity = [finding(number, severity="info" if number % 2 else "error") for number in range(6)]

    assert gather(each(by_message)) == by_message
    assert gather(each(by_path)) == by_path
    assert gather(each(by_severity)) == by_severity


def test_several_in_one_segment_are_not_many_segments() -> None:
    findings = [finding(1) for _ in range(6)]

    assert gather([findings, [], [], []]) == findings


def test_the_fingerprint_does_not_depend_on_the_segments() -> None:
    (few,) = gather(each([finding(number) for number in range(1, 6)]))
    (more,) = gather(each([finding(number) for number in range(2, 9)]))

    assert few.fingerprint == more.fingerprint


def test_order_is_kept() -> None:
    other = finding(3, "something else")
    findings = [[finding(1), other], [finding(2)], [finding(4)], [finding(5)]]

    assert [item.message for item in gather(findings)] == ["in 4 of 4 segments: lr is 1e-06", "something else"]
