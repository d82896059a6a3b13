"""The culprit search: which of the changed settings brings the symptom?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diagnose.confirm.model import Outcome, Step, Trial
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.result import Probe, StepRecord
from diagnose.confirm.studies.search import OTHER_KIND, Hypotheses, Hypothesis, Noise, Posterior, choose, ddmin
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs

SHOWN = 10
"""Hypotheses that the record lists."""
LEADING = 0.5
"""Posterior from which on `OTHER_KIND` calls for ddmin, and a hypothesis is worth a confirmation."""
FAILURES = 10
"""Probes without a verdict that end the search."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the search lays the symptom on.

    Attributes:
        kind: as in `diagnose.confirm.studies.result.Culprit`.
        atoms: sorted.
        posterior: None from ddmin.
    """

    kind: str
    atoms: Parts
    posterior: float | None = None


class Search:
    """A search that can be taken up again after a confirmation failed, with what that one taught."""

    def __init__(
        self,
        atoms: Sequence[str],
        prior: Mapping[str, float],
        options: StudyOptions,
        runs: Runs,
        noise: Noise,
        steady: Sequence[int] | None,
    ) -> None:
        """Begin.

        Args:
            atoms: of the diff.
            prior: of each atom.
            options: choices.
            runs: of the study.
            noise: what the control tells of wrong verdicts.
            steady: seeds to probe with if runs of one seed repeat exactly; None: each probe gets a seed of its own.
        """
        self.atoms = tuple(atoms)
        self.options = options
        self.runs = runs
        self.posterior = Posterior(Hypotheses(atoms, prior, options.pairs, options.suspects), noise)
        self.steady = steady
        self.probes: list[Probe] = []
        self.refused: set[tuple[bool, ...]] = set()
        self.notes: list[str] = []
        self.made = 0
        self.next_seed = options.search_seed
        self.out_of_budget = False
        self.found: Candidate | None = None
        self.tried: set[Parts] = set()

    def seek(self) -> Step[Candidate | None]:
        """Probe until one explanation has a posterior of `StudyOptions.stop`, and return it; None if there is none."""
        before = len(self.runs.known)
        self.found = None
        try:
            yield from self._probe()
            best, weight = self.posterior.best
            if best.kind != OTHER_KIND and weight >= LEADING:
                self.found = Candidate(best.kind, self._parts(best), weight)
                if weight < self.options.stop:
                    self.notes.append("The search ended at its limit before its best explanation was certain enough.")
            else:
                self.notes.append("No single setting and no pair explains the verdicts: delta debugging took over.")
                self.found = yield from self._debug()
        except OutOfBudget:
            self.out_of_budget = True
        self.made += len(self.runs.known) - before
        if self.found and self.found.posterior is None:
            self.tried.add(self.found.atoms)
        return self.found

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Take in runs that were made for another purpose."""
        for one in outcomes:
            shown = self.runs.judge.shown(one)
            subset = self._subset(one.trial.parts)
            if shown is not None and subset.any() and not subset.all():
                self.posterior.learn(subset, shown=shown)

    def record(self) -> StepRecord:
        """Return what was done so far."""
        missed, false = self.posterior.rates
        outcome = "found" if self.found else "not-found"
        return StepRecord(
            "culprit",
            "out-of-budget" if self.out_of_budget else "done",
            "undecided" if self.out_of_budget else outcome,
            runs=self.made,
            probes=tuple(self.probes),
            posterior=tuple((one.words(self.atoms), weight) for one, weight in self.posterior.top(SHOWN)),
            facts={"probes": len(self.probes), "missed": missed, "false": false},
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _probe(self) -> Step[None]:
        limit = self.options.most_probes(len(self.atoms))
        while len(self.probes) < limit and len(self.refused) < FAILURES:
            best, weight = self.posterior.best
            if weight >= (LEADING if best.kind == OTHER_KIND else self.options.stop):
                return
            subsets = choose(self.posterior, min(self.options.parallel, limit - len(self.probes)), self.refused)
            if not subsets:
                return
            trials = [Trial(self._named(subset), self._seed(self._named(subset))) for subset in subsets]
            for subset, outcome in zip(subsets, (yield from self.runs.ask(trials)), strict=True):
                shown = self.runs.judge.shown(outcome)
                if shown is None:
                    self.refused.add(tuple(subset.tolist()))
                else:
                    self.posterior.learn(subset, shown=shown)
                self._note(outcome, shown)

    def _debug(self) -> Step[Candidate | None]:
        """Fall back to ddmin, with tests repeated where runs are noisy."""
        limit = 4 * len(self.atoms) + 20 + len(self.runs.known)
        suspicion = self.posterior.marginals()
        asked = ddmin(frozenset(range(len(self.atoms))), lambda atom: -float(suspicion[atom]))
        try:
            test = next(asked)
            while True:
                parts = tuple(sorted(self.atoms[at] for at in test))
                shown = yield from self._majority(parts, limit)
                if shown is None:
                    self.notes.append("Delta debugging ended at its limit.")
                    return None
                test = asked.send(shown)
        except StopIteration as end:
            parts = tuple(sorted(self.atoms[at] for at in end.value))
        kind = "single" if len(parts) == 1 else "set"
        return None if parts in self.tried or len(parts) == len(self.atoms) > 1 else Candidate(kind, parts)

    def _majority(self, parts: Parts, limit: int) -> Step[bool | None]:
        """Return the verdict of one run, or of two out of three; None at the limit or if runs give none."""
        needed = 1 if self.steady is not None else 2
        votes = {True: 0, False: 0}
        for _ in range(2 * needed + 1):
            if len(self.runs.known) >= limit:
                return None
            (outcome,) = yield from self.runs.ask([Trial(parts, self._seed(parts))])
            shown = self.runs.judge.shown(outcome)
            self._note(outcome, shown)
            if shown is not None:
                votes[shown] += 1
                if votes[shown] == needed:
                    return shown
        return None

    def _seed(self, parts: Parts) -> int:
        for seed in self.steady or ():
            if Trial(parts, seed) not in self.runs.known:
                return seed
        self.next_seed += 1
        return self.next_seed - 1

    def _note(self, outcome: Outcome, shown: bool | None) -> None:
        best, weight = self.posterior.best
        self.probes.append(Probe(outcome.trial.parts, outcome.trial.seed, shown, best.words(self.atoms), weight))

    def _named(self, subset: np.typing.NDArray[np.bool_]) -> Parts:
        return tuple(sorted(atom for atom, on in zip(self.atoms, subset, strict=True) if on))

    def _subset(self, parts: Parts) -> np.typing.NDArray[np.bool_]:
        return np.array([atom in parts for atom in self.atoms], dtype=bool)

    def _parts(self, hypothesis: Hypothesis) -> Parts:
        return tuple(sorted(self.atoms[at] for at in hypothesis.members))
