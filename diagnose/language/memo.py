"""What functions of the language gave before: many rules ask for the same best point of the same series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diagnose.language.values import Mask, MissingError
from diagnose.model import Segment, Series

ROOM = 1 << 20
"""Points of derived series that are kept at once: copies of a series of millions would fill the memory."""
Key = tuple[Any, ...]


class Memo:
    """Results for one segment, by function and arguments. They are never changed once they are made.

    Series count as equal only if they are the same object. What an entry was made from is held with it, so that no
    other object can come to stand at its address.
    """

    __slots__ = ("_held", "_known", "_room")

    def __init__(self, segment: Segment) -> None:
        """Begin empty."""
        self._known: dict[Key, tuple[Sequence[Any], Any, str]] = {}
        self._held = set(map(id, segment.series.values()))
        self._room = ROOM

    def get(self, key: Key) -> tuple[Sequence[Any], Any, str] | None:
        """Return the arguments, the result, and what was missing if something was; None for a call that is new."""
        return self._known.get(key)

    def keep(self, key: Key, args: Sequence[Any], result: Any, lack: str = "") -> None:
        """Remember a result, unless too much is held already."""
        held = self._held
        for value in (*args, result):
            kind = type(value)
            series = value if isinstance(value, Series) else value.series if kind is Mask else None
            if series is not None and id(series) not in held:
                if len(series.value) > self._room:
                    return
                self._room -= len(series.value)
                held.add(id(series))
        self._known[key] = args, result, lack

    def of_segment(self, name: str, call: Callable[[Segment], Any], segment: Segment) -> Any:
        """Return what a segment gives under a name."""
        known = self._known.get((name, "."))
        if known is None:
            known = self._known[name, "."] = (segment,), call(segment), ""
        return known[1]


def key_of(name: str, args: Sequence[Any]) -> Key | None:
    """Return the key of a call; None if its arguments are of kinds that are not told apart, or too cheap, here."""
    if not args:
        return name, "()"
    kind = type(args[0])
    if isinstance(args[0], Series):
        first: Any = (id(args[0]),)
    elif kind is str:
        first = args[0]
    else:
        return None
    if len(args) == 1:
        return name, first
    key = [name, first]
    for arg in args[1:]:
        kind = type(arg)
        if kind is float or kind is str:
            key.append(arg)
        elif isinstance(arg, Series):
            key.append((id(arg),))
        else:
            return None
    return tuple(key)


def recalled(known: tuple[Sequence[Any], Any, str]) -> Any:
    """Return a result that was kept. Raises MissingError if there was none."""
    if known[2]:
        raise MissingError(known[2])
    return known[1]
