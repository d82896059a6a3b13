"""A segment as rules look at it: what it holds, looked up once for all of them."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import Any

from diagnose.language import Scope
from diagnose.language.memo import Memo
from diagnose.model import Change, Run, Segment, Setting
from diagnose.names import hyperparameter, traits
from diagnose.names.globs import fits
from diagnose.rules import Rule, Selector


class View:
    """One segment of a run, with what rules ask of it.

    Attributes:
        baseline: a segment to compare with.
        memo: what functions of the language gave for it; of use as long as the findings that they see do not change.
        given: names that have a value in every rule.
        scope: what names mean that mean the same to all rules.
        signature: what it holds, but for its settings: equal for segments that lack the same.
    """

    __slots__ = (
        "_candidates", "_events", "_names", "_settings", "baseline", "given", "memo", "run", "scope", "segment",
        "signature",
    )  # fmt: skip

    def __init__(self, run: Run, segment: Segment, baseline: Segment | None = None) -> None:
        """Look at a segment."""
        self.run, self.segment, self.baseline = run, segment, baseline
        self.memo = Memo(segment)
        self.given: dict[str, Any] = {
            "segment_index": float(segment.index),
            "segment_count": float(len(run.segments)),
            "format": run.format,
            "compared": baseline is not None,
        }
        self.scope = Scope(segment, {}, self.given, baseline, run.segments)
        self._candidates: dict[int, tuple[list[Any], str]] = {}
        self._names = _named(tuple(segment.series))
        self._settings: tuple[list[Setting], _Keys] | None = None
        self._events = frozenset(segment.kinds)
        self.signature = (
            self._names.names, self._events, frozenset(segment.facts), run.format,
            baseline is None, segment.changes is None,
        )  # fmt: skip

    def lack(self, rule: Rule) -> str:
        """Return what the segment lacks of what a rule cannot do without; empty if it lacks nothing."""
        for kind, name in rule.needs:
            if not self._has(kind, name):
                return f"{kind} {name}".strip()
        if rule.each is None:
            return ""
        found, what = self.candidates(rule.each[1])
        return "" if found else what

    def candidates(self, selector: Selector) -> tuple[list[Any], str]:
        """Return what the variable of a rule's ``each`` takes on, and what to call it if there is nothing."""
        known = self._candidates.get(id(selector))
        if known is None:  # rules outlive the view, and with them the selectors
            known = self._candidates[id(selector)] = self._found(selector)
        return known

    def _found(self, selector: Selector) -> tuple[list[Any], str]:
        segment = self.segment
        if selector.event:
            return list(segment.events_of(selector.event)), f"event {selector.event}"
        if selector.change:
            return [change for change in segment.changes or () if _changed(change, selector)], "a change"
        if selector.setting or selector.names or selector.roles:
            if self._settings is None:
                settings = [*segment.config.settings.values()]
                self._settings = settings, _keyed(tuple(setting.key for setting in settings), segment.config.framework)
            settings, keys = self._settings
            chosen = [settings[at] for at in keys.chosen(selector)]
            return chosen, "config " + " or ".join([*selector.setting, *selector.names, *selector.roles])
        names = self._names.chosen(selector)
        return [segment.series[name] for name in names], "" if names else _wanted(selector)

    def _has(self, kind: str, name: str) -> bool:
        match kind:
            case "series":
                return self._names.any_fits(name)
            case "kind":
                return name in self._names.kinds
            case "event":
                return name in self._events
            case "fact":
                return name in self.segment.facts
            case "config":
                config = self.segment.config
                return bool(config) if name in ("", "any", "*") else config.get(name) is not None
            case "format":
                return fits(self.run.format, name)
            case "baseline":
                return self.baseline is not None
            case "changes":
                return self.segment.changes is not None
        return False


class _Names:
    """The names of the series of a segment: those of many segments and runs are the same."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.kinds = frozenset(traits(name).kind for name in names)
        self._chosen: dict[int, tuple[Selector, list[str]]] = {}
        self._fits: dict[str, bool] = {}

    def any_fits(self, glob: str) -> bool:
        """Whether a glob fits one of them."""
        known = self._fits.get(glob)
        if known is None:
            known = self._fits[glob] = any(fits(name, glob) for name in self.names)
        return known

    def chosen(self, selector: Selector) -> list[str]:
        """Return those that a selector means."""
        known = self._chosen.get(id(selector))
        if known is None:  # the selector is held, so that no other one can have its id
            known = self._chosen[id(selector)] = selector, [name for name in self.names if _logged(name, selector)]
        return known[1]


class _Keys:
    """The keys of the settings of a segment, which those of many segments and runs share, too."""

    def __init__(self, keys: tuple[str, ...], framework: str) -> None:
        self.keys, self.framework = keys, framework
        self._chosen: dict[int, tuple[Selector, list[int]]] = {}

    def chosen(self, selector: Selector) -> list[int]:
        """Return the places of those that a selector means."""
        known = self._chosen.get(id(selector))
        if known is None:  # the selector is held, as above
            found = [at for at, key in enumerate(self.keys) if _set(key, selector, self.framework)]
            known = self._chosen[id(selector)] = selector, found
        return known[1]


_named = lru_cache(maxsize=64)(_Names)
_keyed = lru_cache(maxsize=64)(_Keys)


def _wanted(selector: Selector) -> str:
    """Return what to call the series that a rule walks: ``series of kind loss or norm among train/*, val/*``."""
    if not selector.kinds:
        return f"series {' or '.join(selector.series) or '*'}"
    *others, last = selector.kinds
    kinds = f"{', '.join(others)} or {last}" if others else last
    return f"series of kind {kinds}" + (f" among {', '.join(selector.series)}" if selector.series else "")


def _logged(name: str, selector: Selector) -> bool:
    meaning = traits(name)
    return (
        any(fits(name, glob) for glob in selector.series or ("*",))
        and not any(fits(name, glob) for glob in selector.unlike)
        and (not selector.kinds or meaning.kind in selector.kinds)
        and (not selector.better or meaning.better == selector.better)
    )


def _changed(change: Change, selector: Selector) -> bool:
    return (
        _fits(change.key, selector)
        and (not selector.kinds or change.kind in selector.kinds)
        and (not selector.names or change.name in selector.names)
        and (not selector.roles or change.role in selector.roles)
    )


def _set(key: str, selector: Selector, framework: str) -> bool:
    if not _fits(key, selector):
        return False
    if not selector.names and not selector.roles:
        return True
    row = hyperparameter(key, framework)
    return (
        row is not None
        and (not selector.names or row.name in selector.names)
        and (not selector.roles or row.role in selector.roles)
    )


def _fits(key: str, selector: Selector) -> bool:
    fits = not selector.setting or _one_of(selector.setting).match(key) is not None
    return fits and (not selector.unlike or _one_of(selector.unlike).match(key) is None)


@lru_cache(maxsize=1024)
def _one_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    """Return globs as one pattern: a config has thousands of keys, and every rule asks for some."""
    return re.compile("|".join(translate(glob) for glob in globs))
