"""What the user named: files, folders and standard input, as groups of files that belong to one run each."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from diagnose import logs
from diagnose.engine.grouping import runs
from diagnose.errors import DiagnoseError
from diagnose.sources import Source, from_bytes, open_source

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


def collect(
    paths: list[str],
    *,
    limit: int,
    stdin: bytes = b"",
    stdin_name: str = "<stdin>",
    skip: Callable[[Path], bool] = lambda _: False,
) -> Iterator[Input]:
    """Yield the inputs the user named, in order; each named file alone, a folder as the runs found in it.

    Args:
        paths: files, folders, or ``-`` for standard input.
        limit: largest input in bytes.
        stdin: the bytes of standard input, if ``-`` is among the paths.
        stdin_name: the name findings in it carry.
        skip: whether the search of a folder leaves out a file or folder below it.
    """
    for path in dict.fromkeys(paths):
        try:
            if path == "-":
                yield Input(stdin_name, [from_bytes(stdin_name, stdin, limit)])
            elif os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the path may not be looked at
                yield from _folder(Path(path), limit, skip)
            else:
                yield Input(path, [open_source(path, limit)])
        except DiagnoseError as error:
            yield Input(path, error=error)


def _folder(folder: Path, limit: int, skip: Callable[[Path], bool]) -> Iterator[Input]:
    groups: dict[Path, list[tuple[str, Path]]] = defaultdict(list)
    formats: dict[Path, str] = {}
    for path in _walk(folder, skip):
        try:
            source = open_source(path, limit)
            format = logs.detect(source, program=path.suffix == ".py") if source.head else None
        except DiagnoseError as error:
            yield Input(str(path), error=error, found=True)
            continue
        if format is not None:
            home = path.parent
            while home != folder and home.name.lower() in INSIDE:
                home = home.parent
            groups[home].append((format.NAME, path))
            formats[path] = format.NAME
    for home in sorted(groups):
        for paths in runs(groups[home], home):
            name = str(paths[0] if len(paths) == 1 else home)
            try:
                # Opened anew: a source holds the head of its file, and a folder may have many thousands.
                sources = [replace(open_source(path, limit), format=formats[path]) for path in paths]
            except DiagnoseError as error:
                yield Input(name, error=error, found=True)
            else:
                yield Input(name, sources, found=True)


def _walk(folder: Path, skip: Callable[[Path], bool]) -> Iterator[Path]:
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
