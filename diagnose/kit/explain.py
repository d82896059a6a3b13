"""A rule as a page for people: the same sections as text, as Markdown, and as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from diagnose.errors import RuleError
from diagnose.kit import cases
from diagnose.model import Cause
from diagnose.records import dataclass
from diagnose.rules import ArgumentRule, ExplainRule, Rule
from diagnose.text.terminal import Style, wrap


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: ``kind`` is text, list, code or markdown."""

    title: str
    kind: str
    lines: tuple[str, ...]


def sections(rule: Rule) -> Iterator[Section]:
    """Yield the sections of a rule's page in reading order; what a rule lacks has none."""
    message, why, advice = example(rule)
    yield Section("", "text", (why,))
    title = "When it is weighed" if rule.is_cause else "When it is reported"
    if condition := tuple(_condition(rule)):
        yield Section(title, "code", condition)
    if rule.is_cause:
        yield Section("What speaks for it", "list", tuple(_arguments(rule.supports, "+")))
        if rule.against:
            yield Section("What speaks against it", "list", tuple(_arguments(rule.against, "-")))
        yield Section("When it is named", "text", (f"From a sum of {rule.least:g} on.",))
        yield Section("What would refute it", "markdown", tuple(refutation(rule).splitlines()))
    if rule.params:
        yield Section("Parameters", "code", tuple(_params(rule)))
    if len(rule.severity) > 1:
        told = (f"{level}: if {when}" if when else f"{level}: otherwise" for level, when in rule.severity)
        yield Section("Severity", "list", tuple(told))
    if message and not rule.is_cause:
        yield Section("What it says (first case)", "text", (message,))
    if advice:
        yield Section("What to do (as for the first case)", "markdown", tuple(advice.splitlines()))
    if rule.suspects:
        told = (
            one_line(f"{suspect.name} ({suspect.score:g}): {_plainly(suspect.because)}").rstrip(": ")
            for suspect in rule.suspects
        )
        yield Section("Possible causes", "list", tuple(told))
    if rule.false_alarms:
        yield Section("When it may be wrong", "list", tuple(one_line(text) for text in rule.false_alarms))
    if rule.folds:
        yield Section("Explains, and then stands for", "list", rule.folds)
    if rule.explains:
        yield Section("Findings that follow from it", "list", tuple(map(_follows, rule.explains)))
    yield Section("Cases", "code", tuple(_cases(rule)))
    if rule.basis:
        yield Section("Basis of the thresholds", "text", (one_line(rule.basis),))
    if rule.references:
        yield Section("References", "list", tuple(one_line(text) for text in rule.references))


def text(rule: Rule, *, colour: bool = False, width: int = 100) -> str:
    """Return the page for a terminal."""
    style = Style(colour)
    head = f"{style.severity(rule.code, rule.worst)} {style.paint(rule.name, 'bold')} ({_remarks(rule)})"
    lines = [head, rule.title]
    for section in sections(rule):
        lines += ["", *([style.paint(section.title, "bold")] if section.title else ())]
        lines += [f"  {line}".rstrip() for line in _block(section, width - 2)]
    return "\n".join(lines) + "\n"


def markdown(rule: Rule) -> str:
    """Return the page as Markdown; it is what ``docs/rules`` holds."""
    lines = [f"# {rule.name} ({rule.code})", "", f"**{_escaped(rule.title)}** ({_remarks(rule)})"]
    for section in sections(rule):
        lines += ["", *([f"## {section.title}", ""] if section.title else ())]
        if section.kind == "code":
            lines += ["```yaml", *section.lines, "```"]
        elif section.kind == "list":
            lines += [f"* {_escaped(line)}" for line in section.lines]
        else:
            lines += section.lines if section.kind == "markdown" else map(_escaped, section.lines)
    return "\n".join(lines) + "\n"


def record(rule: Rule) -> dict[str, Any]:
    """Return the rule as plain data."""
    message, why, advice = example(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "title": rule.title,
        "family": rule.family,
        "severity": rule.worst,
        "severities": [{"severity": level, "when": when} for level, when in rule.severity],
        "status": rule.status,
        "since": rule.since,
        "why": why,
        "needs": [f"{kind} {name}" for kind, name in rule.needs],
        "params": rule.params,
        "let": rule.lets,
        "when": one_line(rule.when),
        "example": {"message": message, "advice": advice},
        "suspects": [{"name": suspect.name, "score": suspect.score} for suspect in rule.suspects],
        "folds": list(rule.folds),
        **(_as_cause(rule) if rule.is_cause else {}),
        "false_alarms": [one_line(text) for text in rule.false_alarms],
        "references": list(rule.references),
        "basis": one_line(rule.basis),
        "cases": [{word: body} for word, body in rule.cases],
    }


