"""One module per log format, found by walking this folder."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import cast

from diagnose import assets
from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Place, Run
from diagnose.reader import Format, Head, RunBuilder, head_of
from diagnose.reader.format import SURE
from diagnose.reader.sketch import Sketch, sketch, unpacked
from diagnose.sources import Source, open_source

GLANCE, PAGE = 16 << 10, 128 << 10
"""Bytes that are searched for the marks of formats: at first, and where they do not tell."""
COMPANION_BYTES = 64 << 20
"""Largest file read beside a log."""

__all__ = ["SURE", "detect", "formats", "read", "reads_more", "sketches"]


class _Formats(Mapping[str, Format]):
    """Every format by name, imported when it is looked up."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, name: str) -> Format:
        return cast("Format", importlib.import_module(f"{__name__}.{self._modules[name]}"))

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


@cache
def formats() -> Mapping[str, Format]:
    """Return every format by name."""
    return _Formats({one.name: one.module for one in sorted(sketches(), key=lambda one: one.module)})


@cache
def sketches() -> list[Sketch]:
    """Return all formats as far as they are known without their modules: from the pack, or by importing all.

    Those first that may have proof, then configs, then generic ones; by name among equals.
    """
    packed = assets.packed("formats")
    if packed is not None:
        return [unpacked(row) for row in packed]
    import pkgutil

    names = [info.name for info in pkgutil.iter_modules(__path__)]
    found = [sketch(cast("Format", importlib.import_module(f"{__name__}.{name}")), name) for name in names]
    if len({one.name for one in found}) < len(found):
        raise ValueError("two formats have the same name")
    return sorted(found, key=lambda one: (one.is_generic, one.most < SURE))


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
        return _best(page, [one for one in sketches() if one.is_config])[0]
    if len(page.data) > GLANCE and (format := _only(Head(head.path, head.data[:GLANCE], brief=True))) is not None:
        return format
    best, score = _best(page, sketches())
    if score < SURE and len(head.data) > PAGE:
        best, score = _best(head, sketches())
    return best


def _only(head: Head) -> Format | None:
    """Return the one format of which a head holds proof; None if it does of none or of several."""
    sure = [one for one in sketches() if one.most >= SURE and one.score(head, formats()) >= SURE]
    return formats()[sure[0].name] if len(sure) == 1 else None


def _best(head: Head, known: Iterable[Sketch]) -> tuple[Format | None, int]:
    best, best_score = "", 0
    for one in known:
        if one.most > best_score:
            score = one.score(head, formats())
            if score > best_score:
                best, best_score = one.name, score
    return formats()[best] if best else None, best_score


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
    import glob

    for pattern in patterns:
        for found in sorted(path.parent.glob(pattern.format(stem=glob.escape(path.name.split(".")[0])))):
            if found.is_file() and found != path:
                try:
                    yield open_source(found, COMPANION_BYTES)
                except DiagnoseError:
                    continue
