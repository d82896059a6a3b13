"""One side of a comparison: a config, a log, or the folder of a run, as one run with the config that governs it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from diagnose import logs
from diagnose.engine.diff.compare import compare
from diagnose.engine.enrich import enrich
from diagnose.engine.inputs import collect
from diagnose.engine.merge import merge
from diagnose.errors import SourceError
from diagnose.model import Config, Place, Run, Segment, Setting
from diagnose.records import dataclass, field, replace
from diagnose.sources import Source, open_source

CONFIG = "config"
"""How the names of all formats of configs begin."""
MOST_FILES = 2_000
"""Files below a folder that can still be a run, or some repeats of it."""
NAMED = {".yaml": "config-yaml", ".yml": "config-yaml", ".json": "config-json", ".toml": "config-toml"}
"""As what a file that the user names is read where its content does not tell."""
INSIDE = (".", ".hydra", "config", "configs")
"""Folders of a run in which its own config is kept."""


@dataclass(slots=True)
class Side:
    """What was read of one side.

    Attributes:
        path: as the user named it.
        format: of its log, else of its config.
        config: the settings that govern it.
        source: the config file that can be edited; None if the settings come from a log, or from several files.
        fits: the last segment of each run on this side, whose results count.
        sources: all that was read, by path.
    """

    path: str
    format: str
    config: Config
    source: Source | None
    fits: list[Segment]
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def segment(self) -> Segment:
        """The segment that stands for this side: its first run's, with the config of the side."""
        first = self.fits[0] if self.fits else Segment("", 0, self.path, 1, 1)
        return replace(first, index=0, config=self.config, facts=dict(first.facts))


def read_side(path: str, limit: int, format: str = "") -> Side:
    """Return what a path holds: a config file, a log (its printed config, or one beside it), or the folder of a run.

    Raises:
        SourceError: if it cannot be read, holds no setting, or holds configs of several runs.
    """
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the path may not be looked at
        return _folder(path, limit)
    return side_of(open_source(path, limit), format)


def side_of(source: Source, format: str = "") -> Side:
    """Return what one file, or a file of a git revision, holds; read as *format* if one is named.

    Raises:
        SourceError: as ``read_side``.
    """
    run = logs.read(source, format)
    if run is None and (named := NAMED.get(Path(source.path).suffix.lower())) and source.head:
        run = logs.read(source, named)  # too short to be told by its content
        run = run if run is not None and any(part.config for part in run.segments) else None
    if run is None or not run.segments:
        mend = "name a config, a log, or the folder of a run"
        raise SourceError("neither a config nor a log of a known format", place=Place(source.path), mend=mend)
    run = enrich(run)
    side = _side(source.path, [run], [], {source.path: source})
    if _is_config(run):
        side.source = source
    elif not side.config and os.path.isfile(source.path):  # noqa: PTH113
        configs = _configs(Path(source.path).parent, source.limit)
        side = _side(source.path, [run], [read for read, _ in configs], side.sources | {s.path: s for _, s in configs})
    return _checked(side)


def is_config(source: Source) -> bool:
    """Whether a file is a config by its content."""
    format = logs.detect(source) if source.head else None
    return format is not None and format.NAME.startswith(CONFIG)


def renamed(side: Side, name: str) -> Side:
    """Return a side whose places bear another name: that of a file in a revision, where its path names a newer one."""
    config = side.config

    def moved(setting: Setting) -> Setting:
        here = setting.place.path == side.path
        return replace(setting, place=replace(setting.place, path=name)) if here else setting

    settings = {key: moved(setting) for key, setting in config.settings.items()}
    named = {known: settings.get(setting.key, setting) for known, setting in config.canonical.items()}
    return replace(side, path=name, config=replace(config, settings=settings, canonical=named))


def _folder(path: str, limit: int) -> Side:
    if sum(1 for _ in islice(Path(path).rglob("*"), MOST_FILES + 1)) > MOST_FILES:
        mend = "name the folder of one run, or of a few repeats of it"
        raise SourceError(f"more than {MOST_FILES} files below it", place=Place(path), mend=mend)
    configs = [found for inner in INSIDE for found in _configs(Path(path, inner), limit)]
    runs: list[Run] = []
    sources = {source.path: source for _, source in configs}
    for given in collect([path], limit=limit):
        if given.error is not None:
            raise given.error
        read = [run for source in given.sources if (run := logs.read(source)) is not None]
        if any(not _is_config(run) for run in read):
            runs.append(enrich(merge(read)))
            sources |= {source.path: source for source in given.sources}
    _same_settings(path, runs)
    told = {os.path.realpath(one.place.path) for run in runs for part in run.segments for one in _settings(part)}
    rest = [run for run, source in configs if os.path.realpath(source.path) not in told]
    side = _side(path, runs, rest, sources)
    if len(configs) == 1:
        side.source = configs[0][1]
    return _checked(side)


def _settings(segment: Segment) -> Iterable[Setting]:
    return segment.config.settings.values()


def _same_settings(path: str, runs: list[Run]) -> None:
    """Make sure that several runs are repeats of one config: only then is the spread of their results noise.

    Raises:
        SourceError: if their settings differ in more than the seed and what has no effect.
    """
    told = [(run, run.segments[-1].config) for run in runs if run.segments and run.segments[-1].config]
    for run, config in told[1:]:
        changes = [change for change in compare(told[0][1], config) if change.risk != "none" and change.role != "seed"]
        if changes:
            first = changes[0]
            what = f"{first.key} is {first.old} in {told[0][0].path} and {first.new} in {run.path}"
            mend = "name one of the runs, or use `diagnose sweep`"
            raise SourceError(f"runs of different configs: {what}", place=Place(path), mend=mend)


def _configs(folder: Path, limit: int) -> list[tuple[Run, Source]]:
    """Return the configs that lie in a folder."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() not in (".yaml", ".yml", ".json", ".toml", ".py") or not path.is_file():
            continue
        source = open_source(path, limit)
        if is_config(source) and (run := logs.read(source)) and run.segments:
            found.append((enrich(run), source))
    return found


def _side(path: str, runs: list[Run], configs: list[Run], sources: dict[str, Source]) -> Side:
    fits = [segment for run in runs if not _is_config(run) for segment in run.segments[-1:]]
    governed = [segment.config for run in (*runs, *configs) for segment in run.segments[-1:] if segment.config]
    named = [run.format for run in (*runs, *configs)]
    return Side(path, named[0] if named else "", _joined(governed), None, fits, sources)


def _joined(configs: Iterable[Config]) -> Config:
    """Return the settings of several configs of one run; what a log prints leads, a file beside it adds."""
    joined = Config()
    for config in configs:
        for key, setting in config.settings.items():
            joined.settings.setdefault(key, setting)
        for name, setting in config.canonical.items():
            joined.canonical.setdefault(name, setting)
        joined.framework = joined.framework or config.framework
        joined.partial = joined.partial or config.partial
    return joined


def _checked(side: Side) -> Side:
    if not side.config and not any(fit.series for fit in side.fits):
        mend = "name the config file itself, or a log that prints its config"
        raise SourceError("no settings found", place=Place(side.path), mend=mend)
    return side


def _is_config(run: Run) -> bool:
    return run.format.startswith(CONFIG)
