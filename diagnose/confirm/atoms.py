"""What a study varies: changes between two configs, those that only make sense together as one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from diagnose.confirm.model import FIX
from diagnose.engine.fixplan.atoms import atoms as grouped
from diagnose.engine.fixplan.draft import Draft, is_suspect
from diagnose.engine.fixplan.model import Atom, shown
from diagnose.errors import SourceError
from diagnose.model.change import RISKS

MOST = 40
"""Atoms that a search can tell apart in a sensible number of runs."""


@dataclass(frozen=True, slots=True)
class Varied:
    """One atom of the difference.

    Attributes:
        id: the key of its most dangerous change.
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
        told = [f"{move.key} {shown(move.old)} -> {shown(move.new)}" for move in self.atom.moves]
        return ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")

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
    """

    varied: tuple[Varied, ...]
    left: tuple[str, ...]


def choose(draft: Draft, most: int = MOST) -> Choice:
    """Return the atoms of a difference, each of which can be written alone.

    Raises:
        SourceError: if none can.
    """
    suspects = [move for move in draft.moves if is_suspect(move)]
    apart = [move.key for move in draft.moves if not is_suspect(move)]
    left = []
    if apart:
        left.append(f"{_listed(apart)}: no effect on the result is expected, so it stays as in the baseline")
    found: list[Varied] = []
    for atom in grouped(suspects, draft.old, draft.new):
        try:
            key = atom.lead.key
            found.append(Varied(key if key != FIX else f"{key} (setting)", _writable(draft, atom)))
        except SourceError as error:
            left.append(f"{_listed([move.key for move in atom.moves])}: {error.message}")
    found.sort(key=lambda one: (RISKS.index(one.risk), -one.score))
    if len(found) > most:
        left.append(f"{_listed([one.id for one in found[most:]])}: beyond the {most} most dangerous changes")
    if not found:
        why = f": {left[0]}" if left else ""
        raise SourceError(f"nothing that could be varied{why}")
    return Choice(tuple(found[:most]), tuple(left))


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


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")
