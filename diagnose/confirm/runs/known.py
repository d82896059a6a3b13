"""What need not be run: outcomes that the ledger has, and runs that ended while nobody looked."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.conclude import conclude
from diagnose.confirm.runs.ending import Ending, ending_of
from diagnose.confirm.runs.folder import DiskFullError
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.ledger import FINISHED, RUNNING
from diagnose.confirm.runs.live import Live
from diagnose.confirm.runs.row import Row

if TYPE_CHECKING:
    from diagnose.confirm.runs.batch import Bench

NOTICE = 5.0
"""Seconds that a supervisor takes at most to end a run whose session is gone, once it has noticed."""
NEVER_KEPT = frozenset({"lost", "skipped", ""})


def known(trial: Trial, key: str, job: Job, bench: Bench) -> Outcome | None:
    """Return the outcome of a run that is over; None if it must be run (again)."""
    row = bench.ledger.find(key)
    if row is not None and row.state == FINISHED:
        if not is_kept(row.outcome, bench.again):
            return None
        if row.judged_as == bench.judged_as:
            return replace(row.outcome, trial=trial)
        return _judged_again(trial, row, job, bench)
    return _adopted(trial, key, row, job, bench)


def is_kept(outcome: Outcome, again: Collection[str]) -> bool:
    """Whether a run is not repeated; if some kinds are to be run anew, those that said nothing are as well."""
    silent = outcome.symptom is None and outcome.metric is None
    return outcome.status not in NEVER_KEPT and outcome.status not in again and not (silent and again)


def _judged_again(trial: Trial, row: Row, job: Job, bench: Bench) -> Outcome | None:
    """Return the outcome of a finished run by another symptom or cut; None if its logs do not suffice."""
    job = replace(job, folder=row.folder)
    ending = ending_of(job.status)
    if ending is None or not ending.ended or ending.key != row.key:
        return None  # its folder is gone
    found = _conclusion(trial, job, ending, bench)
    if found is None:
        return None
    outcome, live = found
    bench.ledger.judged(row.key, outcome, judged_as=bench.judged_as, reached=live.judgement.reached)
    return outcome


def _adopted(trial: Trial, key: str, row: Row | None, job: Job, bench: Bench) -> Outcome | None:
    """Return the outcome of a run that came to its end when we did not live to note it."""
    if row is not None and row.state == RUNNING:
        _await_end(row, job, bench)
    ending = ending_of(job.status)
    found = _conclusion(trial, job, ending, bench) if ending is not None and ending.key == key else None
    if ending is None or found is None:
        if row is not None and row.state == RUNNING:
            ours = ending if ending is not None and ending.marker == row.marker and ending.ended else None
            bench.ledger.drop(key, "interrupted", ours.seconds if ours else None, ours.host if ours else "")
        return None
    outcome, live = found
    reached = live.judgement.reached
    bench.ledger.finish(key, outcome, judged_as=bench.judged_as, reached=reached, exit=ending.exit, host=ending.host)
    return outcome


def _conclusion(trial: Trial, job: Job, ending: Ending, bench: Bench) -> tuple[Outcome, Live] | None:
    if not ending.ended or ending.reason in ("start", "disk-full"):
        return None
    live = Live(job, bench.judge)
    try:
        outcome = conclude(trial, job, ending, live)
    except DiskFullError:
        return None
    if outcome.status in NEVER_KEPT | bench.again or (outcome.status == "stopped" and not live.decided):
        return None
    return outcome, live


def _await_end(row: Row, job: Job, bench: Bench) -> None:
    """Wait until a run that another session began has noticed that its session is gone."""
    until = time.monotonic() + NOTICE + (bench.executor.lease if row.executor != "local" else 0.0)
    while (ending := ending_of(job.status, row.marker)) is not None and not ending.ended:
        if time.monotonic() > until or (row.executor == "local" and not _lives(ending.supervisor)):
            return
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return pid > 0
