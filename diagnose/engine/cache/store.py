"""A folder of entries by key: written in one step, checked when read, and never larger than it may be for long.

Processes may use it at once and be killed at any time. An entry that is damaged is none; one that cannot be written is
left out: the folder may be read-only or full, and all of it may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from diagnose.digest import digest

MAGIC = b"diagnose cache 2\n"
BOUND = 512 << 20
"""Bytes that all entries may have together."""
LEFT = 0.8
"""Share of the bound that is left by a tidying."""
LEEWAY = 32 << 20
"""Bytes that one process writes before it tidies up."""
HOUR, DAY = 3600.0, 86400.0
TIDIED = "tidied"
"""File whose time is that of the last tidying."""
LAYOUT = "1"
"""Folder of the entries, another one for entries laid out in another way."""


def usual_folder() -> Path:
    """Return where the system wants caches of programs."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given) / "diagnose"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "diagnose"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "diagnose" / "cache"
    return Path.home() / ".cache" / "diagnose"


class Store:
    """The entries of one folder."""

    def __init__(self, folder: Path, bound: int = BOUND) -> None:
        """Use a folder, which is made when the first entry is written."""
        self.folder, self.bound = folder, bound
        self._written = 0

    def load(self, key: str) -> bytes | None:
        """Return an entry, or None if there is none that is whole."""
        file = self._file(key)
        try:
            data = file.read_bytes()
            if time.time() - file.stat().st_mtime > DAY:
                os.utime(file)  # what is used is not the oldest
        except OSError:
            return None
        start = len(MAGIC) + 32
        payload = data[start:]
        if not data.startswith(MAGIC) or digest(payload).digest() != data[len(MAGIC) : start]:
            return None
        return payload

    def save(self, key: str, payload: bytes) -> None:
        """Write an entry, if that is possible."""
        file = self._file(key)
        draft = file.with_name(f"{file.name}.{os.getpid()}.new")
        with contextlib.suppress(OSError):
            if not file.parent.is_dir():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # logs may be nobody else's business
                file.parent.mkdir(parents=True, exist_ok=True)
                self._sign()
            try:
                draft.write_bytes(MAGIC + digest(payload).digest() + payload)
                draft.replace(file)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            first, self._written = not self._written, self._written + len(payload)
            if self._written > LEEWAY or (first and self._is_time()):
                self.tidy()

    def tidy(self) -> None:
        """Delete the oldest entries until there is room, and drafts of processes that were killed."""
        self._written = 1
        with contextlib.suppress(OSError):
            (self.folder / TIDIED).touch()
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        room = self.bound if total <= self.bound else self.bound * LEFT
        yesterday = time.time() - DAY
        for used, size, file in entries:
            if total > room or (file.suffix == ".new" and used < yesterday):
                total -= size
                with contextlib.suppress(OSError):
                    file.unlink()

    def usage(self) -> tuple[int, int]:
        """Return how many entries there are, and their bytes."""
        sizes = [size for _, size, _ in self._entries()]
        return len(sizes), sum(sizes)

    def clean(self) -> tuple[int, int]:
        """Delete all entries; return how many there were, and their bytes."""
        number, total = 0, 0
        for _, size, file in self._entries():
            with contextlib.suppress(OSError):
                file.unlink()
                number, total = number + 1, total + size
        return number, total

    def _file(self, key: str) -> Path:
        return self.folder / LAYOUT / key[:2] / key[2:]

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield each entry with when it was used and its size; only files that bear names of entries."""
        with contextlib.suppress(OSError):
            for file in (self.folder / LAYOUT).glob("[0-9a-f][0-9a-f]/*"):
                with contextlib.suppress(OSError):
                    stat = file.stat()
                    yield stat.st_mtime, stat.st_size, file

    def _is_time(self) -> bool:
        """Whether no process has tidied up for an hour."""
        try:
            return time.time() - (self.folder / TIDIED).stat().st_mtime > HOUR
        except OSError:
            return True

    def _sign(self) -> None:
        """Tell backups and git that the folder is a cache."""
        tag = self.folder / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# Parsed logs of diagnose. May be deleted.\n")
            (self.folder / ".gitignore").write_text("*\n")
