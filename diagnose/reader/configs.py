"""A config becomes part of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from diagnose.configs.files import Files, Nowhere, tree_of
from diagnose.configs.reading import Reading, Remark
from diagnose.model import Event
from diagnose.reader.builder import RunBuilder
from diagnose.sources import Source


def hand_over(remarks: Iterable[Remark], build: RunBuilder) -> None:
    """Make what is odd about how a config is written events of the run."""
    for remark in remarks:
        fields = {"category": remark.category, "key": remark.key, "message": remark.message}
        build.happened(Event("config_remark", remark.place, fields))


def into(build: RunBuilder, reading: Reading) -> None:
    """Hand settings, and what is odd about how they are written, to the builder. No facts: a plan alone is no run."""
    for setting in reading.settings.values():
        build.adopt(setting)
    hand_over(reading.remarks, build)
    build.framework, build.partial = reading.framework, reading.partial
    build.paths += [path for path in reading.paths if path not in build.paths]


class _Beside:
    """What a source itself knows of the files beside it, such as those of its git revision."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self.read = read


def files_of(source: Source) -> Files:
    """Return the files that a config may name: those of its revision, of its tree on disk, or none."""
    if source.beside is not None:
        return _Beside(source.beside)
    return tree_of(source.path) if os.path.isfile(source.path) else Nowhere()  # noqa: PTH113 - never raises
