"""``diagnose verify`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

EXPECT = """\
experiment: smaller-steps
baseline: sick.csv
criteria:
  minimum:
    - {id: lower, text: The loss is lower., when: best(val/loss) < 1}
    - {id: sound, when: not found("loss-nan")}
  target:
    - {id: low, when: best(val/loss) < 0.01}
decisions:
  - {scenario: it helps, tier: minimum, then: Keep it.}
  - {then: Drop it.}
"""


@pytest.fixture(autouse=True)
def expect(project: Path) -> Path:
    file = project / "EXPECT.yaml"
    file.write_text(EXPECT)
    return file


def test_reached(diagnose) -> None:
    result = diagnose("verify", "EXPECT.yaml", "healthy.csv")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert "  met lower: The loss is lower.\n      best(val/loss) < 1\n      best(val/loss) = " in result.stdout
    assert "Tier reached: minimum\nDecision: it helps: Keep it.\n" in result.stdout


@pytest.mark.parametrize(
    ("run", "options", "status", "text"),
    [
        ("sick.csv", [], 1, "No tier reached (asked for: minimum)\nDecision: Drop it."),
        ("healthy.csv", ["--require", "target"], 1, "Tier reached: minimum (asked for: target)"),
        ("healthy.csv", ["--require", "minimum"], 0, "Tier reached: minimum"),
    ],
)
def test_exit_status(diagnose, run: str, options: list[str], status: int, text: str) -> None:
    result = diagnose("verify", "EXPECT.yaml", run, *options)

    assert result.exit_code == status
    assert text in result.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "name EXPECT.yaml and a RUN"),
        (("EXPECT.yaml",), "no run to verify (diagnose verify EXPECT.yaml RUN)"),
        (("EXPECT.yaml", "nothing.csv"), "nothing.csv"),
        (("EXPECT.yaml", "letter.txt"), "letter.txt: no run of a known format"),
        (("nothing.yaml", "healthy.csv"), "nothing.yaml: cannot be read: No such file"),
        (("healthy.csv", "healthy.csv"), "healthy.csv:1: an experiment is a mapping"),
        (("EXPECT.yaml", "healthy.csv", "--require", "exceptional"), "no criteria for exceptional"),
        (("EXPECT.yaml", "healthy.csv", "--require", "most"), "is not one of 'minimum'"),
        (("EXPECT.yaml", "healthy.csv", "--output-format", "sarif"), "unknown output format 'sarif'"),
        (("EXPECT.yaml", "healthy.csv", "--output-format", "json", "--output-format", "full"), "cannot go to the same"),
        (("--new", "healthy.csv", "sick.csv"), "--new needs one RUN"),
        (("--new", "healthy.csv", "-o", "EXPECT.yaml"), "EXPECT.yaml: is there already (add --force"),
    ],
)
def test_what_could_not_be_done(diagnose, args: tuple[str, ...], message: str) -> None:
    result = diagnose("verify", *args)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_faulty_file_is_told_with_line_and_caret(diagnose, expect: Path) -> None:
    expect.write_text(EXPECT.replace("best(val/loss) < 1", "bets(val/loss) < 1").replace("decisions", "decision"))
    result = diagnose("verify", "--check", "EXPECT.yaml")

    assert result.exit_code == 2
    assert "EXPECT.yaml:9: unknown key `decision` (did you mean decisions?)" in result.stderr

    expect.write_text(EXPECT.replace("best(val/loss) < 1", "bets(val/loss) < 1"))
    result = diagnose("verify", "--check", "EXPECT.yaml")

    assert "EXPECT.yaml:5: unknown function `bets` (did you mean best?)" in result.stderr
    assert "      bets(val/loss) < 1\n      ^" in result.stderr


def test_check(diagnose) -> None:
    result = diagnose("verify", "--check", "EXPECT.yaml")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "EXPECT.yaml is valid: 3 criteria in minimum, target.\n"


def test_json_and_markdown_to_files(diagnose, project: Path) -> None:
    result = diagnose(
        "verify", "EXPECT.yaml", "healthy.csv", "--output-format", "json", "--output-format", "markdown:out.md"
    )
    data = json.loads(result.stdout)

    assert [(one["id"], one["tier"], one["status"]) for one in data["criteria"]] == [
        ("lower", "minimum", "met"),
        ("sound", "minimum", "met"),
        ("low", "target", "not-met"),
    ]
    assert (data["schema"], data["tier"], data["decision"]) == ("diagnose/verify-v1", "minimum", "Keep it.")
    assert (project / "out.md").read_text().startswith("## smaller-steps: Tier reached: minimum\n")


def test_the_suffix_of_the_file_says_the_format(diagnose, project: Path) -> None:
    diagnose("verify", "EXPECT.yaml", "healthy.csv", "-o", "out.json")

    assert json.loads((project / "out.json").read_text())["tier"] == "minimum"


@pytest.mark.parametrize("run", ["healthy.csv", "sick.csv"])
def test_new(diagnose, project: Path, run: str) -> None:
    (project / "plans").mkdir()
    result = diagnose("verify", "--new", run, "-o", "plans/new.yaml")
    text = (project / "plans" / "new.yaml").read_text()

    assert result.exit_code == 0
    assert result.stderr == "Wrote plans/new.yaml: change it, then `diagnose verify plans/new.yaml RUN`.\n"
    assert f'path: "../{run}"' in text
    assert "# Its best val/loss is " in text
    assert ('rule: "loss-nan"' in text) is True
    assert ("no-loss-nan" in text) is (run == "sick.csv")
    assert diagnose("verify", "--check", "plans/new.yaml").exit_code == 0
    assert diagnose("verify", "plans/new.yaml", run).exit_code == 1


def test_new_goes_to_stdout(diagnose) -> None:
    result = diagnose("verify", "--new", "-", stdin=Path("healthy.csv").read_bytes())

    assert result.exit_code == 0
    assert 'path: "-"' in result.stdout


def test_stdin_is_a_run(diagnose) -> None:
    assert diagnose("verify", "EXPECT.yaml", "-", stdin=Path("healthy.csv").read_bytes()).exit_code == 0


def test_schema(diagnose) -> None:
    schema = json.loads(diagnose("verify", "--schema").stdout)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) == {"experiment", "criteria"}


def test_colour(diagnose) -> None:
    assert "\x1b[1;32mmet\x1b[0m" in diagnose("verify", "EXPECT.yaml", "healthy.csv", "--color", "always").stdout
    assert "\x1b" not in diagnose("verify", "EXPECT.yaml", "healthy.csv").stdout
