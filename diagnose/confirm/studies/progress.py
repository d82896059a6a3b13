"""How a study stands: what its steps found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.result import STEPS, Comparison, StepRecord
from diagnose.confirm.studies.steps.claims import Bench
from diagnose.confirm.studies.steps.confirmation import Confirmation
from diagnose.confirm.studies.steps.control import Control
from diagnose.confirm.studies.steps.culprit import Candidate, Search
from diagnose.confirm.studies.steps.runs import Parts, Runs

SINGLY = 4
"""Culprits of so many atoms are taken apart by the path; larger ones are one stride."""


@dataclass(slots=True)
class Progress:
    """What is known between two steps.

    Attributes:
        everything: all atoms, sorted.
        options: choices.
        runs: so far.
        deterministic: whether a seed gives the same run twice.
        control: None if it was left out.
        culprit: the last candidate.
        confirmed: whether it was confirmed.
        cleared: suspects that were shown to be neither necessary nor sufficient, and to do no harm that could be seen.
        residue: what was seen of the harm of those that are not cleared, as a half sentence.
        fix_accepted: None if it could not be told.
        over: the budget is spent.
        seedless: a confirmation saw that the seed does nothing.
        records: of the steps that ran, by name.
        suspicion: how probable it is of each atom that it takes part.
    """

    everything: Parts
    options: StudyOptions
    runs: Runs
    deterministic: bool = False
    control: Control | None = None
    culprit: Candidate | None = None
    confirmed: bool = False
    cleared: Parts = ()
    residue: str = ""
    fix_accepted: bool | None = None
    over: bool = False
    seedless: bool = False
    records: dict[str, StepRecord] = field(default_factory=dict)
    suspicion: dict[str, float] = field(default_factory=dict)
    attempts: int = 0
    _comparisons: list[Comparison] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _tested: int = 0

    def enter(self, record: StepRecord) -> None:
        """Keep the record of a step, in place of an earlier one of the same step."""
        self.records[record.name] = record
        self.over |= record.state == "out-of-budget"

    def runs_of(self, name: str) -> bool:
        """Return whether a step is to run: it was not left out, and there is budget."""
        return name not in self.options.skip and not self.over

    def bench(self, *, whole: bool = False) -> Bench:
        """Return a place for the next confirmation, with fresh seeds.

        Args:
            whole: baseline and suspect config are what is tested, and need fresh seeds as well.
        """
        self.attempts += 1
        options = self.options
        fresh = options.confirmation_seeds(self.attempts)
        paired = self.control is not None and self.control.paired
        reference = fresh if whole or paired else options.control_seeds
        return Bench(self.runs, options, self.everything, fresh, reference, paired)

    def tested(self, candidate: Candidate, found: Confirmation, *, against: bool = False) -> None:
        """Keep what a confirmation, or a refutation, came to."""
        self._comparisons += found.comparisons
        self._tested += found.runs
        self._notes += found.notes
        self.seedless |= found.copies
        if against:
            self.residue = found.residue
            if found.holds:
                self.cleared = candidate.atoms
                self.culprit = self.culprit if self.confirmed else None
        else:
            self.confirmed = found.holds
            if found.holds:
                self.culprit = candidate
            elif not found.out_of_budget:
                self._notes.append(f"`{_words(candidate)}` could not be shown to be both necessary and sufficient.")
        outcome = "confirmed" if self.confirmed else "refuted" if self.cleared else "not-confirmed"
        state = "out-of-budget" if found.out_of_budget else "done"
        self.enter(
            StepRecord(
                "confirmation",
                state,
                "undecided" if state != "done" and not self.confirmed else outcome,
                self._tested,
                tuple(self._comparisons),
                facts={"attempts": self.attempts},
                notes=tuple(self._notes),
            )
        )

    def rank(self, search: Search) -> None:
        """Learn from the search how suspicious each atom is."""
        found = search.posterior.marginals()
        self.suspicion = {atom: float(found[at]) for at, atom in enumerate(search.atoms)}

    @property
    def order(self) -> list[Parts]:
        """What the path adds: the culprit's atoms, then as many others as were asked for, each by suspicion."""
        ranked = sorted(self.everything, key=lambda atom: (-self.suspicion.get(atom, 0.0), atom))
        members = self.culprit.atoms if self.culprit else ()
        culprits = [(atom,) for atom in ranked if atom in members] if len(members) <= SINGLY else [members]
        others = [(atom,) for atom in ranked if atom not in members]
        return [*culprits, *others[: self.options.path_atoms]]

    @property
    def unheard(self) -> Parts:
        """Suspects of the user that are no part of a confirmed culprit, which says nothing about them."""
        members = self.culprit.atoms if self.culprit and self.confirmed else ()
        return tuple(sorted({*self.options.suspects} - {*members}))

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """Seeds of all confirmations so far."""
        blocks = (self.options.confirmation_seeds(attempt) for attempt in range(1, self.attempts + 1))
        return tuple(seed for block in blocks for seed in block)

    def all_records(self) -> tuple[StepRecord, ...]:
        """Return one record per step, also of those that did not run."""
        return tuple(self.records.get(name) or StepRecord(name, self._missing(name)) for name in STEPS)

    def _missing(self, name: str) -> str:
        if name in self.options.skip:
            return "skipped"
        return "not-reached" if self.over else "not-needed"


def _words(candidate: Candidate) -> str:
    return (f" {candidate.kind} " if candidate.kind in ("and", "or") else " + ").join(candidate.atoms)
