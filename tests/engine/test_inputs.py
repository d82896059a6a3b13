"""Inputs that cannot be opened, and many findings."""

from pathlib import Path

from diagnose.engine.gather import gather
from diagnose.engine.inputs import collect
from diagnose.model import Finding, Place


def test_a_name_too_long_is_an_error_of_its_own() -> None:
    (given,) = collect(["a" * 5000], limit=100)

    assert given.error is not None


def test_a_folder_holds_one_source_at_a_time(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text("epoch,loss,val_loss\n1,2,3\n2,2,3\n")
    first = next(iter(inputs := collect([str(tmp_path)], limit=1000)))
    (tmp_path / "1.csv").unlink()

    assert first.error is None
    assert [item.error is None for item in inputs] == [False, True]


def test_many_alike_findings_of_one_segment_take_no_longer_each() -> None:
    place = Place("a.log", 1)
    findings = [Finding("A001", "a", "error", f"event {number}", place) for number in range(20_000)]

    assert gather([findings, []]) == findings
