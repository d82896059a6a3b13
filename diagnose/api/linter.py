"""From paths to a report: one input after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from diagnose import engine
from diagnose.api.session import Outcome, Request, Session
from diagnose.engine.inputs import Detect, Found, Input, detected, search
from diagnose.engine.plan import Plan
from diagnose.errors import DiagnoseError
from diagnose.model import FileReport, Report
from diagnose.sources import MAX_BYTES


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
        named = [*paths.values()]
        size = self._processes(named)
        if size > 1:
            from diagnose.api.fleet.crew import Crew

            with Crew(self, size) as crew:
                crew.run(named)
        else:
            self._one_by_one(named)
        return self.finish(path for path in named if os.path.isdir(path))  # noqa: PTH112 - never raises

    def _processes(self, paths: list[str]) -> int:
        """Return how many processes are to read."""
        jobs = self.settings().jobs
        alone = len(paths) == 1 and not os.path.isdir(paths[0])  # noqa: PTH112 - never raises
        if jobs == 1 or (alone and not jobs) or not hasattr(os, "fork"):
            return 1
        from diagnose.api.fleet.size import size

        return size(paths, jobs)

    def _one_by_one(self, paths: list[str]) -> None:
        for path in paths:
            self.plan(path)
            inputs = 0
            for found in self.search(path):
                given = found.open(self.limit(path)) if isinstance(found, Found) else found
                inputs += 1
                if not self.again(given):
                    self.request.watch(given.path)
                    self.lint(given)
            if not inputs:
                self.nothing_in(path)

    def limit(self, path: str) -> int:
        """Return how large what a path leads to may be, in bytes."""
        return self.plan_for(path).settings.max_size or MAX_BYTES

    def search(self, path: str, detect: Detect | None = None) -> Iterator[Found | Input]:
        """Yield what a path leads to; *detect* tells the formats of files."""
        limit = self.limit(path)
        stdin = self.request.stdin(limit) if path == "-" else b""
        name, skip = self.request.stdin_name, self.plan_for(path).skips
        yield from search([path], limit=limit, stdin=stdin, stdin_name=name, skip=skip, detect=detect or self.formats)

    def formats(self, paths: Iterable[Path], limit: int) -> Iterator[str | DiagnoseError]:
        """Yield the format of each file, or why it cannot be opened."""
        yield from detected(paths, limit, self.cache())

    def nothing_in(self, path: str) -> None:
        """Enter a folder in which there was no log."""
        empty = FileReport(path, status="unknown", detail="no log of a known format in this folder")
        self.outcome.report.files.append(empty)
        self.outcome.trouble.append(empty)

    def knows(self, files: Iterable[str]) -> bool:
        """Whether files were read before, all of them."""
        names = {os.path.abspath(path) for path in files}  # noqa: PTH100 - links stay
        return bool(names) and names <= self._read

    def again(self, given: Input) -> bool:
        """Whether all files of an input were read before: named alone, then found in a folder that was named too."""
        files = [source.path for source in given.sources if source.path != self.request.stdin_name]
        known = self.knows(files)
        self.note(files)
        return known

    def note(self, files: Iterable[str]) -> None:
        """Remember files as read."""
        self._read |= {os.path.abspath(path) for path in files}  # noqa: PTH100 - links stay

    def lint(self, given: Input) -> None:
        """Lint an input, and enter what is found."""
        todo = self.plan(given.path)
        try:
            part = engine.lint([given], self.lint_options(todo))
            (file,) = part.files
            file.ran, file.skipped = _shared(frozenset(file.ran), tuple(file.skipped.items()))
        except DiagnoseError:
            raise
        except Exception as error:  # noqa: BLE001 - the other files are still linted
            self.request.crashed(error)
            detail = f"internal error, please report it: {type(error).__name__}: {error}"
            part = Report([FileReport(given.path, status="error", detail=detail)])
        self.enter(part, todo, found=given.found)

    def enter(self, part: Report, todo: Plan, *, found: bool) -> None:
        """Enter the report of one input, which was *found* in a folder or else named."""
        (file,) = part.files
        self.note(file.covers)
        self.take(part, todo)
        if file.status == "error" or (file.detail if file.status == "ok" else not found):
            self.outcome.trouble.append(file)


@lru_cache(maxsize=64)
def _shared(ran: frozenset[str], skipped: tuple[tuple[str, str], ...]) -> tuple[set[str], dict[str, str]]:
    """Return which rules ran and which were skipped: they are hundreds, and the same ones for most logs."""
    return set(ran), dict(skipped)
