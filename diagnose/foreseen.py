"""What takes a while to work out and is the same for every log: in a wheel, as its build has found it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from diagnose import assets

_found: dict[str, dict[str, Any]] = {}


def foreseen(name: str, key: str, work: Callable[[], Any]) -> Any:
    """Return what *work* returns, plain data for JSON: out of the pack of that name if the key is in it."""
    known = pack(name).get(key)
    if known is None:
        known = _found.setdefault(name, {})[key] = work()
    return known


def worked_out() -> dict[str, dict[str, Any]]:
    """Return what was worked out so far, by what it was asked of, by the name of its pack."""
    return _found


@cache
def pack(name: str) -> dict[str, Any]:
    """Return what the build has found under a name; nothing in a checkout."""
    return assets.packed(name) or {}
