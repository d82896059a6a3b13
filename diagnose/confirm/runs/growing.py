"""The logs of a run that may still be written: which there are, how far they have grown, and their whole lines."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Self, cast

from diagnose.confirm.runs.job import CONSOLE, Job
from diagnose.engine.inputs import SKIPPED_FILES, SKIPPED_FOLDERS, Input, collect
from diagnose.errors import DiagnoseError
from diagnose.sources import Source

MOST = 10_000
"""Files of an out folder that are looked at."""
LARGEST = 1 << 30
WINDOW = 1 << 16


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the logs of a run have grown.

    Attributes:
        files: size and time of change of each, by path.
    """

    files: dict[str, tuple[int, int]]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())


def extent(job: Job) -> Extent:
    """Return the files that may hold logs; links that lead out of the run's folder are no part of it."""
    files = {}
    for path in _files(job):
        try:
            found = path.stat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode) and found.st_size:
            files[str(path)] = (found.st_size, found.st_mtime_ns)
    return Extent(files)


def logs_of(job: Job, *, ended: bool) -> Iterator[Input]:
    """Yield the logs of a run, the most telling first: what was asked for, else its files, then what it printed.

    Args:
        job: the run.
        ended: read every file to its end; else to the end of its last whole line, since a number that is still being
            written (``0.0`` of ``0.0123``) is another number.
    """
    if job.read:
        paths = [str(path) for path in _files(job)]
        yield from _opened(collect(paths, limit=LARGEST), ended)
        return
    inside = Path(os.path.realpath(job.folder))
    yield from _opened(collect([job.out], limit=LARGEST, skip=lambda path: not _inside(path, inside)), ended)
    yield from _opened(collect([job.console], limit=LARGEST), ended)


def _opened(inputs: Iterator[Input], ended: bool) -> Iterator[Input]:
    for given in inputs:
        if given.error is None and not ended:
            given.sources = [whole_lines(source) for source in given.sources]
        yield given


def _files(job: Job) -> Iterator[Path]:
    out, inside = Path(job.out), Path(os.path.realpath(job.folder))
    if job.read:
        for pattern in job.read:
            if pattern == CONSOLE:
                yield Path(job.console)
            else:
                found = sorted(path for path in out.glob(pattern) if path.is_file())
                yield from (path for path in found if Path(os.path.realpath(path)).is_relative_to(inside))
        return
    yield Path(job.console)
    number = 0
    for root, folders, names in os.walk(out):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith(".")]
        for name in names:
            path = Path(root, name)
            if path.suffix.lower() in SKIPPED_FILES or name.startswith(".") or not _inside(path, inside):
                continue
            number += 1
            if number > MOST:
                return
            yield path


def _inside(path: Path, folder: Path) -> bool:
    """Whether a path found without following links is none that leads out of a folder."""
    return not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(folder)


def whole_lines(source: Source) -> Source:
    """Return a source that ends with the last whole line of the file as it is now."""
    try:
        with source.open() as stream:
            end = _last_line_end(stream, source)
    except (OSError, DiagnoseError):
        return source
    if end is None:
        return source

    def cut() -> IO[bytes]:
        return cast("IO[bytes]", _Cut(source.open(), end))

    return replace(source, head=source.head[:end], size=end, _open=cut)


def _last_line_end(stream: IO[bytes], source: Source) -> int | None:
    """Return the bytes up to the last line end; None for what has no lines (event files) or is packed."""
    if not isinstance(stream, io.BufferedReader | io.BytesIO) or b"\0" in source.head[:WINDOW]:
        return None
    end = stream.seek(0, io.SEEK_END)
    for mark in (b"\n", b"\r"):
        at = end
        while at > 0:
            begin = max(0, at - WINDOW)
            stream.seek(begin)
            found = stream.read(at - begin).rfind(mark)
            if found >= 0:
                return begin + found + 1
            at = begin
    return 0


class _Cut:
    """The first bytes of a stream."""

    def __init__(self, raw: IO[bytes], end: int) -> None:
        self._raw, self._left = raw, end

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()
