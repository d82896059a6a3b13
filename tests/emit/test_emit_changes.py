"""Single promises of how changes between configs are shown."""

import json
import re
from dataclasses import replace

import pytest
from emit_reports import NEW, change

from diagnose.emit import emit
from diagnose.model import UNKNOWN, Comparison, Finding, Place, Report
from diagnose.text import changes
from diagnose.text.terminal import columns


def report_of(*found, **more):
    return Report(comparisons=[Comparison("a.yaml", "b.yaml", found, **more)])


def many(number, risk="low", key="key"):
    return [change(f"{key}{at}", 1.0, 2.0, role="data", risk=risk, at=(at + 1, at + 1)) for at in range(number)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-05, "1e-05"),
        (1.0000000000000001e-05, "1e-05"),
        (0.1 + 0.2, "0.3"),
        (0.0005, "0.0005"),
        (64.0, "64"),
        (-0.0, "0"),
        (1e16, "1e+16"),
        (1234567890123.0, "1234567890123"),
        (float("inf"), "inf"),
        (True, "true"),
        (None, "null"),
        (UNKNOWN, "unknown"),
        ("adam", "adam"),
        ("1e-4", '"1e-4"'),
        ("true", '"true"'),
        ("", '""'),
        (" a", '" a"'),
        ("a\nb\x1b[31m", '"a\\nb\\u001b[31m"'),
        ("1" * 100_000 + "x", "1" * 100_000 + "x"),
        ([1, 2.5, "a", None], "[1, 2.5, a, null]"),
        ({"a": [True], "b": {}}, "{a: [true], b: {}}"),
        ([7**9000], "[an integer of 25267 bits]"),
    ],
)
def test_values_are_written_as_people_write_them(value, text):
    assert changes.written(value) == text


def test_absent_null_and_default_are_told_apart():
    shown = changes.sides(change("a", None, 1.0, "added", at=(0, 1)), 40)
    assert shown == ("absent", "1")
    assert changes.sides(change("a", None, 1.0, "choice"), 40) == ("null", "1")
    assert changes.sides(change("a", 0.5, 1.0, at=(0, 1)), 40) == ("0.5 (default)", "1")
    assert changes.sides(change("a", UNKNOWN, 1.0, "unknown", at=(0, 1)), 40) == ("unknown", "1")


@pytest.mark.parametrize("width", [12, 30, 60])
def test_long_values_are_cut_in_the_middle_with_the_difference_in_view(width):
    short = changes.sides(change("a", "x" * 500, "y" * 500, "choice"), width)
    assert all(re.fullmatch(r"(x+…x+|y+…y+)", side) and len(side) == width for side in short)
    one, other = changes.sides(change("a", [0] * 300 + [1] + [0] * 300, [0] * 601, "choice"), width)
    assert one != other
    assert max(map(columns, (one, other))) <= width


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((0.005, 0.004), "-20 %"),
        ((0.3, 0.25), "-16.7 %"),
        ((1.0, 2.0), "+100 %"),
        ((0.01, 0.1), "x10"),
        ((0.1, 0.001), "x0.01"),
        ((1.0, -1.0), "-200 %"),
        ((0.0, 3.0), "from 0"),
        ((0.0, 0.5, "activation"), "on"),
        ((True, False, "deactivation"), "off"),
        (("a", "b", "choice"), "changed"),
        ((None, 1, "added"), "added"),
    ],
)
def test_how_far_it_moved(args, text):
    assert changes.moved(change("a", *args)) == text


def test_json_is_the_contract(context):
    found = change("fl_gamma", 0.0, 0.5, "activation", "loss", "critical", ["..."], "focal_gamma", at=(15, 16))
    document = json.loads(emit(report_of(found, same=9), "json", context))
    assert document["changes"] == [
        {
            "key": "fl_gamma",
            "name": "focal_gamma",
            "old": 0.0,
            "new": 0.5,
            "unknown": [],
            "change_percent": None,
            "factor": None,
            "kind": "activation",
            "role": "loss",
            "risk": "critical",
            "because": ["..."],
            "path": NEW,
            "line": 16,
            "old_path": "conf/base.yaml",
            "old_line": 15,
            "comparison": 0,
        }
    ]
    assert document["comparisons"] == [{"old": "a.yaml", "new": "b.yaml", "changed": 1, "same": 9, "results": []}]


def test_json_of_values_that_json_lacks(context):
    odd = [float("nan"), float("inf"), -float("inf"), UNKNOWN, 7**9000, {1: None}]
    first = change("a", odd, UNKNOWN, "unknown", risk="low", at=(1, 0))
    (record,) = json.loads(emit(report_of(first), "json", context), parse_constant=pytest.fail)["changes"]
    assert record["old"] == ["NaN", "Infinity", "-Infinity", None, "an integer of 25267 bits", {"1": None}]
    assert record["new"] is None
    assert record["unknown"] == ["new"]
    assert record["because"] == ["the new value cannot be told without running the config"]
    assert (record["path"], record["line"]) == ("conf/base.yaml", 1)


def test_lint_has_no_changes_and_diff_always_has_them(report, context):
    for name in ("json", "sarif", "jsonl"):
        assert '"changes"' not in emit(report, name, context)
    comparing = replace(context, comparing=True)
    assert json.loads(emit(Report(), "json", comparing))["changes"] == []
    assert json.loads(emit(Report(), "sarif", comparing))["runs"][0]["properties"] == {"changes": [], "comparisons": []}


