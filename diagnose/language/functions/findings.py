"""What the rules have found in a run, for what is judged after them: causes, and experiments registered beforehand."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from diagnose.language.functions.registry import Registry
from diagnose.language.values import MissingError, ValueTypeError
from diagnose.model import Finding

function = Registry()
WHERE = ("", "before", "run")


@function
def found(scope: Any, name: Any, where: Any = "") -> list[Finding]:
    """Findings by the name of their rule (a glob) in the segment, in those `"before"` it, or in the whole `"run"`."""
    if where not in WHERE:
        raise ValueTypeError(f"`found` looks in the segment, 'before' it or in the 'run', not in {where!r}")
    if scope.findings is None:
        raise MissingError("a run that was linted")
    here = scope.segment.name
    earlier = {segment.name for segment in scope.segments[: scope.segment.index]}
    return [
        finding
        for finding in scope.findings
        if any(fnmatchcase(rule, str(name)) for rule in (finding.name, *finding.folded))
        and (where == "run" or _stands(finding.segment, here, earlier, before=where == "before"))
    ]


def _stands(segment: str, here: str, earlier: set[str], *, before: bool) -> bool:
    """Whether a finding in *segment* counts; one without a name stands for several, and speaks of each."""
    return segment in earlier if before else not segment or not here or segment == here


@function
def warned(scope: Any, name: Any, where: Any = "") -> list[Finding]:
    """Findings as `found` gives them, of severity warning and error only, and none that only stand for another."""
    return [
        finding
        for finding in found(scope, name, where)
        if finding.severity in ("warning", "error") and fnmatchcase(finding.name, str(name))
    ]
