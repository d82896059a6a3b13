"""One module per log format, found by walking this folder."""

from __future__ import annotations

import glob
import importlib
import math
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import cast

from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Place, Run
from diagnose.reader import Format, Head, RunBuilder, head_of
from diagnose.sources import Source, open_source

GLANCE, PAGE = 16 << 10, 128 << 10
"""Bytes that are searched for the marks of formats: at first, and where they do not tell."""
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

    The first ``GLANCE`` bytes decide if they hold proof (100 and more) of one format and of no other. Else the first
    ``PAGE`` does if it holds proof of any, else the whole head, since a log may begin with pages about the environment.

    Args:
        source: what to look at.
        program: whether only configs are looked for, as in the thousands of programs that a folder may hold.
    """
    if source.format:
        return formats()[source.format]
    head = head_of(source)
    page = Head(head.path, head.data[:PAGE])
    if program:
        return _best(page, [format for format in _in_order() if getattr(format, "IS_CONFIG", False)])[0]
    if len(page.data) > GLANCE and (format := _only(Head(head.path, head.data[:GLANCE]))) is not None:
        return format
    best, score = _best(page, _in_order())
    if score < SURE and len(head.data) > PAGE:
        best, score = _best(head, _in_order())
    return best


def _only(head: Head) -> Format | None:
    """Return the one format of which a head holds proof; None if it does of none or of several."""
    sure = [format for format in _in_order() if _most(format) >= SURE and format.sniff(head) >= SURE]
    return sure[0] if len(sure) == 1 else None


def _best(head: Head, known: Iterable[Format]) -> tuple[Format | None, int]:
    best, best_score = None, 0
    for format in known:
        if _most(format) > best_score:
            score = format.sniff(head)
            if score > best_score:
                best, best_score = format, score
    return best, best_score


@cache
def _in_order() -> list[Format]:
    """Return all formats: those first that may have proof, then configs, then generic ones; by name among equals."""
    return sorted(formats().values(), key=lambda one: (_is_generic(one), _most(one) < SURE))


def _most(format: Format) -> float:
    return getattr(format, "MOST", SURE - 1 if _is_generic(format) else math.inf)


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