def example(rule: Rule) -> tuple[str, str, str]:
    """Return message, why and advice of a rule for its first reported case; the templates if it cannot be had."""
    body = next((body for word, body in rule.cases if word == "reported"), None)
    if rule.is_cause:
        cause = _first(rule)
        told = one_line(rule.why)
        return (cause.title, told, cause.advice) if cause else (rule.title, told, rule.advice.strip())
    try:
        findings = cases.findings_of(rule, body)[0] if body is not None else []
    except RuleError:
        findings = []
    if findings:
        return findings[0].message, one_line(findings[0].why), findings[0].advice
    return one_line(rule.message), one_line(rule.why), "" if rule.advice.endswith(".j2") else rule.advice.strip()


def refutation(rule: Rule) -> str:
    """Return what would refute a cause, as for its first reported case."""
    cause = _first(rule)
    return cause.refutation if cause else rule.refutation


def _first(rule: Rule) -> Cause | None:
    """Return what a rule on causes names in its first reported case, if anything."""
    body = next((body for word, body in rule.cases if word == "reported"), None)
    try:
        return next(iter(cases.causes_in(rule, body)), None) if body is not None else None
    except RuleError:
        return None


def _arguments(arguments: tuple[ArgumentRule, ...], sign: str) -> Iterator[str]:
    for argument in arguments:
        said = re.sub(r"\{\{ told \}\}", "what the finding says", argument.text)
        said = re.sub(r"\{\{ 's' if .*?\}\}", "(s)", said)
        yield f"{sign}{argument.weight:g}: {one_line(_plainly(said))} (`{one_line(argument.when)}`)"


def _as_cause(rule: Rule) -> dict[str, Any]:
    def told(arguments: tuple[ArgumentRule, ...]) -> list[dict[str, Any]]:
        return [{"when": one_line(item.when), "weight": item.weight, "text": one_line(item.text)} for item in arguments]

    return {
        "supports": told(rule.supports),
        "against": told(rule.against),
        "least": rule.least,
        "refutation": refutation(rule),
        "explains": [item.name for item in rule.explains],
    }


def _follows(item: ExplainRule) -> str:
    told = [item.name, *(["in a later segment"] if item.later else []), *([f"if `{item.when}`"] if item.when else [])]
    return ", ".join(told)


def one_line(text: str) -> str:
    """Return a folded text on one line."""
    return " ".join(text.split())


def _plainly(template: str) -> str:
    """Return a template as it reads without a run: ``batch {{ fact.batch_size }}`` becomes ``batch <batch_size>``."""
    shown = re.sub(r"\{\{\s*(?:fact\.|config\.)?(.*?)\s*(?:\|\s*\w+\s*)?\}\}", r"<\1>", template)
    return re.sub(r"\{%.*?%\}", " ", shown)


def _remarks(rule: Rule) -> str:
    if rule.is_cause:
        return ", ".join(["cause", f"since {rule.since}", *([rule.status] if rule.status != "stable" else ())])
    parts = [rule.worst if len(rule.severity) == 1 else f"up to {rule.worst}", f"since {rule.since}"]
    return ", ".join([*parts, *([rule.status] if rule.status != "stable" else ())])


def _condition(rule: Rule) -> Iterator[str]:
    walked = rule.each[1].event if rule.each else ""
    for kind, name in rule.needs:
        if (kind, name) != ("event", walked):
            yield f"needs: {kind} {name}"
    if rule.each is not None:
        variable, selector = rule.each
        what = [f"event {selector.event}"] if selector.event else [f"series {', '.join(selector.series) or '*'}"]
        what += [f"of kind {', '.join(selector.kinds)}"] if selector.kinds else []
        what += [f"where {selector.better} is better"] if selector.better else []
        what += [f"unlike {', '.join(selector.unlike)}"] if selector.unlike else []
        yield f"each {variable}: {' '.join(what)}"
    for name, part in rule.lets.items():
        yield f"{name}: {one_line(part)}"
    if rule.when != "true":
        yield f"when: {one_line(rule.when)}"


def _params(rule: Rule) -> Iterator[str]:
    yield f"# [thresholds.{rule.name}]"
    for name, value in rule.params.items():
        whole = isinstance(value, float) and value.is_integer()
        yield f"{name} = {str(value).lower() if isinstance(value, bool) else int(value) if whole else repr(value)}"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _represent(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _represent)


def _cases(rule: Rule) -> Iterator[str]:
    for word, body in rule.cases:
        written = yaml.dump({word: body}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
        yield from written.rstrip("\n").split("\n")


def _block(section: Section, width: int) -> Iterator[str]:
    for line in section.lines:
        if section.kind == "code":
            yield line
        elif section.kind == "list":
            first, *rest = wrap(line, width - 2)
            yield f"* {first}"
            yield from (f"  {more}" for more in rest)
        else:
            indent = len(line) - len(line.lstrip())
            yield from (
                " " * indent + part for part in wrap(line.strip(), width - indent, 3 if line[:1].isdigit() else 0)
            )


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")
