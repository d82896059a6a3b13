"""From paths to a report: one input after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from diagnose import engine
from diagnose.api.session import Outcome, Request, Session
from diagnose.engine.inputs import Input, collect
from diagnose.errors import DiagnoseError
from diagnose.model import FileReport, Report
from diagnose.sources import MAX_BYTES

ELSEWHERE = frozenset({"DIFF", "SWEEP"})
"""Families of rules for what other commands look at: two sides, many runs."""


class Linter(Session):
    """Lints the paths of one request."""

    def __init__(self, request: Request) -> None:
        """Check the request. Raises SettingsError."""
        super().__init__(request)
        self._read: set[str] = set()

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
        return self.finish(path for path in paths.values() if os.path.isdir(path))  # noqa: PTH112 - never raises

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
        governing = self.plan(path)
        limit = governing.settings.max_size or MAX_BYTES
        stdin = self.request.stdin(limit) if path == "-" else b""
        yield from collect([path], limit=limit, stdin=stdin, stdin_name=self.request.stdin_name, skip=governing.skips)

    def _lint(self, given: Input) -> None:
        todo = self.plan(given.path)
        try:
            rules = [rule for rule in todo.options.rules if rule.family not in ELSEWHERE]
            part = engine.lint([given], replace(todo.options, rules=rules))
        except DiagnoseError:
            raise
        except Exception as error:  # noqa: BLE001 - the other files are still linted
            self.request.crashed(error)
            detail = f"internal error, please report it: {type(error).__name__}: {error}"
            part = Report([FileReport(given.path, status="error", detail=detail)])
        (file,) = part.files
        self._read |= {os.path.abspath(path) for path in file.covers}  # noqa: PTH100 - links stay
        self.take(part, todo)
        if file.status == "error" or (file.detail if file.status == "ok" else not given.found):
            self.outcome.trouble.append(file)
