"""What an experiment asks for, and what came back.

The steps of a study (``diagnose.confirm.studies.steps``) never start anything: they are generators that yield lists of
``Trial`` and are sent the ``Outcome`` of each, in the same order. So they can be simulated, resumed and run on any
executor.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

FIX = "fix"
"""The name of the part that stands for the proposed fix of a suspect config."""


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """One run that a study asks for.

    Attributes:
        parts: ids of the atoms of the diff that are taken from the suspect config, sorted; none: the baseline itself.
            ``FIX`` among them: the proposed fix is laid over it.
        seed: as the training command gets it. Runs of one seed are pairs.
        repeat: tells runs apart that are equal in all else (the noise floor).
    """

    parts: tuple[str, ...]
    seed: int
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial.

    Attributes:
        trial: what was asked for.
        status: ``finished``; ``stopped`` (by us, its verdict was known or it had reached the cut); ``failed`` (exit
            status, no verdict); ``timeout`` (it hung); ``lost`` (its node or executor went away); ``skipped`` (the
            budget is spent: nothing was run).
        symptom: whether it showed the symptom; None if that cannot be told.
        metric: the scalar the study compares; NaN if the run diverged, None if it printed none.
        seconds: wall time of the run.
        gpus: how many GPUs it held.
        log: path of the log that was judged; empty without one.
        detail: a failure in a few words.
        trace: stands for all that the run logged of losses and scores: equal traces are one run, made twice; empty if
            too little was logged to tell.
    """

    trial: Trial
    status: str
    symptom: bool | None = None
    metric: float | None = None
    seconds: float = 0.0
    gpus: int = 0
    log: str = ""
    detail: str = ""
    trace: str = ""

    @property
    def judged(self) -> bool:
        """Whether it says anything about the symptom."""
        return self.symptom is not None

    @property
    def failed(self) -> bool:
        """Whether it broke down or hung, and so gave no verdict."""
        return self.status in FAILED and self.symptom is None


FAILED = frozenset({"failed", "timeout"})

R = TypeVar("R")
Step: TypeAlias = Generator[list[Trial], list[Outcome], R]
"""A step of a study: asks for trials, is sent their outcomes, returns its result."""
