"""How probable each explanation is after the probes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diagnose.confirm.studies.search.hypotheses import OTHER_KIND, Bools, Floats, Hypotheses, Hypothesis

LONGEST = 4096
"""Most probes whose tables are made."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What is known of wrong verdicts, as two Beta distributions.

    Attributes:
        missed: pseudo counts (wrong, right) of runs that should show the symptom.
        false: the same of runs that should not.
    """

    missed: tuple[float, float]
    false: tuple[float, float]

    @classmethod
    def measured(cls, missed: int, bad: int, false: int, good: int, *, deterministic: bool = False) -> Noise:
        """Return what the control tells of wrong verdicts.

        Before it, a rate of .1 is expected with the weight of five runs; of runs that repeat exactly, .03 with the
        weight of ten. After 4+4 runs without a wrong verdict that leaves .056 (.02). Less for the latter (.007) saved
        no probes in simulation, and named the wrong culprit more often where another config acts like another seed.

        Args:
            missed: runs of the suspect config that did not show the symptom.
            bad: its runs.
            false: runs of the baseline that showed it.
            good: its runs.
            deterministic: a seed gives the same run twice.
        """
        wrong, right = (0.3, 9.7) if deterministic else (0.5, 4.5)
        return cls((wrong + missed, right + bad - missed), (wrong + false, right + good - false))

    @property
    def rates(self) -> tuple[float, float]:
        """The expected rates of missed and of false symptoms, at least .01."""
        return tuple(max(0.01, wrong / (wrong + right)) for wrong, right in (self.missed, self.false))  # type: ignore[return-value]


class Posterior:
    """Beliefs over all hypotheses.

    The rates of wrong verdicts are not fixed but integrated out: the likelihood of a hypothesis is beta-binomial in how
    many of its predictions came true, once for probes that it expects to show the symptom and once for the others.

    Source: Bayes; the beta-binomial as in Gelman et al. 2013, Bayesian Data Analysis, 3rd edition, section 2.4. A
    given, fixed rate as in Henderson et al. 2023 is its limit for large pseudo counts.

    Attributes:
        hypotheses: what there is to believe.
        weights: of each, summing to 1.
    """

    def __init__(self, hypotheses: Hypotheses, noise: Noise) -> None:
        self.hypotheses = hypotheses
        self.noise = noise
        self.counts = np.zeros((2, 2, len(hypotheses.all)), dtype=int)
        """By prediction, by whether it came true, by hypothesis."""
        self.probes = 0
        self._tables = [_tables(*noise.false), _tables(*noise.missed)]
        self.weights: Floats = hypotheses.prior.copy()

    def learn(self, subset: Bools, *, shown: bool) -> None:
        """Take in the verdict of one probe."""
        predicted = self.hypotheses.predict(subset[None, :])[0].astype(int)
        right = (predicted == int(shown)).astype(int)
        self.counts[predicted, right, np.arange(len(predicted))] += 1
        self.probes += 1
        total = np.log(self.hypotheses.prior)
        for side, (wrong, fine, both) in enumerate(self._tables):
            misses, hits = self.counts[side]
            total = total + wrong[misses] + fine[hits] - both[misses + hits]
        if self.hypotheses.has_other:
            total[-1] = math.log(self.hypotheses.prior[-1]) - self.probes * math.log(2)
        raised = np.exp(total - total.max())
        self.weights = raised / raised.sum()

    @property
    def best(self) -> tuple[Hypothesis, float]:
        """The most probable explanation, and how probable it is."""
        at = int(self.weights.argmax())
        return self.hypotheses.all[at], float(self.weights[at])

    @property
    def rates(self) -> tuple[float, float]:
        """Rates of missed and of false symptoms, as the best explanation that predicts anything has them."""
        known = len(self.weights) - self.hypotheses.has_other
        at = int(self.weights[:known].argmax())
        found = []
        for side, (wrong, right) in ((1, self.noise.missed), (0, self.noise.false)):
            misses, hits = self.counts[side, :, at]
            found.append(max(0.01, float((wrong + misses) / (wrong + right + misses + hits))))
        return found[0], found[1]

    def marginals(self) -> Floats:
        """Return per atom how probable it is that it takes part."""
        found = np.zeros(len(self.hypotheses.atoms))
        for one, weight in zip(self.hypotheses.all, self.weights, strict=True):
            if one.kind != OTHER_KIND:
                found[list(one.members)] += weight
        return found

    def top(self, count: int) -> list[tuple[Hypothesis, float]]:
        """Return the most probable explanations."""
        order = np.argsort(-self.weights, kind="stable")[:count]
        return [(self.hypotheses.all[int(at)], float(self.weights[at])) for at in order]


def _tables(wrong: float, right: float) -> tuple[Floats, Floats, Floats]:
    """Return the logarithms of the rising factorials that a beta-binomial is made of, by count."""

    def rising(start: float) -> Floats:
        return np.concatenate([[0.0], np.cumsum(np.log(start + np.arange(LONGEST)))])

    return rising(wrong), rising(right), rising(wrong + right)
