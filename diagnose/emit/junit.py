"""JUnit XML: one test case per rule that ran on a file, so that CI says "48 checks, 2 failed"."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Comparison, FileReport, Finding, Report
from diagnose.text import changes, wording
from diagnose.text.escape import html as xml
from diagnose.text.escape import plain

NAME = "junit"
TITLE = "JUnit XML"
SUFFIX = ".xml"

FAILS = {"error", "warning"}
"""A finding of a milder severity is told in the output of a case that passes."""


def emit(report: Report, context: Context) -> str:
    """Return one test suite per file; one without tests per comparison tells what was changed."""
    titles = {rule.name: rule.title for rule in context.rules_of(report)}
    suites = [_Suite(file, findings, titles) for file, findings in wording.by_file(report)]
    sums = {key: sum(suite.counts[key] for suite in suites) for key in ("tests", "failures", "errors")}
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites{_attributes({'name': 'diagnose', **sums})}>"]
    lines += [line for suite in suites for line in suite.lines]
    lines += [line for comparison in report.comparisons for line in _compared(comparison)]
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _compared(comparison: Comparison) -> list[str]:
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    told = [changes.tally(comparison)]
    told += [
        f"{changes.where(change, comparison)}: change [{change.risk}] {changes.sentence(change)}"
        for change in changes.ordered(comparison)
    ]
    return [
        f"  <testsuite{_attributes({'name': f'{comparison.old} -> {comparison.new}', **counts})}>",
        f"    <system-out>{xml(chr(10).join(map(plain, told)))}</system-out>",
        "  </testsuite>",
    ]


class _Suite:
    """The cases of one file."""

    def __init__(self, file: FileReport, findings: list[Finding], titles: dict[str, str]) -> None:
        groups: dict[str, list[Finding]] = {name: [] for name in sorted(file.ran)}
        for finding in findings:
            groups.setdefault(finding.name, []).append(finding)
        cases = [line for name, found in groups.items() for line in _case(file.path, name, titles.get(name, ""), found)]
        failures = sum(any(each.severity in FAILS for each in found) for found in groups.values())
        problem = wording.problem(file)
        errors, skips = int(file.status == "error"), int(bool(problem) and file.status != "error")
        if problem:
            tag = "error" if file.status == "error" else "skipped"
            cases.append(f"    <testcase{_attributes({'name': 'read', 'classname': file.path})}>")
            cases.append(f"      <{tag}{_attributes({'message': problem})}/>")
            cases.append("    </testcase>")
        self.counts = {"tests": len(groups) + errors + skips, "failures": failures, "errors": errors, "skipped": skips}
        self.lines = [
            f"  <testsuite{_attributes({'name': file.path, **self.counts})}>",
            "    <properties>",
            *(f"      <property{_attributes({'name': key, 'value': value})}/>" for key, value in _properties(file)),
            "    </properties>",
            *cases,
            "  </testsuite>",
        ]


def _properties(file: FileReport) -> list[tuple[str, object]]:
    return [("format", file.format), ("status", file.status), ("skipped_rules", len(file.skipped))]


def _case(path: str, name: str, title: str, findings: list[Finding]) -> list[str]:
    head = f"    <testcase{_attributes({'name': name, 'classname': path})}"
    failing = [finding for finding in findings if finding.severity in FAILS]
    mild = [finding for finding in findings if finding.severity not in FAILS]
    if not findings:
        return [f"{head}/>"]
    lines = [f"{head}>"]
    if failing:  # more than one failure in a case is against the schema that most readers follow
        worst = wording.worst_first(failing)[0]
        message = worst.message if len(failing) == 1 else f"{title or name}: {len(failing)} times"
        attributes = _attributes({"message": message, "type": worst.severity})
        lines.append(f"      <failure{attributes}>{xml(_told(failing))}</failure>")
    if mild:
        lines.append(f"      <system-out>{xml(_told(mild))}</system-out>")
    return [*lines, "    </testcase>"]


def _told(findings: list[Finding]) -> str:
    parts = []
    for finding in findings:
        lines = [f"{wording.position(finding)}: {finding.severity} {finding.code} {finding.name}: {finding.message}"]
        lines += [f"  {shown.place.path}:{shown.place.line or '-'}: {shown.text}" for shown in finding.evidence]
        parts.append("\n".join([*lines, finding.advice.strip()]).strip())
    return "\n\n".join(parts)


def _attributes(values: dict[str, object]) -> str:
    return "".join(f' {key}="{xml(str(value)).replace(chr(10), "&#10;")}"' for key, value in values.items())
