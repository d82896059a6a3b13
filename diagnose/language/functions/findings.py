"""What the rules have found in a run, for what is judged after them: causes, and experiments registered beforehand."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from diagnose.language.functions.registry import Registry
from diagnose.language.values import MissingError, ValueTypeError
from diagnose.model import Finding

function = Registry()
WHERE = ("", "before", "after", "run")


@function
def found(scope: Any, name: Any, where: Any = "") -> list[Finding]:
    """Findings by the name of their rule (a glob) in the segment, those `"before"` or `"after"` it, or the `"run"`."""
    if where not in WHERE:
        raise ValueTypeError(f"`found` looks in the segment, 'before' it, 'after' it or in the 'run', not in {where!r}")
    if scope.findings is None:
        raise MissingError("a run that was linted")
    names = _names(scope, str(where))
    return [
        finding
        for finding in scope.findings
        if any(fnmatchcase(rule, str(name)) for rule in (finding.name, *finding.folded))
        and (where == "run" or _stands(finding, names, everywhere=not where))
    ]


def _names(scope: Any, where: str) -> set[str]:
    """Return the names of the segments that are looked at."""
    index = scope.segment.index
    if not where:
        return {scope.segment.name}
    return {one.name for one in scope.segments if (one.index < index if where == "before" else one.index > index)}


def _stands(finding: Finding, names: set[str], *, everywhere: bool) -> bool:
    """Whether a finding speaks of one of the segments; one that names none counts wherever it is asked for here."""
    own = finding.segments or ((finding.segment,) if finding.segment else ())
    return not names.isdisjoint(own) if own and names != {""} else everywhere


@function
def warned(scope: Any, name: Any, where: Any = "") -> list[Finding]:
    """Findings as `found` gives them, of severity warning and error only, and none that only stand for another."""
    return [
        finding
        for finding in found(scope, name, where)
        if finding.severity in ("warning", "error") and fnmatchcase(finding.name, str(name))
    ]
