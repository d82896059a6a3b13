"""Which settings file counts for a folder: the closest one, alone."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = (".diagnose.toml", "diagnose.toml", "pyproject.toml")
"""In this order within a folder; a ``pyproject.toml`` counts only if it has a table ``[tool.diagnose]``."""


def closest(folder: Path, known: dict[Path, Path | None] | None = None) -> Path | None:
    """Return the settings file of a folder or, failing that, of its parents; None if there is none.

    Args:
        folder: where to begin.
        known: what counts for folders that were looked at before; it is added to.
    """
    known = {} if known is None else known
    passed: list[Path] = []
    found: Path | None = None
    for place in (folder, *folder.parents):
        if place in known:
            found = known[place]
            break
        passed.append(place)
        if (found := _own(place)) is not None:
            break
    known.update(dict.fromkeys(passed, found))
    return found


def _own(folder: Path) -> Path | None:
    for name in NAMES:
        if os.path.isfile(os.path.join(folder, name)):  # noqa: PTH113, PTH118 - asked of thousands of folders
            file = folder / name
            if name != "pyproject.toml" or _has_table(file):
                return file
    return None


def _has_table(file: Path) -> bool:
    import tomllib

    try:
        text = file.read_text(encoding="utf-8")
        # A broken pyproject.toml is not our business unless it looks as if it held our settings.
        return "diagnose" in text and isinstance(tomllib.loads(text).get("tool", {}).get("diagnose"), dict)
    except tomllib.TOMLDecodeError:
        return "[tool.diagnose" in text
    except (OSError, UnicodeDecodeError):
        return False
