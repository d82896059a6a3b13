"""Which settings govern a path: the closest file, or the one that was named, under what was given on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diagnose.errors import SettingsError
from diagnose.records import dataclass, field
from diagnose.settings import Layer, Settings, closest, from_file, from_text, options_layer


@dataclass(slots=True)
class Governor:
    """Finds settings by folder.

    Attributes:
        config: settings files (at most one) and texts such as ``fail-on=warning``.
        isolated: heed no settings file.
        options: values that win over all files, in TOML's terms; None and empty lists say nothing.
        environment: the same from the environment: weaker than ``config`` texts and options.
    """

    config: Sequence[str] = ()
    isolated: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    _file: Path | None = None
    _layers: tuple[Layer, ...] = ()
    _known: dict[Path | None, Settings] = field(default_factory=dict)
    _closest: dict[Path, Path | None] = field(default_factory=dict)
    _of_path: dict[str | Path, Path | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check everything that does not depend on a folder."""
        texts = []
        for given in self.config:
            if "=" in given and not Path(given).is_file():
                texts.append(from_text(given))
            elif self._file is not None:
                raise SettingsError(f"two settings files: {self._file} and {given}", mend="use `extend` in one of them")
            elif self.isolated:
                raise SettingsError(f"--isolated heeds no settings file, so {given} cannot be used")
            else:
                self._file = Path(given)
        layers = (
            options_layer(self.environment, "environment"),
            *texts,
            options_layer(self.options),
        )
        self._layers = tuple(layer for layer in layers if layer.values)

    def settings(self, path: str | Path) -> Settings:
        """Return the settings for a file or folder.

        Raises:
            SettingsError: if the settings file is not valid.
        """
        file = self._file
        if file is None and not self.isolated:
            if path not in self._of_path:
                whole = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
                folder = whole if os.path.isdir(whole) else whole.parent  # noqa: PTH112 - never raises
                self._of_path[path] = closest(folder, self._closest)
            file = self._of_path[path]
        if file not in self._known:
            found = Settings() if file is None else from_file(file)
            for layer in self._layers:
                found = found.with_layer(layer)
            self._known[file] = found
        return self._known[file]
