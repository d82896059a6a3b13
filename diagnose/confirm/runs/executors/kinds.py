"""What every executor is, seen from the batch."""

from __future__ import annotations

from typing import Protocol

from diagnose.confirm.runs.job import Job

RUNNING, ENDED, LOST = "running", "ended", "lost"


class Executor(Protocol):
    """Starts jobs. It says only whether they are alive: how a run ended stands in its status file.

    Attributes:
        name: as the user calls it.
        lease: seconds after which a run ends that has not heard of us; 0 where it notices our end by itself.
        pause: seconds between two looks at the runs.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def lease(self) -> float: ...  # noqa: D102
    @property
    def pause(self) -> float: ...  # noqa: D102

    def room(self, job: Job) -> bool:
        """Whether the job can be handed over now. Raises DiagnoseError if it never can."""

    def submit(self, job: Job, spec: str, marker: str) -> str:
        """Hand a job over, described in the file *spec*, and return a handle on it."""

    def poll(self, handle: str) -> str:
        """Return ``RUNNING`` (or waiting), ``ENDED`` or ``LOST``. Raises DiagnoseError if no run can ever succeed."""

    def why(self, handle: str) -> str:
        """Return what became of a lost job, in words; empty if that is not known."""

    def cancel(self, handle: str) -> None:
        """End a job by force, if it is not over, and free its slot."""

    def close(self) -> None:
        """End all jobs that are left, and let go of the machines."""
