"""Spellings of a metric, and the direction that its name tells."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from diagnose.names import canonical, slug, split_of, traits

SAME = {"acc": "accuracy", "char": "character", "seq": "sequence", "avg": "mean", "prec": "precision"}
ASIDE = frozenset({"best", "final", "max", "min", "val", "valid", "validation", "last"})

Key: TypeAlias = tuple[str, frozenset[str]]


@lru_cache(maxsize=4096)
def key_of(name: str) -> Key:
    """Return what spellings of a metric share: its split, and its words without regard to abbreviation and order."""
    known = canonical(name)
    split = split_of(known)
    base = known.removeprefix(f"{split}/") if split else known
    words = [SAME.get(word, word) for word in re.split(r"[\W_]+", slug(base)) if word]
    return split or "val", frozenset(word for word in words if word not in ASIDE)


def goal_of(name: str) -> str:
    """Return the direction of a metric as far as its name tells it; empty if it does not."""
    return {"higher": "max", "lower": "min"}.get(traits(name).better, "")
