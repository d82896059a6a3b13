"""What the policy of the settings says of a config and of its changes, as events for rules to judge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from diagnose.engine.wording import shown
from diagnose.model import UNKNOWN, Change, Event, Place, Segment
from diagnose.model.change import speaks_of
from diagnose.names import hyperparameter
from diagnose.settings import Limit, Policy

HARMLESS = frozenset({"hardware", "bookkeeping"})
"""Roles without effect on the result."""


def roles_changed(changes: Iterable[Change], policy: Policy) -> dict[str, list[Change]]:
    """Return what changed, by what can be told apart: role, or group of what the policy lets change together.

    Changes without effect on the result, and of settings that are not known, are left out.
    """
    found: dict[str, list[Change]] = {}
    for change in changes:
        if change.role in HARMLESS or change.risk == "none" or not change.role:
            continue
        found.setdefault(change.counted_as(policy.together), []).append(change)
    return found


def policy_events(segment: Segment, policy: Policy) -> list[Event]:
    """Return where a config, and the changes that led to it, leave what the policy allows.

    Limits of values count for a config on its own: what a log of the past printed can no longer be stopped.
    """
    found = [] if segment.series else list(_values(segment, policy))
    if segment.changes:
        found += _changes(segment.changes, policy)
        found += _roles(segment.changes, policy)
    return found


def _values(segment: Segment, policy: Policy) -> Iterator[Event]:
    if not any(limit.min is not None or limit.max is not None for limit in policy.limits.values()):
        return
    for setting in segment.config.settings.values():
        row = hyperparameter(setting.key, segment.config.framework)
        name, role = (row.name, row.role) if row else ("", "")
        for word, limit in policy.limits.items():
            if not speaks_of(word, setting.key, name, role):
                continue
            for number in _numbers(setting.value):
                if said := _outside(number, limit):
                    message = f"{setting.key} is {shown(number)}, {said}"
                    yield _event("limit", name or setting.key, number, message, setting.place)
                    break


def _outside(number: float, limit: Limit) -> str:
    if limit.max is not None and number > limit.max:
        return f"above the {shown(limit.max)} that the policy allows"
    if limit.min is not None and number < limit.min:
        return f"below the {shown(limit.min)} that the policy allows"
    return ""


def _changes(changes: Iterable[Change], policy: Policy) -> Iterator[Event]:
    for change in changes:
        told = f"{change.key} changes from {_told(change.old)} to {_told(change.new)}"
        told_apart = change.old is not UNKNOWN or change.new is not UNKNOWN
        if told_apart and any(_means(word, change) for word in policy.frozen):
            yield _of("frozen", change, f"{told}, and the policy has frozen it")
        for word, limit in policy.limits.items():
            if _means(word, change) and (said := _too_far(change, limit)):
                yield _of("change", change, f"{told}: {said}")


def _too_far(change: Change, limit: Limit) -> str:
    numbers = [number for value in (change.old, change.new) for number in _numbers(value)[:1]]
    if len(numbers) < 2 or numbers[0] == numbers[1]:
        return ""
    old, new = numbers
    factor = max(new / old, old / new) if old and new and (old > 0) == (new > 0) else math.inf
    percent = 100 * abs(new - old) / abs(old) if old else math.inf
    if limit.max_factor is not None and factor > limit.max_factor * (1 + 1e-9):
        by = f"by a factor of {shown(factor)}" if math.isfinite(factor) else "from or through 0"
        return f"{by}, and the policy allows a factor of {shown(limit.max_factor)}"
    if limit.max_percent is not None and percent > limit.max_percent * (1 + 1e-9):
        by = f"by {shown(percent)} %" if math.isfinite(percent) else "from 0"
        return f"{by}, and the policy allows {shown(limit.max_percent)} %"
    return ""


def _roles(changes: Iterable[Change], policy: Policy) -> Iterator[Event]:
    if policy.max_roles is None:
        return
    found = roles_changed(changes, policy)
    if len(found) > policy.max_roles:
        first = next(iter(found.values()))[0]
        told = ", ".join(found)
        message = f"{len(found)} roles change at once ({told}), and the policy allows {policy.max_roles}"
        yield _event("roles", "", float(len(found)), message, first.place)


def _means(word: str, change: Change) -> bool:
    return speaks_of(word, change.key, change.name, change.role)


def _of(state: str, change: Change, message: str) -> Event:
    return _event(state, change.name or change.key, change.new, message, change.place)


def _event(state: str, key: str, value: Any, message: str, place: Place) -> Event:
    return Event("policy", place, {"state": state, "key": key, "value": value, "message": message})


def _told(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of many digits"
    return "nothing" if value is None else str(shown(value))[:60]


def _numbers(value: Any) -> list[float]:
    """Return the numbers of a setting; a text such as ``"1e-4"`` is the number that the trainer will make of it."""
    if isinstance(value, list | tuple):
        return [number for item in value for number in _numbers(item)]
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return []
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return []
    return [float(value) if abs(value) < 1e300 else math.inf if value > 0 else -math.inf]
