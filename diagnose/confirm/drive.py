"""A study is driven: its trials are run, and their outcomes handed back to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diagnose.confirm.model import Outcome, Step, Trial
from diagnose.confirm.runs.batch import Bench, run
from diagnose.confirm.runs.growing import logs_of
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.live import Judgement
from diagnose.confirm.studies.result import StudyResult
from diagnose.engine.enrich import enrich
from diagnose.engine.merge import merge
from diagnose.errors import DiagnoseError
from diagnose.logs import read
from diagnose.model import Run
from diagnose.text import escape

TAIL = 4096
LONGEST = 200
PILOT = "pilot"
"""What runs are judged as that are only to show what can be asked."""


def drive(steps: Step[StudyResult], bench: Bench) -> tuple[StudyResult, list[Outcome]]:
    """Run a study to its end; return what it found, and all outcomes in the order in which they were asked for.

    Raises:
        DiagnoseError: if the command cannot be started at all, or the ledger cannot be written.
    """
    seen: list[Outcome] = []
    try:
        trials = next(steps)
        while True:
            outcomes = run(trials, bench)
            if not seen:
                check_first(outcomes)
            seen += outcomes
            trials = steps.send(outcomes)
    except StopIteration as end:
        result: StudyResult = end.value
        return result, seen


def pilots(trials: list[Trial], bench: Bench) -> list[Run | None]:
    """Run trials to their end without asking anything, and return their logs; None where nothing can be read.

    Raises:
        DiagnoseError: as ``drive``.
    """
    check_first(run(trials, bench), every=False)
    return [_log(bench.job(trial), bench) for trial in trials]


def check_first(outcomes: Sequence[Outcome], *, every: bool = True) -> None:
    """Make sure that the command works at all before many runs are wasted on it.

    Args:
        outcomes: of the first runs.
        every: whether one that works suffices.

    Raises:
        DiagnoseError: if the runs failed.
    """
    failed = [one for one in outcomes if one.status in ("failed", "timeout")]
    if failed and (not every or len(failed) == len(outcomes)):
        which = "suspect" if failed[0].trial.parts else "baseline"
        how = "hung" if failed[0].status == "timeout" else "failed"
        mend = f"see {failed[0].log}; add --again when it is mended"
        if which == "suspect" and how == "failed":
            mend += ", or say --symptom traceback if this is what is to be settled"
        said = _last_words(failed[0].log)
        told = f"{failed[0].detail}: {said}" if said else failed[0].detail
        raise DiagnoseError(f"the first run of the {which} config {how}: {told}", mend=mend)


def _last_words(path: str) -> str:
    """Return the last line that a run printed."""
    try:
        with Path(path).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - TAIL))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((escape.line(line)[:LONGEST] for line in reversed(lines) if line.strip()), "")


def say_nothing(run: Run, *, ended: bool) -> Judgement:
    """Judge a pilot: it runs to its end."""
    return Judgement(None, None, False)


def _log(job: Job, bench: Bench) -> Run | None:
    row = bench.ledger.find(job.key())
    best: Run | None = None
    for given in logs_of(job, ended=True) if row is not None else ():
        try:
            if given.error is not None:
                continue
            runs = [found for source in given.sources if source.head and (found := read(source)) is not None]
        except DiagnoseError:
            continue
        runs = [one for one in runs if not one.format.startswith("config") and one.segments]
        if runs:
            whole = enrich(runs[0] if len(runs) == 1 else merge(runs))
            if best is None or _points(whole) > _points(best):
                best = whole
    return best


def _points(run: Run) -> int:
    return sum(len(series) for segment in run.segments for series in segment.series.values())
