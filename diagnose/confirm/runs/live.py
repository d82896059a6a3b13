"""The logs of a run while it grows, read with the project's own readers as seldom as will do."""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol

from diagnose import logs
from diagnose.confirm.runs.growing import Extent, extent, logs_of
from diagnose.confirm.runs.job import Job
from diagnose.engine.enrich import enrich
from diagnose.engine.inputs import Input
from diagnose.engine.merge import merge
from diagnose.model import Run

PAUSE = 0.3
"""Seconds between two looks at the size of the logs."""
BACK_OFF = 10.0
"""Times as long as a look took is waited for the next."""
SHARE = 50
"""Logs are read again once they have grown by this part of their size, or ..."""
PATIENCE = 5.0
"""... have waited so many seconds to be."""
_KNOWN: set[str] = set()


class Judgement(NamedTuple):
    """What a log says so far.

    Attributes:
        symptom: whether the run shows the symptom; None while that cannot be told. A run is stopped once it is known.
        metric: the scalar of the study, NaN if the run diverged, None if there is none yet.
        reached: nothing more is needed of the run: it has passed the cut.
        trace: see ``Outcome.trace``.
    """

    symptom: bool | None = None
    metric: float | None = None
    reached: bool = False
    trace: str = ""


class Judge(Protocol):
    """Judges a run by its log.

    It is called whenever the log has grown, and after a resume with all of it. So what it says must depend on the log
    up to the cut only, not on how far beyond the cut it has grown: take the metric at the cut.
    """

    def __call__(self, run: Run, *, ended: bool) -> Judgement:
        """Return what the log says.

        Args:
            run: what was read so far, of one log (called for each where a run writes several).
            ended: nothing more will come: what did not show now never did.
        """


class Live:
    """Watches the logs of one run.

    The readers read a file from its start, so it is read again only when it has grown by a fair share or has not been
    looked at for a while, and never so often that reading takes more than a tenth of the time.
    """

    def __init__(self, job: Job, judge: Judge) -> None:
        """Watch the logs of a job."""
        self.job, self.judge = job, judge
        self.judgement, self.log, self.trouble = Judgement(), "", ""
        self.reads = 0
        self._read = Extent({})
        self._since = self._next = 0.0

    @property
    def decided(self) -> bool:
        """Whether the run need not go on."""
        return self.judgement.symptom is not None or self.judgement.reached

    def look(self) -> Judgement:
        """Return what the logs say by now; reads them only if that is due."""
        now = time.monotonic()
        if now < self._next or self.decided:
            return self.judgement
        found = extent(self.job)
        self._next = now + max(PAUSE, BACK_OFF * (time.monotonic() - now))
        if found.files == self._read.files:
            self._since = 0.0
            return self.judgement
        self._since = self._since or now
        if abs(found.size - self._read.size) * SHARE < self._read.size and now - self._since < PATIENCE:
            return self.judgement
        self._read, self._since = found, 0.0
        known = len(_KNOWN)
        self._judge(ended=False)
        cost = time.monotonic() - now if len(_KNOWN) == known else 0.0  # its grammar was made ready, once
        self._next = time.monotonic() + max(PAUSE, BACK_OFF * cost)
        return self.judgement

    def final(self, *, ended: bool) -> Judgement:
        """Return what the logs say after the run.

        Args:
            ended: whether it came to its own end; else it was stopped, and more could have come.
        """
        self._judge(ended=ended)
        return self.judgement

    def _judge(self, *, ended: bool) -> None:
        self.reads += 1
        self.judgement, self.log, self.trouble = Judgement(), "", ""
        found: list[tuple[int, Run]] = []
        for given in logs_of(self.job, ended=ended):
            try:
                run = _run_of(given)
            except Exception as error:  # noqa: BLE001 - a file that is half written may break any reader
                self.trouble = str(error)
                continue
            if run is not None:
                _KNOWN.add(run.format)
                found.append((-sum(len(series) for part in run.segments for series in part.series.values()), run))
        for _, run in sorted(found, key=lambda pair: pair[0]):
            said = self.judge(run, ended=ended)
            known = self.judgement
            if said != Judgement() and not self.log:
                self.log = run.path
            symptom = known.symptom or said.symptom if said.symptom is not None else known.symptom
            metric = known.metric if known.metric is not None else said.metric
            trace = known.trace or said.trace
            self.judgement = Judgement(symptom, metric, known.reached or said.reached, trace)


def _run_of(given: Input) -> Run | None:
    """Return the run in some files that belong together; None for configs and what no reader knows."""
    if given.error is not None:
        raise given.error
    runs = [run for source in given.sources if source.head and (run := logs.read(source)) is not None]
    if all(run.format.startswith("config") for run in runs):
        return None
    return enrich(runs[0] if len(runs) == 1 else merge(runs))
