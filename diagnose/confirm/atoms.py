"""What a study varies: changes between two configs, those that only make sense together as one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from diagnose.confirm.model import FIX
from diagnose.engine.fixplan.atoms import atoms as grouped
from diagnose.engine.fixplan.draft import APART, Draft, is_suspect
from diagnose.engine.fixplan.model import Atom, Move, shown
from diagnose.errors import SourceError
from diagnose.model.change import RISKS
from diagnose.text.secrets import masked

MOST = 40
"""Atoms that a search can tell apart in a sensible number of runs; the others are varied as one."""
LISTED = 6
"""Keys that a sentence lists."""
DEVICES = frozenset({"device", "devices"})
"""Settings that name a place which this machine need not have."""


@dataclass(frozen=True, slots=True)
class Varied:
    """One atom of the difference.

    Attributes:
        id: the key of its most dangerous change, with those of the others.
        atom: its changes.
        score: the linter's weight of the most dangerous.
    """

    id: str
    atom: Atom

    @property
    def risk(self) -> str:
        """The highest risk among its changes."""
        return self.atom.risk

    @property
    def score(self) -> float:
        """The linter's weight of its most dangerous change."""
        return max(move.change.score for move in self.atom.moves)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its changes."""
        return tuple(move.key for move in self.atom.moves)

    @property
    def title(self) -> str:
        """Its changes in words: ``lr0 0.02 -> 0.6``."""
        told = [f"{move.key} {_shown(move.key, move.old)} -> {_shown(move.key, move.new)}" for move in self.atom.moves]
        return ", ".join(told[:LISTED]) + (f" and {len(told) - LISTED} more" if len(told) > LISTED else "")

    def is_named(self, words: Collection[str]) -> bool:
        """Whether any of the words is a key or the canonical name of one of its changes."""
        return any(
            word in (move.key, move.change.key, move.change.name) for word in words if word for move in self.atom.moves
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What is varied and what is not.

    Attributes:
        varied: in the order of risk, then weight.
        left: sentences on what differs and stays as in the baseline.
        aside: keys of all that stays as in the baseline, as the comparison has them.
    """

    varied: tuple[Varied, ...]
    left: tuple[str, ...]
    aside: tuple[str, ...] = ()


def choose(draft: Draft, named: Collection[str] = (), most: int = MOST, seed_key: str = "") -> Choice:
    """Return the atoms of a difference, each of which can be written alone.

    All that can be run is varied: what is beyond the most dangerous changes is one atom, and so is what should have no
    effect. Else a study could say of a config that was never run that it does no harm.

    Args:
        draft: both sides.
        named: keys or canonical names that the user suspects; they are told apart whatever their risk.
        most: atoms that are told apart.
        seed_key: the setting that every run has a value of its own for.

    Raises:
        SourceError: if nothing can be varied.
    """
    apart = [move for move in draft.moves if _is_apart(move) and move.key != seed_key]
    idle = [move for move in draft.moves if not is_suspect(move) and not _is_apart(move)]
    left, aside = [], [move.change.key for move in apart]
    if apart:
        keys = _listed([move.key for move in apart])
        left.append(f"{keys}: no effect on the result is expected, so it stays as in the baseline")
    if any(move.key == seed_key for move in draft.moves):
        left.append(f"{seed_key}: each run has one of its own, the same ones for baseline and suspect config")
    groups = grouped([move for move in draft.moves if is_suspect(move)], draft.old, draft.new)
    groups.sort(key=lambda atom: _rank(Varied("", atom), named))
    found: list[Varied] = []
    sound = _plain_ones(draft, groups[: 2 * most])
    at = 0
    while at < len(groups) and len(found) < most:
        atom = groups[at]
        at += 1
        try:
            part = atom if id(atom) in sound else _writable(draft, atom)
        except SourceError as error:
            left.append(f"{_listed([move.key for move in atom.moves])}: {error.message}")
            aside += [move.change.key for move in atom.moves]
        else:
            found.append(Varied(_id(part.moves), part))
    rest = groups[at:]
    if not found:
        why = f": {left[0]}" if left else ""
        raise SourceError(f"nothing that could be varied{why}")
    found.sort(key=lambda one: (RISKS.index(one.risk), -one.score))
    harmless = [Atom([move]) for move in idle]
    for atoms, because in ((rest, f"beyond the {most} most dangerous changes"), (harmless, "no effect is expected")):
        whole, kept = _as_one(draft, atoms, because)
        if whole is not None:
            found.append(Varied(_id(whole.moves, many="the other {} changes"), whole))
        if kept:
            left.append(f"{_listed([move.key for move in kept])}: cannot be written together with the others")
            aside += [move.change.key for move in kept]
    left += [
        f"Varied as one ({one.atom.because or 'they belong together'}): {_listed(one.keys)}"
        for one in found
        if len(one.keys) > 1
    ]
    return Choice(tuple(found), tuple(left), tuple(dict.fromkeys(aside)))


