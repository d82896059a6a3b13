"""``diagnose formats``."""

import json
from pathlib import Path


def test_list(diagnose):
    assert any(line.split()[0] == "keras" for line in diagnose("formats", "list").stdout.splitlines())
    assert {"name", "title"} == set(json.loads(diagnose("formats", "list", "--output-format", "json").stdout)[0])


def test_parse_text(diagnose):
    stdout = diagnose("formats", "parse", "sick.csv").stdout

    assert stdout.startswith("file: sick.csv\nformat: ")
    assert "(val_loss): 8 points" in stdout
    assert "..." in stdout
    assert "..." not in diagnose("formats", "parse", "sick.csv", "--all").stdout


def test_parse_json(diagnose):
    (record,) = json.loads(diagnose("formats", "parse", "sick.csv", "--output-format", "json").stdout)
    (series, *_) = record["segments"][0]["series"]

    assert record["format"]
    assert series["line"][:3] == [2, 3, 4]
    assert series["value"][0] == 1.9
    assert series["value"][-1] == "nan"


def test_parse_stdin(diagnose, project: Path):
    result = diagnose("formats", "parse", "-", stdin=(project / "sick.csv").read_bytes())

    assert result.stdout.startswith("file: <stdin>\n")


def test_parse_what_cannot_be(diagnose):
    for args, told in (
        (["letter.txt"], "no known format"),
        (["missing"], "no such file"),
        (["sick.csv", "--format", "csw"], "did you mean csv?"),
    ):
        result = diagnose("formats", "parse", *args)

        assert result.exit_code == 2
        assert told in result.stderr
