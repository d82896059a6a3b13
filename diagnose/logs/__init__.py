"""One module per log format, found by walking this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

from diagnose.errors import SourceError
from diagnose.model import Place, Run
from diagnose.reader import Format, RunBuilder, head_of
from diagnose.sources import Source

__all__ = ["detect", "formats", "read"]


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


def detect(source: Source) -> Format | None:
    """Return the format whose marks the source bears most clearly, or None."""
    head = head_of(source)
    best, best_score = None, 0
    for format in formats().values():
        score = format.sniff(head)
        if score > best_score:
            best, best_score = format, score
    return best


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
    format.read(source, build)
    return build.finish()
