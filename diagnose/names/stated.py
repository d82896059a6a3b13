"""What a printed ``key: value`` pair states: ``Batch Size`` is the fact ``batch_size``."""

from functools import cache
from pathlib import Path

from diagnose.assets import load
from diagnose.names.metrics import slug

TEXTS = frozenset({"optimizer", "loss", "monitor", "device", "model"})
"""Facts whose value is a text; the others here are numbers."""
ENDLESS = 1e12
"""A plan from here on means "until stopped": the largest integer of the machine, as a rule."""


@cache
def _facts() -> dict[str, str]:
    table: dict[str, list[str]] = load(Path(__file__).resolve().with_suffix(".yaml"))
    return {key: fact for fact, keys in table.items() for key in keys}


def fact_named(printed: str) -> str:
    """Return the name of the fact that a printed key states, or an empty text."""
    return _facts().get(slug(printed).replace("-", "_"), "")


def fact_value(fact: str, value: object) -> float | str | None:
    """Return a printed value as the fact wants it: a text, or a number that makes sense; None if it does neither."""
    if fact in TEXTS:
        return value if isinstance(value, str) and value else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(str(value).replace(",", ""))
    except ValueError:
        return None
    if fact.startswith("planned"):
        return number if 0 < number < ENDLESS else None
    return number if 0 <= number < float("inf") else None
