"""The winner's config as a file, with the epochs of a full run in place of a trial's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from diagnose.engine.fixplan.document import Document, documents
from diagnose.engine.fixplan.nested import ClashError, as_yaml, nested
from diagnose.engine.sweep.entry import Entry
from diagnose.engine.sweep.judge import is_epochs, whole
from diagnose.engine.sweep.studies import NOTHING
from diagnose.engine.sweep.varied import OF_THE_TUNER, settings_of
from diagnose.errors import SettingsError, SourceError
from diagnose.model import UNKNOWN, Config, Place, Setting, Sweep
from diagnose.records import dataclass, replace
from diagnose.sources import Source, open_source

FRESH = "epochs"
PLAIN = frozenset({"", ".yaml", ".yml", ".json", ".txt"})
"""Endings of files that can hold a plain tree of settings."""


@dataclass(frozen=True, slots=True)
class Written:
    """A config that was made: its text, and what must be said about it."""

    text: str
    notes: tuple[str, ...]


def config_of(
    sweep: Sweep,
    entry: Entry,
    home: tuple[Source, str] | None,
    sources: Mapping[str, Source],
    name: str,
    epochs: int | None,
) -> Written:
    """Return the winner's config.

    Args:
        sweep: what was compared.
        entry: the winner.
        home: the config file that names the winner, and the key below which its part stands.
        sources: all that was read.
        name: of the file to write; its suffix tells the format where the winner has no config file of its own.
        epochs: of a full run; None for what the config or the longest plan says.

    Raises:
        SettingsError: if nothing is known of the winner's settings.
        SourceError: if its config cannot be edited.
    """
    full = epochs or _full(sweep)
    if home is not None and not home[1]:
        return _edited(sweep, [home[0]], entry.segment.config, full)
    if home is not None:
        source, stem = home
        settings = {key: one for key, one in _read(source).items() if key.startswith(stem) and one.value is not UNKNOWN}
        part = Config({key[len(stem) :]: replace(one, key=key[len(stem) :]) for key, one in settings.items()})
        return _fresh(sweep, part, name, full, f"the part {stem.rstrip('.')} of {source.path}")
    own = [sources[path] for path in _config_paths(entry, sources)]
    if own:
        return _edited(sweep, own, entry.segment.config, full)
    config = entry.segment.config
    if not config:
        told = settings_of(entry)
        config = Config({key: Setting(key, value, Place(entry.segment.path)) for key, value in told.items()})
    if not config:
        raise SettingsError(f"nothing is known of how {entry.name} was set up", mend="name its config file as well")
    return _fresh(sweep, config, name, full, "what logs and results state of it")


def own_configs(entry: Entry, known: Mapping[str, Source]) -> dict[str, Source]:
    """Return the config files beside a log from which its reader took the settings."""
    found = {}
    for path in {one.place.path for one in entry.segment.config.settings.values() if one.span is not None}:
        if path not in known:
            with suppress(SourceError):
                found[path] = open_source(path)
    return found


def _config_paths(entry: Entry, sources: Mapping[str, Source]) -> list[str]:
    """Return the config files from which the winner's settings were read."""
    places = {one.place.path for one in entry.segment.config.settings.values() if one.span is not None}
    return [path for path in sources if path in places]


def _full(sweep: Sweep) -> int | None:
    """Return the epochs of a full run: the winner's own plan, or the longest plan of the sweep."""
    plans = [trial.planned for trial in sweep.trials if trial.planned]
    winner = sweep.winner
    own = winner.planned if winner is not None else None
    if own is not None and winner is not None and own > max(winner.epochs, 1):
        return own
    if winner is None or winner.status != "too-short":
        return own
    return max((plan for plan in plans if plan > winner.epochs), default=None)


def _read(source: Source) -> Mapping[str, Setting]:
    from diagnose import logs

    run = logs.read(source)
    return run.segments[0].config.settings if run is not None and run.segments else {}


def _edited(sweep: Sweep, sources: Sequence[Source], config: Config, full: int | None) -> Written:
    found, notes = documents(config, sources)
    document = found[0]
    changes = _longer(document, full)
    text = document.edited(changes, {}, {}, _head(sweep))
    return Written(text, (*notes, *(f"{key} = {value}" for key, value in changes.items())))


def _longer(document: Document, full: int | None) -> dict[str, Any]:
    keys = [key for key in document.settings if is_epochs(key, "")]
    short = [key for key in keys if (whole(document.settings[key].value) or 0) < (full or 0)]
    return dict.fromkeys(short[:1], full)


def _fresh(sweep: Sweep, config: Config, name: str, full: int | None, origin: str) -> Written:
    suffix = PurePath(name).suffix.lower()
    if suffix not in PLAIN:
        raise SettingsError(
            f"what is known of the best run cannot be written as {suffix}",
            place=Place(name),
            mend="name a .yaml or .json",
        )
    settings = {
        key: replace(one, value=None) if one.value == NOTHING else one
        for key, one in config.settings.items()
        if not key.startswith(OF_THE_TUNER)
    }
    notes = [f"written from {origin}"]
    keys = [key for key in settings if is_epochs(key, config.framework)]
    if full and not keys:
        settings[FRESH] = Setting(FRESH, full, Place(""))
        notes.append(f"{FRESH} = {full} was added: the full length that the runs plan")
    ran = sweep.winner.epochs if sweep.winner is not None else 0
    for key in keys:
        planned = whole(settings[key].value)
        if planned and ran and ran < planned and planned >= (full or 0):
            notes.append(f"{key} = {planned}, as the config plans; the trial ran {ran}")
        if full and (whole(settings[key].value) or 0) < full:
            notes.append(f"{key} = {full} in place of {settings[key].value}: the trial was cut short")
            settings[key] = replace(settings[key], value=full)
    if not full and not keys:
        notes.append("the epochs of a full run are not known: set them, or name them with --epochs")
    text, left = as_yaml(Config(settings))
    if left:
        notes.append(f"left out, since their values cannot be told: {', '.join(left[:20])}")
    if suffix == ".json":
        return Written(_json(settings), tuple(notes))
    head = [_head(sweep), *notes]
    return Written("".join(f"# {_line(words)}\n" for words in head) + text, tuple(notes))


def _json(settings: Mapping[str, Setting]) -> str:
    known = {key: one.value for key, one in settings.items() if one.value is not UNKNOWN}
    try:
        return json.dumps(nested(known), indent=2, default=str) + "\n"
    except ClashError:
        return json.dumps(known, indent=2, default=str) + "\n"


def _head(sweep: Sweep) -> str:
    winner = sweep.winner
    if winner is None or winner.value is None:
        return "the best run of a sweep"
    doubt = f", {winner.reason}" if winner.reason else ""
    return (
        f"{winner.run}: best of {len(sweep.ranked)} runs by {sweep.printed or sweep.metric} = {winner.value:.4g}{doubt}"
    )


def _line(words: str) -> str:
    from diagnose.text import escape

    return escape.line(words)
