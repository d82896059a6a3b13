"""Values as people type them and as Python prints them: ``0.01``, ``True``, ``[640, 640]``, ``'auto'``."""

from __future__ import annotations

import ast
import math
import re
import warnings
from functools import lru_cache
from typing import Any

from diagnose.patterns import lazy

LONGEST = 2000
NESTED = lazy(r"[-+\w.\s,'\"\[\](){}:]*")
WORDS = {"true": True, "false": False, "none": None, "null": None}
DEEPEST = 20


def plain_value(text: str) -> Any:
    """Return a number, truth value, None, or list of such; else the text itself, without its quotes.

    ``true`` and ``True`` are both a truth value, as trainers take both; a tuple is a list.
    """
    text = text.strip()
    if len(text) > LONGEST or not text:
        return text
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if text[0] not in "-+.0123456789[({'\"":
        return text
    if text.count("[") + text.count("(") + text.count("{") > DEEPEST:
        return text
    try:
        value = _literal(text.removeprefix("+"))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return _items(text)
    return _data(value, text)


@lru_cache(maxsize=1000)
def _literal(text: str) -> Any:
    """Return what Python reads in a text, which nobody may change: every run of a log prints the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python about text such as 1or
        return ast.literal_eval(text)


def _data(value: Any, text: str) -> Any:
    if isinstance(value, tuple | list | set | frozenset):
        return [_data(item, str(item)) for item in value]
    if isinstance(value, dict):
        return {str(key): _data(item, str(item)) for key, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value.bit_length() < 1000 else text
    if isinstance(value, float):
        return value if math.isfinite(value) else text
    return value if isinstance(value, str | bool) or value is None else text


def _items(text: str) -> Any:
    """Return a list of bare words (``[a,b]``, which Hydra takes) as a list."""
    found = re.fullmatch(r"\[([^\[\](){}'\"]*)\]", text)
    if found is None:
        return text
    return [plain_value(item) for item in found[1].split(",") if item.strip()]
