"""A run that came to its end and says nothing on what is asked: no more are started until that is mended."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from diagnose import logs
from diagnose.confirm.conditions import series_in
from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.prefix import before
from diagnose.confirm.runs.batch import Bench
from diagnose.confirm.runs.growing import extent, logs_of
from diagnose.confirm.runs.job import Job
from diagnose.confirm.symptom import Question
from diagnose.engine.enrich import enrich
from diagnose.engine.merge import merge
from diagnose.errors import DiagnoseError, SourceError, did_you_mean
from diagnose.model import Place, Run

MOST_NAMED = 3
ENDED = frozenset({"finished", "stopped"})
AGAIN = "add --again once the command is mended"
NOTHING = "write {out} where the command takes its folder, or name its logs with --read GLOB"


class Silence:
    """Watches runs, and breaks off at the first of either end of the comparison that cannot be judged."""

    def __init__(self, bench: Bench, first: Sequence[Trial]) -> None:
        """Take the runs that are asked for first; the config with most of the changes is the suspect's end."""
        self.bench = bench
        self.ends = {(), max((trial.parts for trial in first), key=len, default=())}
        self.spoken: set[tuple[str, ...]] = set()

    def __call__(self, trial: Trial, outcome: Outcome | None) -> None:
        """Pass on what is told of a run.

        Raises:
            SourceError: if it has ended and says nothing, and none of its config did.
        """
        self.bench.watch(trial, outcome)
        asked = self.bench.judge
        if outcome is None or not isinstance(asked, Question):
            return
        parts = trial.parts
        if outcome.symptom is not None if asked.symptom else outcome.metric is not None:
            self.spoken.add(parts)
        elif outcome.status in ENDED and parts not in self.spoken and (parts in self.ends or not self.spoken):
            raise _error(trial, self.bench.job(trial), asked)


def runs_in(job: Job) -> Iterator[Run]:
    """Yield what can be read of the logs of a run that has ended, configs aside."""
    for given in logs_of(job, ended=True):
        try:
            if given.error is not None:
                continue
            found = [run for source in given.sources if source.head and (run := logs.read(source)) is not None]
        except DiagnoseError:
            continue
        found = [one for one in found if not one.format.startswith("config") and one.segments]
        if found:
            yield enrich(found[0] if len(found) == 1 else merge(found))


def points(run: Run) -> int:
    """Return how many values a run has logged."""
    return sum(len(series) for segment in run.segments for series in segment.series.values())


def _error(trial: Trial, job: Job, asked: Question) -> SourceError:
    which = "suspect" if trial.parts else "baseline"
    what = "the symptom" if asked.symptom else "the metric"
    head = f"the first run of the {which} config has ended, and {what} cannot be told"
    found = max(runs_in(job), key=points, default=None)
    if found is None:
        files = [os.path.relpath(path, job.folder) for path in extent(job).files]
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        read = f"it wrote no log that can be read ({', '.join(files[:MOST_NAMED])}{more})"
        return SourceError(
            f"{head}: {read if files else 'it printed nothing, and wrote nothing into its folder {out}'}",
            place=Place(job.folder),
            mend=f"{NOTHING}; {AGAIN}",
        )
    text = asked.symptom or asked.metric
    there = sorted({name for segment in found.segments for name in segment.series})
    log = Path(os.path.relpath(found.path, job.folder)).as_posix()
    lacking = asked.lack(before(found, asked.cut) if asked.cut is not None else found)
    late = asked.cut is not None and not asked.lack(found)
    near = next(filter(None, (did_you_mean(name, there) for name in sorted(series_in(text)) if name not in there)), "")
    mend = near or ("say a later --cut" if late else f"ask for what it has, or name another log with --read; {AGAIN}")
    until = f" until {asked.cut.text}" if late and asked.cut is not None else ""
    lacking = lacking.partition(" (")[0] if near else lacking or f"value of {text}"
    return SourceError(f"{head}: {log} has no {lacking}{until}", place=Place(found.path), mend=mend)
