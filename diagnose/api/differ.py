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
from diagnose.model import Change, Comparison, FileReport, Finding, Report
from diagnose.sources import MAX_BYTES, Source, from_bytes, open_source

if TYPE_CHECKING:
    from diagnose.engine.plan import Plan
    from diagnose.sources.git import ChangedFile, States

INHERITS = r"_base_|_BASE_|__base__|read_base|^[\"']?defaults[\"']?[[:space:]]*:"
"""A line of a config that builds upon other files."""
BASES = (".yaml", ".yml", ".py")
MOST_CANDIDATES = 500
MATCH = "name files and folders; patterns are not expanded here"


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
        self._reach: list[str] = []

    def paths(self) -> Outcome:
        """Compare the two paths of the request: old, new.

        Raises:
            SettingsError: for settings that are not valid.
            RuleError: for rules that are not valid.
        """
        old, new = self.request.paths
        limit = self.plan(new).settings.max_size or MAX_BYTES
        sides = self._side(old, limit), self._side(new, limit)
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
        for path in self.request.paths:
            if not git.exists(repo, path, [state for state in (states.base, states.head) if state is not None]):
                self._failed(path, SourceError("nothing of this name, now or in the old revision", mend=MATCH))
        if self.outcome.trouble:
            return self.finish()
        found = git.changed(repo, states.base, states.head, self.request.paths, staged)
        for change in found:
            self._changed(repo, states, change)
        self._built_upon(repo, states, found, staged=staged)
        if not self.outcome.report.files:
            self.outcome.report.notes.append(f"no config among {len(found)} files that changed since {text}")
        return self.finish()

    def _changed(self, repo: Path, states: States, change: ChangedFile) -> None:
        name = os.path.relpath(repo / (change.new_path or change.old_path or ""))
        was = os.path.relpath(repo / (change.old_path or change.new_path or ""))
        todo = self.plan(name)
        if not any(self._looks_at(todo, path) for path in {name, was}):
            return
        if change.new_path is None:
            self._gone(repo, states, change, was)
            return
        before: Side | None = None
        if change.old_path is not None:
            source = _quiet(lambda: _source_at(repo, states.base, change.old_path or "", was))
            if source is not None and is_config(source):
                before = self._read(was, lambda: side_of(source))
                if before is None:
                    return
        try:
            now = _source_at(repo, states.head, change.new_path, name)
        except SourceError as error:
            if before is not None:
                self._no_config(name, states, error.message)
            return
        if not is_config(now):
            if before is not None:
                self._no_config(name, states, "no settings of a training found in it" if now.head else "empty")
            return
        after = self._read(name, lambda: side_of(now))
        if after is None:
            return
        if before is None:
            self._take(name, lambda: introduce(after, todo.options), todo)
        else:
            self._compare(renamed(before, f"{states.base_name}:{change.old_path}"), after, todo)

    def _gone(self, repo: Path, states: States, change: ChangedFile, was: str) -> None:
        """Look at a path that holds no file any more: a deleted config is not judged, a replaced one is trouble."""
        from diagnose.sources import git

        stands = git.what_stands(repo, states.head, change.old_path or "")
        if not stands or stands == "a file":  # untracked, and still there
            return
        source = _quiet(lambda: _source_at(repo, states.base, change.old_path or "", was))
        if source is not None and is_config(source):
            self._no_config(was, states, stands)

    def _no_config(self, name: str, states: States, why: str) -> None:
        mend = "restore it, or delete it if no run needs it any more"
        self._failed(name, SourceError(f"a config in {states.base_name}, and none now: {why}", mend=mend))

    def _looks_at(self, todo: Plan, name: str) -> bool:
        path = Path(name).absolute()
        return not todo.skips(path) and todo.watches(path)

    def _built_upon(self, repo: Path, states: States, found: list[ChangedFile], *, staged: bool) -> None:
        """Compare the configs that did not change themselves, but build upon a file that did."""
        from diagnose.sources import git

        everywhere = git.changed(repo, states.base, states.head, (), staged) if self.request.paths else found
        touched = {path for change in everywhere for path in (change.old_path, change.new_path) if path}
        if not any(path.lower().endswith(BASES) for path in touched):
            return
        lost = any(change.new_path is None or change.status == "renamed" for change in everywhere)
        within = set(git.mentioning(repo, states.head, [INHERITS], self.request.paths))
        candidates = [path for path in _above(repo, states.head, touched) if path in within and path not in touched]
        if len(candidates) > MOST_CANDIDATES:
            said = f"of {len(candidates)} configs that build upon others only {MOST_CANDIDATES} were looked at"
            self.outcome.report.notes.append(f"{said}; name fewer paths")
        for path in candidates[:MOST_CANDIDATES]:
            name = os.path.relpath(repo / path)
            todo = self.plan(name)
            if not self._looks_at(todo, name):
                continue
            reached = _reached(repo, states.head, path, name) & touched
            if not reached and lost:
                reached = _reached(repo, states.base, path, name) & touched
            if reached:
                self._dependent(repo, states, path, name, todo)
        if self._reach:
            more = f" and {len(self._reach) - 3} more" if len(self._reach) > 3 else ""
            said = f"the same changes reach configs that build upon these: {', '.join(self._reach[:3])}{more}"
            self.outcome.report.notes.append(said)

    def _dependent(self, repo: Path, states: States, path: str, name: str, todo: Plan) -> None:
        """Compare a config whose bases changed; what its base was told already is not told again."""
        before = self._read(name, lambda: side_of(_source_at(repo, states.base, path, name)))
        after = self._read(name, lambda: side_of(_source_at(repo, states.head, path, name)))
        if before is None or after is None:
            return
        told = {_same(change) for comparison in self.outcome.report.comparisons for change in comparison.changes}
        found = {self._key(finding) for finding in self.outcome.report.findings}

        def work() -> Report:
            part = diff(renamed(before, f"{states.base_name}:{path}"), after, todo.options)
            changes = {_same(change) for one in part.comparisons for change in one.changes}
            if changes <= told and {self._key(finding) for finding in part.findings} <= found:
                if changes:
                    self._reach.append(name)
                return Report([FileReport(name, after.format)])
            return part

        self._compared(before, after, todo, work)

    @staticmethod
    def _key(finding: Finding) -> tuple[str, str, str, int]:
        return finding.name, finding.severity, os.path.normpath(finding.place.path), finding.place.line

    def _compare(self, old: Side, new: Side, todo: Plan) -> None:
        self._compared(old, new, todo, lambda: diff(old, new, todo.options))

    def _compared(self, old: Side, new: Side, todo: Plan, work: Callable[[], Report]) -> None:
        self._take(new.path, work, todo)
        compared = self.outcome.report.comparisons
        if len(compared) > len(self.pairs):
            self.pairs.append((compared[-1], old, new))

    def write_plan(self, folder: str, *, overwrite: bool = False) -> tuple[list[Path], list[str]]:
        """Write what to run next; with several pairs each in a folder of its own. Return the files, and what to heed.

        Raises:
            SettingsError: if files are there already and are not to be overwritten, or cannot be written.
            SourceError: if the old config cannot be edited.
        """
        from diagnose.engine.fixplan import plan, write

        written: list[Path] = []
        notes: list[str] = []
        for comparison, old, new in self.pairs:
            home = Path(folder)
            if len(self.pairs) > 1:
                home = home / re.sub(r"[^\w.-]+", "_", new.path)
            found = plan(comparison, old.config, new.config, list(old.sources.values()), folder=str(home))
            written += write(found, home, apply=overwrite)
            notes += [note for note in found.notes if note not in notes]
        return written, notes

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
            self._failed(path, error)
            return None

    def _failed(self, path: str, error: SourceError) -> None:
        detail = error.message + (f" ({error.mend})" if error.mend else "")
        if error.place is not None and (error.place.line or error.place.path != path):
            line = f":{error.place.line}" if error.place.line else ""
            detail = f"{error.place.path}{line}: {detail}"
        file = FileReport(path, status="error", detail=detail)
        self.outcome.report.files.append(file)
        self._trouble([file])

    def _side(self, path: str, limit: int) -> Side | None:
        """Return one of the two sides; ``-`` is standard input."""
        if path != "-":
            return self._read(path, lambda: read_side(path, limit, self.request.format))
        name = self.request.stdin_name
        return self._read(
            name, lambda: side_of(from_bytes(name, self.request.stdin(limit), limit), self.request.format)
        )

    def _trouble(self, files: Iterable[FileReport]) -> None:
        self.outcome.trouble += [file for file in files if file.status == "error" or file.detail]


