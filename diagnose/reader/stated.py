"""Facts that a ``key: value`` pair states, wherever the pair stands."""

from __future__ import annotations

from diagnose.names.stated import fact_named, fact_value
from diagnose.reader.builder import RunBuilder


def state(build: RunBuilder, key: str, value: object, line: int, text: str) -> str:
    """State the fact that a pair stands for; return its name, an empty text if the pair states none."""
    fact = fact_named(key)
    if not fact or (stated := fact_value(fact, value)) is None:
        return ""
    build.fact(fact, stated, line, text)
    return fact
