"""The closed lists of event kinds, fact names and mechanisms, kept as data."""

from functools import cache
from pathlib import Path

from diagnose.assets import load

HERE = Path(__file__).resolve().parent


def _table(name: str) -> dict[str, str]:
    table: dict[str, str] = load(HERE / name)
    return table


@cache
def event_kinds() -> dict[str, str]:
    """Return every event kind with its description."""
    return _table("events.yaml")


@cache
def fact_names() -> dict[str, str]:
    """Return every fact name with its description."""
    return _table("facts.yaml")


@cache
def mechanisms() -> dict[str, str]:
    """Return every cause that the built-in rules suspect and that is no rule itself, with its description."""
    return _table("mechanisms.yaml")
