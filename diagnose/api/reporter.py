"""From paths to the story of their runs: what happened, what is suspected, and what to run next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from diagnose.api.session import Request, Session
from diagnose.engine.diff.compare import compare
from diagnose.engine.diff.results import results
from diagnose.engine.diff.side import read_side
from diagnose.engine.fixplan import FixPlan, PlanFile, write
from diagnose.engine.fixplan import plan as make_plan
from diagnose.engine.inputs import Input, collect
from diagnose.engine.plan import Plan
from diagnose.engine.story import Given, Pair, Reading, governed, judge, of_config, read, stand_beside, tell
from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Comparison, FileReport, Finding, Place
from diagnose.model.story import UNTESTED, Statement, Story
from diagnose.records import replace
from diagnose.sources import MAX_BYTES

MOST_RUNS = 20
"""Runs that one report tells of; more are the work of a sweep."""
EXPECT = "EXPECT.yaml"
"""The experiment of a plan, for `diagnose verify`."""
PLAN = "plan"
"""What the folder of the plan is called in commands where none is written."""


class Reporter(Session):
    """Tells of the runs of one request.

    Attributes:
        given: what the story was made of.
        outcome: the files that could not be read are its trouble.
    """

    def __init__(self, request: Request) -> None:
        """Check the request. Raises SettingsError."""
        super().__init__(request)
        self.given = Given()
        self._expect = ""

    def run(self, *, baseline: str = "", pair: tuple[str, str] | None = None, folder: str = "") -> Story:
        """Return the story.

        Args:
            baseline: a run to compare with.
            pair: an old and a new config to compare.
            folder: where the files of the plan will be written.

        Raises:
            SettingsError: for settings that are not valid.
            RuleError: for rules that are not valid.
            SourceError: if the baseline or a config cannot be read, or nothing at all is left to tell of.
        """
        self.given.folder, self.given.written = folder or PLAN, folder
        if baseline:
            self.given.baseline = self._baseline_run(baseline)
        if pair is not None:
            self.given.pair = self._pair(*pair)
        for path in self.request.paths:
            for item in self._inputs(path):
                self._take(item)
        if not self.request.paths and self.given.pair is not None:
            self._judge(of_config(self.given.pair))
        if not self.given.readings:
            first = self.outcome.trouble[0] if self.outcome.trouble else None
            raise SourceError(
                first.detail if first else "no log of a known format", place=Place(first.path if first else "")
            )
        story = tell(self.given)
        story.files += self.outcome.trouble
        story.untested += [
            Statement(f"{file.path} was not read: {file.detail}", UNTESTED) for file in self.outcome.trouble
        ]
        self._expect = story.expect
        return story

    def write_plan(self, folder: str, *, overwrite: bool = False) -> list[Path]:
        """Write what to run next: the configs of the runs where two were compared, and the experiment to register.

        Raises:
            SettingsError: if files are there already and are not to be overwritten, or cannot be written.
        """
        plan = (self.given.pair.plan if self.given.pair else None) or FixPlan("", "")
        expect = [PlanFile(EXPECT, self._expect)] if self._expect else []
        if not plan.files and not expect:
            return []
        return write(replace(plan, files=[*plan.files, *expect]), folder, apply=overwrite)

    def _inputs(self, path: str) -> list[Input]:
        limit = self.plan(path).settings.max_size or MAX_BYTES
        stdin = self.request.stdin(limit) if path == "-" else b""
        found = list(
            collect([path], limit=limit, stdin=stdin, stdin_name=self.request.stdin_name, skip=self.plan(path).skips)
        )
        if not found:
            self._trouble(path, "no log of a known format in this folder")
        if len(found) > MOST_RUNS:
            mend = "name some of them, or compare them all with `diagnose sweep`"
            raise SourceError(f"{len(found)} runs are too many for one report", place=Place(path), mend=mend)
        return found

    def _take(self, item: Input) -> None:
        self.request.watch(item.path)
        try:
            reading = read(item, self.request.format, frames=self.plan(item.path).settings.frames)
            if self.given.baseline is not None:
                stand_beside(reading, self.given.baseline)
            if self.given.pair is not None:
                governed(reading, self.given.pair)
        except DiagnoseError as error:
            self._trouble(item.path, error.message + (f" ({error.mend})" if error.mend else ""))
            return
        except Exception as error:  # noqa: BLE001 - the other runs are still told of
            self.request.crashed(error)
            self._trouble(item.path, f"internal error, please report it: {type(error).__name__}: {error}")
            return
        self._judge(reading)

    def _judge(self, reading: Reading) -> None:
        todo = self.plan(reading.run.path)
        pair = self.given.pair
        if pair is not None and not reading.beside:
            governed(reading, pair)
        options = replace(todo.options, keep=_shown(todo))
        judge(reading, options, pair.comparison.changes if pair else None)
        self.given.readings.append((reading, options))

    def _baseline_run(self, path: str) -> Reading:
        found = self._inputs(path)
        if len(found) != 1:
            raise SourceError(
                f"{len(found)} runs in it: a baseline is one run",
                place=Place(path),
                mend="name the log or folder of one run",
            )
        return read(found[0], self.request.format)

    def _pair(self, before: str, after: str) -> Pair:
        limit = self.plan(after).settings.max_size or MAX_BYTES
        old, new = read_side(before, limit), read_side(after, limit)
        changes = compare(old.config, new.config)
        touched = {change.key for change in changes}
        same = sum(key not in touched for key in new.config.settings)
        comparison = Comparison(old.path, new.path, changes, results(old, new), same)
        made = Pair(comparison, old, new)
        if changes:
            sources = list(old.sources.values())
            try:
                made.plan = make_plan(comparison, old.config, new.config, sources, folder=self.given.folder)
            except SourceError:
                made.plan = None
        return made

    def _trouble(self, path: str, detail: str) -> None:
        file = FileReport(path, status="error", detail=detail)
        self.outcome.report.files.append(file)
        self.outcome.trouble.append(file)


def _shown(todo: Plan) -> Callable[[Finding], bool]:
    def keep(finding: Finding) -> bool:
        return todo.options.keep(finding) and todo.shows(finding)

    return keep
