"""From many runs to one comparison."""

from __future__ import annotations

from pathlib import Path

from diagnose.api.session import Outcome, Request, Session
from diagnose.engine.sweep.entries import Gathered, gather
from diagnose.engine.sweep.run import Compared, compare, judge
from diagnose.engine.sweep.winner import Written, config_of, own_configs
from diagnose.errors import SettingsError
from diagnose.model import FileReport, Place, Report, Sweep
from diagnose.records import dataclass
from diagnose.sources import MAX_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a sweep.

    Attributes:
        metric: what to rank by; empty for what speaks for most runs.
        goal: ``max`` or ``min``; empty for the metric's own direction.
        at: ``best`` or ``last``: the epoch whose value counts.
    """

    metric: str = ""
    goal: str = ""
    at: str = "best"


class Sweeper(Session):
    """Compares the runs of one request.

    Attributes:
        sweep: the comparison; empty until ``run``.
    """

    def __init__(self, request: Request, wanted: Wanted) -> None:
        """Check the request. Raises SettingsError."""
        super().__init__(request)
        self.wanted = wanted
        self._found = Gathered()
        self._compared = Compared(Sweep())

    @property
    def sweep(self) -> Sweep:
        """The comparison."""
        return self._compared.sweep

    def run(self) -> Outcome:
        """Read, compare and judge.

        Raises:
            SettingsError: for settings that are not valid, and a metric that no run has.
            RuleError: for rules that are not valid.
        """
        first = self.request.paths[0]
        todo = self.plan(first)
        limit = todo.settings.max_size or MAX_BYTES
        stdin = self.request.stdin(limit) if "-" in self.request.paths else b""
        self._found = gather(
            self.request.paths, limit, stdin=stdin, stdin_name=self.request.stdin_name, skip=todo.skips,
            format=self.request.format, watch=self.request.watch,
        )  # fmt: skip
        wanted = self.wanted
        if self._found.entries:
            self._compared = compare(self._found, metric=wanted.metric, goal=wanted.goal, at=wanted.at)
        files = list(self._found.files)
        if self.sweep.trials and not self.sweep.metric:
            detail = "no score, loss or objective in what was read: nothing can be ranked"
            there = next((file for file in files if file.path == first and file.status == "ok"), None)
            if there is None:
                there = FileReport(first)
                files.append(there)
            there.status, there.detail = "unknown", detail
        if not self._found.entries and not any(file.status in ("error", "unknown") for file in files):
            files.append(
                FileReport(first, status="unknown", detail="no run, and no results of runs, in what was named")
            )
        findings, told = judge(self._compared, self._found, self.named(first), todo.options)
        report = Report(
            files, notes=[] if len(self.sweep.trials) != 1 else ["one run only: there is nothing to compare"]
        )
        for file in files[:1]:
            file.ran, file.skipped = told.ran, told.skipped
            file.detail = file.detail or told.detail
        for finding in findings:
            if todo.options.keep(finding):
                report.findings.append(finding)
            else:
                report.suppressed += 1
        self.outcome.trouble += [file for file in files if file.status in ("error", "unknown") or file.detail]
        self.take(report, todo)
        return self.finish()

    def write_config(self, file: str, epochs: int | None = None) -> Written:
        """Write the winner's config, with the epochs of a full run.

        Raises:
            SettingsError: if there is no winner, nothing is known of its settings, or the file cannot be written.
            SourceError: if its config cannot be edited.
        """
        winner = self.sweep.winner
        if winner is None:
            raise SettingsError("no run is the best: there is no config to write", place=Place(file))
        entry = self._compared.entries[winner.run]
        sources = {path: source for path, source in self._found.sources.items() if path in entry.paths}
        sources |= own_configs(entry, sources)
        written = config_of(self.sweep, entry, self._compared.homes.get(winner.run), sources, file, epochs)
        there = Path(file)
        if there.exists() and any(
            there.samefile(path) for path in {*self._found.sources, *sources} if Path(path).exists()
        ):
            raise SettingsError("would overwrite a file that was read", place=Place(file), mend="name another file")
        try:
            Path(file).write_text(written.text, encoding="utf-8", newline="")
        except OSError as error:
            raise SettingsError(f"cannot write: {error.strerror}", place=Place(file)) from None
        return written
