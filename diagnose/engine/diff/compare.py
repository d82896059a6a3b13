"""Two configs to the list of changes, the most dangerous first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from diagnose.engine.diff.couplings import coupled
from diagnose.engine.diff.pairing import pairs
from diagnose.engine.diff.risk import judge
from diagnose.model import UNKNOWN, Change, Config, Setting
from diagnose.names import Hyperparameter, hyperparameter

UNREAD = "the side without it has a base file that could not be read and may set it"
SAME = 1e-9
"""Relative difference below which two numbers are one, written differently."""


def compare(old: Config, new: Config) -> tuple[Change, ...]:
    """Return what differs, the most dangerous first.

    A key that only one side has is no change where the value is the framework's default, or one that means off.
    """
    found = [change for before, after in pairs(old, new) if (change := _change(before, after, old, new)) is not None]
    return tuple(sorted(coupled(found), key=lambda change: change.rank))


def _change(before: Setting | None, after: Setting | None, old: Config, new: Config) -> Change | None:
    written = after or before
    if written is None:
        return None
    row = hyperparameter(written.key, (new if after else old).framework)
    one, other = _value(before, row, old), _value(after, row, new)
    if _equal(one, other) or (_nothing(one, row) and _nothing(other, row)):
        return None
    if one is UNKNOWN and other is UNKNOWN and before and after and before.literal == after.literal:
        return None
    percent, factor = _ratio(one, other)
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


def _value(setting: Setting | None, row: Hyperparameter | None, config: Config) -> Any:
    if setting is not None:
        return setting.value
    return row.default(config.framework) if row is not None else None


def _nothing(value: Any, row: Hyperparameter | None) -> bool:
    """Whether a value does nothing: absent, empty, or off."""
    return value is None or value in ("", [], {}) or (row is not None and row.is_off(value))


def _equal(one: Any, other: Any) -> bool:
    if _number(one) and _number(other):
        return one == other or math.isclose(one, other, rel_tol=SAME) or (one != one and other != other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_equal(left, right) for left, right in zip(one, other, strict=True))
    if one is UNKNOWN or other is UNKNOWN:
        return False
    return bool(type(one) is type(other) and one == other)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ratio(one: Any, other: Any) -> tuple[float | None, float | None]:
    """Return the change in percent and as a factor, where they mean something."""
    if not _number(one) or not _number(other) or not one or not all(abs(value) < 1e300 for value in (one, other)):
        return None, None
    percent = 100 * (other - one) / abs(one)
    return round(percent, 6), other / one if one * other > 0 else None


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
