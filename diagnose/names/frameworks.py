"""Whose config it is: told by the keys that only one framework writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from diagnose.assets import load
from diagnose.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Framework:
    """A trainer with its own spelling of settings.

    Attributes:
        name: as in ``names/frameworks.yaml``.
        title: as people call it.
        family: the framework whose spelling it shares otherwise; empty if none.
        marks: keys, plain or with ``*``, that speak for it.
        least: how many of them must be there.
    """

    name: str
    title: str
    family: str
    marks: tuple[str, ...]
    least: int


@cache
def frameworks() -> dict[str, Framework]:
    """Return every framework by name, in the order in which they are tried."""
    table: dict[str, dict[str, Any]] = load(Path(__file__).resolve().with_suffix(".yaml"))
    return {
        name: Framework(
            name, row["title"], row.get("family", ""), tuple(mark.lower() for mark in row.get("marks", ())),
            row.get("least", 1),
        )
        for name, row in table.items()
    }  # fmt: skip


@lru_cache(maxsize=64)
def lineage(framework: str) -> tuple[str, ...]:
    """Return the framework and the families it belongs to, nearest first; nothing for an unknown one."""
    found: list[str] = []
    while framework in frameworks() and framework not in found:
        found.append(framework)
        framework = frameworks()[framework].family
    return tuple(found)


@cache
def _marks() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    """Return plain marks and those with stars, by framework."""
    return {
        name: (
            frozenset(mark for mark in row.marks if "*" not in mark),
            tuple(mark for mark in row.marks if "*" in mark),
        )
        for name, row in frameworks().items()
        if row.marks
    }


def _holds(lines: str, mark: str) -> bool:
    """Whether one of the lines, each of which stands between line ends, is what a mark with stars says."""
    begins, *between, ends = mark.split("*")
    if not between and not (begins and ends):
        return f"\n{begins}" in lines if begins else f"{ends}\n" in lines
    return re.search("^" + ".*".join(map(re.escape, mark.split("*"))) + "$", lines, re.MULTILINE) is not None


def framework_of(keys: Iterable[str]) -> str:
    """Return the framework to which literal dotted keys belong, or an empty text.

    The first of the table of which enough marks are there; a mark counts once, however many keys it fits.
    """
    return _framework_of(frozenset(keys))


@lru_cache(maxsize=16)  # the logs of one program often state the same keys
def _framework_of(keys: frozenset[str]) -> str:
    present = {key.strip().lstrip("-").lower().replace("-", "_") for key in keys}
    lines = "\n".join(["", *present, ""])
    for name, (plain, globs) in _marks().items():
        count, least = len(plain & present), frameworks()[name].least
        for glob in globs:
            if count >= least:
                break
            count += _holds(lines, glob)
        if count >= least:
            return name
    return ""
