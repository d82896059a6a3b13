"""A Ray cluster: a task per run, placed by the CPUs and GPUs it needs."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diagnose.confirm.runs import supervise
from diagnose.confirm.runs.conclude import nowhere
from diagnose.confirm.runs.executors.kinds import ENDED, LOST, RUNNING
from diagnose.confirm.runs.job import Job
from diagnose.errors import DiagnoseError, ExtraMissingError

LEASE = 60.0
"""Seconds after which a run ends on a node that the rest of the cluster has lost."""
UNSEEN = "unseen"


class Ray:
    """Runs jobs as tasks of a Ray cluster whose nodes share the folder of the runs."""

    name = "ray"
    pause = 0.25

    def __init__(self, address: str = "", slots: int = 0, lease: float = LEASE) -> None:
        """Connect.

        Args:
            address: of the cluster; empty: what ``RAY_ADDRESS`` names, else one of this machine alone.
            slots: most tasks at once; 0: as many as fit.
            lease: seconds after which a run ends that has not heard of us.

        Raises:
            ExtraMissingError: if Ray is not installed.
            DiagnoseError: if there is no cluster at the address.
        """
        try:
            import ray
        except ImportError:
            raise ExtraMissingError("running on Ray", "ray") from None
        self.lease, self._slots, self._ray = lease, slots, ray
        self._ours = not ray.is_initialized()
        if self._ours:
            _reach(address)
            asked = signal.getsignal(signal.SIGTERM)
            try:
                ray.init(address=address or None, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise DiagnoseError(f"no Ray cluster can be reached: {error}", mend="check the address") from None
            if callable(asked) and threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, asked)  # Ray has put its own there, which prints its stack
        self._tasks: dict[str, Any] = {}
        self._jobs: dict[str, Job] = {}
        self._why: dict[str, str] = {}

    def room(self, job: Job) -> bool:
        """Whether the cluster has room. Raises DiagnoseError if no node that lives could ever hold the job."""
        wants = _resources(job)
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if not any(all(node.get(name, 0) >= number for name, number in wants.items()) for node in nodes):
            needs = " and ".join(f"{number:g} {name}" for name, number in wants.items())
            raise DiagnoseError(f"no node of the Ray cluster has {needs}", mend="ask for less, or add a node")
        most = sum(min(int(node.get(name, 0) // number) for name, number in wants.items()) for node in nodes)
        return len(self._tasks) < (min(most, self._slots) if self._slots else most)

    def submit(self, job: Job, spec: str, marker: str) -> str:
        """Hand a task over, which starts a supervisor on its node."""
        script = Path(supervise.__file__).read_text(encoding="utf-8")
        options = {"num_cpus": job.cpus, "num_gpus": job.gpus, "max_retries": 0, "scheduling_strategy": "SPREAD"}
        task = self._ray.remote(_task()).options(**options, name=f"diagnose {marker[-24:]}")
        reference = task.remote(script, spec)
        handle = str(reference.hex())
        self._tasks[handle], self._jobs[handle] = reference, job
        return handle

    def poll(self, handle: str) -> str:
        """Return how a task stands. Raises DiagnoseError if its node does not see our folder."""
        reference = self._tasks.get(handle)
        if reference is None:
            return ENDED
        if not self._ray.wait([reference], timeout=0)[0]:
            return RUNNING
        try:
            said = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            self._why[handle] = f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
            return LOST
        if said == UNSEEN:
            raise nowhere(self._jobs[handle])
        self._why[handle] = said
        return ENDED

    def why(self, handle: str) -> str:
        """Return what Ray says of a lost task."""
        return self._why.get(handle, "")

    def cancel(self, handle: str) -> None:
        """End a task and the worker it runs in, unless it is over within a second."""
        reference, _ = self._tasks.pop(handle, None), self._jobs.pop(handle, None)
        if reference is not None and not self._ray.wait([reference], timeout=1)[0]:
            with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """End all tasks, and disconnect if the connection is ours."""
        for handle in [*self._tasks]:
            self.cancel(handle)
        if self._ours:
            self._ray.shutdown()


def _reach(address: str) -> None:
    """Make sure that something answers at an address: Ray itself would try for minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except (OSError, OverflowError) as error:
            raise DiagnoseError(f"no Ray cluster answers at {address}: {error}", mend="check the address") from None


def _resources(job: Job) -> dict[str, float]:
    return {name: float(number) for name, number in (("CPU", job.cpus), ("GPU", job.gpus)) if number}


def _task() -> Callable[[str, str], str]:
    """Return what runs on a node: made here so that Ray sends it by value, since a node need not have diagnose."""

    def start(script: str, spec: str) -> str:
        import os
        import subprocess
        import sys

        if not os.path.exists(spec):  # noqa: PTH110
            return "unseen"  # no name of this module: the node has none
        # ``-c`` and not a file: what the nodes share may be mounted so that it does not take one more.
        command = [sys.executable, "-I", "-S", "-c", script, spec, "behind"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stderr=pipe, start_new_session=True) as process:  # noqa: S603
            return process.stderr.read().decode("utf-8", "replace").strip()[-200:]  # type: ignore[union-attr]

    return start
