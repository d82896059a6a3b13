"""What the user named: files, folders and standard input, as groups of files that belong to one run each."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import IO, TYPE_CHECKING

from diagnose import logs
from diagnose.errors import DiagnoseError
from diagnose.records import dataclass, field, replace
from diagnose.sources import Source, from_bytes, open_source

if TYPE_CHECKING:
    from diagnose.engine.cache import Cache

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env"})
SKIPPED_FILES = frozenset(
    f".{suffix}"
    for kinds in (
        "pt pth ckpt h5 hdf5 keras onnx safetensors bin pb tflite npy npz pkl parquet arrow",
        "png jpg jpeg gif bmp tif tiff webp mp4 avi mov wav mp3 svg ico ttf woff",
        "pdf zip tar tgz 7z so dll exe whl pyc ipynb md html css js",
    )
    for suffix in kinds.split()
)
"""Files that cannot be logs, not even opened while a folder is searched."""
INSIDE = frozenset({"vis_data", "train", "validation", "val", "eval", "test", "logs", "tb_logs", "tensorboard"})
"""Folders whose files belong to the run of the folder above them."""


@dataclass(slots=True)
class Input:
    """One thing to lint: the sources of a run, or the error that kept it from being opened."""

    path: str
    sources: list[Source] = field(default_factory=list)
    error: DiagnoseError | None = None
    found: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Files of one run that are there, and not opened yet.

    Attributes:
        files: each with the format that was detected, if it was.
    """

    path: str
    files: tuple[tuple[str, str], ...]
    found: bool = False

    def open(self, limit: int) -> Input:
        """Open the files, or say why that is not possible."""
        try:
            sources = [replace(open_source(path, limit), format=format) for path, format in self.files]
        except DiagnoseError as error:
            return Input(self.path, error=error, found=self.found)
        return Input(self.path, sources, found=self.found)


Detect = Callable[[Iterable[Path], int], Iterator[str | DiagnoseError]]
"""From files to the names of their formats, each empty if there is none; a file may be beyond reading."""


def collect(
    paths: list[str],
    *,
    limit: int,
    stdin: bytes | IO[bytes] = b"",
    stdin_name: str = "<stdin>",
    skip: Callable[[Path], bool] = lambda _: False,
) -> Iterator[Input]:
    """Yield the inputs the user named, in order; each named file alone, a folder as the runs found in it.

    Args:
        paths: files, folders, or ``-`` for standard input.
        limit: largest input in bytes.
        stdin: standard input or its bytes, if ``-`` is among the paths.
        stdin_name: the name findings in it carry.
        skip: whether the search of a folder leaves out a file or folder below it.
    """
    for found in search(paths, limit=limit, stdin=stdin, stdin_name=stdin_name, skip=skip):
        yield found.open(limit) if isinstance(found, Found) else found


def search(
    paths: list[str],
    *,
    limit: int,
    stdin: bytes | IO[bytes] = b"",
    stdin_name: str = "<stdin>",
    skip: Callable[[Path], bool] = lambda _: False,
    detect: Detect | None = None,
) -> Iterator[Found | Input]:
    """Yield what ``collect`` does, with files not opened: a source holds the head of its file, a folder has thousands.

    The arguments are those of ``collect``; *detect* tells the formats of the files of a folder.
    """
    for path in dict.fromkeys(paths):
        if path == "-":
            try:
                yield Input(stdin_name, [from_bytes(stdin_name, stdin, limit)])
            except DiagnoseError as error:
                yield Input(path, error=error)
        elif os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the path may not be looked at
            yield from _folder(Path(path), limit, skip, detect or detected)
        else:
            yield Found(path, ((path, ""),))


def detected(paths: Iterable[Path], limit: int, cache: Cache | None = None) -> Iterator[str | DiagnoseError]:
    """Yield the name of each file's format, empty if there is none, or why it cannot be opened."""
    for path in paths:
        try:
            source = open_source(path, limit)
            name = _format_of(source, cache, program=path.suffix == ".py") if source.head else ""
        except DiagnoseError as error:
            yield error
        else:
            yield name


def _format_of(source: Source, cache: Cache | None, *, program: bool) -> str:
    if cache is not None:
        return cache.detect(source, program=program)
    format = logs.detect(source, program=program)
    return format.NAME if format is not None else ""


def _folder(folder: Path, limit: int, skip: Callable[[Path], bool], detect: Detect) -> Iterator[Found | Input]:
    groups: dict[Path, list[tuple[str, Path]]] = defaultdict(list)
    formats: dict[Path, str] = {}
    some, others = tee(walk(folder, skip))
    for path, format in zip(some, detect(others, limit), strict=True):
        if isinstance(format, DiagnoseError):
            yield Input(str(path), error=format, found=True)
        elif format:
            home = path.parent
            while home != folder and home.name.lower() in INSIDE:
                home = home.parent
            groups[home].append((format, path))
            formats[path] = format
    from diagnose.engine.grouping import runs

    for home in sorted(groups):
        for paths in runs(groups[home], home):
            name = str(paths[0] if len(paths) == 1 else home)
            yield Found(name, tuple((str(path), formats[path]) for path in paths), found=True)


def walk(folder: Path, skip: Callable[[Path], bool] = lambda _: False) -> Iterator[Path]:
    """Yield the files below a folder that may be logs."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED_FOLDERS and not name.startswith(".") and not skip(Path(root, name))
        )
        for name in sorted(files):
            path = Path(root, name)
            if path.suffix.lower() in SKIPPED_FILES or name.startswith(".") or not os.path.isfile(path):  # noqa: PTH113
                continue
            if not skip(path):
                yield path