def _rank(one: Varied, named: Collection[str]) -> tuple[bool, int, float]:
    return not one.is_named(named), RISKS.index(one.risk), -one.score


def _plain_ones(draft: Draft, atoms: Sequence[Atom]) -> set[int]:
    """Return which atoms only put another value where one stands, if all of these can be written together.

    Then each can be alone, and a large difference need not be tried out change by change.
    """
    found = [atom for atom in atoms if not atom.stems and all(move.before and move.after for move in atom.moves)]
    if draft.documents[0].kind == "python" or not found or not _fits(draft, found, ""):
        return set()
    return {id(atom) for atom in found}


def _is_apart(move: Move) -> bool:
    """Return whether a change names things, chance or a machine, which are not the suspect's to say."""
    return not is_suspect(move) and (move.change.role in APART or move.change.name in DEVICES)


def _id(moves: Sequence[Move], many: str = "") -> str:
    """Return the name of an atom, which says of several changes that they are several."""
    keys = [move.key for move in moves]
    if many and len(keys) > LISTED:
        return many.format(len(keys))
    if len(keys) == 1:
        return keys[0] if keys[0] != FIX else f"{keys[0]} (setting)"
    return f"{keys[0]} with {_listed(keys[1:])}"


def _as_one(draft: Draft, atoms: Sequence[Atom], because: str) -> tuple[Atom | None, list[Move]]:
    """Return atoms as one that can be written, None without any, and the changes that must be left out for that."""
    parts: list[Atom] = []
    left: list[Move] = []
    waiting = [[*atoms]] if atoms else []
    while waiting:  # halves of what cannot be written whole
        tried = waiting.pop()
        if _fits(draft, [*parts, *tried], because):
            parts += tried
        elif len(tried) > 1:
            half = len(tried) // 2
            waiting += [tried[half:], tried[:half]]
        elif (less := draft.reduced(tried[0])) is not None and _fits(draft, [*parts, less], because):
            parts.append(less)
        else:
            left += tried[0].moves
    return (_joined(parts, because) if parts else None), left


def _joined(atoms: Sequence[Atom], because: str) -> Atom:
    moves = [move for atom in atoms for move in atom.moves]
    return Atom(moves, because if len(moves) > 1 else "", tuple(dict.fromkeys(chain(*(atom.stems for atom in atoms)))))


def _fits(draft: Draft, atoms: Sequence[Atom], because: str) -> bool:
    try:
        draft.texts(draft.changes(_joined(atoms, because)), {}, "")
    except SourceError:
        return False
    return True


def _writable(draft: Draft, atom: Atom) -> Atom:
    """Return an atom that can be written, if need be without names that its settings are made of.

    Raises:
        SourceError: if it cannot.
    """
    try:
        draft.texts(draft.changes(atom), {}, "")
    except SourceError:
        less = draft.reduced(atom)
        if less is None:
            raise
        draft.texts(draft.changes(less), {}, "")
        return less
    return atom


def pick(words: Iterable[str], varied: Sequence[Varied]) -> tuple[str, ...]:
    """Return the ids of the atoms that the user names by key or canonical name.

    Raises:
        LookupError: with the word that names none.
    """
    found = []
    for word in words:
        chosen = [one.id for one in varied if one.is_named([word])]
        if not chosen:
            raise LookupError(word)
        found += chosen
    return tuple(dict.fromkeys(found))


def _shown(key: str, value: Any) -> str:
    return shown(masked(key, value))


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys[:LISTED]) + (f" and {len(keys) - LISTED} more" if len(keys) > LISTED else "")
