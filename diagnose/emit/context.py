"""What an output knows besides the report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from types import MappingProxyType

from diagnose import __version__
from diagnose.model import Finding, Report
from diagnose.patterns import lazy
from diagnose.records import dataclass, field
from diagnose.text import escape

HOMEPAGE = "https://github.com/diagnose-ml/diagnose"
RULE_PAGE = HOMEPAGE + "/blob/main/docs/rules/{name}.md"

DRIVE = lazy(r"[A-Za-z]:[\\/]")
REMOTE = lazy(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What the outputs say about a rule; *severity* is the default one."""

    code: str
    name: str
    title: str = ""
    severity: str = "warning"
    why: str = ""
    url: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of an output.

    Attributes:
        version: of diagnose.
        colour, hyperlinks, width: what the terminal can do; an output that goes to a file gets the defaults.
        rules: by code, the rules that ran or found something.
        root: the folder that paths in CI reports are relative to, the root of the repository if there is one.
        start: the folder that relative paths of the report start from.
        comparing: whether the report is one of ``diagnose diff``, which lists changes even where there are none.
    """

    version: str = __version__
    colour: bool = False
    width: int = 100
    hyperlinks: bool = False
    rules: Mapping[str, RuleInfo] = field(default_factory=lambda: MappingProxyType({}))
    root: Path = field(default_factory=Path.cwd)
    start: Path = field(default_factory=Path.cwd)
    comparing: bool = False

    def url(self, name: str) -> str:
        """Return the address of a rule's page."""
        for rule in self.rules.values():
            if rule.name == name and rule.url:
                return rule.url
        return RULE_PAGE.format(name=escape.uri(name))

    def rules_of(self, report: Report) -> list[RuleInfo]:
        """Return the rules that this report is about, sorted by code; unknown ones are made from their findings."""
        rules = dict(self.rules)
        for finding in report.findings:
            if finding.code not in rules:
                rules[finding.code] = _rule_from(finding)
        return [rules[code] for code in sorted(rules)]

    def relative(self, path: str) -> str:
        """Return *path* relative to the root with forward slashes; absolute if it stands outside the root."""
        if REMOTE.match(path) or (DRIVE.match(path) and os.sep == "/") or path == "-":
            return path.replace("\\", "/") if DRIVE.match(path) else path
        whole = Path(os.path.normpath(self.start / path))
        for inner, outer in ((whole, self.root), (_resolved(whole), _resolved(self.root))):
            if inner.is_relative_to(outer):
                return inner.relative_to(outer).as_posix()
        return whole.as_posix()

    def uri(self, path: str) -> str:
        """Return *path* as a relative URI, or as an absolute one if it stands outside the root."""
        path = self.relative(path).replace("\0", "\ufffd")
        if REMOTE.match(path):
            scheme, rest = path.split("://", 1)
            return f"{scheme}://{escape.uri(rest)}"
        if DRIVE.match(path):
            return "file:///" + path[:2] + escape.uri(PureWindowsPath(path).as_posix()[2:])
        return "file://" * path.startswith("/") + (escape.uri(path) or ".")


def _resolved(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):  # a name that this file system cannot have
        return path


def _rule_from(finding: Finding) -> RuleInfo:
    return RuleInfo(finding.code, finding.name, severity=finding.severity, why=finding.why)
