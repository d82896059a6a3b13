"""Confirmations: the ids that waivers carry, and the files that bind an id to one set of changes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from diagnose.digest import sha256
from diagnose.model import UNKNOWN, Change, Config
from diagnose.patterns import lazy

ID = lazy(r"[0-9A-Za-z][0-9A-Za-z_-]{5,63}")
FOLDER = Path(".diagnose") / "confirmations"
LARGEST = 1 << 18
"""Bytes of a confirmation."""
SCHEMA = "diagnose/confirmation-v1"
LISTED = 3
SETTLED = ("confirmed", "refuted", "not-reproduced")
"""Verdicts that a waiver can lean on."""


def diff_hash(changes: Iterable[Change]) -> str:
    """Return what a confirmation is bound to: keys with their old and new values, whatever their order and lines."""
    rows = sorted(json.dumps([change.key, _plain(change.old), _plain(change.new)]) for change in changes)
    return sha256("\n".join(rows).encode()).hexdigest()


def settings_hash(config: Config) -> str:
    """Return what stands for all settings of a config, whatever their order and lines."""
    rows = sorted(json.dumps([key, _plain(one.value)]) for key, one in config.settings.items())
    return sha256("\n".join(rows).encode()).hexdigest()


def fault_of(id: str, path: str, changes: Iterable[Change] | None) -> str:
    """Return what is wrong with the id of a confirmation; empty if nothing is known to be.

    Args:
        id: as the waiver has it.
        path: the config or settings file with the waiver; confirmations stand in ``.diagnose`` beside it or above.
        changes: what the confirmation must be bound to; None where nothing is compared.
    """
    if not ID.fullmatch(id):
        return f"`{id[:40]}` is no id of a confirmation"
    file = _file(id, path)
    if file is None:
        return f"the confirmation {id} has no record: commit {(FOLDER / id).as_posix()}.json"
    try:
        data = file.read_bytes()
        raw = json.loads(data) if len(data) <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or not _is_record(raw) or raw["id"] != id:
        return f"the confirmation {id} is damaged"
    if raw["verdict"] not in SETTLED:
        return f"the confirmation {id} came to no verdict"
    if changes is None:
        return ""
    given = list(changes)
    if raw["diff"] != diff_hash(given):
        return f"the confirmation {id} was given for other changes"
    untried = [change.key for change in given if change.key in raw["untested"] and change.risk != "none"]
    return f"the confirmation {id} did not test {', '.join(untried[:LISTED])}" if untried else ""


def _is_record(raw: dict[str, Any]) -> bool:
    texts = all(isinstance(raw.get(key), str) for key in ("id", "diff", "verdict"))
    return texts and raw.get("schema") == SCHEMA and isinstance(raw.get("untested"), list)


def _file(id: str, path: str) -> Path | None:
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - links are not followed
    for above in (folder, *folder.parents):
        if (file := above / FOLDER / f"{id}.json").is_file():
            return file
        if (above / ".git").exists():
            return None
    return None


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it; a whole number is the same as an integer or a float."""
    if value is UNKNOWN:
        return {"unknown": True}
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return f"{value:x}"  # Python refuses to write thousands of digits
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
