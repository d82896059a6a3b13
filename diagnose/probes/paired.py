"""Two arms on the same replicas: how often only one of them shows the symptom, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from diagnose.shares import at_least, wilson


@dataclass(frozen=True, slots=True)
class Pairs:
    """Replicas of which both arms tell whether they show the symptom.

    Attributes:
        both, first, second, neither: how many show it in both arms, in one of them alone, in neither.
    """

    both: int
    first: int
    second: int
    neither: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> Pairs:
        """Count pairs of truth values."""
        seen = list(pairs)
        return cls(*(seen.count(kind) for kind in ((True, True), (True, False), (False, True), (False, False))))

    @property
    def count(self) -> int:
        """The number of pairs."""
        return self.both + self.first + self.second + self.neither

    @property
    def p(self) -> float:
        """One-sided p of McNemar's test in its exact form: so many or more of the pairs that differ are the first's.

        McNemar, Psychometrika 12(2), 1947, doi:10.1007/BF02295996.
        """
        return at_least(self.first, self.first + self.second, 0.5)

    @property
    def difference(self) -> float:
        """By how much the first arm's share is larger."""
        return (self.first - self.second) / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Approximate 95 % limits of the difference; -1 and 1 without pairs.

        Method 10 of Newcombe, Statistics in Medicine 17(22), 1998, 2635-2650: Wilson's intervals of both shares, and
        their correlation.
        """
        if not self.count:
            return -1.0, 1.0
        counts = self.both + self.first, self.both + self.second
        (one, other), total = (count / self.count for count in counts), self.count
        (low, high), (lower, upper) = (wilson(count, total) for count in counts)
        phi = self._correlation(*counts)
        down = _distance(one - low, upper - other, phi)
        up = _distance(high - one, other - lower, phi)
        return max(-1.0, self.difference - down), min(1.0, self.difference + up)

    def _correlation(self, one: int, other: int) -> float:
        product = one * (self.count - one) * other * (self.count - other)
        if not product:
            return 0.0
        excess = float(self.both * self.neither - self.first * self.second)
        if excess > 0:
            excess = max(excess - self.count / 2, 0.0)
        return excess / math.sqrt(product)

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "pairs": self.count,
            "only_suspect": self.first,
            "only_this": self.second,
            "difference": round(self.difference, 4),
            "difference_interval": [round(limit, 4) for limit in self.interval],
            "p": float(f"{self.p:.3g}"),
        }


def _distance(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))
