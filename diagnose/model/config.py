"""A configuration as a flat tree of settings, each with its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from diagnose.model.place import Place


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a config: its dotted name as written, its value, and where it stands."""

    key: str
    value: Any
    place: Place


@dataclass(slots=True)
class Config:
    """Settings by dotted key, in the order of the file.

    ``canonical`` finds a setting under its canonical name (``lr``) whatever the framework calls it.
    """

    settings: dict[str, Setting] = field(default_factory=dict)
    canonical: dict[str, Setting] = field(default_factory=dict)

    def get(self, name: str) -> Setting | None:
        """Return the setting of a canonical name, else of the literal dotted key, else None."""
        return self.canonical.get(name) or self.settings.get(name)

    def __bool__(self) -> bool:
        return bool(self.settings)
