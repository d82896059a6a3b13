"""Trials to outcomes: what the ledger knows is not run again, the rest is run within the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.budget import Budget
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.known import known
from diagnose.confirm.runs.live import Judge
from diagnose.confirm.runs.round import Round

if TYPE_CHECKING:
    from diagnose.confirm.runs.executors import Executor
    from diagnose.confirm.runs.ledger import Ledger


@dataclass(slots=True)
class Bench:
    """What a study runs on.

    Attributes:
        ledger: open, of this study; remembers every run.
        executor: starts jobs: ``diagnose.confirm.runs.executors.open_executor``.
        job: the job of a trial; writes its config file if there is none yet. Called again after a resume, so the same
            trial must give the same content.
        judge: judges logs.
        judged_as: text of all that a verdict depends on (symptom, metric, cut): a run known to the ledger under another
            text is judged again from its log, and run again only if that was stopped too early for it.
        budget: what the study may spend, with what it spent before a resume.
        again: kinds of known outcomes that are run anew (``failed``, ``timeout``); lost runs always are.
        retries: how often a lost run is tried again at once.
        watch: told of each trial that begins (None) or has come to an end (its outcome).
    """

    ledger: Ledger
    executor: Executor
    job: Callable[[Trial], Job]
    judge: Judge
    judged_as: str
    budget: Budget = field(default_factory=Budget)
    again: frozenset[str] = frozenset()
    retries: int = 1
    watch: Callable[[Trial, Outcome | None], None] = lambda *_: None


def run(trials: Sequence[Trial], bench: Bench) -> list[Outcome]:
    """Return the outcome of each trial, in their order.

    Trials that are the same run (equal config, seed and repeat) share one. Whatever ends this early, an error or
    Ctrl-C, stops all runs that are under way; when the same is asked for again they are repeated, finished ones not.

    Raises:
        DiagnoseError: if the command cannot be started at all, the disk is full, or the ledger cannot be written.
    """
    outcomes: dict[str, Outcome] = {}
    wanted: dict[str, tuple[Trial, Job]] = {}
    keys = []
    for trial in trials:
        job = bench.job(trial)
        key = job.key()
        keys.append(key)
        if key in outcomes or key in wanted:
            continue
        found = known(trial, key, job, bench)
        if found is None:
            bench.ledger.plan(key, trial, job)
            wanted[key] = (trial, job)
        else:
            outcomes[key] = found
            bench.watch(trial, found)
    if len({job.folder for _, job in wanted.values()}) < len(wanted):
        raise ValueError("two different runs share a folder")
    if wanted:
        with Round(bench) as round:
            outcomes |= round.all(wanted)
    return [replace(outcomes[key], trial=trial) for key, trial in zip(keys, trials, strict=True)]
