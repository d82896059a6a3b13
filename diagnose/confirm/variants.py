"""The baseline's config with any part of the suspect's changes in it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diagnose.configs.edit import REMOVE, Tree
from diagnose.confirm.atoms import Varied
from diagnose.confirm.model import FIX
from diagnose.confirm.runs.folder import ours
from diagnose.engine.fixplan.decide import typed
from diagnose.engine.fixplan.draft import Draft
from diagnose.engine.fixplan.model import shown
from diagnose.errors import DiagnoseError, SettingsError, SourceError
from diagnose.model import UNKNOWN, Place
from diagnose.text.secrets import masked

KEPT = 64
"""Texts of configs that are kept in memory."""


@dataclass(slots=True)
class Variants:
    """Makes the config of every trial.

    Attributes:
        draft: both sides, and the files of the baseline.
        varied: the atoms by id.
        fix: values of the proposed fix, by key of the baseline.
        seed_key: the setting that takes the seed of a run; empty if the command line does.
        folder: where config files are written.
        notes: what had to be said about base files, filled as configs are written.
    """

    draft: Draft
    varied: Mapping[str, Varied]
    folder: Path
    fix: Mapping[str, Any] = field(default_factory=dict)
    seed_key: str = ""
    notes: list[str] = field(default_factory=list)
    _made: dict[tuple[tuple[str, ...], int | None], list[str]] = field(default_factory=dict)

    def changes(self, parts: Sequence[str], seed: int) -> dict[str, Any]:
        """Return what differs from the baseline, by key.

        Raises:
            SourceError: if a value cannot be told.
        """
        found: dict[str, Any] = {}
        for part in parts:
            if part != FIX:
                found |= self.draft.changes(self.varied[part].atom)
        if FIX in parts:
            for key, value in self.fix.items():
                found = {one: was for one, was in found.items() if not one.startswith(f"{key}.")}
                found[key] = value
        if self.seed_key:
            found[self.seed_key] = seed
        return found

    def texts(self, parts: Sequence[str], seed: int) -> list[str]:
        """Return the text of each config file of a trial.

        Raises:
            SourceError: if a change cannot be written.
        """
        key = tuple(sorted(parts)), seed if self.seed_key else None
        if key not in self._made:
            if len(self._made) >= KEPT:
                self._made.clear()
            self._made[key] = self._texts(parts, seed)
        return self._made[key]

    def _texts(self, parts: Sequence[str], seed: int) -> list[str]:
        changes = self.changes(parts, seed)
        said = {
            move.key: f"baseline: {shown(masked(move.key, move.old))}"
            for part in parts
            if part != FIX
            for move in self.varied[part].atom.moves
        }
        said |= dict.fromkeys(self.fix if FIX in parts else (), "the proposed fix")
        try:
            texts = self.draft.texts(changes, said, "")
        except SourceError:
            texts = self.draft.texts(changes, {}, "")
        found = []
        for document, text in zip(self.draft.documents, texts, strict=True):
            moved, note = document.moved(text, str(self.home(parts, seed)))
            if note and note not in self.notes:
                self.notes.append(note)
            found.append(moved)
        return found

    def home(self, parts: Sequence[str], seed: int) -> Path:
        """Return the folder of the config files of a trial."""
        told: list[Any] = [sorted(parts), seed if self.seed_key else None]
        told += [sorted((key, repr(value)) for key, value in self.fix.items()) if FIX in parts else None]
        number = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
        if not parts:
            return self.folder / f"baseline-{number}"
        return self.folder / (f"all-{number}" if {*self.varied} == {*parts} else f"{len(parts)}-{number}")

    def paths(self, parts: Sequence[str], seed: int) -> tuple[Path, ...]:
        """Return where the config files of a trial stand, or will stand."""
        home = self.home(parts, seed)
        documents = self.draft.documents
        return tuple(home / (Path(one.path).name if one.path else one.name("config")) for one in documents)

    def written(self, parts: Sequence[str], seed: int) -> tuple[Path, ...] | None:
        """Return where the config files of a trial stand; None if they were not written, or are out of date."""
        paths = self.paths(parts, seed)
        if not all(path.is_file() for path in paths):
            return None
        for path, document, text in zip(paths, self.draft.documents, self.texts(parts, seed), strict=True):
            try:
                if path.read_bytes() != text.encode(document.encoding):
                    return None
            except OSError:
                return None
        return paths

    def write(self, parts: Sequence[str], seed: int) -> tuple[Path, ...]:
        """Write the config files of a trial, that of the baseline first, and return their paths.

        Nobody else may read them, since they may hold passwords and keys.

        Raises:
            SourceError: if a change cannot be written into them.
            DiagnoseError: if a file cannot be written.
        """
        paths = self.paths(parts, seed)
        for path, document, text in zip(paths, self.draft.documents, self.texts(parts, seed), strict=True):
            data = text.encode(document.encoding)
            try:
                if not path.is_file() or path.read_bytes() != data:
                    ours_alone(path.parent)
                    waiting = path.with_name(f".{path.name}.{os.getpid()}")
                    with open(waiting, "wb", opener=ours) as file:
                        file.write(data)
                    waiting.replace(path)
                elif path.stat().st_mode & 0o077:  # of an earlier version
                    path.chmod(0o600)
            except OSError as error:
                raise DiagnoseError(f"cannot write a config: {error.strerror}", place=Place(str(path))) from None
        return paths

    def settings(self, parts: Sequence[str], seed: int) -> dict[str, Any]:
        """Return what a command that takes single settings is passed: the value of every key that any trial varies.

        Raises:
            SettingsError: for a list that is replaced as a whole, which cannot be passed so.
            SourceError: if a value cannot be told.
        """
        wanted = self.changes(parts, seed)
        found: dict[str, Any] = {}
        for varied in self.varied.values():
            for move in varied.atom.moves:
                value = wanted.get(move.key, move.before.value if move.before is not None else REMOVE)
                if varied.atom.stems or isinstance(value, Tree) or value is UNKNOWN:
                    raise SettingsError(f"{move.key} cannot be passed as a single setting", mend="use {config}")
                if value is not REMOVE:
                    found[move.key] = value
        found |= {key: value for key, value in wanted.items() if key not in found and value is not REMOVE}
        return found


def ours_alone(folder: Path) -> None:
    """Make a folder that nobody else may look into, and those above it as usual.

    Raises:
        OSError: if it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def fix_of(given: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Return the values of a fix in terms of the baseline, of the type that its own have.

    Args:
        given: by key or canonical name as in the suspect config; ``REMOVE`` takes a key out.
        draft: both sides.

    Raises:
        SettingsError: for a key that neither config has.
    """
    moves = {name: move for move in draft.moves for name in (move.change.name, move.change.key, move.key) if name}
    found: dict[str, Any] = {}
    for word, value in given.items():
        move = moves.get(word)
        setting = draft.old.get(word) or draft.new.get(word)
        if move is not None:
            found[move.key] = value if value is REMOVE else typed(move, value)
        elif setting is not None:
            was = setting.value
            whole = isinstance(was, float) and isinstance(value, int) and not isinstance(value, bool)
            found[setting.key] = float(value) if whole else value
        else:
            raise SettingsError(
                f"--fix {word}: neither config has such a setting", mend="write its key as the config does"
            )
    return found