def _source_at(repo: Path, state: str | None, path: str, name: str) -> Source:
    """Return a file as it stands in a state of a repository.

    Raises:
        SourceError: for what is no file, leads out of the repository, or is larger than any config.
    """
    from diagnose.configs.files import LARGEST
    from diagnose.sources import git

    if state is None:
        file = repo / path
        if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(repo)):  # resolve() raises for a circle
            raise SourceError("a link that leads out of the repository")
        return open_source(name, LARGEST)
    source = from_bytes(name, git.read_at(repo, state, path))
    source.beside = git.AtRevision(repo, state).read
    return source


def _quiet(read: Callable[[], Source]) -> Source | None:
    """Return a source; None if there is none, which then was no config."""
    try:
        return read()
    except SourceError:
        return None


def _above(repo: Path, state: str | None, touched: set[str]) -> list[str]:
    """Return the configs that may build upon some files, also through others, by the names they mention."""
    from diagnose.sources import git

    names = {Path(path).stem for path in touched if path.lower().endswith(BASES)}
    inheriting = {path for path in git.mentioning(repo, state, [INHERITS]) if path.lower().endswith(BASES)}
    found: set[str] = set()
    known: set[str] = set()
    while new := sorted(names - known):
        known |= names
        for at in range(0, len(new), 500):
            found |= inheriting & set(git.mentioning(repo, state, new[at : at + 500], words=True))
        names = {Path(path).stem for path in found}
    return sorted(found)


def _reached(repo: Path, state: str | None, path: str, name: str) -> set[str]:
    """Return the files that a config is made of, relative to the top; none if it cannot be read, or is no config."""
    from diagnose import logs
    from diagnose.sources import git

    try:
        source = _source_at(repo, state, path, name)
        run = logs.read(source) if is_config(source) else None
        return {git.inside(repo, part) for part in run.paths} - {path} if run is not None else set()
    except SourceError:
        return set()


def _same(change: Change) -> tuple[str, str, str, int]:
    """Return what makes a change of two configs one: they take it from one line. Their keys may differ, as in Hydra."""
    place = change.new_place or change.old_place
    if place is None:
        return change.key, repr(change.old), repr(change.new), 0
    # A revision may stand before the path of what is gone, which then counts from another folder.
    path = os.path.normpath(place.path) if change.new_place else Path(place.path).name
    return path, repr(change.old), repr(change.new), place.line
