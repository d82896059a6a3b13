"""Changes that act together: their reasons name each other, and some are more dangerous for it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from diagnose.engine.diff.risk import magnitude, raised
from diagnose.model import Change
from diagnose.names import couplings
from diagnose.records import replace

LEAST = 1.1
"""Factor below which a number has not moved."""


def coupled(changes: Iterable[Change]) -> list[Change]:
    """Return the changes with the reasons and raised risks of the couplings among them (``names/couplings.yaml``)."""
    found = list(changes)
    by_name = {change.name: index for index, change in enumerate(found) if change.name and _moved(change)}
    for row in couplings():
        for one, other in combinations(row["members"], 2):
            if one not in by_name or other not in by_name:
                continue
            left, right = found[by_name[one]], found[by_name[other]]
            if not _moves(row["moves"], left, right):
                continue
            for name, partner in ((one, right), (other, left)):
                index = by_name[name]
                reason = f"with {partner.key} {_way(partner)}: {row['because']}"
                change = replace(found[index], because=(*found[index].because, reason))
                found[index] = raised(change) if name in row["raises"] else change
    return found


def _moved(change: Change) -> bool:
    return change.factor is None or magnitude(change) >= LEAST


def _moves(moves: str, one: Change, other: Change) -> bool:
    if moves == "any":
        return True
    ways = {_direction(one), _direction(other)}
    if moves == "up-down" and _direction(one) < 0:
        return False
    if 0 in ways:
        return False
    return len(ways) == (1 if moves == "same" else 2)


def _direction(change: Change) -> int:
    old, new = change.old, change.new
    if change.kind in ("activation", "deactivation") and change.factor is None:
        return 1 if change.kind == "activation" else -1
    if isinstance(old, int | float) and isinstance(new, int | float):
        return (new > old) - (new < old)
    return 0


def _way(change: Change) -> str:
    if change.change_percent is not None:
        return f"{change.change_percent:+.3g} %"
    return {"activation": "switched on", "deactivation": "switched off"}.get(change.kind, "changed")
