"""How a run ended and what its logs say, as the outcome of its trial."""

from __future__ import annotations

from dataclasses import replace

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.ending import Ending, want_of_space
from diagnose.confirm.runs.folder import DiskFullError
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.live import Judgement, Live
from diagnose.errors import DiagnoseError
from diagnose.model import Place

GIVEN_UP = ("hang", "total")


def conclude(trial: Trial, job: Job, ending: Ending, live: Live) -> Outcome:
    """Return the outcome of a run that is over: finished, stopped, failed, timeout or lost.

    What a run that failed or was given up printed says nothing against the symptom, since more was to come; but if it
    showed the symptom, or had passed the cut, that counts: a diverged run may well crash. Where failing is the symptom,
    it has shown it.

    Raises:
        DiagnoseError: if no run can do better: the command cannot be started, or the disk is full.
    """
    if ending.reason == "start":
        raise DiagnoseError(f"the command cannot be started: {ending.detail}", mend="check the words after --")
    if ending.reason == "disk-full":
        raise DiskFullError(f"a run was stopped, nothing more can be written: {ending.detail}", job.console)
    outcome = Outcome(trial, "lost", seconds=ending.seconds, gpus=job.gpus, log=job.console, detail=ending.words)
    if ending.reason == "stopped" or (ending.reason == "terminated" and live.decided):
        said = live.judgement if live.decided else live.final(ended=False)
        return replace(_with(outcome, said, live), status="stopped", detail="")
    if ending.by_itself and ending.exit == 0:
        said = live.final(ended=True)
        outcome = replace(_with(outcome, said, live), status="finished")
        if _is_asked(live):
            return replace(outcome, symptom=False)
        unread = said == Judgement() and live.trouble
        return replace(outcome, detail=f"its log cannot be read: {live.trouble}") if unread else outcome
    if not ending.by_itself and ending.reason not in (*GIVEN_UP, "flood"):
        return outcome
    said = live.final(ended=False)
    if said.symptom or (said.reached and said.symptom is not None):
        return replace(_with(outcome, said, live), status="finished")
    if ending.by_itself and (line := want_of_space(job.console)):
        raise DiskFullError(f"a run failed for want of space: {line[:200]}", job.console)
    shown = True if _is_asked(live) else None
    return replace(outcome, status="timeout" if ending.reason in GIVEN_UP else "failed", symptom=shown)


def _is_asked(live: Live) -> bool:
    """Whether it is asked of a run whether it fails."""
    return bool(getattr(live.judge, "failing", False))


def gone(trial: Trial, job: Job, seconds: float, live: Live, why: str) -> Outcome:
    """Return the outcome of a run that ended without a word: lost, unless its verdict was known by then."""
    outcome = Outcome(trial, "lost", seconds=seconds, gpus=job.gpus, log=job.console, detail=why)
    return replace(_with(outcome, live.judgement, live), status="stopped") if live.decided else outcome


def _with(outcome: Outcome, said: Judgement, live: Live) -> Outcome:
    log = live.log or outcome.log
    return replace(outcome, symptom=said.symptom, metric=said.metric, log=log, trace=said.trace)


def nowhere(job: Job) -> DiagnoseError:
    """Return the error for a node that does not see the folder of a run."""
    mend = "keep the ledger and the runs on storage that all nodes share"
    return DiagnoseError(
        "the folder of the runs is not there on a node of the cluster", place=Place(job.folder), mend=mend
    )
