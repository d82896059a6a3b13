"""SARIF 2.1.0, with what GitHub code scanning needs to recognise a finding and to tell the story of a run."""

from __future__ import annotations

from typing import Any

from diagnose.emit.context import HOMEPAGE, Context, RuleInfo
from diagnose.model import Evidence, FileReport, Finding, Place, Report
from diagnose.patterns import lazy
from diagnose.text import escape, wording
from diagnose.text.change_records import change_records, comparison_records

NAME = "sarif"
TITLE = "SARIF 2.1.0"
SUFFIX = ".sarif"

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note", "hint": "note"}
PROBLEMS = {"error": "error", "warning": "warning", "info": "recommendation", "hint": "recommendation"}
LONGEST_DESCRIPTION = 1024
MOST_RESULTS = 25_000
MOST_LOCATIONS = 100
LINK = lazy(r"\[(?=[^\[\]]*\]\()")


def emit(report: Report, context: Context) -> str:
    """Return a log with one run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, context)]}
    return escape.json(log, indent=2) + "\n"


def _run(report: Report, context: Context) -> dict[str, Any]:
    rules = context.rules_of(report)
    index = {rule.code: at for at, rule in enumerate(rules)}
    findings = report.findings
    prints = wording.fingerprints(findings)
    results = [_result(each, print_, index[each.code], context) for each, print_ in zip(findings, prints, strict=True)]
    if len(results) > MOST_RESULTS:  # GitHub refuses more
        order = sorted(range(len(results)), key=lambda at: list(LEVELS).index(findings[at].severity))
        results = [results[at] for at in sorted(order[:MOST_RESULTS])]
    driver = {
        "name": "diagnose",
        "version": context.version,
        "semanticVersion": context.version,
        "informationUri": HOMEPAGE,
        "rules": [_rule(rule, context) for rule in rules],
    }
    compared = {}
    if report.comparisons or context.comparing:  # not results: those need a rule, and findings are the judgement
        compared = {"properties": {"changes": change_records(report), "comparisons": comparison_records(report)}}
    return {
        "tool": {"driver": {key: value for key, value in driver.items() if value != ""}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, context)],
        "artifacts": [
            {"location": {"uri": uri}, "roles": ["analysisTarget"]}
            for uri in dict.fromkeys(context.uri(file.path) for file in report.files)
        ],
        "results": results,
        **compared,
    }


def _rule(rule: RuleInfo, context: Context) -> dict[str, Any]:
    title = escape.line(rule.title) or rule.name or rule.code
    url = context.url(rule.name)
    why = escape.clean(rule.why).strip() or title
    return {
        "id": rule.code,
        "name": rule.name or rule.code,
        "shortDescription": {"text": title[:LONGEST_DESCRIPTION]},
        "fullDescription": {"text": why[:LONGEST_DESCRIPTION]},
        "help": {"text": f"{why}\n{url}", "markdown": f"{why}\n\n[{rule.name or rule.code}]({url})"},
        "helpUri": url,
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "tags": [tag for tag in ("machine-learning", rule.family) if tag],
            "problem.severity": PROBLEMS[rule.severity],
        },
    }


def _result(finding: Finding, fingerprint: str, index: int, context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": _text(finding.message) or finding.name or finding.code},
        "locations": [{"physicalLocation": _physical(finding.place, context)}],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    related = [
        {"id": number, **_location(shown, context)} for number, shown in enumerate(finding.evidence[:MOST_LOCATIONS], 1)
    ]
    if related:
        result["relatedLocations"] = related
    if len(related) > 1:
        steps = [{"location": _location(shown, context)} for shown in finding.evidence[:MOST_LOCATIONS]]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    properties = {
        "segment": finding.segment,
        "subject": finding.subject,
        "advice": finding.advice,
        "suspects": [
            {"name": suspect.name, "score": wording.score(suspect), "because": list(suspect.because)}
            for suspect in finding.suspects
        ],
        "folded": list(finding.folded),
    }
    if kept := {key: value for key, value in properties.items() if value}:
        result["properties"] = kept
    return result


def _location(shown: Evidence, context: Context) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(shown.place, context, shown.text)}
    if text := _text(shown.text):
        location["message"] = {"text": text}
    return location


def _physical(place: Place, context: Context, text: str = "") -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": max(place.line, 1)}
    if place.line:
        region["startColumn"] = max(place.column, 1)
        if snippet := escape.line(place.text or text):
            region["snippet"] = {"text": snippet}
    return {"artifactLocation": {"uri": context.uri(place.path)}, "region": region}


def _invocation(report: Report, context: Context) -> dict[str, Any]:
    told = [_notification(file, context) for file in report.files if wording.problem(file)]
    told += [{"level": "note", "message": {"text": text}} for text in map(_text, report.notes) if text]
    if len(report.findings) > MOST_RESULTS:
        text = f"only the worst {MOST_RESULTS} of {len(report.findings)} findings are listed"
        told.append({"level": "warning", "message": {"text": text}})
    invocation: dict[str, Any] = {"executionSuccessful": all(file.status != "error" for file in report.files)}
    if told:
        invocation["toolExecutionNotifications"] = told
    invocation["properties"] = {"skippedRules": len(report.skipped), "suppressed": report.suppressed}
    return invocation


def _notification(file: FileReport, context: Context) -> dict[str, Any]:
    return {
        "level": "error" if file.status == "error" else "warning",
        "message": {"text": _text(wording.problem(file)) or "cannot be read"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": context.uri(file.path)}}}],
    }


def _text(text: str) -> str:
    """Return *text* as a message: a bracket that would open an embedded link is escaped."""
    return LINK.sub(r"\\[", escape.line(text))
