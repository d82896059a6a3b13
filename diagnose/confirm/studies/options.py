"""What the user may choose about a study. Every default is the design of ``docs/confirm-statistics.md``."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnose.confirm.studies.result import STEPS

APART = 0.1
"""Part of a score by which two differ that are far apart, whatever a symptom says. Ours."""


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Choices of a study.

    Attributes:
        symptom: whether runs are judged by a symptom.
        metric: whether runs print a metric that is compared.
        better: ``lower`` or ``higher``; None if nobody said. Without a symptom the control is two-sided then.
        suspects: atoms that the user holds to be the cause; the verdict ``refuted`` is about them.
        fix: whether a fix is proposed (see `diagnose.confirm.model.FIX`).
        fix_parts: atoms of the suspect config that the fix is laid over; None: all of them.
        skip: names of steps to leave out.
        seed: the first seed; all others follow from it.
        looks: runs per arm at which the tests look.
        alphas: what each look of the control may spend; they sum to the total alpha.
        flips: what of the last look's alpha sign flips of the pairs may spend, where no symptom is judged.
        alpha: the total alpha of the confirmation, which Holm divides.
        sesoi: smallest effect of interest, in units of the metric. A control whose interval lies inside is not
            reproduced; a fix may be short of the baseline by as much. None: the fix may be short by
            `fix_margin` of the distance between suspect and baseline.
        fix_margin: see `sesoi`.
        fix_share: by how much the share of runs that show the symptom may be above the baseline's after the fix: one
            run of eight.
        stop: posterior at which the search stops.
        pairs: prior mass of AND and OR pairs together.
        probes: most runs of the search; None: 3 n + 6, at most 40. Delta debugging, should it be needed, may take
            4 n + 20 more.
        attempts: how many candidates may be put to the confirmation.
        path_runs: runs per new stop of the path.
        path_atoms: how many of the other atoms the path adds one by one after the culprits, by posterior.
        parallel: runs that may go on at once. The search then plans as many probes ahead.
        max_runs: a limit on all runs; None: only the executor's budget.
        spare: further seeds per look for runs that failed.
        resamples: of each bootstrap.
        merged: atoms of several settings, none of which is ever run without the others.
        aside: settings that differ and that no run takes from the suspect config.
        seeded: whether runs of one seed are pairs; else there is no noise floor, and no test of pairs.
    """

    symptom: bool = True
    metric: bool = True
    better: str | None = None
    suspects: tuple[str, ...] = ()
    fix: bool = False
    fix_parts: tuple[str, ...] | None = None
    skip: tuple[str, ...] = ()
    seed: int = 1
    looks: tuple[int, ...] = (4, 6, 8)
    alphas: tuple[float, ...] = (0.0143, 0.0152, 0.0205)
    flips: float = 0.0079
    alpha: float = 0.05
    sesoi: float | None = None
    fix_margin: float = 0.25
    fix_share: float = 0.125
    stop: float = 0.95
    pairs: float = 0.2
    probes: int | None = None
    attempts: int = 2
    path_runs: int = 4
    path_atoms: int = 0
    parallel: int = 1
    max_runs: int | None = None
    spare: int = 2
    resamples: int = 2000
    merged: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    seeded: bool = True

    @property
    def spent(self) -> tuple[float, ...]:
        """What the label permutation may spend at each look of the control."""
        return (*self.alphas[:-1], self.alphas[-1] - self.by_pairs)

    @property
    def by_pairs(self) -> float:
        """What sign flips may spend at the last look; 0 where a symptom is judged, which agrees too often for them."""
        return 0.0 if self.symptom or not self.seeded else self.flips

    @property
    def control_seeds(self) -> range:
        """Seeds of the control; path and fix use them again, so that their runs are pairs with it."""
        return self._seeds(0)

    def confirmation_seeds(self, attempt: int) -> range:
        """Fresh seeds of an attempt to confirm, counted from 1."""
        return self._seeds(100 * attempt)

    @property
    def search_seed(self) -> int:
        """The first seed of the search."""
        return self.seed + 10_000

    def most_probes(self, atoms: int) -> int:
        """Return how many runs the search may take over so many atoms."""
        return min(40, 3 * atoms + 6) if self.probes is None else self.probes

    def _seeds(self, offset: int) -> range:
        return range(self.seed + offset, self.seed + offset + self.looks[-1] + self.spare)

    def __post_init__(self) -> None:
        """Refuse what makes no study.

        Raises:
            ValueError: in words for the user.
        """
        if not self.symptom and not self.metric:
            raise ValueError("a study needs a symptom or a metric to judge runs by")
        if self.better not in (None, "lower", "higher"):
            raise ValueError(f"`better` is `lower` or `higher`, not `{self.better}`")
        if unknown := set(self.skip) - set(STEPS):
            raise ValueError(f"there is no step `{min(unknown)}`: the steps are {', '.join(STEPS)}")
        if self.sesoi is not None and not 0 < self.sesoi < math.inf:
            raise ValueError(f"the smallest effect of interest is a number above 0, not {self.sesoi:g}")
        if len(self.looks) != len(self.alphas) or list(self.looks) != sorted(set(self.looks)):
            raise ValueError("looks rise, and each has one alpha")
