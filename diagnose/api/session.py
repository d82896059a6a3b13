"""What every request has in common: settings by file, rules by settings, and the outcome that is collected."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from diagnose.api.governing import Governor
from diagnose.engine.lint import Options, judged
from diagnose.engine.plan import Plan, plan
from diagnose.engine.today import today
from diagnose.errors import SettingsError, did_you_mean
from diagnose.model import FileReport, Finding, Place, Report
from diagnose.records import dataclass, field, replace
from diagnose.settings import Settings

if TYPE_CHECKING:
    from diagnose.engine.baseline import Baseline
    from diagnose.engine.cache import Cache

ELSEWHERE = frozenset({"DIFF", "SWEEP"})
"""Families of rules for what other commands than ``lint`` look at: two sides, many runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be linted, and how.

    Attributes:
        paths: files, folders, or ``-`` for ``stdin``.
        options: settings by key in TOML's terms that win over all files; None and empty lists say nothing.
        environment: the same, weaker.
        config: a settings file in place of the closest, and texts such as ``fail-on=warning``.
        isolated: heed no settings file.
        format: read every file as this format.
        stdin: returns standard input, or at most so many bytes of it and one more.
        stdin_name: the name that findings in it carry.
        crashed: called with an error of ours, which is reported as the trouble of the one file.
        baselines: whether baselines are heeded.
        watch: called with the name of each input before it is read.
        cache: whether what is read of logs is kept for the next time.
    """

    paths: tuple[str, ...] = (".",)
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    config: tuple[str, ...] = ()
    isolated: bool = False
    format: str = ""
    stdin: Callable[[int], bytes | IO[bytes]] = lambda _: b""
    stdin_name: str = "<stdin>"
    crashed: Callable[[Exception], None] = lambda _: None
    baselines: bool = True
    watch: Callable[[str], None] = lambda _: None
    cache: bool = False


@dataclass(slots=True)
class Outcome:
    """A report and what the exit status depends on.

    Attributes:
        failing: findings at or above the gate of their settings.
        trouble: files that were not, or not fully, checked.
        plans: what was done, one per settings file.
        baselines: the baselines that were heeded, by file.
        comparing: whether sides were to be compared.
    """

    report: Report = field(default_factory=Report)
    failing: list[Finding] = field(default_factory=list)
    trouble: list[FileReport] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    baselines: dict[Path, Baseline] = field(default_factory=dict)
    comparing: bool = False


class Session:
    """One request under way."""

    def __init__(self, request: Request) -> None:
        """Check the request. Raises SettingsError."""
        self.request = request
        self.governor = Governor(request.config, request.isolated, request.options, request.environment)
        self.outcome = Outcome()
        self._plans: dict[int, Plan] = {}
        self._options: dict[int, Options] = {}
        self._told: set[tuple[str, str, str, Place]] = set()
        self._cache: Cache | None = None
        today()  # a date that cannot be read is said at once, not first where a waiver is met
        if request.format:
            check_format(request.format)

    def settings(self) -> Settings:
        """Return the settings that count for the whole: those of the first path."""
        return self.governor.settings(self.named(self.request.paths[0]) if self.request.paths else ".")

    def named(self, path: str) -> str:
        """Return the name of a path, which for ``-`` is that of standard input."""
        return self.request.stdin_name if path == "-" else path

    def plan(self, path: str) -> Plan:
        """Return what is done with a path.

        Raises:
            SettingsError: for settings that are not valid.
            RuleError: for rules that are not valid.
        """
        known = self.plan_for(path)
        if not any(known is other for other in self.outcome.plans):
            self.outcome.plans.append(known)
        return known

    def plan_for(self, path: str) -> Plan:
        """Return what will be done with a path, without entering it as done. Raises as ``plan`` does."""
        settings = self.governor.settings(self.named(path))
        known = self._plans.get(id(settings))
        if known is None:
            known = plan(settings, format=self.request.format, baseline=self._baseline(settings))
            known.options.cache = self.cache()
            self._plans[id(settings)] = known
        return known

    def lint_options(self, todo: Plan) -> Options:
        """Return how single runs are linted under a plan of this session, without the rules of other commands."""
        known = self._options.get(id(todo))
        if known is None:
            rules = [rule for rule in todo.options.rules if rule.family not in ELSEWHERE]
            known = self._options[id(todo)] = replace(todo.options, rules=rules)
        return known

    def cache(self) -> Cache | None:
        """Return what is known of logs that were read before, if that counts."""
        if self.request.cache and self._cache is None:
            from diagnose.engine.cache import Cache, Store, usual_folder

            self._cache = Cache(Store(self.settings().cache_dir or usual_folder()))
        return self._cache

    def take(self, part: Report, todo: Plan) -> None:
        """Add a part of the report to the outcome, without what another part has said of the same line.

        Configs that build upon one file each find its faults.
        """
        report = self.outcome.report
        found = [(_said(finding), finding) for finding in part.findings if todo.shows(finding)]
        shown = [finding for said, finding in found if said not in self._told]
        self._told |= {said for said, _ in found}
        report.files += part.files
        report.findings += shown
        report.suppressed += part.suppressed
        report.comparisons += part.comparisons
        report.notes += [note for note in part.notes if note not in report.notes]
        self.outcome.failing += [finding for finding in shown if todo.fails(finding)]

    def finish(self, folders: Iterable[str] = ()) -> Outcome:
        """Return the outcome with what only the whole shows: waivers of the settings that covered nothing.

        Args:
            folders: those that were linted as a whole.
        """
        whole = [Path(os.path.abspath(folder)) for folder in folders]  # noqa: PTH100 - links stay
        for todo in self.outcome.plans:
            home = todo.settings.path.absolute().parent if todo.settings.path else None
            events = todo.gate.leftover(whole=home is not None and any(home.is_relative_to(folder) for folder in whole))
            if events:
                found = judged(events, events[0].place.path, FileReport(events[0].place.path), todo.options)
                self.take(Report(findings=[finding for finding in found if todo.options.keep(finding)]), todo)
        return self.outcome

    def _baseline(self, settings: Settings) -> Baseline | None:
        file = settings.baseline
        if file is None or not self.request.baselines:
            return None
        if file not in self.outcome.baselines:
            from diagnose.engine import baseline

            self.outcome.baselines[file] = baseline.load(file)
        return self.outcome.baselines[file]


def _said(finding: Finding) -> tuple[str, str, str, Place]:
    return finding.name, finding.severity, finding.message, finding.place


def check_format(name: str) -> None:
    """Make sure that a format exists.

    Raises:
        SettingsError: if it does not.
    """
    from diagnose import logs

    if name not in logs.formats():
        mend = did_you_mean(name, logs.formats()) or "see `diagnose formats list`"
        raise SettingsError(f"unknown format {name!r}", mend=mend)