def test_jsonl_has_a_line_per_change(compared, context):
    records = [json.loads(line) for line in emit(compared, "jsonl", context).splitlines()]
    kinds = [next(key for key in ("code", "key", "schema") if key in record) for record in records]
    assert kinds == ["code"] * 2 + ["key"] * 32 + ["schema"]


def test_most_dangerous_first_over_all_comparisons(context):
    low, high, critical = (change(risk, 1.0, 2.0, risk=risk) for risk in ("low", "high", "critical"))
    report = Report(comparisons=[Comparison("a", "b", (high, low)), Comparison("c", "d", (critical,))])
    document = json.loads(emit(report, "json", context))
    assert [(each["risk"], each["comparison"]) for each in document["changes"]] == [
        ("critical", 1),
        ("high", 0),
        ("low", 0),
    ]
    assert re.findall(r"\[(\w+)\]", emit(report, "concise", context)) == ["critical", "high", "low"]


def test_a_group_of_activations_does_not_hide_a_worse_tuning(context):
    found = change("on", 0, 1, "activation", risk="low"), change("lr", 0.1, 1.0, risk="critical")
    text = emit(report_of(*found), "full", context)
    assert text.index("changed:") < text.index("lr") < text.index("switched on:") < text.index("on  ")


def test_full_lists_all_of_twenty_and_folds_what_has_no_effect(context):
    text = emit(report_of(*many(11, "high"), *many(9, "low", "mild"), *many(5, "none", "idle")), "full", context)
    assert len(re.findall(r"^  (?:high|low) ", text, re.MULTILINE)) == 20
    assert "5 without effect on the result: idle0, idle1, idle2, idle3, idle4" in text
    assert "--output-format json" in " ".join(text.split())


def test_full_gives_a_reason_once_and_leaves_sources_to_others(context):
    why = "Too fast (by far)" + ", and then some more words" * 3 + ". (Doe (2020), A study, arXiv 1; Roe 2021)"
    text = emit(report_of(*(replace(each, because=(why,)) for each in many(3, "high"))), "full", context)
    assert text.count("Too fast (by far),") == 1
    assert "Doe" not in text
    assert "Doe" in emit(report_of(*(replace(each, because=(why,)) for each in many(1, "high"))), "html", context)


def test_full_lists_few_changes_whatever_their_risk(context):
    text = emit(report_of(*many(12, "none")), "full", context)
    assert len(re.findall(r"^  none ", text, re.MULTILINE)) == 12
    assert "without effect on" not in text


def test_full_counts_the_low_ones_of_very_many(context):
    text = emit(report_of(*many(5, "high"), *many(300)), "full", context)
    assert len(re.findall(r"^  high ", text, re.MULTILINE)) == 5
    assert "300 of low risk: data (300)" in text
    assert len(text.splitlines()) < 20


@pytest.mark.parametrize("width", [40, 60, 72, 80, 100, 160])
def test_full_keeps_tables_to_the_width(compared, context, width):
    compared.comparisons[1] = replace(compared.comparisons[1], results=compared.comparisons[0].results)
    text = emit(replace(compared, findings=[], files=[]), "full", replace(context, width=width))
    assert max(columns(line) for line in text.splitlines()) <= width


def test_colour_adds_nothing_but_colour(compared, context):
    for name in ("full", "concise", "grouped"):
        painted = emit(compared, name, replace(context, colour=True))
        assert "\x1b" in painted
        assert re.sub(r"\x1b\[[\d;]*m", "", painted) == emit(compared, name, context)


def test_annotations_do_not_repeat_findings(context):
    one = change("lr0", 0.1, 1.0, name="lr", risk="critical", at=(3, 3))
    two, three = (change(key, 1.0, 9.0, risk="high", at=(at, at)) for key, at in (("a", 4), ("b", 5)))
    report = report_of(one, two, three, change("c", 1.0, 1.2, risk="medium"))
    report.findings = [
        Finding("D1", "d", "error", "by line", Place(NEW, 3)),
        Finding("D2", "d", "error", "by subject", Place(NEW), subject="a"),
    ]
    for name in ("github", "azure", "gitlab"):
        text = emit(report, name, context)
        assert "lr0" not in text
        assert " a 1 -> 9" not in text
        assert "b 1 -> 9" in text
        assert "c 1 -> 1.2" not in text


def test_a_change_without_a_place_stands_at_the_new_side(context):
    report = report_of(change("lr", 1.0, 2.0, risk="critical", at=(0, 0)))
    assert "file=b.yaml::b.yaml: change [critical]" in emit(report, "github", context)
    assert emit(report, "concise", context).startswith("b.yaml: change [critical] lr 1 (default) -> 2 (default)")


def test_markdown_of_many_changes_stays_within_the_limit_of_a_step_summary(context):
    report = report_of(*many(3_000))
    report.comparisons *= 2
    report.findings = [Finding("X001", "x", "warning", "m", Place("x.log", line)) for line in range(6_000)]
    text = emit(report, "markdown", context)
    assert len(text.encode()) < 1 << 20
    assert re.search(r"\d+ more changes not shown here", text)
