"""Which settings act together (``couplings.yaml``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from diagnose.assets import load


@cache
def couplings() -> tuple[dict[str, Any], ...]:
    """Return the rows: members, moves, raises, because, source."""
    return tuple(load(Path(__file__).resolve().with_suffix(".yaml")))
