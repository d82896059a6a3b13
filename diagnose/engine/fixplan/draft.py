"""Edited copies of OLD's config files: the machinery that plans and experiments share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diagnose.configs.edit import REMOVE, Tree
from diagnose.engine.fixplan.atoms import below, moves
from diagnose.engine.fixplan.decide import typed
from diagnose.engine.fixplan.document import Document, is_beside
from diagnose.engine.fixplan.model import Atom, Move
from diagnose.engine.fixplan.nested import ClashError, nested
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN, Change, Config
from diagnose.records import replace

APART = frozenset({"bookkeeping", "seed"})
"""Roles that are no suspects: they name things, or chance."""


def is_suspect(move: Move) -> bool:
    """Return whether a change may have an effect on the result."""
    return move.change.risk != "none" and move.change.role not in APART


class Draft:
    """OLD's config files, and what lies between them and NEW.

    Attributes:
        old, new: the settings of both sides.
        documents: the files of OLD that are edited.
        moves: all changes in the terms of OLD.
        also: NEW's values, which keys may take on in passing.
    """

    def __init__(self, changes: Sequence[Change], old: Config, new: Config, documents: list[Document]) -> None:
        """Take both sides."""
        self.old, self.new, self.documents = old, new, documents
        self.moves = [*moves(changes, old, new)]
        self.also = {move.key: move.new for move in self.moves if move.known}

    def reduced(self, atom: Atom) -> Atom | None:
        """Return an atom of a Python config without the names that its settings are made of; None if it has none."""
        dotted = [move for move in atom.moves if "." in move.key]
        if self.documents[0].kind != "python" or not 0 < len(dotted) < len(atom.moves):
            return None
        return replace(atom, moves=dotted)

    def changes(self, atom: Atom) -> dict[str, Any]:
        """Return what the edit is asked for.

        Raises:
            SourceError: if NEW's value cannot be told.
        """
        found: dict[str, Any] = {}
        stems = [stem for stem in atom.stems if below(self.new, stem)]  # without any the list is gone
        for stem in stems:
            found[stem] = _tree(stem, below(self.new, stem))
        for move in atom.moves:
            if any(move.key.startswith(f"{stem}.") for stem in stems):
                continue
            if not move.known:
                raise SourceError(f"NEW's {move.change.key} cannot be told without running it")
            found[move.key] = typed(move, move.new)
        return found

    def texts(
        self,
        changes: Mapping[str, Any],
        comments: Mapping[str, str],
        head: str,
        also: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Return the edited copy of every document.

        Raises:
            SourceError: if a change cannot be written.
        """
        shares: list[dict[str, Any]] = [{} for _ in self.documents]
        for key, value in changes.items():
            shares[self.home(key)][key] = value
        also = {key: value for key, value in (self.also if also is None else also).items() if value is not REMOVE}
        return [
            self.edited(document, share, comments, also, head)
            for document, share in zip(self.documents, shares, strict=True)
        ]

    def edited(
        self,
        document: Document,
        share: Mapping[str, Any],
        comments: Mapping[str, str],
        also: Mapping[str, Any],
        head: str,
    ) -> str:
        """Return the edited copy of one document.

        Raises:
            SourceError: if a change cannot be written.
        """
        try:
            return document.edited(share, comments, also, head)
        except SourceError:
            anew = self.rewritten(share, document) if document.kind == "python" else share
            if anew == share:
                raise
            said = dict.fromkeys(anew, "written anew, since single keys of a base cannot be changed from here")
            return document.edited(anew, {**said, **comments}, also, head)

    def rewritten(self, changes: Mapping[str, Any], document: Document) -> dict[str, Any]:
        """Return the changes with lists and mappings written anew where single keys of a base cannot be overridden.

        A Python config can neither reach an item of an inherited list nor drop an inherited key.

        Raises:
            SourceError: if a value of them cannot be told.
        """
        found = dict(changes)
        stems = {stem for key, value in changes.items() if (stem := self.anew(key, changes, document))}
        for stem in sorted(stems):
            if any(stem.startswith(f"{outer}.") for outer in stems):
                continue
            inside = {f"{stem}.{key}": value for key, value in below(self.old, stem).items()}
            for key in [key for key in found if key.startswith(f"{stem}.")]:
                value = found.pop(key)
                if isinstance(value, Tree):
                    inside = {name: one for name, one in inside.items() if not name.startswith(f"{key}.")}
                    inside |= value.settings
                elif value is REMOVE:
                    inside.pop(key, None)
                else:
                    inside[key] = value
            found[stem] = _tree(stem, {key[len(stem) + 1 :]: value for key, value in inside.items()})
        return found

    def anew(self, key: str, changes: Mapping[str, Any], document: Document) -> str:
        """Return the list or mapping that must be written anew to change an inherited key; empty if none must."""
        setting = self.old.settings.get(key)
        if setting is not None and setting.place.path == document.path:
            return ""
        parts = key.split(".")
        number = next((at for at, part in enumerate(parts) if part.isdigit()), 0)
        if number:
            return ".".join(parts[:number])
        while parts and changes[key] is REMOVE:  # up to where something is left
            parts.pop()
            stem = ".".join(parts)
            if any(changes.get(f"{stem}.{rest}") is not REMOVE for rest in below(self.old, stem)):
                return stem
        return ""

    def home(self, key: str) -> int:
        """Return which document a key stands in, or belongs into."""
        holding = [number for number, document in enumerate(self.documents) if key in document.keys]
        if holding:
            path = self.old.settings[key].place.path
            return next((number for number in holding if self.documents[number].path == path), holding[0])
        stem = key.rpartition(".")[0] or key
        after = next((move.after for move in self.moves if move.key == key), None)
        path = after.place.path if after is not None else ""
        fits: tuple[Callable[[Document], bool], ...] = (
            lambda document: any(one.startswith((f"{key}.", f"{stem}.")) for one in document.keys),
            lambda document: is_beside(path, document),
        )
        return next(
            (number for fit in fits for number, document in enumerate(self.documents) if fit(document)),
            0,
        )


def _tree(stem: str, inside: Mapping[str, Any]) -> Tree:
    if any(value is UNKNOWN for value in inside.values()):
        raise SourceError(f"{stem} cannot be told without running it")
    try:
        tree = nested({f"{stem}.{key}": value for key, value in inside.items()})
    except ClashError:
        raise SourceError(f"{stem} is nothing that can be written") from None
    for part in stem.split("."):
        tree = tree[int(part)] if isinstance(tree, list) else tree.get(part)
    return Tree(tree, {f"{stem}.{key}": value for key, value in inside.items()})
