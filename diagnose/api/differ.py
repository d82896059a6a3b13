"""From two sides, or two states of a git repository, to a report of what was changed and what is wrong with that."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.api.session import Outcome, Request, Session
from diagnose.engine.diff.run import diff, introduce
from diagnose.engine.diff.side import Side, is_config, read_side, renamed, side_of
from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Comparison, FileReport, Report
from diagnose.sources import MAX_BYTES, Source, from_bytes, open_source

if TYPE_CHECKING:
    from diagnose.engine.plan import Plan
    from diagnose.sources.git import ChangedFile, States


class Differ(Session):
    """Compares the sides of one request; adds what differs to the outcome, and what cannot be read as trouble.

    Attributes:
        pairs: what was compared: the comparison and both sides.
    """

    def __init__(self, request: Request) -> None:
        """Check the request. Raises SettingsError."""
        super().__init__(request)
        self.pairs: list[tuple[Comparison, Side, Side]] = []
        self.outcome.comparing = True

    def paths(self) -> Outcome:
        """Compare the two paths of the request: old, new.

        Raises:
            SettingsError: for settings that are not valid.
            RuleError: for rules that are not valid.
        """
        old, new = self.request.paths
        limit = self.plan(new).settings.max_size or MAX_BYTES
        sides = self._read(old, lambda: read_side(old, limit)), self._read(new, lambda: read_side(new, limit))
        if sides[0] and sides[1]:
            self._compare(sides[0], sides[1], self.plan(new))
        return self.finish()

    def revisions(self, text: str, *, staged: bool = False) -> Outcome:
        """Compare every config among the paths of the request between two states of its git repository.

        A config that is new is judged alone; one that is gone is not judged.

        Args:
            text: ``BASE``, ``BASE..HEAD`` or ``BASE...HEAD``.
            staged: compare with the index in place of the working tree.

        Raises:
            SourceError: for revisions that do not exist, and where there is no repository.
            SettingsError: for settings that are not valid.
            RuleError: for rules that are not valid.
        """
        from diagnose.sources import git

        repo = git.repository(self.request.paths[0] if self.request.paths else ".")
        states = git.resolve(repo, git.parse_range(text, staged=staged))
        found = git.changed(repo, states.base, states.head, self.request.paths, staged)
        for change in found:
            self._changed(repo, states, change)
        if not self.outcome.report.files:
            self.outcome.report.notes.append(f"no config among {len(found)} files that changed since {text}")
        return self.finish()

    def _changed(self, repo: Path, states: States, change: ChangedFile) -> None:
        if change.new_path is None:
            return
        name = os.path.relpath(repo / change.new_path)
        todo = self.plan(name)
        if todo.skips(Path(name).absolute()) or not todo.watches(Path(name).absolute()):
            return
        after = self._read(name, lambda: _side_at(repo, states.head, change.new_path, name))
        if after is None:
            return
        if change.old_path is None:
            self._take(name, lambda: introduce(after, todo.options), todo)
            return
        was = os.path.relpath(repo / change.old_path)
        before = self._read(was, lambda: _side_at(repo, states.base, change.old_path, was))
        if before is not None:
            self._compare(renamed(before, f"{states.base_name}:{change.old_path}"), after, todo)

    def _compare(self, old: Side, new: Side, todo: Plan) -> None:
        self._take(new.path, lambda: diff(old, new, todo.options), todo)
        compared = self.outcome.report.comparisons
        if len(compared) > len(self.pairs):
            self.pairs.append((compared[-1], old, new))

    def write_plan(self, folder: str, *, overwrite: bool = False) -> list[Path]:
        """Write what to run next; with several pairs each in a folder of its own. Return the files.

        Raises:
            SettingsError: if files are there already and are not to be overwritten, or cannot be written.
            SourceError: if the old config cannot be edited.
        """
        from diagnose.engine.fixplan import plan, write

        written = []
        for comparison, old, new in self.pairs:
            home = Path(folder)
            if len(self.pairs) > 1:
                home = home / re.sub(r"[^\w.-]+", "_", new.path)
            found = plan(comparison, old.config, new.config, list(old.sources.values()), folder=str(home))
            written += write(found, home, apply=overwrite)
        return written

    def _take(self, path: str, work: Callable[[], Report], todo: Plan) -> None:
        try:
            part = work()
        except DiagnoseError:
            raise
        except Exception as error:  # noqa: BLE001 - the other pairs are still compared
            self.request.crashed(error)
            detail = f"internal error, please report it: {type(error).__name__}: {error}"
            part = Report([FileReport(path, status="error", detail=detail)])
        self._trouble(part.files)
        self.take(part, todo)

    def _read(self, path: str, read: Callable[[], Side | None]) -> Side | None:
        """Return a side; None if it cannot be read, which is trouble, or if it is no config at all."""
        self.request.watch(path)
        try:
            return read()
        except SourceError as error:
            detail = error.message + (f" ({error.mend})" if error.mend else "")
            if error.place is not None and (error.place.line or error.place.path != path):
                line = f":{error.place.line}" if error.place.line else ""
                detail = f"{error.place.path}{line}: {detail}"
            file = FileReport(path, status="error", detail=detail)
            self.outcome.report.files.append(file)
            self._trouble([file])
            return None

    def _trouble(self, files: Iterable[FileReport]) -> None:
        self.outcome.trouble += [file for file in files if file.status == "error" or file.detail]


def _side_at(repo: Path, state: str | None, path: str | None, name: str) -> Side | None:
    """Return a config as it stands in a state of a repository; None for what is no config, which is no fault there."""
    if path is None:
        return None
    source = _source_at(repo, state, path, name)
    return side_of(source) if source is not None and is_config(source) else None


def _source_at(repo: Path, state: str | None, path: str, name: str) -> Source | None:
    from diagnose.configs.files import LARGEST
    from diagnose.sources import git

    if state is None:
        file = repo / path
        return open_source(name, LARGEST) if file.is_file() and file.stat().st_size <= LARGEST else None
    try:
        source = from_bytes(name, git.read_at(repo, state, path))
    except SourceError:
        return None  # a folder, a submodule, or larger than any config
    source.beside = git.AtRevision(repo, state).read
    return source
