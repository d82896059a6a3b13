"""This machine: a slot per GPU, or per share of the CPUs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from diagnose.confirm.runs import supervise
from diagnose.confirm.runs.executors.kinds import ENDED, RUNNING
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.processes import sweep
from diagnose.errors import DiagnoseError

NO_GPU = "-1"
"""As ``CUDA_VISIBLE_DEVICES``: neither PyTorch nor TensorFlow sees any."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
SLACK = 5.0
"""Seconds a supervisor may take beyond the grace period."""


class Local:
    """Starts runs on this machine, as many at once as there are slots."""

    name = "local"
    lease = 0.0
    pause = 0.1

    def __init__(self, slots: int = 0, gpus: Sequence[str] | None = None) -> None:
        """Take the machine.

        Args:
            slots: most runs at once; 0: as many as GPUs, or as CPUs, allow.
            gpus: the GPUs to use, by index or UUID; None: all that are visible.
        """
        self.gpus = tuple(visible_gpus() if gpus is None else gpus)
        self.cpus = cpus()
        self._slots = slots
        self._free = list(self.gpus)
        self._running: dict[str, tuple[subprocess.Popen[bytes], Job, list[str], str]] = {}

    def room(self, job: Job) -> bool:
        """Whether a slot is free. Raises DiagnoseError if the machine has not as many GPUs as the job wants."""
        if job.gpus > len(self.gpus):
            raise DiagnoseError(
                f"a run needs {job.gpus} GPUs, this machine has {len(self.gpus)}",
                mend="ask for fewer, or use --executor ray or slurm",
            )
        return len(self._running) < self.most(job) and job.gpus <= len(self._free)

    def most(self, job: Job) -> int:
        """Return how many such jobs run at once."""
        most = len(self.gpus) // job.gpus if job.gpus else max(1, self.cpus // max(1, job.cpus))
        return min(most, self._slots) if self._slots else most

    def submit(self, job: Job, spec: str, marker: str) -> str:
        """Start a supervisor for the job whose description stands in the file *spec*."""
        gpus, self._free = self._free[: job.gpus], self._free[job.gpus :]
        share = str(max(1, self.cpus // self.most(job)))
        env = {name: share for name in THREADS if name not in os.environ}
        env |= {"CUDA_VISIBLE_DEVICES": ",".join(gpus) or NO_GPU} if self.gpus else {}
        # ``close_fds`` keeps our files (the ledger's lock above all) from those who may outlive us.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(Path(supervise.__file__)), spec, str(os.getpid())],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            close_fds=True,
        )
        handle = str(process.pid)
        self._running[handle] = (process, job, gpus, marker)
        return handle

    def poll(self, handle: str) -> str:
        """Return whether the supervisor lives; free the slot of one that does not, and end what it left behind."""
        if handle not in self._running:
            return ENDED
        process, _, gpus, marker = self._running[handle]
        if process.poll() is None:
            return RUNNING
        if process.returncode:
            sweep(marker)  # it was killed, or is at fault
        del self._running[handle]
        self._free = sorted(self._free + gpus, key=self.gpus.index)
        return ENDED

    def why(self, handle: str) -> str:
        """Return nothing: a run of this machine is lost only if its supervisor was killed."""
        return "" if handle in self._running else "its supervisor was killed"

    def cancel(self, handle: str) -> None:
        """End a run: its supervisor ends all of it, else we do."""
        if handle not in self._running:
            return
        process, job, _, marker = self._running[handle]
        with contextlib.suppress(OSError):
            process.terminate()
        try:
            process.wait(job.limits.grace + SLACK)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            sweep(marker)
        self.poll(handle)

    def close(self) -> None:
        """End all that runs, all at the same time."""
        for process, *_ in self._running.values():
            with contextlib.suppress(OSError):
                process.terminate()
        for handle in [*self._running]:
            self.cancel(handle)


def cpus() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Return the NVIDIA GPUs that a run would see: those of ``CUDA_VISIBLE_DEVICES``, else all of the machine."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        return [name for name in names[: names.index(NO_GPU) if NO_GPU in names else None] if name]
    try:
        command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip().isdigit()] if not done.returncode else []
