"""Single promises of the outputs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from emit_reports import CONFIG, LOG, WINDOWS

from diagnose.emit import Context, emit
from diagnose.model import Evidence, FileReport, Finding, Place, Report


def many(number, severity="warning", code="X001"):
    finding = Finding(code, "x", severity, "m", Place("x.log", 1))
    findings = [replace(finding, place=Place("x.log", line)) for line in range(1, number + 1)]
    return Report([FileReport("x.log", "keras", ran={"x"})], findings)


def test_worst_first_for_annotations(report, context):
    for name in ("github", "azure"):
        text = emit(report, name, context)
        assert text.index("LOSS001") < text.index("CKPT001") < text.index("OPT009")


def test_github_tells_when_annotations_are_hidden(context):
    assert "first 10" not in emit(many(10), "github", context)
    assert "first 10" in emit(many(11), "github", context)


def test_whole_file_findings_have_no_line_in_annotations(report, context):
    (line,) = (line for line in emit(report, "github", context).splitlines() if "OPT009" in line)
    assert "line=" not in line
    assert f"::{CONFIG}: OPT009" in line


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/c.log", "a%20b/c.log"),
        ("./a/../b.log", "b.log"),
        ("../../b.log", "file:///b.log"),
        ("/repo/sub/x.log", "sub/x.log"),
        ("/elsewhere/x.log", "file:///elsewhere/x.log"),
        (WINDOWS, "file:///C:/runs/exp%203/train%20log.txt"),
        ("s3://bucket/a b.log", "s3://bucket/a%20b.log"),
        ("HEAD~1:x.yaml", "HEAD~1%3Ax.yaml"),
        ("ä#?.log", "%C3%A4%23%3F.log"),
        ("-", "-"),
    ],
)
def test_uris_are_relative_to_the_root(path, expected):
    assert Context(root=Path("/repo"), start=Path("/repo")).uri(path) == expected


def test_paths_start_from_the_working_folder_and_are_relative_to_the_root():
    assert Context(root=Path("/repo"), start=Path("/repo/sub")).relative("x.log") == "sub/x.log"


def test_sarif_tells_the_story_of_a_run(report, context):
    (run,) = json.loads(emit(report, "sarif", context))["runs"]
    nan = next(result for result in run["results"] if result["ruleId"] == "LOSS001")

    steps = nan["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [790, 1, 812, 3]
    assert [place["id"] for place in nan["relatedLocations"]] == [1, 2, 3, 4]
    assert nan["partialFingerprints"] == {"primaryLocationLineHash": "5f0c1d2e3b4a59687786a5b4c3d2e1f0"}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["CKPT001", "LOSS001", "METRIC001", "OPT009"]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert [told["level"] for told in invocation["toolExecutionNotifications"]] == [
        "warning",
        "error",
        "warning",
        "note",
    ]


def test_fingerprints_do_not_depend_on_lines(context):
    first, second = (json.loads(emit(many(2), "json", context))["findings"] for _ in range(2))
    assert first == second
    moved = many(3)
    moved.findings = moved.findings[1:]
    assert [f["fingerprint"] for f in json.loads(emit(moved, "json", context))["findings"]] == [
        f["fingerprint"] for f in first
    ]


def test_sarif_stays_within_the_limits_of_github(context):
    report = many(25_001)
    report.findings.append(replace(report.findings[0], severity="error"))
    (run,) = json.loads(emit(report, "sarif", context))["runs"]

    assert len(run["results"]) == 25_000
    assert run["results"][-1]["level"] == "error"
    assert "25002" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_markdown_stays_within_the_limit_of_a_step_summary(context):
    text = emit(many(20_000), "markdown", context)
    assert len(text.encode()) < 1 << 20
    assert "not shown here" in text


def test_full_explains_a_rule_once(report, context):
    report.findings.append(replace(report.findings[1], place=Place("b/keras.log", 5)))
    text = emit(report, "full", context)
    assert text.count("= why:") == 1
    assert f"= advice: as for {LOG}:812:17" in text


@pytest.mark.parametrize("width", [40, 72, 100])
def test_full_keeps_to_the_width(report, context, width):
    report.findings.append(
        Finding(
            "A001", "a", "info", "loss", Place("a.log", 9, 500), "", "", (Evidence(Place("a.log", 9, 500), "字" * 999),)
        )
    )
    quoted = [line for line in emit(report, "full", replace(context, width=width)).splitlines() if " | " in line]
    assert quoted
    for line in quoted:
        assert len(line) + line.count("字") <= width


def test_full_shows_the_middle_of_a_long_line(context):
    text = "a " * 300 + "grad_norm=inf " + "b " * 300
    finding = Finding(
        "A001", "a", "error", "m", Place("a.log", 9), subject="grad_norm", evidence=(Evidence(Place("a.log", 9), text),)
    )
    (line,) = (line for line in emit(Report([], [finding]), "full", context).splitlines() if line.startswith("9 |"))
    assert re.fullmatch(r"9 \| …[a ]+grad_norm=inf [b ]+…", line)


def test_full_lists_only_telling_files_of_many(context):
    report = many(1)
    report.files += [FileReport(f"{number}.log", "keras") for number in range(50)]
    text = emit(report, "full", context)
    assert "x.log: keras; 1 warning" in text
    assert "50 more files without problems" in text
    assert "49.log" not in text


def test_no_colour_unless_asked(report, context):
    for name in ("full", "concise", "grouped"):
        assert "\x1b" not in emit(report, name, context)
        painted = emit(report, name, replace(context, colour=True))
        assert re.sub(r"\x1b\[[\d;]*m", "", painted) == emit(report, name, context)


def test_skipped_rules_are_told(report, context):
    for name in ("full", "concise", "grouped"):
        assert "skipped" in emit(report, name, context)
    assert json.loads(emit(report, "json", context))["rules"]["skipped"] == {
        "no-labels-found": "no data facts",
        "overfitting": "no val/loss",
    }


def test_nothing_is_fetched_and_nothing_runs(nasty, context):
    page = emit(nasty, "html", context)
    assert "<script" not in page
    assert not re.search(r"(src|srcset|action)=|url\(|@import", page.split("<body>")[0])
    assert "default-src 'none'" in page
