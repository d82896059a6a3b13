"""Waivers and the policy of the gates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from diagnose.patterns import lazy
from diagnose.records import dataclass, field
from diagnose.settings.model import KeyPath

DATE = lazy(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Waiver:
    """A waiver that stands in the settings.

    Attributes:
        rules: selectors of rules.
        key: canonical name of a setting, or glob on keys as written; empty for any.
        globs: paths as in ``.gitignore``, relative to ``base``; empty for any.
        base: the folder of the settings file.
        reason, owner: why, and who answers for it.
        expires: the last day on which it counts.
        confirmed_by: the id of a confirmation; empty if there is none.
        at: where it stands in the settings.
    """

    rules: tuple[str, ...]
    reason: str
    expires: date
    base: Path
    key: str = ""
    globs: tuple[str, ...] = ()
    owner: str = ""
    confirmed_by: str = ""
    at: KeyPath = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds of one setting; None where there is none.

    Attributes:
        min, max: of its value.
        max_factor: by which a change may multiply or divide it.
        max_percent: by which a change may move it, up or down.
    """

    min: float | None = None
    max: float | None = None
    max_factor: float | None = None
    max_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What the gates allow. Words are canonical names, roles, or globs on keys as written.

    Attributes:
        together: groups of words that may change together and count as one.
        max_roles: most roles that may change at once; None for no bound of the policy's own.
        limits: by word.
        frozen: words of what must not change.
        paths: patterns of configs that are looked at in revisions, each with the folder it is relative to.
        require_owner: whether a waiver names who answers for it.
        require_confirmation: risks whose waivers carry the id of a confirmation.
    """

    together: tuple[tuple[str, ...], ...] = ()
    max_roles: int | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    paths: tuple[tuple[Path, str], ...] = ()
    require_owner: bool = True
    require_confirmation: tuple[str, ...] = ()


def policy_of(tables: list[Mapping[str, Any]]) -> Policy:
    """Return the policy of several layers, the weakest first; limits are merged by word, bound by bound."""
    merged: dict[str, Any] = {}
    limits: dict[str, dict[str, Any]] = {}
    for table in tables:
        merged |= {key.replace("-", "_"): value for key, value in table.items() if key != "limits"}
        for word, bounds in table.get("limits", {}).items():
            limits.setdefault(word, {}).update({key.replace("-", "_"): value for key, value in bounds.items()})
    return Policy(**merged, limits={word: Limit(**bounds) for word, bounds in limits.items()})


def parse_day(written: str) -> date | None:
    """Return the day of ``2027-01-31``; None if it is none."""
    try:
        return date.fromisoformat(written) if DATE.fullmatch(written) else None
    except ValueError:
        return None
