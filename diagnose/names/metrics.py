"""Metric names: from what a log prints to a canonical ``split/base``, and what a base name means."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from diagnose.assets import load
from diagnose.patterns import lazy
from diagnose.records import dataclass

NO_SPLIT = frozenset({"lr", "grad_norm", "throughput"})


@dataclass(frozen=True, slots=True)
class Traits:
    """What a metric means.

    Attributes:
        kind: loss, score, error, rate, time, memory, norm, count or other.
        better: ``higher``, ``lower`` or ``none``.
        chance: the value a model without skill reaches; None where it depends on the data or is unknown.
        low, high: bounds on the natural scale; None where there are none.
    """

    kind: str = "other"
    better: str = "none"
    chance: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""


CAMEL = lazy(r"^(Train|Val|Valid|Validation|Test|Eval)(?=[A-Z][a-z])")
"""`ValLoss`: a split that only a capital letter ends."""
MIDDLE = lazy(r"(loss|acc|accuracy|f1|auc|precision|recall|iou|miou|dice|map)/([a-z]+)_(\w+)")
"""`Loss/Val_Epoch`: boards sort their charts by what is measured."""


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = load(Path(__file__).resolve().with_suffix(".yaml"))
    return table


@cache
def _aliases() -> dict[str, str]:
    return {slug(alias): base for base, aliases in _table()["aliases"].items() for alias in aliases}


@cache
def _splits() -> dict[str, str]:
    return {prefix: split for split, prefixes in _table()["splits"].items() for prefix in prefixes}


@cache
def _patterns() -> list[tuple[re.Pattern[str], Traits]]:
    return [
        (lazy(row["match"]), Traits(**{key: value for key, value in row.items() if key != "match"}))
        for row in _table()["traits"]
    ]


def slug(printed: str) -> str:
    """Return a printed name in lower case with spaces and brackets as single underscores."""
    return re.sub(r"[\s()\[\]]+", "_", printed.strip().lower()).strip("_")


@lru_cache(maxsize=4096)
def canonical(printed: str, split: str = "") -> str:
    """Return the canonical series name of a printed metric name.

    Args:
        printed: the name in the log, such as ``val_cohen_kappa`` or ``metrics/mAP50(B)``.
        split: the split the reader knows (``train``, ``val``, ``test``); a prefix in the name wins over it.

    Returns:
        ``split/base``, or the bare base for learning rates, times, memory and unknown splits.
    """
    base = slug(CAMEL.sub(r"\1_", printed.strip()))
    if (parted := MIDDLE.fullmatch(base)) and parted[2] in _splits():
        base = f"{parted[2]}/{parted[1]}" + ("" if parted[3] == "epoch" else f"_{parted[3]}")
    found = re.match(r"([a-z]+)[_/\-](?=.)", base)
    if found and (named := _splits().get(found[1])):
        if base not in _aliases():
            base, split = base[found.end() :], named
    elif (found := re.search(r"(?<=.)[_/]([a-z]+)$", base)) and (named := _splits().get(found[1])):
        base, split = base[: found.start()], named
    base = _aliases().get(base, base)
    if base in NO_SPLIT or base.startswith(("time/", "mem/")):
        return base
    return f"{split}/{base}" if split else base


def batch_name(name: str) -> str:
    """Return what the series is called of what bars show within epochs: ``batch/loss`` for ``train/loss``."""
    return f"batch/{name.removeprefix('train/')}"


@lru_cache(maxsize=4096)
def split_of(name: str) -> str:
    """Return the split of a canonical name, or an empty string."""
    head, _, rest = name.partition("/")
    return head if rest and head in ("train", "val", "test") else ""


@lru_cache(maxsize=4096)
def traits(name: str) -> Traits:
    """Return the traits of a canonical name, whatever its split."""
    base = name.split("/", 1)[1] if split_of(name) else name
    for pattern, found in _patterns():
        if pattern.search(base):
            return found
    return Traits()
