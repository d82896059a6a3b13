"""How the values of settings are read: each reader returns the checked value or says what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diagnose.errors import did_you_mean
from diagnose.model import SEVERITIES
from diagnose.patterns import lazy
from diagnose.settings.model import PathIgnore

UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
SIZE = lazy(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", re.IGNORECASE)


class WrongValueError(ValueError):
    """A value that a key cannot take, at a path below that key."""

    def __init__(self, message: str, *path: str | int) -> None:
        """Say what is wrong where."""
        super().__init__(message)
        self.message, self.path = message, path


Read = Callable[[Any, Path], Any]
"""From a TOML value and the folder of its file to the checked value. Raises WrongValueError."""


def parse_size(text: str | int) -> int:
    """Return the bytes of ``2GB``, ``1.5 GiB``, ``500m`` or a plain number.

    Raises:
        WrongValueError: if it is none of these.
    """
    found = SIZE.fullmatch(str(text).strip())
    if found is None or isinstance(text, bool):
        raise WrongValueError(f"not a size: {text!r} (write 500MB, 2GB or 1.5GiB)")
    return int(float(found[1]) * UNITS[(found[2] or "").lower()])


def text(value: Any, _: Path) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise WrongValueError(f"expected a text, not {shown(value)}")
    return value


def flag(value: Any, _: Path) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise WrongValueError(f"expected true or false, not {shown(value)}")
    return value


def size(value: Any, _: Path) -> int:
    """Read a size in bytes or with a unit."""
    if not isinstance(value, str | int):
        raise WrongValueError(f"expected a size such as 2GB, not {shown(value)}")
    return parse_size(value)


def jobs(value: Any, _: Path) -> int | str:
    """Read a number of processes, or ``auto``."""
    if value == "auto":
        return "auto"
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise WrongValueError(f"expected a number of processes or auto, not {shown(value)}")
    return number


def path(value: Any, base: Path) -> Path:
    """Read a path relative to the settings file."""
    return base / Path(text(value, base)).expanduser()


def one_of(*known: str) -> Read:
    """Return a reader of one of the known words."""

    def read(value: Any, _: Path) -> str:
        if value not in known:
            raise WrongValueError(_not_one_of(value, known))
        return str(value)

    return read


def _not_one_of(value: Any, known: tuple[str, ...]) -> str:
    near = did_you_mean(value, known) if isinstance(value, str) else ""
    return f"expected one of {', '.join(known)}, not {shown(value)}" + (f" ({near})" if near else "")


def texts(value: Any, base: Path) -> tuple[str, ...]:
    """Read a list of texts, or one text with commas."""
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[,\s]+", value) if part)
    if not isinstance(value, list):
        raise WrongValueError(f"expected a list of texts, not {shown(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, str) or not item:
            raise WrongValueError(f"expected a text, not {shown(item)}", index)
    return tuple(value)


def paths(value: Any, base: Path) -> tuple[Path, ...]:
    """Read one or more paths relative to the settings file."""
    return tuple(base / Path(item).expanduser() for item in ([value] if isinstance(value, str) else texts(value, base)))


def patterns(value: Any, base: Path) -> tuple[tuple[Path, str], ...]:
    """Read one or more gitignore patterns, each with the folder it is relative to."""
    return tuple((base, item) for item in ([value] if isinstance(value, str) else texts(value, base)))


def reasons(value: Any, base: Path) -> dict[str, str]:
    """Read rules that are ignored: a list, or a table from rule to reason."""
    if not isinstance(value, dict):
        return dict.fromkeys(texts(value, base), "")
    for name, reason in value.items():
        if not isinstance(reason, str):
            raise WrongValueError(f"expected the reason as a text, not {shown(reason)}", name)
    return dict(value)


def severities(value: Any, _: Path) -> dict[str, str]:
    """Read a table from rule to severity."""
    if not isinstance(value, dict):
        raise WrongValueError('expected a table such as {loss-plateau = "info"}')
    for name, level in value.items():
        if level not in SEVERITIES:
            hint = " (to switch a rule off, use `ignore`)" if level in ("off", "none", False) else ""
            raise WrongValueError(_not_one_of(level, SEVERITIES) + hint, name)
    return dict(value)


def thresholds(value: Any, _: Path) -> dict[str, dict[str, Any]]:
    """Read a table from rule to parameters, with a table ``metrics`` inside."""
    if not isinstance(value, dict):
        raise WrongValueError("expected a table such as {loss-plateau = {window = 20}}")
    for rule, params in value.items():
        _params(params, rule)
        metrics = params.get("metrics", {})
        if not isinstance(metrics, dict):
            raise WrongValueError('expected a table by metric, such as {"val/map50" = {...}}', rule, "metrics")
        for metric, own in metrics.items():
            _params(own, rule, "metrics", metric)
            if "metrics" in own:
                raise WrongValueError("`metrics` within `metrics`", rule, "metrics", metric, "metrics")
    return dict(value)


def _params(value: Any, *path: str) -> None:
    if not isinstance(value, dict):
        raise WrongValueError(f"expected a table of parameters, not {shown(value)}", *path)
    for name, item in value.items():
        if name != "metrics" and not isinstance(item, str | int | float | bool | list):
            raise WrongValueError(f"expected a value, not {shown(item)}", *path, name)


def path_ignores(value: Any, base: Path) -> tuple[PathIgnore, ...]:
    """Read an array of ``{path, rules, reason}``, or a table from path to rules."""
    if isinstance(value, dict):
        found = []
        for glob, rules in value.items():
            try:
                found.append(PathIgnore((glob,), _selectors(rules, base), "", base, (glob,)))
            except WrongValueError as error:
                raise WrongValueError(error.message, glob, *error.path) from None
        return tuple(found)
    if not isinstance(value, list):
        raise WrongValueError(f"expected an array of tables, not {shown(value)}")
    return tuple(_path_ignore(item, index, base) for index, item in enumerate(value))


def _path_ignore(item: Any, index: int, base: Path) -> PathIgnore:
    if not isinstance(item, dict):
        raise WrongValueError('expected a table such as {path = "old/**", rules = ["LOSS"], reason = "..."}', index)
    known = ("path", "rules", "reason")
    for key in item:
        if key not in known:
            mend = did_you_mean(key, known) or f"one of {', '.join(known)}"
            raise WrongValueError(f"unknown key `{key}` ({mend})", index, key)
    for key in ("path", "rules"):
        if key not in item:
            raise WrongValueError(f"`{key}` is missing", index)
    try:
        globs = (item["path"],) if isinstance(item["path"], str) else texts(item["path"], base)
    except WrongValueError as error:
        raise WrongValueError(error.message, index, "path", *error.path) from None
    try:
        rules = _selectors(item["rules"], base)
    except WrongValueError as error:
        raise WrongValueError(error.message, index, "rules", *error.path) from None
    reason = item.get("reason", "")
    if not isinstance(reason, str):
        raise WrongValueError(f"expected a text, not {shown(reason)}", index, "reason")
    return PathIgnore(globs, rules, reason, base, (index,))


def _selectors(value: Any, base: Path) -> tuple[str, ...]:
    found = texts(value, base)
    if not found:
        raise WrongValueError("expected at least one rule")
    return found


def shown(value: Any) -> str:
    """Return a wrong value as a message names it."""
    kinds = {dict: "a table", list: "a list", bool: str(value).lower()}
    return kinds.get(type(value), repr(value))
