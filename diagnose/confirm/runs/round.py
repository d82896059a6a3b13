"""Runs under way: started as there is room and budget, watched, stopped once their verdict is known."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.budget import Spent
from diagnose.confirm.runs.conclude import conclude, gone
from diagnose.confirm.runs.ending import Ending, ending_of
from diagnose.confirm.runs.executors.kinds import ENDED, RUNNING
from diagnose.confirm.runs.folder import ask_to_stop, clear, describe, probe
from diagnose.confirm.runs.heart import Heart
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.live import Live
from diagnose.confirm.runs.processes import sweep
from diagnose.errors import DiagnoseError

if TYPE_CHECKING:
    from diagnose.confirm.runs.batch import Bench

SETTLE = 10.0
"""Seconds that a shared disk may take to show how a run ended after its scheduler says so; in units of its lease."""
SLACK = 5.0


@dataclass(slots=True)
class Active:
    """A run under way."""

    trial: Trial
    job: Job
    marker: str
    handle: str
    live: Live
    asked: float = 0.0
    gone: float = 0.0
    began: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it has held its slot, not counting the wait in a queue."""
        return time.time() - self.began if self.began else 0.0


class Round:
    """The runs of one batch."""

    def __init__(self, bench: Bench) -> None:
        """Begin; what an earlier session left running on this machine is ended first."""
        self.bench = bench
        self.outcomes: dict[str, Outcome] = {}
        self.active: dict[str, Active] = {}
        self.lost: dict[str, int] = {}
        ledger = bench.ledger
        self._heart = Heart(str(ledger.path.with_name(ledger.path.name + ".alive")), bench.executor.lease)
        sweep(f"{ledger.id}:")

    def __enter__(self) -> Self:
        self._heart.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.end_all("interrupted")
        finally:
            self._heart.__exit__(kind, error, at)

    def all(self, wanted: Mapping[str, tuple[Trial, Job]]) -> dict[str, Outcome]:
        """Return the outcome of each run by its key."""
        waiting = deque(wanted)
        while waiting or self.active:
            if why := self._fill(waiting, wanted):
                for key in waiting:
                    self._skip(key, wanted[key][0], why)
                waiting.clear()
            for key in [*self.active]:
                if self._look(key, self.active[key]):
                    waiting.append(key)
            self.bench.ledger.beat()
            if self.active:
                time.sleep(self.bench.executor.pause)
        return self.outcomes

    def _fill(self, waiting: deque[str], wanted: Mapping[str, tuple[Trial, Job]]) -> str:
        """Start what there is room for; return why nothing more may be started, in words, or nothing."""
        while True:
            spent = self._spent()
            if why := spent.exceeds(self.bench.budget):
                for key, one in self.end_all("interrupted").items():
                    self._skip(key, one.trial, why)
                return why
            if not waiting:
                return ""
            if why := spent.forbids(self.bench.budget):
                return why
            if not self.bench.executor.room(wanted[waiting[0]][1]):
                return ""
            key = waiting.popleft()
            self._start(key, *wanted[key])

    def _spent(self) -> Spent:
        known, active = self.bench.ledger.spent(), self.active.values()
        gpu_seconds = known.gpu_seconds + sum(one.seconds * one.job.gpus for one in active)
        return replace(known, runs=known.runs + len(active), gpu_seconds=gpu_seconds)

    def _skip(self, key: str, trial: Trial, why: str) -> None:
        self.outcomes[key] = Outcome(trial, "skipped", detail=why)
        self.bench.watch(trial, self.outcomes[key])

    def _start(self, key: str, trial: Trial, job: Job) -> None:
        executor, heart = self.bench.executor, self._heart
        clear(job)
        marker = self.bench.ledger.begin(key, job)
        try:
            spec = describe(job, key, marker, alive=heart.path, session=heart.session, lease=heart.lease)
            handle = executor.submit(job, spec, marker)
        except BaseException:
            with contextlib.suppress(DiagnoseError):
                self.bench.ledger.drop(key, "interrupted", 0.0)
            raise
        self.active[key] = Active(trial, job, marker, handle, Live(job, self.bench.judge))
        self.bench.watch(trial, None)

    def _look(self, key: str, one: Active) -> bool:
        """See how a run stands; return whether it was lost and is to be tried again."""
        executor, now = self.bench.executor, time.monotonic()
        ending = ending_of(one.job.status, one.marker)
        if ending is not None and not one.began:
            one.began = time.time()
        if ending is None or not ending.ended:
            state = executor.poll(one.handle)
            if state == RUNNING:
                self._stop_if_known(one, now)
                return False
            one.gone = one.gone or now
            if state == ENDED and now - one.gone < min(executor.lease, SETTLE):
                return False
            ending = ending_of(one.job.status, one.marker)  # it may have ended between the two looks
        return self._over(key, one, ending if ending is not None and ending.ended else None)

    def _stop_if_known(self, one: Active, now: float) -> None:
        if not one.asked:
            one.live.look()
            if one.live.decided:
                one.asked = now
                if not ask_to_stop(one.job):
                    self.bench.executor.cancel(one.handle)
        elif now - one.asked > one.job.limits.grace + SLACK + self.bench.executor.lease:
            self.bench.executor.cancel(one.handle)

    def _over(self, key: str, one: Active, ending: Ending | None) -> bool:
        """Note what came of a run; return whether it was lost and is to be tried again."""
        executor, ledger = self.bench.executor, self.bench.ledger
        detail = "" if ending is not None else executor.why(one.handle) or "it was gone without a word"
        del self.active[key]
        executor.cancel(one.handle)
        if ending is None:
            outcome = gone(one.trial, one.job, one.seconds, one.live, detail)
        else:
            try:
                outcome = conclude(one.trial, one.job, ending, one.live)
            except DiagnoseError:
                with contextlib.suppress(DiagnoseError):
                    ledger.drop(key, "interrupted", ending.seconds, ending.host)
                raise
        host = ending.host if ending is not None else ""
        if outcome.status == "lost":
            probe(one.job)
            self.lost[key] = self.lost.get(key, 0) + 1
            if self.lost[key] <= self.bench.retries:
                ledger.drop(key, "lost", outcome.seconds, host)
                return True
        reached, exit = one.live.judgement.reached, ending.exit if ending is not None else None
        ledger.finish(key, outcome, judged_as=self.bench.judged_as, reached=reached, exit=exit, host=host)
        self.outcomes[key] = outcome
        self.bench.watch(one.trial, outcome)
        return False

    def end_all(self, result: str) -> dict[str, Active]:
        """Stop all runs and return those that came to nothing; what ended by itself meanwhile is kept."""
        executor = self.bench.executor
        for one in self.active.values():
            ask_to_stop(one.job)
        until = time.monotonic() + SLACK + max((one.job.limits.grace for one in self.active.values()), default=0)
        left = dict(self.active)
        while left and time.monotonic() < until:
            left = {key: one for key, one in left.items() if not _has_ended(one) and self._lives(one)}
            time.sleep(min(executor.pause, 0.1) if left else 0)
        for one in self.active.values():
            executor.cancel(one.handle)  # all of them, before anything else can go wrong
        interrupted = {}
        for key, one in [*self.active.items()]:
            ending = ending_of(one.job.status, one.marker)
            if ending is not None and ending.by_itself:
                self._over(key, one, ending)
                continue
            interrupted[key] = self.active.pop(key)
            seconds = ending.seconds if ending is not None and ending.ended else one.seconds
            self.bench.ledger.drop(key, result, seconds, ending.host if ending is not None else "")
        return interrupted

    def _lives(self, one: Active) -> bool:
        """Whether a run that was told to stop may still be writing how it ended; not while it waits in a queue."""
        return bool(one.began) and self.bench.executor.poll(one.handle) == RUNNING


def _has_ended(one: Active) -> bool:
    ending = ending_of(one.job.status, one.marker)
    return ending is not None and ending.ended
