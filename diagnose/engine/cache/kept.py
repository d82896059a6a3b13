"""What was read of a log before, by all that the reading depends on: its name and content, our code, the engine.

Only logs of up to 1 MiB are kept, whose bytes are at hand when they are opened: to find a larger one again would be to
read it. What other files have a say in (configs, logs with companions) is always read anew.

Beside them stand templates that were learned of lines, and in a checkout the tables of grammars: what was made once for
any log.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import diagnose
from diagnose import assets, logs
from diagnose.digest import digest
from diagnose.engine.cache.codec import decode, encode
from diagnose.engine.cache.store import Store
from diagnose.model import Run
from diagnose.reader.learning import keeping
from diagnose.scan import engine
from diagnose.sources import HEAD, Source

PARTS = ("configs", "logs", "model", "names", "reader", "scan", "sources", "text")
"""Packages that have a say in what is read of a log."""


class Cache:
    """Formats and runs that are known already."""

    def __init__(self, store: Store) -> None:
        """Keep them in a store."""
        self.store = store
        self._ready = _Ready(store)

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
        entry = self.store.load(key) if key else None
        if entry is not None:
            format, _, data = entry.partition(b"\n")
            with suppress(ValueError, KeyError, TypeError, IndexError):  # it tells the format alone
                run = decode(data)
                if not logs.reads_more(source, format.decode("ascii")):
                    return run
        with keeping(self._ready):
            found = logs.read(source, name)
        if key and found is not None and not logs.reads_more(source, found.format):
            with suppress(ValueError):
                self.store.save(key, f"{found.format}\n".encode() + encode(found))
        return found


class _Ready:
    """Tables of grammars and templates of lines that were made before."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, name: str) -> Any:
        entry = self._store.load(self._key(name))
        with suppress(ValueError):
            return json.loads(entry) if entry else None
        return None

    def save(self, name: str, data: Any) -> None:
        self._store.save(self._key(name), json.dumps(data, separators=(",", ":")).encode())

    def _key(self, name: str) -> str:
        lark = find_spec("lark")
        place = Path(lark.origin) if lark is not None and lark.origin else Path(__file__)
        told = f"{place} {place.stat().st_mtime_ns} {name}"
        return digest(_stamp() + told.encode("utf-8", "surrogateescape")).hexdigest()


def _key(source: Source, name: str) -> str:
    """Return the key of a source that is read as the named format; empty if it is not kept."""
    if source.size != len(source.head) or source.size >= HEAD or source.beside is not None or not source.head:
        return ""
    key = digest(_stamp() + b"frames" * source.frames)
    for part in (name.encode(), os.fsencode(source.path), source.head):
        key.update(b"%d\n" % len(part) + part)
    return key.hexdigest()


@cache
def _stamp() -> bytes:
    """Return what tells our code, and what it runs on, from others."""
    code = assets.packed("code")  # of a wheel, whose files stay as they are
    told = [f"{diagnose.__version__} {engine().name} {sys.version}", *([code] if code else sorted(_files()))]
    return digest("\n".join(told).encode("utf-8", "surrogateescape")).digest()


def _files() -> Iterator[str]:
    """Yield our files with the sizes and times of each."""
    package = Path(diagnose.__file__).parent
    folders = [os.fspath(assets.grammar_folder()), *(os.path.join(package, part) for part in PARTS)]  # noqa: PTH118
    while folders:
        with os.scandir(folders.pop()) as entries:  # much faster than Path.rglob
            for entry in entries:
                if entry.name.endswith((".py", ".so", ".yaml", ".lark")):
                    yield f"{entry.path} {entry.stat().st_size} {entry.stat().st_mtime_ns}"
                elif entry.is_dir() and entry.name != "__pycache__":
                    folders.append(entry.path)
