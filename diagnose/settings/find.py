"""Which settings file counts for a folder: the closest one, alone."""

from __future__ import annotations

from pathlib import Path

NAMES = (".diagnose.toml", "diagnose.toml", "pyproject.toml")
"""In this order within a folder; a ``pyproject.toml`` counts only if it has a table ``[tool.diagnose]``."""


def closest(folder: Path) -> Path | None:
    """Return the settings file of a folder or, failing that, of its parents; None if there is none."""
    for place in (folder, *folder.parents):
        for name in NAMES:
            file = place / name
            if file.is_file() and (name != "pyproject.toml" or _has_table(file)):
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
