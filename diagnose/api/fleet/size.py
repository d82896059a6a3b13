"""How many processes pay."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from diagnose.api.fleet.cpus import cpus
from diagnose.engine.inputs import walk

FILES = 24
BYTES = 100_000_000
"""From so many files, or files of so many bytes, on several processes take less time than one: docs/performance.md."""


def size(paths: Iterable[str], jobs: int) -> int:
    """Return how many processes are to read these paths.

    Args:
        paths: files and folders.
        jobs: what was asked for; 0 for as many as pay and as there are processors.
    """
    if not jobs and (cpus() < 2 or not _much(paths)):
        return 1
    from diagnose.api.fleet.pool import can_fork  # it takes long to import

    return (jobs or cpus()) if can_fork() else 1


def _much(paths: Iterable[str]) -> bool:
    total = 0
    for number, file in enumerate(_files(paths), 1):
        try:
            total += file.stat().st_size
        except OSError:
            continue
        if number > 1 and (number >= FILES or total >= BYTES):
            return True
    return False


def _files(paths: Iterable[str]) -> Iterator[Path]:
    for path in paths:
        if path != "-":
            yield from walk(Path(path)) if os.path.isdir(path) else [Path(path)]  # noqa: PTH112 - never raises
