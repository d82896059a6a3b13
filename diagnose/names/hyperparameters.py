"""Hyperparameter names: from a config's key to the canonical name, and the fact it states."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from diagnose.assets import load


@cache
def _table() -> dict[str, dict[str, str]]:
    rows = load(Path(__file__).resolve().with_suffix(".yaml"))
    return {
        alias: {"name": name, "fact": row.get("fact", "")} for name, row in rows.items() for alias in row["aliases"]
    }


@lru_cache(maxsize=4096)
def hyperparameter(key: str) -> tuple[str, str]:
    """Return (canonical name, fact name) of a dotted config key; empty texts if it is none we know.

    The longest suffix counts: ``optim_wrapper.optimizer.lr`` and ``--lr`` are both ``lr``, ``lr_config.policy`` is not.
    """
    parts = key.strip("-").lower().replace("-", "_").split(".")
    table = _table()
    for start in range(len(parts)):
        row = table.get(".".join(parts[start:]))
        if row and (start == 0 or start < len(parts) - 1 or len(parts) <= 2):
            return row["name"], row["fact"]
    return "", ""
