"""A segment of names without values: what an expression gives on it without a look at a value, it gives on all alike.

Whoever looks at a value is stopped by a ``HollowError``.
"""

from __future__ import annotations

from typing import Any, NoReturn

from diagnose.language.outline import Outline
from diagnose.language.scope import Scope
from diagnose.model import Config, Event, Fact, Segment, Series, Setting


class HollowError(Exception):
    """A value was looked at that differs from segment to segment."""


def _stop(*_: Any) -> NoReturn:
    raise HollowError


class HollowSeries(Series):
    """A series of which nothing is known but its name, and that it has points."""

    __slots__ = ()
    __getattr__ = __len__ = _stop

    def __init__(self, name: str) -> None:
        self.name = name

    def __bool__(self) -> bool:
        return True


class _HollowKind(str):
    """The kind of events of which nobody knows how many there are: it can be told from others, but not be met."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return _stop() if str.__eq__(self, other) else False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = _stop


class _HollowEvent(Event):
    __slots__ = ()
    __getattr__ = _stop

    def __init__(self, kind: str) -> None:
        self.kind = _HollowKind(kind)  # type: ignore[misc]


class _HollowFact(Fact):
    __slots__ = ()
    __init__ = __getattr__ = _stop


class _HollowSetting(Setting):
    __slots__ = ()
    __init__ = __getattr__ = _stop


class _HollowSegment(Segment):
    __slots__ = ()
    __getattr__ = _stop

    def __init__(self, outline: Outline) -> None:
        self.series = {name: HollowSeries(name) for name in outline.series}
        self.events = [_HollowEvent(kind) for kind in outline.events]
        self.facts = dict.fromkeys(outline.facts, _HollowFact.__new__(_HollowFact))
        setting: Setting = _HollowSetting.__new__(_HollowSetting)
        settings, canonical = dict.fromkeys(outline.settings, setting), dict.fromkeys(outline.canonical, setting)
        self.config = Config(settings, canonical, outline.framework, outline.partial)


class _Hollow:
    """Something of which nothing is known at all."""

    __getattr__ = __len__ = __iter__ = __getitem__ = _stop


def hollow_scope(outline: Outline) -> Scope:
    """Return what the names of an expression mean in any segment of an outline."""
    anything: Any = _Hollow()
    values = {"format": outline.format, "compared": outline.compared}
    baseline = anything if outline.compared else None
    return Scope(_HollowSegment(outline), {}, values, baseline, segments=anything, findings=anything)
