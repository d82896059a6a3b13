"""What the oracle of Keras Tuner plans: the epochs of a full run, which a trial of Hyperband does not come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diagnose.engine.sweep.entry import Entry

ORACLE = "oracle.json"
EPOCHS = "tuner/epochs"
LEVELS = 2
"""Folders above a trial's own in which its oracle may stand."""
MOST = 64 << 20


def plan(entry: Entry) -> None:
    """Note the epochs that a trial of Keras Tuner ran, and those of a full run, where both are told."""
    ran = entry.segment.config.settings.get(EPOCHS)
    if entry.format != "keras-tuner" or ran is None or not isinstance(ran.value, int):
        return
    folder = Path(entry.paths[0]).parent
    for above in [folder, *folder.parents][: LEVELS + 1]:
        full = _read(above / ORACLE).get("max_epochs")
        if isinstance(full, int) and not isinstance(full, bool):
            entry.ran, entry.plan = ran.value, full
            return


def _read(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file() or path.stat().st_size > MOST:
            return {}
        found = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
