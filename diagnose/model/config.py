"""A configuration as a flat tree of settings, each with its line."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from diagnose.model.place import Place
from diagnose.records import dataclass, field


class UnknownValue:
    """The value of a setting that only running the config would tell. False, equal to itself alone."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = UnknownValue()


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a config: its dotted name as written, its value, and where it stands.

    Attributes:
        value: plain data, or ``UNKNOWN``.
        literal: the value as written (``1e-4``), if the reader keeps it.
        span: start and end (exclusive) of the value in the text of its file, for edits; None where there is none.
    """

    key: str
    value: Any
    place: Place
    literal: str = ""
    span: tuple[int, int] | None = None


@dataclass(slots=True)
class Config:
    """Settings by dotted key, in the order of the file.

    Attributes:
        canonical: settings by canonical name (``lr``), whatever the framework calls them.
        framework: whose keys these are (a name of ``names/frameworks.yaml``); empty if it cannot be told.
        partial: whether a part could not be read (a base file elsewhere), so that the absence of a key means nothing.
    """

    settings: MutableMapping[str, Setting] = field(default_factory=dict)
    canonical: dict[str, Setting] = field(default_factory=dict)
    framework: str = ""
    partial: bool = False

    def get(self, name: str) -> Setting | None:
        """Return the setting of a canonical name, else of the literal dotted key, else None."""
        return self.canonical.get(name) or self.settings.get(name)

    def __bool__(self) -> bool:
        return bool(self.settings)
