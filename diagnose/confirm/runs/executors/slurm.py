"""Slurm, through submitit: a job per run."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diagnose.confirm.runs import supervise
from diagnose.confirm.runs.executors.kinds import ENDED, LOST, RUNNING
from diagnose.confirm.runs.job import Job
from diagnose.errors import DiagnoseError, ExtraMissingError, SettingsError

AT_ONCE = 32
MINUTES = 24 * 60
LEASE = 120.0
"""A job outlives who submitted it: so it ends once it has not heard of us for so many seconds."""


class Slurm:
    """Submits runs to Slurm, or to submitit's local executor. The folder must be on a disk that all nodes share."""

    name = "slurm"
    pause = 1.0

    def __init__(self, folder: str, slots: int = 0, options: Mapping[str, str] | None = None) -> None:
        """Prepare to submit.

        Args:
            folder: where submitit keeps its files.
            slots: most jobs submitted at once; 0: ``AT_ONCE``.
            options: parameters of submitit, such as ``slurm_partition``; also ``cluster`` and ``lease`` (seconds).

        Raises:
            ExtraMissingError: if submitit is not installed.
            SettingsError: for parameters that submitit does not know.
            DiagnoseError: if there is no Slurm.
        """
        try:
            import submitit
        except ImportError:
            raise ExtraMissingError("running on Slurm", "slurm") from None
        given = dict(options or {})
        cluster = given.pop("cluster", "slurm")
        self._words = Path(folder) / "submitit.log" if cluster != "slurm" else None
        if cluster == "slurm" and not shutil.which("srun"):
            mend = "run it on a login node, or try it here with --executor-option cluster=local"
            raise DiagnoseError("there is no Slurm here: srun is not found", mend=mend)
        try:
            self.lease = float(given.pop("lease", LEASE))
            self.pause = min(1.0, self.lease / 10)
            self._executor = submitit.AutoExecutor(folder=Path(folder) / "submitit", cluster=cluster)
            self._executor.update_parameters(**{"timeout_min": MINUTES, "name": "diagnose", **_typed(given)})
        except (NameError, ValueError, TypeError, AssertionError) as error:
            raise SettingsError(f"submitit does not accept this: {error}") from None
        self._at_once = slots or AT_ONCE
        self._jobs: dict[str, Any] = {}
        self._why: dict[str, str] = {}

    def room(self, job: Job) -> bool:
        """Whether fewer jobs than allowed are submitted."""
        return len(self._jobs) < self._at_once

    def submit(self, job: Job, spec: str, marker: str) -> str:
        """Submit a supervisor."""
        import submitit

        script = shutil.copy(supervise.__file__, Path(spec).with_name("supervise.py"))
        command = [sys.executable, "-I", "-S", str(script), spec]
        self._executor.update_parameters(gpus_per_node=job.gpus, cpus_per_task=job.cpus)
        try:
            with _hushed(self._words):
                submitted = self._executor.submit(submitit.helpers.CommandFunction(command, verbose=False))
        except submitit.core.utils.FailedJobError as error:
            raise DiagnoseError(f"Slurm takes no job: {_last(error)}", mend="check --slurm options") from None
        self._jobs[submitted.job_id] = submitted
        return str(submitted.job_id)

    def poll(self, handle: str) -> str:
        """Return how the scheduler sees a job, which may be a minute late."""
        job = self._jobs.get(handle)
        if job is None:
            return ENDED
        if not job.done():
            return RUNNING
        try:
            failed = job.exception()
        except Exception as error:  # noqa: BLE001 - the pickle of a result that was cut off
            failed = error
        if failed is None:
            return ENDED
        self._why[handle] = f"its job {job.job_id} ended as {job.state}: {_last(failed)}"
        return LOST

    def why(self, handle: str) -> str:
        """Return what Slurm says of a lost job."""
        return self._why.get(handle, "")

    def cancel(self, handle: str) -> None:
        """Cancel a job unless it is over."""
        job = self._jobs.pop(handle, None)
        if job is not None:
            with contextlib.suppress(Exception):
                if not job.done():
                    job.cancel()

    def close(self) -> None:
        """Cancel all jobs that are left."""
        for handle in [*self._jobs]:
            self.cancel(handle)


@contextlib.contextmanager
def _hushed(words: Path | None) -> Iterator[None]:
    """Send what is started here to a file: submitit's controller on this machine prints a traceback when it is ended.

    Args:
        words: the file; None: nothing is started on this machine.
    """
    if words is None:
        yield
        return
    words.parent.mkdir(parents=True, exist_ok=True)
    ours = os.dup(2)
    try:
        with words.open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)


def _typed(options: Mapping[str, str]) -> dict[str, Any]:
    return {name: int(value) if value.isdecimal() else value for name, value in options.items()}


def _last(error: object) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
