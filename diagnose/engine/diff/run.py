"""Two sides through the rules: what changed, what came of it, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from diagnose.engine.diff.compare import compare
from diagnose.engine.diff.results import results
from diagnose.engine.diff.side import Side
from diagnose.engine.lint import Options, distinct, lint_run
from diagnose.model import Comparison, FileReport, Finding, Report, Run
from diagnose.rules import Rule

BASELINE = "baseline"
"""Name of the old side among the segments of a comparison."""


def diff(old: Side, new: Side, options: Options) -> Report:
    """Return the comparison of two sides, and the findings in it.

    Rules that need a comparison see both sides; rules that need settings alone see each side, and only what the old
    one lacks is reported: whoever changes a config is told what the change brings, not what was there before.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    report = Report()
    changes = compare(old.config, new.config)
    touched = {change.key for change in changes}
    same = sum(key not in touched for key in new.config.settings)
    report.comparisons.append(Comparison(old.path, new.path, changes, results(old, new), same))
    file = FileReport(new.path)
    report.files += [FileReport(old.path, old.format), file]
    segment = replace(new.segment, name="", changes=changes)
    pair = Run(new.path, new.format, [segment, replace(old.segment, name=BASELINE, index=1)], [new.path, old.path])
    findings = lint_run(pair, file, _only(options, filter(compares, options.rules)), new.sources | old.sources)
    findings += _brought(old, new, file, options)
    _keep(findings, report, options)
    return report


def introduce(new: Side, options: Options) -> Report:
    """Return the findings in a config that is new, and so has nothing to be compared with."""
    file = FileReport(new.path)
    rules = _only(options, (rule for rule in options.rules if rule.family == "CFG"))
    report = Report([file])
    _keep(lint_run(_alone(new), file, rules, new.sources), report, options)
    return report


def _keep(findings: list[Finding], report: Report, options: Options) -> None:
    for given in distinct(findings):
        if options.keep(given):
            report.findings.append(given)
        else:
            report.suppressed += 1


def compares(rule: Rule) -> bool:
    """Whether a rule looks at two sides."""
    return any(kind in ("changes", "baseline") for kind, _ in rule.needs)


def _brought(old: Side, new: Side, file: FileReport, options: Options) -> Iterable[Finding]:
    """Return what is wrong with the new config alone and was not with the old one."""
    rules = _only(options, (rule for rule in options.rules if rule.family == "CFG"))
    known = {(finding.code, finding.subject) for finding in lint_run(_alone(old), FileReport(old.path), rules, {})}
    found = lint_run(_alone(new), file, rules, new.sources)
    return [finding for finding in found if (finding.code, finding.subject) not in known]


def _alone(side: Side) -> Run:
    return Run(side.path, side.format, [replace(side.segment, name="")], [side.path])


def _only(options: Options, rules: Iterable[Rule]) -> Options:
    return replace(options, rules=[*rules])
