"""Two configs to the list of changes, the most dangerous first."""

from __future__ import annotations

import math
from typing import Any

from diagnose.engine.diff.couplings import coupled
from diagnose.engine.diff.items import Entry, entries
from diagnose.engine.diff.once import Found, once
from diagnose.engine.diff.pairing import pairs
from diagnose.engine.diff.risk import judge
from diagnose.model import UNKNOWN, Change, Config, Setting
from diagnose.names import Hyperparameter, hyperparameter, spelled
from diagnose.records import replace

UNREAD = "the side without it has a base file that could not be read and may set it"
SENTINEL = -1
"""Stands for `all`, `never` or `automatic` where a number would be."""
MOST = 1e300
"""Whole numbers beyond it, which a config may hold, are no floats."""
SAME = 1e-9
"""Relative difference below which two numbers are one, written differently."""


def compare(old: Config, new: Config) -> tuple[Change, ...]:
    """Return what differs, the most dangerous first.

    A key that only one side has is no change where the value is the framework's default, or one that means off.
    """
    found = [Found(made, entry) for entry in entries(pairs(old, new)) if (made := _change(entry, old, new)) is not None]
    return tuple(sorted(coupled(once(found, old, new)), key=lambda change: change.rank))


def _change(entry: Entry, old: Config, new: Config) -> Change | None:
    before, after = entry.before, entry.after
    written = after or before
    if written is None:
        return None
    row = hyperparameter(entry.known, (new if after else old).framework)
    one, other = _value(before, entry, row, old), _value(after, entry, row, new)
    if _same(one, other, before, after, row) or (_nothing(one, row) and _nothing(other, row)):
        return None
    if one is UNKNOWN and other is UNKNOWN and before and after and before.literal == after.literal:
        return None
    percent, factor = _ratio(one, other, row)
    change = judge(
        Change(
            written.key, row.name if row else "", _plain(one), _plain(other), percent, factor,
            _kind(one, other, before, after, row), row.role if row else "", "low", (), 0.0,
            before.place if before else None, after.place if after else None,
        ),
        row,
    )  # fmt: skip
    lacking = old if before is None else new if after is None else None
    if lacking is not None and lacking.partial:
        change = replace(change, because=(*change.because, UNREAD))
    return change


def _value(setting: Setting | None, entry: Entry, row: Hyperparameter | None, config: Config) -> Any:
    if setting is not None:
        return setting.value
    return row.default(config.framework, entry.known) if row is not None and not entry.parts else None


def _same(one: Any, other: Any, before: Setting | None, after: Setting | None, row: Hyperparameter | None) -> bool:
    """Whether two values are equal, or two spellings of one."""
    if _equal(one, other):
        return True
    if row is None or row.is_off(one) or row.is_off(other):
        return False
    keys = (side.key if side else "" for side in (before, after))
    left, right = (spelled(row.name, key, value) for key, value in zip(keys, (one, other), strict=True))
    return _equal(left, right)


def _nothing(value: Any, row: Hyperparameter | None) -> bool:
    """Whether a value does nothing: absent, empty, or off; a switch that is not known does nothing when it is false."""
    if value is None or (value is False and row is None) or value in ("", [], {}):
        return True
    return row is not None and row.is_off(value)


def _equal(one: Any, other: Any) -> bool:
    if _number(one) and _number(other):
        if one == other or (one != one and other != other):
            return True
        return bool(abs(one) < MOST and abs(other) < MOST and math.isclose(one, other, rel_tol=SAME))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_equal(left, right) for left, right in zip(one, other, strict=True))
    if one is UNKNOWN or other is UNKNOWN:
        return False
    return bool(type(one) is type(other) and one == other)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ratio(one: Any, other: Any, row: Hyperparameter | None) -> tuple[float | None, float | None]:
    """Return the change in percent and as a factor, where they mean something: not from -1, nor percent of a choice."""
    if (one == SENTINEL) != (other == SENTINEL):
        return None, None
    if not _number(one) or not _number(other) or not one or not all(abs(value) < MOST for value in (one, other)):
        return None, None
    if one * other < 0:
        return None, None
    percent = None if row is not None and row.scale == "choice" else round(100 * (other - one) / abs(one), 6)
    return percent, other / one if other else None


def _kind(one: Any, other: Any, before: Setting | None, after: Setting | None, row: Hyperparameter | None) -> str:
    if one is UNKNOWN or other is UNKNOWN:
        return "unknown"
    if row is not None and row.off:
        if _nothing(one, row):
            return "activation"
        if _nothing(other, row):
            return "deactivation"
    if other is True and one in (False, None):
        return "activation"
    if one is True and other in (False, None):
        return "deactivation"
    if before is None and one is None:
        return "added"
    if after is None and other is None:
        return "removed"
    return "tuning" if _number(one) and _number(other) else "choice"


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold; whole numbers of thousands of digits are cut."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 1 << 64:
        return float(value) if value.bit_length() < 1000 else math.copysign(math.inf, value)
    return value
