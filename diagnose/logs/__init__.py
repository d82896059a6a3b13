"""One module per log format, found by walking this folder."""

from __future__ import annotations

import glob
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Place, Run
from diagnose.reader import Format, Head, RunBuilder, head_of
from diagnose.sources import Source, open_source

GLANCE = 128 << 10
"""Bytes that are searched for the marks of formats at first."""
SURE = 100
"""Scores from which on a format has proof."""
COMPANION_BYTES = 64 << 20
"""Largest file read beside a log."""

__all__ = ["detect", "formats", "read", "reads_more"]


@cache
def formats() -> dict[str, Format]:
    """Return every format by name."""
    found: dict[str, Format] = {}
    for info in pkgutil.iter_modules(__path__):
        module = cast("Format", importlib.import_module(f"{__name__}.{info.name}"))
        if module.NAME in found:
            raise ValueError(f"two formats are called {module.NAME!r}")
        found[module.NAME] = module
    return found


def detect(source: Source, *, program: bool = False) -> Format | None:
    """Return the format whose marks the source bears most clearly, or None.

    The first ``GLANCE`` bytes decide if they hold proof of a format (100 and more); else the whole head is searched,
    since a log may begin with pages about the environment.

    Args:
        source: what to look at.
        program: whether only configs are looked for, as in the thousands of programs that a folder may hold.
    """
    if source.format:
        return formats()[source.format]
    head = head_of(source)
    glance = Head(head.path, head.data[:GLANCE])
    if program:
        return _best(glance, configs_only=True)[0]
    best, score = _best(glance)
    if score < SURE and len(head.data) > GLANCE:
        best, score = _best(head)
    return best


def _best(head: Head, *, configs_only: bool = False) -> tuple[Format | None, int]:
    best, best_score = None, 0
    for format in sorted(formats().values(), key=_is_generic):
        if configs_only and not getattr(format, "IS_CONFIG", False):
            continue
        if best_score >= SURE and _is_generic(format):
            break
        score = format.sniff(head)
        if score > best_score:
            best, best_score = format, score
    return best, best_score


def _is_generic(format: Format) -> bool:
    return getattr(format, "IS_GENERIC", False)


def read(source: Source, name: str = "") -> Run | None:
    """Read a source with the named format, or the one detected.

    Returns:
        The run, or None if no format fits.

    Raises:
        SourceError: if the source is binary and of no known format, or cannot be read to the end.
    """
    format = formats()[name] if name else detect(source)
    if format is None:
        if head_of(source).is_binary:
            raise SourceError("binary file of no known format", place=Place(source.path), mend="name a log instead")
        return None
    build = RunBuilder(source.path, format.NAME)
    for companion in _companions(source, format):
        format.companion(companion, build)  # type: ignore[attr-defined]
    format.read(source, build)
    return build.finish()


def reads_more(source: Source, name: str = "") -> bool:
    """Whether other files than the source have a say in what is read: those a config builds on, and companions."""
    format = formats()[name] if name else detect(source)
    return format is not None and (
        getattr(format, "IS_CONFIG", False) or next(_companions(source, format), None) is not None
    )


def _companions(source: Source, format: Format) -> Iterator[Source]:
    """Yield the files beside a source that its format reads with it: ``COMPANIONS`` are globs, ``{stem}`` the name.

    A companion that cannot be opened is left out: the log itself can still be read.
    """
    path = Path(source.path)
    patterns = getattr(format, "COMPANIONS", ())
    if not patterns or not path.is_file():
        return
    for pattern in patterns:
        for found in sorted(path.parent.glob(pattern.format(stem=glob.escape(path.name.split(".")[0])))):
            if found.is_file() and found != path:
                try:
                    yield open_source(found, COMPANION_BYTES)
                except DiagnoseError:
                    continue
