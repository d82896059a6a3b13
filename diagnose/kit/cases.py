"""The cases of a rule: small logs or curves it must report, stay silent on, or be skipped for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from diagnose import logs
from diagnose.engine.causes import causes_of
from diagnose.engine.diff import compare
from diagnose.engine.enrich import enrich
from diagnose.engine.lint import Options, lint_run
from diagnose.errors import RuleError
from diagnose.model import UNKNOWN, Cause, FileReport, Finding, Place, Run
from diagnose.names import canonical
from diagnose.reader import RunBuilder
from diagnose.records import dataclass
from diagnose.rules import Rule, builtin
from diagnose.sources import from_bytes

TOKEN = re.compile(
    r"(?P<start>[+-]?(?:[\d.]+(?:e[+-]?\d+)?|nan|inf)|_)"
    r"(?:(?P<step>[+-][\d.]+(?:e-?\d+)?)?x(?P<count>\d+))?"
)
KEYS = (
    "log",
    "format",
    "facts",
    "events",
    "config",
    "epochs",
    "segments",
    "expect",
    "severity",
    "steps",
    "baseline",
    "from",
    "title",
    "findings",
    "score",
)


MOST_POINTS = 100_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: ``expected`` and ``got`` are ``reported``, ``silent`` or ``skipped``."""

    rule: str
    number: int
    expected: str
    got: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule did what the case says."""
        return self.expected == self.got


def values(notation: str) -> list[float | None]:
    """Return the points of the series notation: ``0x20``, ``2.1-0.01x20``, ``0.5 nan _ 0.7``.

    ``start[step]xcount`` gives *count* points from *start* in steps of *step*; ``_`` is a place without a point.

    Raises:
        RuleError: if the notation is not valid.
    """
    points: list[float | None] = []
    for word in str(notation).split():
        found = TOKEN.fullmatch(word)
        if found is None:
            raise RuleError(f"not a series notation: {word!r}", mend="write 0x20, 2.1-0.01x20 or 0.5 0.7 nan _")
        count = int(found["count"] or 1)
        if count > MOST_POINTS:
            raise RuleError(f"too many points: {word!r}", mend=f"a case has {MOST_POINTS} at most")
        if found["start"] == "_":
            points += [None] * count
            continue
        start, step = float(found["start"]), float(found["step"] or 0)
        points += [start + step * index if step else start for index in range(count)]
    return points


def run_of(body: Mapping[str, Any], path: str = "case.log") -> Run:
    """Return the run a case describes: a ``log`` that is read, or series, facts, events and config."""
    if "log" in body:
        source = from_bytes(path, str(body["log"]).encode())
        run = logs.read(source, str(body.get("format", "")))
        if run is None:
            raise RuleError("no format fits the log of a case", mend="add a line that shows the format")
        return enrich(run)
    if "baseline" in body:
        return _beside_baseline(body, path)
    build = RunBuilder(path, str(body.get("format", "case")))
    line = 1
    for number, part in enumerate(body.get("segments", [body])):
        if number:
            build.start(line, str(part.get("title", "")))
        line = _fill(build, part, line)
    return enrich(build.finish(line))


def _fill(build: RunBuilder, body: Mapping[str, Any], line: int) -> int:
    """Add one segment to the builder; return the line after it."""
    for name, value in body.get("facts", {}).items():
        build.fact(name, value, line)
        line += 1
    for key, value in body.get("config", {}).items():
        build.setting(key, UNKNOWN if value == {"unknown": True} else value, line)
        line += 1
    first = line
    start = float(body.get("from", 1))
    for name, notation in body.items():
        if name in KEYS:
            continue
        split, _, rest = name.partition("/")
        known = canonical(rest, split) if split in ("train", "val", "test") and rest else name
        for index, point in enumerate(values(notation)):
            if point is not None:
                step = float(index + 1) * float(body.get("steps", math.nan))
                build.point(name, point, first + index, name=known, epoch=index + start, step=step)
                line = max(line, first + index + 1)
    for event in body.get("events", ()):
        fields: dict[str, Any] = {key: float(item) if isinstance(item, int) and not isinstance(item, bool) else item
                  for key, item in event.items() if key not in ("kind", "line", "text")}  # fmt: skip
        build.event(event["kind"], int(event.get("line", line)), str(event.get("text", event["kind"])), **fields)
        line += 1
    return line


def _beside_baseline(body: Mapping[str, Any], path: str) -> Run:
    run = run_of({key: value for key, value in body.items() if key != "baseline"}, path)
    reference = run_of(body["baseline"], path).segments[0]
    reference.name, reference.index = "baseline", len(run.segments)
    if reference.config:
        for segment in run.segments:
            segment.changes = compare(reference.config, segment.config)
    run.segments.append(reference)
    return run


def findings_of(rule: Rule, body: Mapping[str, Any]) -> tuple[list[Finding], str]:
    """Return the findings of a rule on a case, and what it lacked if it was skipped."""
    file = FileReport("case.log")
    findings = lint_run(run_of(body), file, Options([rule], strict=True), {})
    return findings, file.skipped.get(rule.name, "")


def causes_in(rule: Rule, body: Mapping[str, Any]) -> list[Cause]:
    """Return what a rule on causes names in a case, in the light of what the built-in rules find in it.

    ``findings: [loss-nan]`` adds findings that the case does not show.
    """
    run = run_of(body)
    found = lint_run(run, FileReport("case.log"), Options(builtin()), {})
    place = Place("case.log", run.segments[0].first_line if run.segments else 1)
    found += [Finding("", str(name), "warning", f"{name} was found", place) for name in body.get("findings", ())]
    return causes_of(run, found, [rule], strict=True)


def _weighed(rule: Rule, number: int, word: str, body: Mapping[str, Any]) -> Outcome:
    try:
        causes = causes_in(rule, body)
    except (RuleError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Outcome(rule.name, number, word, "error", str(error))
    if not causes:
        return Outcome(rule.name, number, word, "silent")
    first = causes[0]
    said = [first.title, *(argument.text for argument in (*first.supports, *first.against))]
    detail = f"{first.score:+g} " + "; ".join(
        f"{argument.weight:+g} {argument.text}" for argument in (*first.supports, *first.against)
    )
    got = "reported"
    if (text := body.get("expect")) and not any(str(text) in one for one in said):
        got = "reported otherwise"
    if (score := body.get("score")) is not None and first.score != float(score):
        got = f"reported with {first.score:g}"
    return Outcome(rule.name, number, word, got, detail)


def test(rule: Rule) -> list[Outcome]:
    """Run the cases of a rule."""
    if rule.is_cause:
        return [_weighed(rule, number, word, body) for number, (word, body) in enumerate(rule.cases, 1)]
    outcomes = []
    for number, (word, body) in enumerate(rule.cases, 1):
        try:
            findings, lacked = findings_of(rule, body)
        except (RuleError, ValueError, KeyError, TypeError, AttributeError) as error:
            outcomes.append(Outcome(rule.name, number, word, "error", str(error)))
            continue
        got = "reported" if findings else "skipped" if lacked else "silent"
        expected = word
        detail = findings[0].message if findings else lacked
        if word == "silent" and got == "skipped":
            got = "silent"
        if got == "reported" and (severity := body.get("severity")) and findings[0].severity != severity:
            got = f"reported as {findings[0].severity}"
        if got == "reported" and (text := body.get("expect")) and str(text) not in findings[0].message:
            got, detail = "reported otherwise", findings[0].message
        outcomes.append(Outcome(rule.name, number, expected, got, detail))
    return outcomes
