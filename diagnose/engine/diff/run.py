"""Two sides through the rules: what changed, what came of it, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.engine.diff.compare import compare
from diagnose.engine.diff.results import results
from diagnose.engine.diff.side import Side
from diagnose.engine.enrich import enrich
from diagnose.engine.lint import Options, lint_run, reviewed, sifted, weigh_causes
from diagnose.model import Comparison, FileReport, Finding, Report, Run
from diagnose.records import replace
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
    lacking = [side.path for side in (old, new) if not side.config]
    report.notes += [f"{path}: no settings found, so only results are compared" for path in lacking]
    changes = () if lacking else compare(old.config, new.config)
    touched = {key for change in changes for key in (change.key, *change.parts)}
    same = sum(key not in touched for key in new.config.settings)
    report.comparisons.append(Comparison(old.path, new.path, changes, results(old, new), same))
    file = FileReport(new.path)
    report.files += [FileReport(old.path, old.format), file]
    segment = replace(new.segment, name="", changes=changes)
    pair = Run(new.path, new.format, [segment, replace(old.segment, name=BASELINE, index=1)], [new.path, old.path])
    between = lint_run(pair, file, _only(options, filter(compares, options.rules)), old.sources | new.sources)
    alone = _judged_alone(new, file, options)
    known = {(finding.code, finding.subject) for finding in _judged_alone(old, FileReport(old.path), options)}
    kept = reviewed([*between, *alone], Run(new.path, new.format, [segment], [new.path]), file, options, new.sources)
    # After the review: an ignored fault that the old config has too is no ignore without use.
    there = {id(finding) for finding in alone if (finding.code, finding.subject) in known}
    _keep([finding for finding in kept if id(finding) not in there], report, file, options)
    if options.causes:
        rest = [rule for rule in options.rules if rule.family != "CFG" and not compares(rule)]
        own = lint_run(_alone(new), FileReport(new.path), _only(options, rest), new.sources)
        weigh_causes(pair, [*kept, *own], report, options, old.sources | new.sources)
    return report


def introduce(new: Side, options: Options) -> Report:
    """Return the findings in a config that is new, and so has nothing to be compared with."""
    file = FileReport(new.path)
    report = Report([file])
    found = reviewed(_judged_alone(new, file, options), _alone(new), file, options, new.sources)
    _keep(found, report, file, options)
    return report


def _judged_alone(side: Side, file: FileReport, options: Options) -> list[Finding]:
    rules = _only(options, (rule for rule in options.rules if rule.family == "CFG"))
    return lint_run(_alone(side), file, rules, side.sources)


def _keep(findings: list[Finding], report: Report, file: FileReport, options: Options) -> None:
    kept, dropped = sifted(findings, options)
    report.findings += kept
    report.suppressed += dropped + file.suppressed


def compares(rule: Rule) -> bool:
    """Whether a rule looks at two sides."""
    return any(kind in ("changes", "baseline") for kind, _ in rule.needs)


def _alone(side: Side) -> Run:
    return enrich(Run(side.path, side.format, [replace(side.segment, name="")], [side.path]))


def _only(options: Options, rules: Iterable[Rule]) -> Options:
    return replace(options, rules=[*rules])
