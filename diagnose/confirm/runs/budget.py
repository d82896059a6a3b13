"""What a study may spend, and what it has spent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds on a study, over all its sessions; None: no bound.

    Attributes:
        runs: runs that are started.
        gpu_hours: hours times GPUs held.
        wall: seconds of wall time in which the study was under way.
    """

    runs: int | None = None
    gpu_hours: float | None = None
    wall: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a study has used up so far."""

    runs: int = 0
    gpu_seconds: float = 0.0
    wall: float = 0.0

    def exceeds(self, budget: Budget) -> str:
        """Return which bound on time is passed, in words; empty if none is."""
        if budget.gpu_hours is not None and self.gpu_seconds >= budget.gpu_hours * 3600:
            return f"the budget of {budget.gpu_hours:g} GPU hours is spent"
        if budget.wall is not None and self.wall >= budget.wall:
            return f"the budget of {budget.wall:g} s is spent"
        return ""

    def forbids(self, budget: Budget) -> str:
        """Return why nothing more may be started, in words; empty if it may."""
        if budget.runs is not None and self.runs >= budget.runs:
            return f"the budget of {budget.runs} runs is spent"
        return self.exceeds(budget)
