"""What the user named, as single runs: every run of a log, a folder or a results file is one entry."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import IO

from diagnose import logs
from diagnose.engine.enrich import enrich
from diagnose.engine.inputs import SKIPPED_FOLDERS, Input, collect
from diagnose.engine.merge import merge
from diagnose.engine.sweep import consoles, oracle, studies, tables
from diagnose.engine.sweep.entry import Entry
from diagnose.engine.sweep.stages import COUNTED, runs_of, without_shared
from diagnose.errors import DiagnoseError
from diagnose.model import Config, FileReport, Run, Segment
from diagnose.patterns import lazy
from diagnose.records import dataclass, field
from diagnose.sources import Source

PLAIN = lazy(
    r"(?i)(results|log|logs|train|training|output|out|history|metrics|trial|nohup|stdout|trainer_state|scalars|\d[\d_T:-]*)"
)
"""File names that say nothing: the folder is the name of the run."""
DATABASES = frozenset({".db", ".sqlite", ".sqlite3"})
TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".journal", ".log"})
OWN = lazy(rb"""["']?schema["']?\s*:\s*["']?diagnose/[\w-]+-v\d""")
"""How our own files begin: the report of a sweep is no run of the next one."""
OWN_HEAD = 1 << 10
MOST_TABLE = 8 << 20
"""Bytes of a file that is opened only to see whether it is a table of runs."""


@dataclass(slots=True)
class Gathered:
    """All that was read.

    Attributes:
        configs: config files that belong to no run of their own; their parts may be named after runs.
        named_best: the run that a results file itself calls the best, and where.
    """

    entries: list[Entry] = field(default_factory=list)
    configs: list[tuple[Source, Config]] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    named_best: list[tables.Named] = field(default_factory=list)


def gather(
    paths: Iterable[str],
    limit: int,
    *,
    stdin: bytes | IO[bytes] = b"",
    stdin_name: str = "<stdin>",
    skip: Callable[[Path], bool] = lambda _: False,
    format: str = "",
    watch: Callable[[str], None] = lambda _: None,
) -> Gathered:
    """Read everything below the paths; what goes wrong with one file stands in its report."""
    found = Gathered()
    several = []
    for path in dict.fromkeys(paths):
        count = 0
        for given in (
            *_others(path, skip, limit),
            *collect([path], limit=limit, stdin=stdin, stdin_name=stdin_name, skip=skip),
        ):
            given.sources = [source for source in given.sources if source.path not in found.sources]
            if not given.sources and given.error is None:
                continue
            count += 1
            watch(given.path)
            file = FileReport(given.path)
            try:
                several.append(_read(given, found, file, format, limit))
            except DiagnoseError as error:
                file.status, file.detail = "error", error.message + (f" ({error.mend})" if error.mend else "")
            if file.status != "unknown" or not given.found:
                found.files.append(file)
        if not count:
            found.files.append(FileReport(path, status="unknown", detail="nothing of a known format in this folder"))
    _name(several, found)
    return found


def _others(path: str, skip: Callable[[Path], bool], limit: int) -> Iterator[Input]:
    """Yield the databases and tables of runs below a folder, which the search for logs passes over."""
    if not os.path.isdir(path):  # noqa: PTH112 - never raises
        return
    for root, folders, files in os.walk(path):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith(".")]
        for name in sorted(files):
            file = Path(root, name)
            if file.suffix.lower() in DATABASES | TABLES and not skip(file):
                for given in collect([str(file)], limit=limit):
                    given.found = True
                    if file.suffix.lower() in DATABASES or any(map(_is_table, given.sources)):
                        yield given


def _is_table(source: Source) -> bool:
    return source.size <= MOST_TABLE and (studies.is_journal(source) or tables.read(source)[0] is not None)


def _read(given: Input, found: Gathered, file: FileReport, format: str, limit: int) -> tuple[str, list[Entry]]:
    """Read one input; return its path and its entries, which are named when all are known."""
    if given.error is not None:
        raise given.error
    given.sources = [source for source in given.sources if not OWN.search(source.head[:OWN_HEAD])]
    if not given.sources:
        file.status, file.detail = "unknown", "written by diagnose: name the runs, not what was found in them"
        return given.path, []
    found.sources |= {source.path: source for source in given.sources}
    if len(given.sources) == 1 and not format:
        special = _special(given.sources[0], found, file)
        if special is not None:
            found.entries += special
            return given.path, special
    runs = [run for source in given.sources if (run := logs.read(source, format)) is not None]
    configs = [run for run in runs if run.format.startswith("config")]
    told = [run for run in runs if not run.format.startswith("config")]
    if not runs:
        file.status, file.detail = "unknown", "neither runs nor results: no known format matched"
        return given.path, []
    file.format = (told or configs)[0].format
    if not told:
        found.configs += [(found.sources[run.path], enrich(run).segments[0].config) for run in configs if run.segments]
        return given.path, []
    run = enrich(told[0] if len(told) == 1 else merge(told))
    entries = _entries(run, given)
    for entry in entries:
        for config in configs:
            _settle(entry, enrich(config))
    file.runs, file.epochs = len(entries), sum(entry.segment.epochs for entry in entries)
    file.series = len({name for entry in entries for name in entry.segment.series})
    found.entries += entries
    return given.path, entries


def _special(source: Source, found: Gathered, file: FileReport) -> list[Entry] | None:
    """Return the runs of a results file of which every row is a run; None if it is none."""
    entries = studies.read(source)
    if entries is None:
        entries, named = tables.read(source)
        found.named_best += named
        file.format = "table of runs"
    else:
        file.format = "optuna storage"
    if entries is not None:
        file.runs = len(entries)
    return entries


def _entries(run: Run, given: Input) -> list[Entry]:
    """Return the runs of a log: trials of a search, attempts, titled parts, or segments."""
    paths = tuple(dict.fromkeys(source.path for source in given.sources))
    for source in given.sources:
        if (trials := consoles.trials_of(source, run.format)) is not None:
            return trials
    segments = runs_of(run.segments, given.sources[0] if len(given.sources) == 1 else None)
    plain = given.sources if run.format == "text" else []
    ended = [entry for source in plain for entry in consoles.attempts(source, segments)]
    told = [segment for segment in segments if segment.series or segment.events or segment.name]
    names = without_shared([segment.name for segment in told])
    entries = [Entry(name, run.format, segment, paths) for name, segment in zip(names, told, strict=True)]
    for entry in entries:
        oracle.plan(entry)
    return sorted([*ended, *entries], key=lambda entry: entry.segment.first_line) if ended else entries


def _settle(entry: Entry, config: Run) -> None:
    for segment in config.segments[-1:]:
        for key, setting in segment.config.settings.items():
            entry.segment.config.settings.setdefault(key, setting)
        for name, setting in segment.config.canonical.items():
            entry.segment.config.canonical.setdefault(name, setting)


def _name(several: list[tuple[str, list[Entry]]], found: Gathered) -> None:
    """Give every run a name: its own, else that of its file or folder; sessions of one run count as one."""
    several = [(path, entries) for path, entries in several if entries]
    homes = _homes([path for path, _ in several])
    for path, entries in several:
        counted = [entry for entry in entries if not entry.name or COUNTED.fullmatch(entry.name)]
        if len(several) > 1 and len(counted) == len(entries) > 1:
            longest = max(entries, key=lambda entry: (entry.segment.epochs, _points(entry.segment)))
            found.entries = [entry for entry in found.entries if entry is longest or entry not in entries]
            longest.name = homes[path]
            longest.notes.append(f"{homes[path]}: {len(entries)} sessions in one log; the longest counts")
            continue
        for entry in counted:
            entry.name = f"{homes[path]} {entry.name}".strip() if len(several) > 1 else entry.name or homes[path]


def _points(segment: Segment) -> int:
    return sum(len(series) for series in segment.series.values())


def _homes(paths: list[str]) -> dict[str, str]:
    """Return short names of paths: what tells them apart, without the folders that all share and empty endings."""
    words = {path: _telling(PurePath(path)) for path in paths}
    if len(words) == 1:
        return {path: found[-1] if found else path for path, found in words.items()}
    names = _beyond(words)
    for whole in (_stem, lambda path: [word for word in path.parts if word != os.sep]):
        tally = Counter(names.values())
        if all(count == 1 for count in tally.values()):
            break
        words = {path: whole(PurePath(path)) if tally[names[path]] > 1 else words[path] for path in paths}
        names = _beyond(words)
    return names


def _beyond(words: Mapping[str, list[str]]) -> dict[str, str]:
    """Return paths without the folders that all of them share."""
    levels = [set(level) for level in zip(*words.values(), strict=False)]
    shared = next((depth for depth, here in enumerate(levels) if len(here) > 1), len(levels))
    return {path: "/".join(found[min(shared, max(len(found) - 1, 0)) :]) or path for path, found in words.items()}


def _stem(path: PurePath) -> list[str]:
    return [*(word for word in path.parent.parts if word != os.sep), path.stem]


def _telling(path: PurePath) -> list[str]:
    words = [word for word in path.parts if word != os.sep]
    if len(words) > 1 and path.suffix and PLAIN.fullmatch(path.name.split(".")[0]):
        words.pop()
    elif words and path.suffix:
        words[-1] = path.stem
    return words
