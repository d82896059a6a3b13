"""From a request to a report: settings by file, rules by settings, one input after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diagnose import engine
from diagnose.api.governing import Governor
from diagnose.engine import baseline
from diagnose.engine.baseline import Baseline
from diagnose.engine.inputs import Input, collect
from diagnose.engine.plan import Plan, plan
from diagnose.errors import DiagnoseError, SettingsError, did_you_mean
from diagnose.model import FileReport, Finding, Report
from diagnose.settings import Settings
from diagnose.sources import MAX_BYTES


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
        stdin: reads at most so many bytes of standard input.
        stdin_name: the name that findings in it carry.
        crashed: called with an error of ours, which is reported as the trouble of the one file.
        baselines: whether baselines are heeded.
        watch: called with the name of each input before it is read.
    """

    paths: tuple[str, ...] = (".",)
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    config: tuple[str, ...] = ()
    isolated: bool = False
    format: str = ""
    stdin: Callable[[int], bytes] = lambda _: b""
    stdin_name: str = "<stdin>"
    crashed: Callable[[Exception], None] = lambda _: None
    baselines: bool = True
    watch: Callable[[str], None] = lambda _: None


@dataclass(slots=True)
class Outcome:
    """A report and what the exit status depends on.

    Attributes:
        failing: findings at or above the gate of their settings.
        trouble: files that were not, or not fully, checked.
        plans: what was done, one per settings file.
        baselines: the baselines that were heeded, by file.
    """

    report: Report = field(default_factory=Report)
    failing: list[Finding] = field(default_factory=list)
    trouble: list[FileReport] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    baselines: dict[Path, Baseline] = field(default_factory=dict)


class Linter:
    """Does one request."""

    def __init__(self, request: Request) -> None:
        """Check the request. Raises SettingsError."""
        self.request = request
        self.governor = Governor(request.config, request.isolated, request.options, request.environment)
        self.outcome = Outcome()
        self._plans: dict[int, Plan] = {}
        self._read: set[str] = set()
        if request.format:
            check_format(request.format)

    def settings(self) -> Settings:
        """Return the settings that count for the whole: those of the first path."""
        return self.governor.settings(self._path(self.request.paths[0]) if self.request.paths else ".")

    def run(self) -> Outcome:
        """Lint everything.

        Raises:
            SettingsError: for settings that are not valid.
            RuleError: for rules that are not valid.
        """
        paths: dict[str, str] = {}
        for path in self.request.paths:
            paths.setdefault(path if path == "-" else os.path.abspath(path), path)  # noqa: PTH100 - links stay
        for path in paths.values():
            inputs = 0
            for given in self._inputs(path):
                inputs += 1
                if not self._again(given):
                    self.request.watch(given.path)
                    self._lint(given)
            if not inputs:
                self._nothing_in(path)
        return self.outcome

    def _nothing_in(self, path: str) -> None:
        empty = FileReport(path, status="unknown", detail="no log of a known format in this folder")
        self.outcome.report.files.append(empty)
        self.outcome.trouble.append(empty)

    def _again(self, given: Input) -> bool:
        """Whether all files of an input were read before: named alone, then found in a folder that was named too."""
        files = {os.path.abspath(source.path) for source in given.sources if source.path != self.request.stdin_name}  # noqa: PTH100
        known = bool(files) and files <= self._read
        self._read |= files
        return known

    def _inputs(self, path: str) -> Iterator[Input]:
        governing = self._plan(path)
        limit = governing.settings.max_size or MAX_BYTES
        stdin = self.request.stdin(limit) if path == "-" else b""
        yield from collect([path], limit=limit, stdin=stdin, stdin_name=self.request.stdin_name, skip=governing.skips)

    def _lint(self, given: Input) -> None:
        todo = self._plan(given.path)
        try:
            part = engine.lint([given], todo.options)
        except DiagnoseError:
            raise
        except Exception as error:  # noqa: BLE001 - the other files are still linted
            self.request.crashed(error)
            detail = f"internal error, please report it: {type(error).__name__}: {error}"
            part = Report([FileReport(given.path, status="error", detail=detail)])
        (file,) = part.files
        self._read |= {os.path.abspath(path) for path in file.covers}  # noqa: PTH100 - links stay
        self.outcome.report.files.append(file)
        shown = [finding for finding in part.findings if todo.shows(finding)]
        self.outcome.report.findings += shown
        self.outcome.report.suppressed += part.suppressed
        self.outcome.report.notes += [note for note in part.notes if note not in self.outcome.report.notes]
        self.outcome.failing += [finding for finding in shown if todo.fails(finding)]
        if file.status == "error" or (file.detail if file.status == "ok" else not given.found):
            self.outcome.trouble.append(file)

    def _path(self, path: str) -> str:
        return self.request.stdin_name if path == "-" else path

    def _plan(self, path: str) -> Plan:
        settings = self.governor.settings(self._path(path))
        known = self._plans.get(id(settings))
        if known is None:
            known = plan(settings, format=self.request.format, baseline=self._baseline(settings))
            self._plans[id(settings)] = known
            self.outcome.plans.append(known)
        return known

    def _baseline(self, settings: Settings) -> Baseline | None:
        file = settings.baseline
        if file is None or not self.request.baselines:
            return None
        if file not in self.outcome.baselines:
            self.outcome.baselines[file] = baseline.load(file)
        return self.outcome.baselines[file]


def check_format(name: str) -> None:
    """Make sure that a format exists.

    Raises:
        SettingsError: if it does not.
    """
    from diagnose import logs

    if name not in logs.formats():
        mend = did_you_mean(name, logs.formats()) or "see `diagnose formats list`"
        raise SettingsError(f"unknown format {name!r}", mend=mend)
