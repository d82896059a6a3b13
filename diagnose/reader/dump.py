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


class _Layer:
    """Dumps, one upon another: put together when somebody looks at them."""

    __slots__ = ("below", "dump", "made", "printed")

    def __init__(self, below: _Layer | None, printed: Mapping[str, Setting], dump: Dump) -> None:
        self.below, self.printed, self.dump = below, printed, dump
        self.made: dict[str, Dump] | None = None

    def together(self) -> dict[str, Dump]:
        """Return the dump of each key, the same mapping each time."""
        waiting: list[_Layer] = []
        layer: _Layer | None = self
        while layer is not None and layer.made is None:
            waiting.append(layer)
            layer = layer.below
        found = {} if layer is None or layer.made is None else layer.made
        for layer in reversed(waiting):
            found = layer.made = found | dict.fromkeys(layer.printed, layer.dump)
            layer.below = None
        return found


class PrintedSettings(MutableMapping[str, Setting]):
    """Settings by key, in the order in which their keys came first."""

    __slots__ = ("_by", "_layer")

    def __init__(self) -> None:
        """Start empty."""
        self._by: dict[str, Setting | Dump] = {}
        self._layer: _Layer | None = None
        """All settings as long as that is empty."""

    def copy(self) -> PrintedSettings:
        """Return the same settings, to go on with apart from these."""
        found = PrintedSettings()
        found._by, found._layer = self._by.copy(), self._layer
        return found

    def is_copy(self, other: PrintedSettings) -> bool:
        """Whether nothing was added to these nor to others of which they are a copy."""
        return not self._by and not other._by and self._layer is other._layer

    def add(self, printed: Mapping[str, Setting], dump: Dump) -> None:
        """Take all settings of a dump, made of these."""
        if self._by:
            self._by.update(dict.fromkeys(printed, dump))
        else:
            self._layer = _Layer(self._layer, printed, dump)

    def _all(self) -> Mapping[str, Setting | Dump]:
        return self._layer.together() if self._layer is not None else self._by

    def _to_change(self) -> dict[str, Setting | Dump]:
        if self._layer is not None:
            self._by, self._layer = dict(self._all()), None
        return self._by

    def __getitem__(self, key: str) -> Setting:
        found = self._all()[key]
        return found.setting(key) if isinstance(found, Dump) else found

    def __setitem__(self, key: str, value: Setting) -> None:
        self._to_change()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._to_change()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, key: object) -> bool:
        return key in self._all()

    def __repr__(self) -> str:
        return repr(dict(self))
