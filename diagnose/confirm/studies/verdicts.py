"""How a run is judged: by its symptom, else by which side of a threshold its metric is on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from diagnose.confirm.model import Outcome
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.stats import badness


@dataclass(slots=True)
class Judge:
    """What counts as a run's verdict.

    Attributes:
        symptom: whether runs have a symptom.
        metric: whether they have a metric that is compared.
        better: direction of the metric; None: not known (yet).
        threshold: badness above which a run counts as showing the fault, if there is no symptom; None: not known yet.
        borders: the same by seed, where pairs told the arms apart: what a seed does to both arms drops out.
        seeded: whether runs of one seed are pairs.
    """

    symptom: bool
    metric: bool
    better: str | None
    threshold: float | None = None
    borders: dict[int, float] = field(default_factory=dict)
    seeded: bool = True

    @classmethod
    def of(cls, options: StudyOptions) -> Judge:
        """Return the judge that the options ask for."""
        return cls(options.symptom, options.metric, options.better, seeded=options.seeded)

    @property
    def sides(self) -> int:
        """How many sides a test has: two only where nobody said which direction is worse."""
        return 1 if self.symptom or self.better else 2

    def votes(self, outcome: Outcome) -> bool:
        """Return whether a run says anything: failed and lost ones do not."""
        return outcome.symptom is not None if self.symptom else outcome.metric is not None

    def score(self, outcome: Outcome) -> float:
        """Return what the tests rank of a run that votes: its verdict if there is a symptom, else its metric."""
        if self.symptom:
            return float(bool(outcome.symptom))
        value = self.badness(outcome)
        return math.inf if value is None else value

    def badness(self, outcome: Outcome) -> float | None:
        """Return the metric with higher as worse; None where there is none or its direction is not known."""
        if not self.metric or (self.symptom and not self.better):
            return None
        return badness(outcome.metric, self.better or "lower")

    def shown(self, outcome: Outcome) -> bool | None:
        """Return the verdict of a run; None if it has none."""
        if self.symptom:
            return outcome.symptom
        value = self.badness(outcome)
        threshold = self.borders.get(outcome.trial.seed, self.threshold)
        if value is None or threshold is None:
            return None
        return value > threshold

    def settle(self, suspect: Sequence[Outcome], baseline: Sequence[Outcome]) -> None:
        """Learn from the control what a run without a symptom is judged by: direction, and the middle of both arms."""
        if self.symptom:
            return
        if self.better is None:
            bad, good = (self._median(arm) for arm in (suspect, baseline))
            if bad is None or good is None:
                return
            self.better = "lower" if bad > good else "higher"
        bad, good = (self._median(arm) for arm in (suspect, baseline))
        if bad is None or good is None:
            return
        if math.isfinite(bad):
            self.threshold = (bad + good) / 2
            return
        # A diverged arm lies at infinity, which has no middle: then far outside of the baseline counts.
        finite = [value for one in baseline if (value := self.badness(one)) is not None and math.isfinite(value)]
        worst, best = max(finite, default=0.0), min(finite, default=0.0)
        self.threshold = worst + max(3 * (worst - best), abs(worst))

    def pair(self, suspect: Sequence[Outcome], baseline: Sequence[Outcome]) -> None:
        """Learn the border of each seed that both arms have: the middle between its two runs."""
        if self.symptom:
            return
        good = {one.trial.seed: self.badness(one) for one in baseline}
        for one in suspect:
            bad, other = self.badness(one), good.get(one.trial.seed)
            if bad is not None and other is not None and math.isfinite(bad + other):
                self.borders[one.trial.seed] = (bad + other) / 2

    def _median(self, arm: Sequence[Outcome]) -> float | None:
        values = [value for one in arm if (value := self.badness(one)) is not None]
        return median(values) if values else None
