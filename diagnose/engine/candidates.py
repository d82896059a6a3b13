"""What the variable of a rule's ``each`` takes on in a segment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import Any

from diagnose.language import MissingError
from diagnose.model import Change, Segment, Setting
from diagnose.names import hyperparameter, traits
from diagnose.rules import Rule, Selector


def candidates(rule: Rule, segment: Segment) -> Iterator[tuple[str, Any]]:
    """Yield the variable with each of its values; one pair without a name for a rule that looks at the whole.

    Raises:
        MissingError: if there is nothing to walk over.
    """
    if rule.each is None:
        yield "", None
        return
    variable, selector = rule.each
    found, what = _found(selector, segment)
    if not found:
        raise MissingError(what)
    for item in found:
        yield variable, item


def _found(selector: Selector, segment: Segment) -> tuple[list[Any], str]:
    """Return the values, and what to call them if there are none."""
    if selector.event:
        return [event for event in segment.events if event.kind == selector.event], f"event {selector.event}"
    if selector.change:
        return [change for change in segment.changes or () if _changed(change, selector)], "a change"
    if selector.setting or selector.names or selector.roles:
        settings = segment.config.settings.values()
        chosen = [setting for setting in settings if _set(setting, selector, segment.config.framework)]
        return chosen, "config " + " or ".join([*selector.setting, *selector.names, *selector.roles])
    return [one for name, one in segment.series.items() if _logged(name, selector)], _wanted(selector)


def _wanted(selector: Selector) -> str:
    """Return what to call the series that a rule walks: ``series of kind loss or norm among train/*, val/*``."""
    if not selector.kinds:
        return f"series {' or '.join(selector.series) or '*'}"
    *others, last = selector.kinds
    kinds = f"{', '.join(others)} or {last}" if others else last
    return f"series of kind {kinds}" + (f" among {', '.join(selector.series)}" if selector.series else "")


def _changed(change: Change, selector: Selector) -> bool:
    return (
        _fits(change.key, selector)
        and (not selector.kinds or change.kind in selector.kinds)
        and (not selector.names or change.name in selector.names)
        and (not selector.roles or change.role in selector.roles)
    )


def _set(setting: Setting, selector: Selector, framework: str) -> bool:
    if not _fits(setting.key, selector):
        return False
    if not selector.names and not selector.roles:
        return True
    row = hyperparameter(setting.key, framework)
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


def _logged(name: str, selector: Selector) -> bool:
    meaning = traits(name)
    return (
        any(fnmatchcase(name, glob) for glob in selector.series or ("*",))
        and not any(fnmatchcase(name, glob) for glob in selector.unlike)
        and (not selector.kinds or meaning.kind in selector.kinds)
        and (not selector.better or meaning.better == selector.better)
    )
