"""What one process learns of waivers while it reviews a file, and how another takes it over."""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.engine.gate import Gate
from diagnose.engine.waive import Permit
from diagnose.records import dataclass

Told = tuple[frozenset[str], ...]
"""Of each waiver of the settings, which states of it were reported: each is reported once for all files."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the review of one file changed in a gate, waiver by waiver."""

    counts: dict[str, int]
    used: tuple[frozenset[str], ...]
    looked: tuple[frozenset[str], ...]
    told: Told


def told(gate: Gate | None) -> Told:
    """Return what was reported so far."""
    return tuple(frozenset(permit.told) for permit in gate.waivers) if gate is not None else ()


def begin(gate: Gate | None, before: Told) -> None:
    """Make a gate of a process of its own one that knows only what was reported before."""
    if gate is None:
        return
    gate.counts.clear()
    for permit, states in zip(gate.waivers, before, strict=True):
        permit.used.clear()
        permit.looked.clear()
        permit.told = set(states)


def learnt(gate: Gate | None, before: Told) -> Learnt:
    """Return what a gate learnt since it began."""
    permits: Sequence[Permit] = gate.waivers if gate is not None else ()
    return Learnt(
        dict(gate.counts) if gate is not None else {},  # a counter takes long to pickle
        tuple(frozenset(permit.used) for permit in permits),
        tuple(frozenset(permit.looked) for permit in permits),
        tuple(frozenset(permit.told - states) for permit, states in zip(permits, before, strict=True)),
    )


def take_over(gate: Gate | None, of: Learnt) -> bool:
    """Add what another process learnt; return False, and add nothing, if it reported what was reported meanwhile."""
    if gate is None:
        return True
    if any(permit.told & states for permit, states in zip(gate.waivers, of.told, strict=True)):
        return False
    gate.counts.update(of.counts)
    for permit, used, looked, states in zip(gate.waivers, of.used, of.looked, of.told, strict=True):
        permit.used |= used
        permit.looked |= looked
        permit.told |= states
    return True
