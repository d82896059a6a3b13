"""``diagnose baseline`` and ``lint --baseline``."""

import json
import tomllib
from pathlib import Path

import pytest

ARGS = ("--select", "loss-nan")


def count(diagnose, *args) -> tuple[int, int]:
    document = json.loads(diagnose("lint", *ARGS, "--output-format", "json", *args).stdout)
    return len(document["findings"]), document["summary"]["suppressed"]


@pytest.fixture
def written(diagnose, project: Path) -> Path:
    assert diagnose("baseline", "write", ".", *ARGS).exit_code == 0
    return project / "diagnose-baseline.toml"


def test_the_file_is_for_people_and_sorted(diagnose, project: Path, written: Path):
    (project / "a").mkdir()
    (project / "a/sick.csv").write_text((project / "sick.csv").read_text())
    result = diagnose("baseline", "write", ".", *ARGS)
    raw = tomllib.loads(written.read_text())

    assert result.stdout == "diagnose-baseline.toml: 2 findings accepted\n"
    assert raw["version"] == 1
    assert [row["path"] for row in raw["finding"]] == ["a/sick.csv", "sick.csv"]
    assert {("LOSS001", "loss-nan", 1)} == {(row["code"], row["name"], row["count"]) for row in raw["finding"]}
    assert written.read_text().startswith("# Findings that are known")


def test_writing_twice_changes_nothing(diagnose, written: Path):
    before = written.read_bytes()
    diagnose("baseline", "write", ".", *ARGS)

    assert before == written.read_bytes()


def test_known_findings_are_left_out(diagnose, written: Path):
    assert count(diagnose, "sick.csv") == (1, 0)
    assert count(diagnose, "sick.csv", "--baseline", written) == (0, 1)
    assert diagnose("lint", "sick.csv", *ARGS, "--baseline", written, "--fail-on", "new").exit_code == 0


def test_any_way_to_name_the_file_from_anywhere(
    diagnose, project: Path, written: Path, monkeypatch: pytest.MonkeyPatch
):
    (project / "sub").mkdir()
    (project / "diagnose.toml").write_text('baseline = "diagnose-baseline.toml"')
    monkeypatch.chdir(project / "sub")

    for path in ("../sick.csv", "../../" + project.name + "/sick.csv", project / "sick.csv", ".."):
        assert count(diagnose, path) == (0, 1)


def test_lines_may_move(diagnose, project: Path, written: Path):
    file = project / "sick.csv"
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([head, "0,2.0,2.1", *rows]) + "\n")

    assert count(diagnose, file, "--baseline", written) == (0, 1)


def test_new_findings_fail(diagnose, project: Path, written: Path):
    (project / "new.csv").write_text((project / "sick.csv").read_text())

    assert diagnose("lint", ".", *ARGS, "--baseline", written, "--fail-on", "new").exit_code == 1
    result = diagnose("baseline", "check", ".", *ARGS)
    assert result.exit_code == 1
    assert "new.csv:" in result.stdout
    assert "1 known finding, 1 new, 0 stale entries." in result.stderr


def test_stale_entries_are_reported_and_pruned(diagnose, project: Path, written: Path):
    assert diagnose("baseline", "check", ".", *ARGS).exit_code == 0
    (project / "sick.csv").write_text((project / "healthy.csv").read_text())
    result = diagnose("baseline", "check", ".", *ARGS)

    assert result.exit_code == 1
    assert "sick.csv: stale LOSS001 loss-nan: no longer found" in result.stdout
    assert "1 stale entry." in result.stderr
    assert "1 dropped, 0 kept" in diagnose("baseline", "prune", ".", *ARGS).stdout
    assert diagnose("baseline", "check", ".", *ARGS).exit_code == 0


def test_what_was_not_linted_is_not_stale(diagnose, project: Path, written: Path):
    assert diagnose("baseline", "check", "healthy.csv", *ARGS).exit_code == 0
    assert "0 dropped, 1 kept" in diagnose("baseline", "prune", "healthy.csv", *ARGS).stdout
    (project / "sick.csv").unlink()
    assert "1 dropped, 0 kept" in diagnose("baseline", "prune", "healthy.csv", *ARGS).stdout


def test_nothing_is_written_when_a_file_cannot_be_read(diagnose, project: Path):
    result = diagnose("baseline", "write", "sick.csv", "missing.csv")

    assert result.exit_code == 2
    assert not (project / "diagnose-baseline.toml").exists()


@pytest.mark.parametrize(
    "text", ["", "version = 99", "version = 1\n[[finding]]\ncode = 'x'", "version = 1\nfinding = 3", "a = ["]
)
def test_what_is_no_baseline(diagnose, project: Path, text):
    (project / "b.toml").write_text(text)
    result = diagnose("lint", "sick.csv", "--baseline", "b.toml")

    assert result.exit_code == 2
    assert "not a baseline" in result.stderr
