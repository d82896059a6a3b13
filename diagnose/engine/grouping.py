"""Which files of a folder are one run's: those of one name or time stamp, and those that one trainer writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from diagnose import logs
from diagnose.patterns import lazy
from diagnose.records import dataclass

STAMP = lazy(r"\d{8}_\d{6}")
FAMILIES = (
    frozenset({"mmengine", "mmcv", "openmmlab-json"}),
    frozenset({"ultralytics", "yolov5", "yolo-csv", "yolo-txt"}),
    frozenset({"keras", "keras-csv", "keras-tuner"}),
    frozenset({"lightning-console", "lightning-csv"}),
    frozenset({"hf-console", "hf-state"}),
)
"""Formats that the same trainer writes. A format that is in none is a family of its own."""
ANYBODYS = frozenset({"text", "csv", "json", "jsonl", "tensorboard", "results-text"})
"""Formats in which any trainer's run may be written beside its own."""
PLAIN_WORDS = frozenset(
    """
    train training trained trainer val valid validation test eval evaluation loss metric metrics result results
    log logs logger logging history hist epoch epochs step steps scalar scalars state stats summary report progress
    output out stdout stderr err console nohup run info debug events data lightning keras tb csv json txt
    """.split()  # noqa: SIM905 - a list of forty quoted words reads worse
)
"""Words in the names that trainers give their files by themselves: they tell nothing of which run it is."""


MOST_CONFIGS = 4
"""Configs that a trainer leaves with a run (arguments, hyperparameters, model, data); more are a collection."""


@dataclass(slots=True)
class _Group:
    """Files that are one run's for sure.

    Attributes:
        name: what the run is called in the names of the files; empty if they tell nothing.
    """

    name: str
    formats: set[str]
    paths: list[Path]

    def take(self, other: _Group) -> None:
        self.name = self.name or other.name
        self.formats |= other.formats
        self.paths += other.paths


def runs(found: Iterable[tuple[str, Path]], home: Path) -> Iterator[list[Path]]:
    """Yield the files of a folder that make up one run each; every log is in one of them.

    Files of one stem or time stamp are one run's. So are files of different formats that are called alike but for words
    such as `train` or `history`, and those of one trainer, or of a trainer and of anybody, if no two of them are called
    after different runs. The configs in the folder of one run are its own; beside several runs each is alone. The event
    files that TensorBoard's writers left in one folder, or in ``train`` and ``validation`` below it, are one run's. The
    rest is alone.

    Args:
        found: the format and the path of each file.
        home: the folder they belong to, in it or below it.
    """
    found = list(found)
    if len(found) == 1:
        yield [found[0][1]]
        return
    configs = [path for format, path in found if format.startswith("config")]
    parts = _logs([(format, path) for format, path in found if not format.startswith("config")], home)
    if len(parts) == 1 and len(configs) <= MOST_CONFIGS:
        yield [*parts[0].paths, *(path for path in configs if not _read_with(parts[0].formats, path))]
        return
    yield from (group.paths for group in parts)
    yield from ([path] for path in configs)


def _logs(found: list[tuple[str, Path]], home: Path) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for format, path in found:
        stem = path.name.split(".")[0]
        stamp = STAMP.search(str(path.relative_to(home.parent)))
        key = stamp[0] if stamp else str((home if stem == "events" else path.parent) / stem)
        group = _Group(stamp[0] if stamp else _run_name(stem), {format}, [path])
        if key in groups:
            groups[key].take(group)
        else:
            groups[key] = group
    parts = [*groups.values()]
    for name in dict.fromkeys(group.name for group in parts if group.name):
        parts = _joined(parts, [group for group in parts if group.name == name])
    trainers = dict.fromkeys(_family(format) for format, _ in found if format not in ANYBODYS)
    for family in trainers:
        parts = _joined(parts, [group for group in parts if group.formats & family])
    if len(trainers) < 2:
        parts = _joined(parts, parts)
    return parts


def _read_with(names: Iterable[str], path: Path) -> bool:
    """Whether the reader of one of these formats reads a file by itself."""
    patterns = (glob for name in names for glob in getattr(logs.formats()[name], "COMPANIONS", ()))
    return any(fnmatchcase(path.name, glob) for glob in patterns)


def _run_name(stem: str) -> str:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", stem)
    return " ".join(word for word in map(str.lower, words) if word not in PLAIN_WORDS)


def _family(format: str) -> frozenset[str]:
    return next((family for family in FAMILIES if format in family), frozenset({format}))


def _joined(parts: list[_Group], some: list[_Group]) -> list[_Group]:
    """Return the groups with *some* of them made one, if nothing speaks against it: a format twice, or two names."""
    formats = [format for group in some for format in group.formats]
    if len(set(formats)) < len(formats) or len({group.name for group in some} - {""}) > 1 or len(some) < 2:
        return parts
    first, *others = some
    for other in others:
        first.take(other)
    return [group for group in parts if group not in others]
