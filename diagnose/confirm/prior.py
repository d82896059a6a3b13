"""How suspicious each change is before anything was run: the linter's risk, and what findings say."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from diagnose.confirm.atoms import Varied

RISKS = {"critical": 8.0, "high": 4.0, "medium": 2.0, "low": 1.0, "none": 0.5}
"""Each step of risk doubles the weight. A wrong prior costs a run or two: FIELD.md measured 7.9 runs with the prior
reversed, 6.3 with a flat one (8 settings, 5 % wrong verdicts)."""
NAMED = 2.0
"""How much more weight has what a finding about the changes names."""
MOST = 0.5
"""Within one risk, the weight by which the linter ranks adds at most half."""


def prior(atoms: Iterable[Varied], named: Collection[str] = ()) -> dict[str, float]:
    """Return the weight of each atom, the most suspicious being 1.

    Args:
        atoms: what is varied.
        named: keys or canonical names that findings, or causes of a report, speak of.
    """
    found = list(atoms)
    top = max((atom.score for atom in found), default=0.0)
    weights = {}
    for atom in found:
        weight = RISKS[atom.risk] * (1 + MOST * atom.score / top if top > 0 else 1)
        weights[atom.id] = weight * (NAMED if atom.is_named(named) else 1)
    most = max(weights.values(), default=1.0)
    return {id: weight / most for id, weight in weights.items()}
