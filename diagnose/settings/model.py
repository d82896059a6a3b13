"""Settings as a stack of layers: extended files, the file itself, ``--config key=value``, the environment, options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.model import Place
from diagnose.records import dataclass, field

if TYPE_CHECKING:
    from diagnose.settings.policy import Policy

KeyPath = tuple[str | int, ...]
OPTIONS = "command line"
"""Source of the layer that options make."""


@dataclass(frozen=True, slots=True)
class PathIgnore:
    """Rules that are silent for some paths.

    Attributes:
        globs: patterns as in ``.gitignore``, relative to ``base``.
        rules: selectors of rules.
        reason: why, for people.
        base: the folder of the settings file.
        at: where it stands in the settings.
    """

    globs: tuple[str, ...]
    rules: tuple[str, ...]
    reason: str
    base: Path
    at: KeyPath = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """Checked settings from one place.

    Attributes:
        values: by key; only keys that are set there.
        source: the file as the user would name it, or what else set them, such as ``--config`` or ``OPTIONS``.
        lines: line of each key path, if it is a file.
        prefix: the table of the file that holds them.
    """

    values: Mapping[str, Any]
    source: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    prefix: KeyPath = ()

    def place(self, *path: str | int) -> Place:
        """Return where a key, or the closest key around it, stands."""
        if self.source == OPTIONS:
            return Place(f"--{path[0]}")
        whole = (*self.prefix, *path)
        for cut in range(len(whole), 0, -1):
            if whole[:cut] in self.lines:
                return Place(self.source, self.lines[whole[:cut]])
        return Place(self.source)

    def entry(self, key: str, index: int, word: str) -> Place:
        """Return where an entry stands of a key that is either a list of words or a table by word."""
        return self.place(key, word) if (*self.prefix, key, word) in self.lines else self.place(key, index)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that count for a folder; later layers win.

    Attributes:
        layers: from the weakest to the strongest.
        path: the settings file, if any.
    """

    layers: tuple[Layer, ...] = ()
    path: Path | None = None

    def with_layer(self, layer: Layer) -> Settings:
        """Return the settings under one more layer."""
        return Settings((*self.layers, layer), self.path) if layer.values else self

    def setting(self, key: str) -> tuple[Any, Layer | None]:
        """Return the strongest value of a key and the layer that sets it; (None, None) if nothing does."""
        for layer in reversed(self.layers):
            if key in layer.values:
                return layer.values[key], layer
        return None, None

    def each(self, key: str) -> Iterator[tuple[Any, Layer]]:
        """Yield the value of a key in every layer that sets it, the weakest first."""
        yield from ((layer.values[key], layer) for layer in self.layers if key in layer.values)

    @property
    def fail_on(self) -> str:
        """The mildest severity that makes the exit status 1; ``new`` and ``never`` as well."""
        return self.setting("fail-on")[0] or "error"

    @property
    def min_severity(self) -> str:
        """The mildest severity that is shown."""
        return self.setting("min-severity")[0] or "hint"

    @property
    def output_format(self) -> str:
        """The wanted output; empty for the usual one."""
        return self.setting("output-format")[0] or ""

    @property
    def baseline(self) -> Path | None:
        """The baseline file."""
        value: Path | None = self.setting("baseline")[0]
        return value

    @property
    def max_size(self) -> int | None:
        """The largest input in bytes; None for the usual limit."""
        value: int | None = self.setting("max-size")[0]
        return value

    @property
    def cache_dir(self) -> Path | None:
        """The folder of what was read before; None for the usual one."""
        value: Path | None = self.setting("cache-dir")[0]
        return value

    @property
    def jobs(self) -> int:
        """How many processes read; 0 for as many as pay."""
        value = self.setting("jobs")[0]
        return 0 if value in (None, "auto") else int(value)

    @property
    def frames(self) -> bool:
        """Whether every state of a progress bar is read."""
        return bool(self.setting("frames")[0])

    @property
    def require_reasons(self) -> bool:
        """Whether whatever is ignored in settings files needs a reason."""
        return bool(self.setting("require-reasons")[0])

    @property
    def rules(self) -> tuple[Path, ...]:
        """The folders of user rules, of all layers."""
        return tuple(dict.fromkeys(folder for value, _ in self.each("rules") for folder in value))

    @property
    def exclude(self) -> tuple[tuple[Path, str], ...]:
        """Patterns of paths that are not searched, each with the folder it is relative to, of all layers."""
        return tuple(pattern for value, _ in self.each("exclude") for pattern in value)

    @property
    def per_path_ignores(self) -> tuple[PathIgnore, ...]:
        """Rules that are silent for some paths, of all layers."""
        return tuple(ignore for value, _ in self.each("per-path-ignores") for ignore in value)

    @property
    def policy(self) -> Policy:
        """What the gates allow, of all layers."""
        from diagnose.settings.policy import policy_of

        return policy_of([value for value, _ in self.each("policy")])

    def ignored(self) -> dict[str, str]:
        """Return the ignored selectors with their reasons, from the last layer on that sets ``select``."""
        found: dict[str, str] = {}
        for layer in self.layers:
            if "select" in layer.values:
                found.clear()
            found |= layer.values.get("ignore", {})
        return found
