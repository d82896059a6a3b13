"""What may be to blame: one setting, several that are all needed, or of which each is enough, or something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLAT = 0.2
"""How much of the prior of single settings is shared out evenly, for a prior that is wrong: with it a reversed prior
costs runs and hardly any accuracy (``docs/confirm-statistics.md``)."""
NAMED = 0.5
"""Prior mass that suspects named by the user get at least."""
PAIRED = 48
"""Of a larger diff only the most suspicious atoms are paired; what lies beyond is left to ddmin."""
TRIPLES = 0.02
"""Prior mass of three settings, all needed or each enough."""
TRIPLED = 16
"""As `PAIRED`, of triples."""
OTHER = 0.02
"""Prior mass of `OTHER_KIND`."""
OTHER_KIND = "other"
"""Nothing else explains the verdicts: each is a coin toss to it. Ahead, it calls for ddmin."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation.

    Attributes:
        kind: ``single``, ``and``, ``or`` or ``other``.
        members: numbers of the atoms, rising.
    """

    kind: str
    members: tuple[int, ...]

    def words(self, atoms: Sequence[str]) -> str:
        """Return it like ``a and b``."""
        if self.kind == OTHER_KIND:
            return "something else"
        return f" {self.kind} ".join(atoms[at] for at in self.members)


class Hypotheses:
    """All explanations of a diff with their prior, and what each predicts of a probe.

    Source: noisy group testing with a Bayesian prior as in Henderson et al. 2023, Flake-Aware Culprit Finding, ICST,
    widened from one culprit to sets; shares of the prior from the measurements in ``docs/confirm-statistics.md``.

    Attributes:
        atoms: names.
        single: prior of each atom, summing to 1.
        all: singles, then pairs and triples that are all needed, then those of which each is enough, then other.
        prior: of each, summing to 1.
    """

    def __init__(self, atoms: Sequence[str], weights: Mapping[str, float], pairs: float, named: Sequence[str]) -> None:
        self.atoms = tuple(atoms)
        self.single = _single(atoms, weights, named)
        ranked = [int(at) for at in np.argsort(-self.single, kind="stable")]
        self._sets = [
            np.array([*combinations(sorted(ranked[:among]), size)], dtype=int).reshape(-1, size)
            for size, among in ((2, PAIRED), (3, TRIPLED))
        ]
        masses = [pairs / 2, TRIPLES / 2]
        joint = [_shared(self.single[sets].prod(axis=1)) * mass for sets, mass in zip(self._sets, masses, strict=True)]
        other = [OTHER] if len(atoms) > 3 else []
        left = 1 - 2 * sum(float(part.sum()) for part in joint) - sum(other)
        self.prior: Floats = np.concatenate([self.single * left, *joint, *joint, other])
        members = [tuple(int(at) for at in row) for sets in self._sets for row in sets]
        self.all = (
            *(Hypothesis("single", (at,)) for at in range(len(atoms))),
            *(Hypothesis("and", row) for row in members),
            *(Hypothesis("or", row) for row in members),
            *(Hypothesis(OTHER_KIND, ()) for _ in other),
        )

    def predict(self, subsets: Bools) -> Bools:
        """Return per subset (rows of atoms) and hypothesis whether the symptom shows, other than by noise.

        The column of ``other`` is False and means nothing.
        """
        rows = [subsets[:, sets] for sets in self._sets]
        columns = [subsets, *(row.all(axis=2) for row in rows), *(row.any(axis=2) for row in rows)]
        if self.has_other:
            columns.append(np.zeros((len(subsets), 1), dtype=bool))
        return np.concatenate(columns, axis=1)

    @property
    def has_other(self) -> bool:
        """Whether the last hypothesis is ``other``."""
        return self.all[-1].kind == OTHER_KIND


def _shared(weights: Floats) -> Floats:
    return weights / weights.sum() if len(weights) else weights


def _single(atoms: Sequence[str], weights: Mapping[str, float], named: Sequence[str]) -> Floats:
    """Return the prior of each atom."""
    given = [weights[atom] for atom in atoms if weights.get(atom, 0) > 0]
    least = min(given, default=1.0)
    found = np.array([weights[atom] if weights.get(atom, 0) > 0 else least for atom in atoms], dtype=float)
    found = (1 - FLAT) * found / found.sum() + FLAT / len(atoms)
    suspects = np.array([atom in named for atom in atoms])
    mass = float(found[suspects].sum())
    if 0 < mass < NAMED and not suspects.all():
        found[suspects] *= NAMED / mass
        found[~suspects] *= (1 - NAMED) / (1 - mass)
    return np.asarray(found)
