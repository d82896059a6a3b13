"""``diagnose lint``: exit status, streams, selection and outputs."""

import json
from pathlib import Path

import pytest

from diagnose import emit
from diagnose.api import Linter, Request, linter

ONLY = ("--select", "loss-nan", "--output-format", "json")


def names(result) -> set[str]:
    return {finding["name"] for finding in json.loads(result.stdout)["findings"]}


@pytest.mark.parametrize(
    ("status", "args"),
    [
        (0, ["healthy.csv"]),
        (1, ["sick.csv"]),
        (1, ["healthy.csv", "sick.csv"]),
        (1, ["."]),
        (0, ["sick.csv", "--exit-zero"]),
        (0, ["sick.csv", "--fail-on", "never"]),
        (0, ["sick.csv", "--select", "loss-plateau"]),
        (0, ["sick.csv", "--ignore", "ALL"]),
        (0, ["sick.csv", "--config", "severity.loss-nan=warning", "--select", "loss-nan"]),
        (1, ["sick.csv", "--config", "severity.loss-nan=warning", "--select", "loss-nan", "--fail-on", "warning"]),
        (2, ["missing.csv"]),
        (2, ["missing.csv", "sick.csv"]),
        (2, ["missing.csv", "sick.csv", "--exit-zero"]),
        (2, ["letter.txt"]),
        (0, ["letter.txt", "--allow-unknown"]),
        (1, ["letter.txt", "sick.csv", "--allow-unknown"]),
        (2, ["letter.txt", "sick.csv"]),
        (2, ["sick.csv", "--select", "LOSS999"]),
        (2, ["sick.csv", "--output-format", "jsom"]),
        (2, ["sick.csv", "--format", "kears"]),
        (2, ["sick.csv", "--max-size", "many"]),
        (2, ["sick.csv", "--max-size", "10"]),
        (2, ["sick.csv", "--fail-on", "new"]),
        (2, ["sick.csv", "--baseline", "none.toml"]),
        (2, ["sick.csv", "--no-such-option"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_status(diagnose, status, args):
    assert status == diagnose("lint", *args).exit_code


def test_a_folder_without_logs_is_trouble(diagnose, project: Path):
    (project / "empty").mkdir()
    result = diagnose("lint", "empty")

    assert result.exit_code == 2
    assert "empty: no log of a known format in this folder" in result.stderr


def test_unknown_files_in_a_folder_are_not(diagnose, project: Path):
    (project / "sick.csv").unlink()

    assert diagnose("lint").exit_code == 0


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--select", "LOSX001"], "--select: unknown rule 'LOSX001' (did you mean LOSS001?)"),
        (["--select", "los-nan"], "did you mean loss-nan?"),
        (["--ignore", "nothing-like-it-at-all"], "see `diagnose rules list`"),
        (["--output-format", "sarrif"], "unknown output format 'sarrif' (did you mean sarif?)"),
        (["--format", "kears"], "unknown format 'kears' (did you mean keras?)"),
        (["--output-format", "json", "--output-format", "sarif"], "json and sarif cannot both go to standard output"),
        (["--output-format", "json:no/such/folder.json"], "no such folder"),
        (["--output-format", "json:."], "it is a folder"),
        (["--config", "fail-onn=never"], "unknown key `fail-onn` (did you mean fail-on?)"),
        (["--config", "fail-on=sometimes"], "expected one of error, warning"),
        (["--config", "severity.los-nan=info"], "did you mean loss-nan?"),
        (["--isolated", "--config", "x.toml"], "--isolated heeds no settings file"),
        (["--config", "x.toml"], "cannot read the settings"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_options_are_told_with_a_way_out(diagnose, args, told):
    result = diagnose("lint", "sick.csv", *args)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert told in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["--select", "loss-nan"], True),
        (["--select", "LOSS001"], True),
        (["--select", "LOSS"], True),
        (["--select", "METRIC,loss-nan"], True),
        (["--select", "METRIC", "--select", "LOSS001"], True),
        (["--select", "METRIC"], False),
        (["--select", "METRIC", "--extend-select", "loss-nan"], True),
        (["--select", "ALL", "--ignore", "LOSS"], False),
        (["--select", "loss-nan", "--ignore", "LOSS"], True),
        (["--ignore", "loss-nan"], False),
        (["--min-severity", "error"], True),
        (["--config", "ignore=loss-nan"], False),
        (["--config", "ignore=LOSS", "--extend-select", "loss-nan"], True),
        (["--config", "ignore=LOSS", "--select", "LOSS"], True),
        (["--config", "select=METRIC"], False),
        (["--config", 'select=["METRIC"]', "--select", "ALL"], True),
        (["--config", "severity.LOSS001=hint", "--min-severity", "info"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_selection(diagnose, args, found):
    result = diagnose("lint", "sick.csv", "--output-format", "json", *args)

    assert found == ("loss-nan" in names(result)), result.output


@pytest.mark.parametrize("name", emit.names())
def test_every_output_can_be_asked_for(diagnose, project: Path, name):
    to_stdout = diagnose("lint", "sick.csv", "--output-format", name)
    to_file = diagnose("lint", "sick.csv", "--output-format", f"{name}:out")

    assert (to_stdout.exit_code, to_file.exit_code) == (1, 1)
    assert to_stdout.stdout
    assert to_file.stdout == ""
    assert "Written to out" in to_file.stderr
    assert (project / "out").read_text()


def test_several_outputs_at_once(diagnose, project: Path):
    result = diagnose(
        "lint", "sick.csv", "--color", "always",
        "--output-format", "concise", "--output-format", "json:a.json", "--output-format", "sarif:b.sarif",
    )  # fmt: skip

    assert "\x1b[" in result.stdout
    assert json.loads((project / "a.json").read_text())["schema"] == "diagnose/findings-v1"
    assert json.loads((project / "b.sarif").read_text())["version"] == "2.1.0"


def test_output_file_takes_what_would_go_to_stdout(diagnose, project: Path):
    result = diagnose("lint", "sick.csv", "--output-format", "json", "--output-file", "out.json")

    assert result.stdout == ""
    assert json.loads((project / "out.json").read_text())["findings"]


def test_no_colour_reaches_a_file(diagnose, project: Path):
    diagnose("lint", "sick.csv", "--output-format", "full:out.txt", "--color", "always")

    assert "\x1b" not in (project / "out.txt").read_text()


def test_the_step_summary_is_added_to(diagnose, project: Path):
    summary = project / "summary.md"
    summary.write_text("before\n")
    diagnose("lint", "sick.csv", "--output-format", f"markdown:{summary}", GITHUB_STEP_SUMMARY=str(summary))

    assert summary.read_text().startswith("before\n")
    assert "loss-nan" in summary.read_text()


@pytest.mark.parametrize(
    ("env", "settings", "args", "begin"),
    [
        ({}, "", [], "sick.csv:"),  # concise, since it is not a terminal
        ({"DIAGNOSE_OUTPUT_FORMAT": "json"}, "", [], "{"),
        ({}, 'output-format = "json"', [], "{"),
        ({"DIAGNOSE_OUTPUT_FORMAT": "gitlab"}, 'output-format = "json"', [], "["),
        ({"DIAGNOSE_OUTPUT_FORMAT": "gitlab"}, "", ["--output-format", "json"], "{"),
    ],
)
def test_where_the_output_format_comes_from(diagnose, project: Path, env, settings, args, begin):
    (project / "diagnose.toml").write_text(settings)

    assert diagnose("lint", "sick.csv", *args, **env).stdout.startswith(begin)


@pytest.mark.parametrize(
    ("args", "env", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "auto"], {"FORCE_COLOR": "1"}, True),
    ],
)
def test_colour(diagnose, args, env, coloured):
    assert coloured == ("\x1b[" in diagnose("lint", "sick.csv", *args, **env).stdout)


def test_trouble_is_told_on_stderr_and_the_rest_is_linted(diagnose, project: Path):
    (project / "pointer.log").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    result = diagnose("lint", "missing.csv", "pointer.log", "letter.txt", "sick.csv", *ONLY)
    document = json.loads(result.stdout)

    assert result.exit_code == 2
    assert [file["status"] for file in document["files"]] == ["error", "error", "unknown", "ok"]
    assert {"loss-nan"} == names(result)
    assert "diagnose: missing.csv: no such file (check the path)\n" in result.stderr
    assert "diagnose: pointer.log: a Git LFS pointer" in result.stderr
    assert "diagnose: letter.txt: no known format" in result.stderr


def test_a_file_named_twice_is_linted_once(diagnose, project: Path):
    result = diagnose("lint", "sick.csv", "./sick.csv", project / "sick.csv", *ONLY)

    assert [file["path"] for file in json.loads(result.stdout)["files"]] == ["sick.csv"]


class TestStdin:
    """``-`` reads standard input."""

    def test_named(self, diagnose, project: Path):
        text = (project / "sick.csv").read_text()
        document = json.loads(diagnose("lint", "-", "--stdin-filename", "run.csv", *ONLY, stdin=text).stdout)

        assert {"run.csv"} == {finding["path"] for finding in document["findings"]}

    def test_unnamed(self, diagnose, project: Path):
        result = diagnose("lint", "-", *ONLY, stdin=(project / "sick.csv").read_bytes())

        assert {"loss-nan"} == names(result)

    def test_settings_of_its_name_count(self, diagnose, project: Path):
        (project / "sub").mkdir()
        (project / "sub/diagnose.toml").write_text('ignore = ["loss-nan"]')
        text = (project / "sick.csv").read_text()

        assert set() == names(
            diagnose("lint", "-", "--stdin-filename", "sub/x", "--output-format", "json", stdin=text)
        ) & {"loss-nan"}

    def test_too_large(self, diagnose):
        result = diagnose("lint", "-", "--max-size", "1kB", stdin="epoch,loss\n" + "1,2\n" * 1000)

        assert result.exit_code == 2


def test_statistics(diagnose, project: Path):
    (project / "other.csv").write_text((project / "sick.csv").read_text())
    table = diagnose("lint", "sick.csv", "other.csv", "--select", "loss-nan", "--statistics")
    rows = json.loads(diagnose("lint", "sick.csv", "--statistics", *ONLY).stdout)
    refused = diagnose("lint", "sick.csv", "--statistics", "--output-format", "sarif")

    assert table.stdout.split() == ["2", "LOSS001", "error", "loss-nan", "(2", "files)"]
    assert [(row["name"], row["count"], row["files"]) for row in rows] == [("loss-nan", 1, 1)]
    assert refused.exit_code == 2


def test_quiet_tells_errors_only(diagnose):
    result = diagnose("lint", "missing.csv", "-q", "--output-format", "json:out.json")

    assert result.stderr == "diagnose: missing.csv: no such file (check the path)\n"


def test_verbose_tells_settings_and_reasons(diagnose, project: Path):
    (project / "diagnose.toml").write_text(
        'ignore = {LOSS006 = "short runs"}\n'
        'per-path-ignores = [{path = "sick.*", rules = "LOSS001", reason = "known"}]\n'
    )
    stderr = diagnose("lint", "sick.csv", "-v").stderr

    assert "settings: diagnose.toml; " in stderr
    assert "ignored: LOSS006 (short runs)" in stderr
    assert "suppressed: 1 finding (known)" in stderr
    assert ", 8 epochs, 2 series, " in stderr


def test_a_crash_in_one_file_is_its_own_trouble(diagnose, monkeypatch: pytest.MonkeyPatch):
    lint = linter.engine.lint

    def crash(inputs, options):
        if inputs[0].path == "healthy.csv":
            raise KeyError("boom")
        return lint(inputs, options)

    monkeypatch.setattr(linter.engine, "lint", crash)
    result = diagnose("lint", "healthy.csv", "sick.csv", *ONLY)

    assert result.exit_code == 2
    assert {"loss-nan"} == names(result)
    assert "This is a fault of diagnose. Please report it" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in diagnose("lint", "healthy.csv", DIAGNOSE_TRACEBACK="1").stderr


def test_an_empty_result_of_the_reader_with_a_detail_is_trouble(diagnose, monkeypatch: pytest.MonkeyPatch):
    lint = linter.engine.lint

    def detailed(inputs, options):
        report = lint(inputs, options)
        report.files[0].detail = "the file is empty"
        return report

    monkeypatch.setattr(linter.engine, "lint", detailed)
    result = diagnose("lint", "healthy.csv")

    assert result.exit_code == 2
    assert "diagnose: healthy.csv: the file is empty\n" in result.stderr


class TestFilesNamedTwice:
    """What is named alone and found in a folder is linted once."""

    @pytest.mark.parametrize("paths", [["sick.csv", "."], [".", "sick.csv"], [".", "."]])
    def test_once(self, diagnose, paths):
        report = json.loads(diagnose("lint", *paths, *ONLY).stdout)

        assert [file["path"] for file in report["files"]].count("sick.csv") == 1
        assert len(report["findings"]) == len({finding["fingerprint"] for finding in report["findings"]})

    def test_a_folder_of_known_files_is_no_trouble(self, diagnose, project: Path):
        (project / "letter.txt").unlink()

        assert diagnose("lint", "sick.csv", "healthy.csv", ".", "--exit-zero").exit_code == 0


def test_findings_are_counted_by_input(diagnose, project: Path):
    """Files of a folder that are read together are one input, named after the folder."""
    run = project / "run"
    run.mkdir()
    (project / "sick.csv").rename(run / "sick.csv")
    (run / "log.jsonl").write_text("".join(f'{{"epoch": {n}, "loss": {1 / n:.3f}}}\n' for n in range(1, 9)))
    result = diagnose("lint", "run", "healthy.csv", "--select", "loss-nan")

    assert "in 1 of 2 files" in result.stdout


def test_evidence_quotes_the_line_beside_what_is_said_of_it(diagnose):
    (finding,) = (
        one for one in json.loads(diagnose("lint", "sick.csv", *ONLY).stdout)["findings"] if one["name"] == "loss-nan"
    )
    shown = [(item["line"], item["text"], item["note"]) for item in finding["evidence"]]

    assert (7, "6,nan,nan") in [(line, text) for line, text, _ in shown]
    assert all(text != note for _, text, note in shown)


def test_a_size_is_told_in_its_unit(diagnose):
    assert "larger than the limit of 100 bytes" in diagnose("lint", "sick.csv", "--max-size", "100").stderr


def test_runs_that_a_summary_covers_are_reported_once(tmp_path: Path) -> None:
    folder = tmp_path / "pair"
    for name in ("baseline", "changed"):
        (folder / name).mkdir(parents=True)
        rows = [f"{epoch},{1 - 0.05 * epoch:.3f},{0.5 + 0.04 * epoch:.3f}" for epoch in range(10)]
        (folder / name / "log.csv").write_text("epoch,loss,val_accuracy\n" + "\n".join(rows) + "\n")
    (folder / "pair.json").write_text(
        '{\n "baseline_result": {"val_accuracy_best": 0.9, "val_accuracy_last": 0.9},\n'
        ' "changed_result": {"val_accuracy_best": 0.8, "val_accuracy_last": 0.8}\n}\n'
    )
    outcome = Linter(Request(paths=(str(folder),), isolated=True)).run()

    assert [str(folder / "pair.json")] == [file.path for file in outcome.report.files]
