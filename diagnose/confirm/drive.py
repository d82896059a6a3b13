"""A study is driven: its trials are run, and their outcomes handed back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from diagnose.confirm.model import Outcome, Step, Trial
from diagnose.confirm.runs.batch import Bench, run
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.live import Judgement
from diagnose.confirm.silent import Silence, points, runs_in
from diagnose.confirm.studies.result import StudyResult
from diagnose.errors import DiagnoseError
from diagnose.model import Run
from diagnose.text import escape

TAIL = 4096
LONGEST = 200
MUCH = "it printed more than"
PILOT = "pilot"
"""What runs are judged as that are only to show what can be asked."""


def drive(steps: Step[StudyResult], bench: Bench) -> tuple[StudyResult, list[Outcome]]:
    """Run a study to its end; return what it found, and all outcomes in the order in which they were asked for.

    Raises:
        DiagnoseError: if the command cannot be started at all, its runs cannot be judged, or the ledger cannot be
            written.
    """
    seen: list[Outcome] = []
    try:
        trials = next(steps)
        watched = replace(bench, watch=Silence(bench, trials))
        while True:
            outcomes = run(trials, watched)
            if not seen:
                check_first(outcomes)
            seen += outcomes
            trials = steps.send(outcomes)
    except StopIteration as end:
        result: StudyResult = end.value
        return result, seen


def pilots(trials: list[Trial], bench: Bench) -> list[Run | None] | None:
    """Run trials to their end without asking anything, and return their logs; None where nothing can be read.

    None for all of them if the budget was spent before.

    Raises:
        DiagnoseError: as ``drive``.
    """
    outcomes = run(trials, bench)
    check_first(outcomes, every=False)
    if any(one.status == "skipped" for one in outcomes):
        return None
    return [_log(bench.job(trial), bench) for trial in trials]


def check_first(outcomes: Sequence[Outcome], *, every: bool = True) -> None:
    """Make sure that the command works at all before many runs are wasted on it.

    Args:
        outcomes: of the first runs.
        every: whether one that works suffices.

    Raises:
        DiagnoseError: if the runs failed.
    """
    failed = [one for one in outcomes if one.failed]
    if failed and (not every or len(failed) == len(outcomes)):
        which = "suspect" if failed[0].trial.parts else "baseline"
        how = "was given up" if failed[0].status == "timeout" else "failed"
        mend = f"see {failed[0].log}; add --again when it is mended"
        if failed[0].detail.startswith(MUCH):
            mend = f"let it print less, or into a file; {mend}"
        elif which == "suspect":
            mend += ", or say --symptom failed if this is what is to be settled"
        said = "" if failed[0].detail.startswith(MUCH) else _last_words(failed[0].log)
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
    return max(runs_in(job), key=points, default=None) if bench.ledger.find(job.key()) is not None else None
