"""The files that a config may name: bases and defaults, on disk or in a git revision, never outside of its tree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from diagnose.errors import OutsideError, SourceError
from diagnose.model import Place
from diagnose.records import dataclass

LARGEST = 1 << 20
"""Bytes of one file."""
ROOTS = (".git", "pyproject.toml", "setup.py", "setup.cfg", ".diagnose.toml", "diagnose.toml")
"""What stands at the root of a project."""
CONFIG_FOLDERS = frozenset({"configs", "config", "conf", "cfgs", "cfg", "hyps"})
"""Names of folders whose files inherit from each other where no project root is found."""


class Files(Protocol):
    """Reads the files beside a config."""

    def read(self, path: str) -> str:
        """Return the text of a file.

        Raises:
            SourceError: if it is missing, unreadable, too large or outside of the tree.
        """
        ...


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Files below one folder."""

    root: Path

    def read(self, path: str) -> str:
        """Return the text of a file; links are followed, and what they lead to must be in the tree as well."""
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(os.path.realpath(self.root)):
            raise OutsideError(f"outside of the tree of this config ({self.root})", place=Place(path))
        try:
            if not real.is_file():
                raise SourceError("no such file", place=Place(path), mend="check the path")
            if real.stat().st_size > LARGEST:
                raise SourceError("too large for a config", place=Place(path))
            return real.read_bytes().decode("utf-8-sig")  # line ends stay: spans count characters
        except UnicodeDecodeError:
            raise SourceError("not UTF-8", place=Place(path)) from None
        except OSError as error:
            raise SourceError(error.strerror or str(error), place=Place(path)) from None


class Nowhere:
    """No files: a config that stands inside a log, or on standard input."""

    def read(self, path: str) -> str:
        """Refuse."""
        raise SourceError("not read: the config stands alone", place=Place(path))


def tree_of(path: str | Path) -> OnDisk:
    """Return the files that the config at *path* may name.

    The tree is that of its project (the closest folder above it with ``.git``, ``pyproject.toml`` and the like); where
    there is none, the outermost folder above it that is named as folders of configs are; else its own folder.
    """
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - links are not followed
    above = (folder, *folder.parents)
    for parent in above[:-1]:
        if any((parent / mark).exists() for mark in ROOTS):
            return OnDisk(parent)
    named = [parent for parent in above if parent.name.lower() in CONFIG_FOLDERS]
    return OnDisk(named[-1] if named else folder)
