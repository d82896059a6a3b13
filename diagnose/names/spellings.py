"""Values that frameworks spell differently: ``adamw``, ``AdamW`` and ``adamw_torch`` are one optimizer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from diagnose.assets import load

PRECISION = "amp"


def spelled(name: str, key: str, value: Any) -> Any:
    """Return the value of a setting in the one spelling that all others of it are compared in.

    Args:
        name: the canonical name of the setting; only those of ``names/spellings.yaml`` have spellings.
        key: as written: ``bf16: true`` is another precision than ``fp16: true``.
        value: as read; what is no spelling comes back as it is.
    """
    known = _spellings().get(name)
    if known is None:
        return value
    if name == PRECISION and value is True:
        return "bf16" if "bf16" in key.lower() else "fp16"
    if name == PRECISION and type(value) is int:
        value = str(value)
    return known.get(_plain(value), _plain(value)) if isinstance(value, str) else value


@cache
def _spellings() -> dict[str, dict[str, str]]:
    """Return by canonical name of a setting: plain spelling -> the one that counts."""
    return {
        name: {_plain(other): _plain(one) for one, others in rows.items() for other in (one, *map(str, others))}
        for name, rows in _table()["names"].items()
    }


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = load(Path(__file__).resolve().with_suffix(".yaml"))
    return table


def _plain(text: str) -> str:
    """Return a spelling without what does not count: case, separators, the module of a known library."""
    library, _, rest = text.strip().partition(".")
    if rest and library.lower() in _table()["libraries"]:
        text = rest.rpartition(".")[2]
    return "".join(mark for mark in text.lower() if mark not in "_- ")
