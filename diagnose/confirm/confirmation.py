"""A study that has come to its end, with all that a reader needs to judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from diagnose.confirm.atoms import Varied
from diagnose.confirm.model import Outcome
from diagnose.confirm.runs.budget import Budget, Spent
from diagnose.confirm.studies.result import StudyPlan, StudyResult
from diagnose.confirm.symptom import Question
from diagnose.engine.confirm import SETTLED
from diagnose.model import Comparison

WORDS = {
    "confirmed": "Confirmed",
    "refuted": "Refuted",
    "not-reproduced": "Not reproduced",
    "reference-also-bad": "The baseline is also bad",
    "undecided": "Undecided",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked.

    Attributes:
        id: of the study; a waiver's ``confirmed-by``.
        comparison: of baseline and suspect.
        diff: hash of the changes it is bound to.
        varied: the atoms, by id.
        prior: their weights.
        question: symptom, metric and cut.
        command: the training command, as typed.
        origins: how symptom, metric and cut came about, by name.
        notes: what the reader must know.
        budget: bounds.
        executor: where runs are started.
        open: whether first runs are to tell what to ask.
        aside: keys of the changes that no run has.
    """

    id: str
    comparison: Comparison
    diff: str
    varied: Mapping[str, Varied]
    prior: Mapping[str, float]
    question: Question
    command: str
    origins: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)
    executor: str = "local"
    open: bool = False
    aside: tuple[str, ...] = ()

    def keys(self, ids: Iterable[str]) -> list[str]:
        """Return the settings in some atoms."""
        return [key for id in ids if id in self.varied for key in self.varied[id].keys]

    def title(self, id: str) -> str:
        """Return an atom in words."""
        return self.varied[id].title if id in self.varied else "the proposed fix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A study before it is run.

    Attributes:
        plan: runs by step.
        seconds: of one run, as far as that is known; None if it is not.
        basis: where the seconds come from.
        slots: runs at once.
        gpus: that one run holds.
        example: the command of the first run.
        pilots: runs that are made first, to learn what to ask for.
        known: runs of the ledger that are used.
        complete: whether these are all it takes.
    """

    asked: Asked
    plan: StudyPlan
    seconds: float | None
    basis: str
    slots: int
    gpus: int
    example: str
    pilots: int = 0
    known: int = 0
    complete: bool = False

    @property
    def expected(self) -> int:
        """Runs that are expected to be made yet."""
        return 0 if self.complete else max(1, self.plan.expected + self.pilots - self.known)

    @property
    def largest(self) -> int:
        """Runs that may have to be made yet."""
        return 0 if self.complete else max(1, self.plan.largest + self.pilots - self.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What came of a study.

    Attributes:
        result: verdict and figures.
        outcomes: of all its runs, those that were asked for first first.
        spent: over all sessions.
        record: the file that a waiver is checked against; empty if none was written.
        unwritten: why it could not be; empty unless that was tried.
        pilots: first runs, which told what to ask; the result does not rest on them.
    """

    asked: Asked
    result: StudyResult
    outcomes: tuple[Outcome, ...]
    spent: Spent
    record: str = ""
    unwritten: str = ""
    pilots: int = 0

    @property
    def verdict(self) -> str:
        """The verdict."""
        return self.result.verdict

    @property
    def waives(self) -> bool:
        """Whether a waiver may name the study."""
        return bool(self.record) and self.verdict in SETTLED

    @property
    def word(self) -> str:
        """The verdict in words."""
        return WORDS[self.result.verdict]
