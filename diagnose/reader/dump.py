"""Settings of which most are never looked at: those that a log prints each time a program starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

from diagnose.model import Place, Setting

LONGEST_TEXT = 400
"""Characters kept of a line that is quoted."""


class Dump:
    """A config as a log prints it in one place; its settings are made when they are looked at."""

    __slots__ = ("_at", "_made", "_path", "_printed", "_shift")

    def __init__(self, printed: Mapping[str, Setting], path: str, *, at: int = 0, shift: int = 0) -> None:
        """Take settings that stand in *path*, *shift* lines below where they say, or all at the line *at*."""
        self._printed, self._path, self._at, self._shift = printed, path, at, shift
        self._made: dict[str, Setting] = {}

    def setting(self, key: str) -> Setting:
        """Return the setting of a key, the same one each time."""
        made = self._made.get(key)
        if made is None:
            one = self._printed[key]
            place = Place(self._path, self._at or one.place.line + self._shift, 1, one.place.text[:LONGEST_TEXT])
            made = self._made[key] = Setting(one.key, one.value, place)
        return made


class PrintedSettings(MutableMapping[str, Setting]):
    """Settings by key, in the order in which their keys came first."""

    __slots__ = ("_by",)

    def __init__(self) -> None:
        """Start empty."""
        self._by: dict[str, Setting | Dump] = {}

    def copy(self) -> PrintedSettings:
        """Return the same settings, to go on with apart from these."""
        found = PrintedSettings()
        found._by = self._by.copy()
        return found

    def add(self, printed: Mapping[str, Setting], dump: Dump) -> None:
        """Take all settings of a dump, made of these."""
        self._by.update(dict.fromkeys(printed, dump))

    def __getitem__(self, key: str) -> Setting:
        found = self._by[key]
        return found.setting(key) if isinstance(found, Dump) else found

    def __setitem__(self, key: str, value: Setting) -> None:
        self._by[key] = value

    def __delitem__(self, key: str) -> None:
        del self._by[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by)

    def __len__(self) -> int:
        return len(self._by)

    def __contains__(self, key: object) -> bool:
        return key in self._by

    def __repr__(self) -> str:
        return repr(dict(self))
