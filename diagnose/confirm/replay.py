"""How far a study gets with the runs that are known, without running or writing anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from diagnose.confirm.model import Outcome, Step, Trial
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.known import is_kept
from diagnose.confirm.runs.ledger import FINISHED, peek
from diagnose.confirm.runs.row import Row
from diagnose.confirm.studies.result import StudyResult

Find = Callable[[Trial], Job | None]
"""Gives the job of a trial, None if its config was never written."""


def rows_of(ledger: Path, again: Collection[str] = ()) -> dict[str, Row]:
    """Return the runs of a ledger that are over and would not be repeated, by key.

    Args:
        ledger: the file; it need not be there, and may be in use.
        again: kinds of outcomes that are run anew.
    """
    rows = peek(ledger) if ledger.is_file() else []
    return {row.key: row for row in rows if row.state == FINISHED and is_kept(row.outcome, again)}


def known_of(trial: Trial, rows: Mapping[str, Row], find: Find) -> Row | None:
    """Return what the ledger knows of a trial."""
    job = find(trial)
    return None if job is None else rows.get(job.key())


def replay(
    steps: Step[StudyResult], rows: Mapping[str, Row], judged_as: str, find: Find, sure: Collection[Trial] = ()
) -> tuple[int, bool]:
    """Return how many known runs a study uses, and whether it needs no others.

    Runs that were judged by another symptom, metric or cut count as not known: whether their logs suffice is told only
    by reading them.

    Args:
        steps: the study.
        rows: of the ledger.
        judged_as: what the study judges by.
        find: see ``Find``.
        sure: trials that it will ask for, even if it stops before them for want of others.
    """
    used: set[Trial] = set()

    def outcome(trial: Trial) -> Outcome | None:
        row = known_of(trial, rows, find)
        return replace(row.outcome, trial=trial) if row is not None and row.judged_as == judged_as else None

    try:
        trials = next(steps)
        while True:
            found = [known for trial in trials if (known := outcome(trial)) is not None]
            used |= {known.trial for known in found}
            if len(found) < len(trials):
                break
            trials = steps.send(found)
    except StopIteration:
        return len(used), True
    return len(used | {trial for trial in sure if outcome(trial) is not None}), False
