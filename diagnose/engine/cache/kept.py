"""What was read of a log before, by all that the reading depends on: its name and content, our code, the engine.

Only logs of up to 1 MiB are kept, whose bytes are at hand when they are opened: finding a larger one again would mean to
read it. Formats that read other files as well (configs, logs with companions) are always read anew.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path

import diagnose
from diagnose import assets, logs
from diagnose.engine.cache.codec import CannotKeepError, decode, encode
from diagnose.engine.cache.store import Store
from diagnose.model import Run
from diagnose.scan import engine
from diagnose.sources import HEAD, Source

PARTS = ("configs", "logs", "model", "names", "reader", "scan", "sources", "text")
"""Packages that have a say in what is read of a log."""


class Cache:
    """Formats and runs that are known already."""

    def __init__(self, store: Store) -> None:
        """Keep them in a store."""
        self.store = store

    def detect(self, source: Source, *, program: bool = False) -> str:
        """Return the name of a source's format, empty if there is none."""
        key = _key(source, "")
        entry = self.store.load(key) if key and not program else None
        if entry is not None:
            name = entry.partition(b"\n")[0].decode("ascii", "replace")
            if not name or name in logs.formats():
                return name
        format = logs.detect(source, program=program)
        if format is None and key and not program:
            self.store.save(key, b"\n")
        return format.NAME if format is not None else ""

    def read(self, source: Source, name: str = "") -> Run | None:
        """Return what ``logs.read`` does."""
        key = _key(source, name)
        if not key or logs.reads_more(source, name or source.format):
            return logs.read(source, name)
        entry = self.store.load(key)
        if entry is not None:
            try:
                return decode(entry.partition(b"\n")[2])
            except (ValueError, KeyError, TypeError, IndexError):
                pass  # an entry without a run, or of one who knows how to write digests
        run = logs.read(source, name)
        if run is not None:
            try:
                self.store.save(key, f"{run.format}\n".encode() + encode(run))
            except (CannotKeepError, ValueError):
                pass
        return run


def _key(source: Source, name: str) -> str:
    """Return the key of a source that is read as the named format; empty if it is not kept."""
    if source.size != len(source.head) or source.size >= HEAD or source.beside is not None or not source.head:
        return ""
    key = hashlib.sha256(_stamp())
    for part in (name.encode(), os.fsencode(source.path), source.head):
        key.update(b"%d\n" % len(part) + part)
    return key.hexdigest()


@cache
def _stamp() -> bytes:
    """Return what tells our code, and what it runs on, from others."""
    package = Path(diagnose.__file__).parent
    files = [file for part in PARTS for file in (package / part).rglob("*") if file.suffix in (".py", ".so", ".yaml")]
    told = [f"{diagnose.__version__} {engine().name} {platform.python_version()}"]
    for file in sorted([*files, *assets.grammar_folder().glob("*.lark")]):
        stat = file.stat()
        told.append(f"{file} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).digest()
