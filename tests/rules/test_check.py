"""Rule files at fault: every one is told, none ends the program."""

from pathlib import Path

import pytest

from diagnose.rules import param
from diagnose.rules.check import check
from tests.cli.conftest import RULE


def told(added: str) -> str:
    key = added.partition(":")[0]
    kept = "\n".join(line for line in RULE.split("\n") if not line.startswith(f"{key}:"))
    return "\n".join(map(str, check(Path("r.yaml"), f"{kept}\n{added}\n")))


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ("since: 2024-99-99", "month"),
        ("evidence: [{text: x}]", "mapping of at, text"),
        ("evidence: [5]", "`evidence` is a text"),
        ("suspects: [{name: a, score: high}]", "`score` of `suspects`"),
        ("suspects: [{name: a, scores: 1}]", "mapping of name"),
        ("folds: [[x]]", "`folds` is a text"),
        ("references: [1]", "`references` is a text"),
        ("needs: [{event: [a]}]", "needs a name"),
        ("each: {m: {event: [a]}}", "unknown event"),
        ("basis: &a [1]\nx: [*a, *a]", "no aliases"),
        (f"basis: {'[' * 100_000}{']' * 100_000}", "deep"),
    ],
)
def test_a_fault_is_told(added: str, fault: str) -> None:
    assert fault in told(added)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(b"\xff\xfe\xff")

    assert "cannot be read" in str(check(tmp_path / "r.yaml")[0])
    assert "cannot be read" in str(check(tmp_path / "none.yaml")[0])


def test_percent() -> None:
    assert param("5%") == 0.05
    assert param("-.5 %") == -0.005
    assert param("1.2.3%") == "1.2.3%"
