"""All runs of a study: nothing is asked for twice, and the end of the budget is noticed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnose.confirm.model import Outcome, Step, Trial
from diagnose.confirm.studies.verdicts import Judge

Parts = tuple[str, ...]


class OutOfBudget(Exception):  # noqa: N818 - the end of a study, not an error
    """An outcome was ``skipped``, or the study's own limit is reached."""


class Runs:
    """What was asked for so far and what came of it.

    Attributes:
        known: outcomes by trial, in the order they were asked for.
        judge: of the runs.
        limit: on the number of runs; None: none.
    """

    def __init__(self, judge: Judge, limit: int | None = None) -> None:
        self.known: dict[Trial, Outcome] = {}
        self.judge = judge
        self.limit = limit

    def ask(self, trials: Iterable[Trial]) -> Step[list[Outcome]]:
        """Return the outcomes of trials, and ask only for those that are not known.

        Raises:
            OutOfBudget: not all of them were run; those that were are known afterwards.
        """
        wanted = list(trials)
        new = list(dict.fromkeys(trial for trial in wanted if trial not in self.known))
        if self.limit is not None:
            new = new[: max(0, self.limit - len(self.known))]
        if new:
            for trial, outcome in zip(new, (yield new), strict=True):
                if outcome.status != "skipped":
                    self.known[trial] = outcome
        if any(trial not in self.known for trial in wanted):
            raise OutOfBudget
        return [self.known[trial] for trial in wanted]

    def votes(self, parts: Parts, seeds: Sequence[int]) -> list[Outcome]:
        """Return the runs of a config that count, of some seeds, in their order."""
        found = [self.known.get(Trial(parts, seed)) for seed in seeds]
        return [one for one in found if one is not None and self.judge.votes(one)]

    def failed(self, parts: Parts, seeds: Sequence[int]) -> int:
        """Return how many runs of a config broke down, of some seeds."""
        return sum(one.failed for seed in seeds if (one := self.known.get(Trial(parts, seed))) is not None)

    def fill(self, wanted: Sequence[tuple[Parts, Sequence[int]]], count: int, spare: int) -> Step[None]:
        """Ask until each config has ``count`` runs that count.

        Runs that failed are replaced by those of the next seeds, ``spare`` of them at most.

        Args:
            wanted: configs, each with its seeds in the order of their use.
            count: per config.
            spare: see above.

        Raises:
            OutOfBudget: the budget ended.
        """
        reach = [count] * len(wanted)
        while True:
            asked: dict[Trial, int] = {}
            for at, (parts, seeds) in enumerate(wanted):
                missing = count - len(self.votes(parts, seeds[: reach[at]]))
                tried = sum(Trial(parts, seed) in self.known for seed in seeds[: reach[at]])
                if missing and tried == reach[at]:
                    reach[at] = min(len(seeds), count + spare, reach[at] + missing)
                for place, seed in enumerate(seeds[: reach[at]]):
                    if Trial(parts, seed) not in self.known:
                        asked.setdefault(Trial(parts, seed), place)
            if not asked:
                return
            # Seed by seed: what a short budget leaves are pairs.
            yield from self.ask(sorted(asked, key=asked.__getitem__))
