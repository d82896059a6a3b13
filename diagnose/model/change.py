"""One setting that differs between two configs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from diagnose.model.place import Place
from diagnose.records import dataclass

RISKS = ("critical", "high", "medium", "low", "none")
"""From the most dangerous to what has no effect on the result."""
KINDS = ("activation", "deactivation", "tuning", "choice", "added", "removed", "unknown")
"""Switched on or off, a number changed, something else chosen, only on one side, or not to be told."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting with its old and new value and what the change may do.

    Attributes:
        key: the key as written, on the new side if it is there.
        name: the canonical name; empty if the setting is not known.
        old, new: plain data; None where the key is absent and has no known default, ``UNKNOWN`` if it cannot be told.
        change_percent: 100 * (new - old) / abs(old); None without two numbers or from zero.
        factor: new / old; None without two numbers of one sign.
        kind: one of ``KINDS``.
        role: what the setting does (``loss``, ``learning-rate``), from the table of hyperparameters.
        risk: one of ``RISKS``.
        because: the reasons for the risk, each a sentence.
        score: the written weight by which changes of one risk are ranked.
        old_place, new_place: where it stands; None where it does not.
        parts: the keys of all settings that are counted in it, where that is more than the one: an item of a list that
            went as a whole, or one setting that two keys reach.
    """

    key: str
    name: str
    old: Any
    new: Any
    change_percent: float | None
    factor: float | None
    kind: str
    role: str
    risk: str
    because: tuple[str, ...] = ()
    score: float = 0.0
    old_place: Place | None = None
    new_place: Place | None = None
    parts: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[int, bool, float, str]:
        """A sort key: the most dangerous first, what was switched on before what was tuned, then by weight."""
        return RISKS.index(self.risk), self.kind != "activation", -self.score, self.key

    @property
    def place(self) -> Place:
        """Where the change is to be shown: on the new side if it is there."""
        place = self.new_place or self.old_place
        return place if place is not None else Place("")

    def counted_as(self, together: Iterable[Sequence[str]] = ()) -> str:
        """What it is counted as where changes are to be told apart: its role, or the group that it may change with.

        Args:
            together: groups of canonical names, roles or globs of keys.
        """
        group = next((group for group in together if any(self.is_meant(word) for word in group)), None)
        return self.role if group is None else " + ".join(group)

    def is_meant(self, word: str) -> bool:
        """Whether a word means this setting: its canonical name, its role, or a glob on its key."""
        return any(speaks_of(word, key, self.name, self.role) for key in (self.key, *self.parts))


def speaks_of(word: str, key: str, name: str, role: str = "") -> bool:
    """Whether a word means a setting: its canonical name, its role, or a glob on its key."""
    return bool(word) and (word in (name, role) or fnmatchcase(key, word))
