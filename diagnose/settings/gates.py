"""How waivers and the policy of the gates are read from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from diagnose.errors import did_you_mean
from diagnose.model.change import RISKS
from diagnose.settings.policy import Waiver, parse_day
from diagnose.settings.values import WrongValueError, flag, patterns, shown, text, texts


def day(value: Any, _: Path) -> date:
    """Read a date, as TOML has them or as a text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    found = parse_day(value) if isinstance(value, str) else None
    if found is None:
        raise WrongValueError(f"expected a date such as 2027-01-31, not {shown(value)}")
    return found


def waivers(value: Any, base: Path) -> tuple[Waiver, ...]:
    """Read an array of waivers."""
    if not isinstance(value, list):
        raise WrongValueError(f"expected an array of tables ([[waivers]]), not {shown(value)}")
    return tuple(_waiver(item, index, base) for index, item in enumerate(value))


WAIVER: Mapping[str, tuple[str, Callable[[Any, Path], Any]]] = {
    "rule": ("rules", texts),
    "key": ("key", text),
    "path": ("globs", lambda value, base: tuple(glob for _, glob in patterns(value, base))),
    "reason": ("reason", text),
    "owner": ("owner", text),
    "expires": ("expires", day),
    "confirmed-by": ("confirmed_by", text),
}
"""Keys of a waiver: the field each fills, and how it is read."""
NEEDED = ("rule", "reason", "expires")


def _waiver(item: Any, index: int, base: Path) -> Waiver:
    if not isinstance(item, dict):
        raise WrongValueError('expected a table such as {rule = "DIFF003", reason = "...", expires = ...}', index)
    found = {}
    for key, value in item.items():
        if key not in WAIVER:
            raise _unknown(key, WAIVER, index, key)
        name, read = WAIVER[key]
        found[name] = _within(read, value, base, index, key)
    for key in NEEDED:
        if not found.get(WAIVER[key][0]):
            raise WrongValueError(f"`{key}` is missing", index)
    return Waiver(**found, base=base, at=(index,))


def policy(value: Any, base: Path) -> dict[str, Any]:
    """Read the table of the policy: the checked values of the keys that are set."""
    if not isinstance(value, dict):
        raise WrongValueError("expected a table such as {max-roles = 3}")
    found = {}
    for key, item in value.items():
        if key not in POLICY:
            raise _unknown(key, POLICY, key)
        found[key] = _within(POLICY[key], item, base, key)
    return found


def _groups(value: Any, base: Path) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        raise WrongValueError('expected a list of lists, such as [["lr", "batch_size"], ["loss"]]')
    return tuple(_within(texts, item, base, index) for index, item in enumerate(value))


def _count(value: Any, _: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise WrongValueError(f"expected a number of roles, not {shown(value)}")
    return value


def _risks(value: Any, base: Path) -> tuple[str, ...]:
    found = texts(value, base)
    for risk in found:
        if risk not in RISKS:
            near = did_you_mean(risk, RISKS)
            raise WrongValueError(f"expected some of {', '.join(RISKS)}, not {risk!r}" + (f" ({near})" if near else ""))
    return found


BOUNDS = ("min", "max", "max-factor", "max-percent")


def _limits(value: Any, _: Path) -> dict[str, dict[str, float]]:
    if not isinstance(value, dict):
        raise WrongValueError("expected a table such as {lr = {max = 0.1, max-factor = 2}}")
    for word, bounds in value.items():
        if not isinstance(bounds, dict):
            raise WrongValueError(f"expected a table of {', '.join(BOUNDS)}, not {shown(bounds)}", word)
        for key, bound in bounds.items():
            if key not in BOUNDS:
                raise _unknown(key, BOUNDS, word, key)
            if isinstance(bound, bool) or not isinstance(bound, int | float) or bound != bound:
                raise WrongValueError(f"expected a number, not {shown(bound)}", word, key)
            if key == "max-factor" and bound < 1:
                raise WrongValueError(f"a factor of {bound:g} allows no change: expected 1 or more", word, key)
            if key == "max-percent" and bound < 0:
                raise WrongValueError("expected 0 or more", word, key)
        if bounds.get("min", 0) > bounds.get("max", bounds.get("min", 0)):
            raise WrongValueError(f"min {bounds['min']:g} is above max {bounds['max']:g}", word)
    return {word: {key: float(bound) for key, bound in bounds.items()} for word, bounds in value.items()}


POLICY: Mapping[str, Callable[[Any, Path], Any]] = {
    "together": _groups,
    "max-roles": _count,
    "limits": _limits,
    "frozen": texts,
    "paths": patterns,
    "require-owner": flag,
    "require-confirmation": _risks,
}


def _within(read: Callable[[Any, Path], Any], value: Any, base: Path, *path: str | int) -> Any:
    try:
        return read(value, base)
    except WrongValueError as error:
        raise WrongValueError(error.message, *path, *error.path) from None


def _unknown(key: str, known: Mapping[str, Any] | tuple[str, ...], *path: str | int) -> WrongValueError:
    return WrongValueError(f"unknown key `{key}` ({did_you_mean(key, known) or 'one of ' + ', '.join(known)})", *path)


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_TEXTS: dict[str, Any] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_NUMBER: dict[str, Any] = {"type": "number"}
WAIVERS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "rule": _TEXTS,
            "key": _TEXT,
            "path": _TEXTS,
            "reason": _TEXT,
            "owner": _TEXT,
            "expires": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "confirmed-by": _TEXT,
        },
        "required": list(NEEDED),
        "additionalProperties": False,
    },
}
POLICY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "together": {"type": "array", "items": {"type": "array", "items": _TEXT}},
        "max-roles": {"type": "integer", "minimum": 0},
        "limits": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "min": _NUMBER,
                    "max": _NUMBER,
                    "max-factor": {"type": "number", "minimum": 1},
                    "max-percent": {"type": "number", "minimum": 0},
                },
                "additionalProperties": False,
            },
        },
        "frozen": _TEXTS,
        "paths": _TEXTS,
        "require-owner": {"type": "boolean", "default": True},
        "require-confirmation": {"type": "array", "items": {"enum": list(RISKS)}},
    },
    "additionalProperties": False,
}
