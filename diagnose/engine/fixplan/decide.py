"""What the next trial does with a change: half a step where that is safe, else OLD's value."""

from __future__ import annotations

from typing import Any

from diagnose.engine.fixplan.halfway import halfway
from diagnose.engine.fixplan.model import HALF, KEPT, Atom, Decision, Move
from diagnose.model import UNKNOWN
from diagnose.names import hyperparameter

DANGEROUS = ("critical", "high")
"""Risks of changes that the next trial leaves out."""
NO_HALF = frozenset({"model", "data", "seed", "bookkeeping", "hardware"})
"""Roles of which half a step is often no sensible value, unless the table knows their scale."""


def decided(atom: Atom, move: Move, framework: str) -> Decision:
    """Return the decision about one change of an atom, whatever becomes of the others."""
    change = move.change

    def kept(why: str) -> Decision:
        return Decision(move, KEPT, move.old, why)

    if change.risk in DANGEROUS:
        return kept(f"risk {change.risk}, to be tested alone")
    if change.kind == "activation" and change.role == "loss":
        return kept("switches a part of the loss on, to be tested alone")
    if not move.known or move.old is UNKNOWN:
        return kept("a value that cannot be told has no half step")
    if atom.stems or change.kind in ("choice", "added", "removed", "unknown"):
        return kept("a choice has no half step")
    if not _number(move.old) or not _number(move.new):
        return kept("nothing between on and off" if isinstance(move.new, bool) else "no number, so no half step")
    row = hyperparameter(move.key, framework)
    if row is None and (change.role in NO_HALF or isinstance(move.old, int)):
        return kept("not in the table of hyperparameters: whether half a step makes sense is not known")
    if row is not None and (row.scale == "choice" or (change.role in NO_HALF and row.scale == "linear")):
        return kept("a choice has no half step")
    value = halfway(move.old, typed(move, move.new), row)
    if value is None:
        return kept("nothing lies between the two values")
    return Decision(move, HALF, value, f"risk {change.risk}")


def typed(move: Move, value: Any) -> Any:
    """Return a whole number as a decimal one where OLD writes such."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(move.old, float) and abs(value) < 1 << 53 else value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
