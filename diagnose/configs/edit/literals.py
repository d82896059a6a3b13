"""Values as a format writes them, in the manner of the value they replace."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import yaml

from diagnose.patterns import lazy

SMALLEST, LARGEST = 1e-6, 1e15
"""Numbers between them are written without an exponent."""
BARE_TEXT = lazy(r"[A-Za-z_./][\w./@+ -]*(?<! )")
BARE_KEY = lazy(r"[A-Za-z_][\w./-]*")
TOML_KEY = lazy(r"[A-Za-z0-9_-]+")
NUMBER = lazy(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
CONTROL = lazy(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


class CannotWriteError(Exception):
    """A value that the format has no words for."""


def literal(value: Any, kind: str, like: str = "") -> str:
    """Return a value as a format writes it.

    Args:
        value: plain data; lists and mappings are written on one line.
        kind: ``yaml``, ``json``, ``toml``, ``python`` or ``shell``.
        like: what stands in its place now, for quotes and the spelling of booleans.

    Raises:
        CannotWriteError: if the format cannot say it.
    """
    return WRITERS[kind](value, like.strip())


def key(name: str, kind: str) -> str:
    """Return the key of a mapping as a format writes it (in Python that of a ``{}``)."""
    if kind == "yaml":
        return name if BARE_KEY.fullmatch(name) and _resolved(name) == "str" else _double(name)
    if kind == "toml":
        return name if TOML_KEY.fullmatch(name) else _double(name)
    return _quoted(name, "'") if kind == "python" else json.dumps(name, ensure_ascii=False)


def decimal(value: float) -> str:
    """Return a finite number that every reader takes for a float: with a point, and none for YAML 1.2 alone."""
    if value and not SMALLEST <= abs(value) < LARGEST:
        mantissa, _, exponent = repr(value).partition("e")
        if exponent:
            return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+03d}"
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"


def _yaml(value: Any, like: str) -> str:
    match value:
        case None:
            return like if like in ("~", "Null", "NULL") else "null"
        case bool():
            word = "true" if value else "false"
            return word.capitalize() if like in ("True", "False") else word
        case float() if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        case int() | float():
            return str(value) if isinstance(value, int) else decimal(value)
        case str():
            return _yaml_text(value, like)
        case list() | tuple():
            return f"[{', '.join(_yaml(item, '') for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{key(str(name), 'yaml')}: {_yaml(item, '')}" for name, item in value.items()) + "}"
    raise CannotWriteError(f"no YAML for {type(value).__name__}")


def _yaml_text(value: str, like: str) -> str:
    if CONTROL.search(value):
        return _double(value)
    if like[:1] == '"':
        return _double(value)
    plain = BARE_TEXT.fullmatch(value) and _resolved(value) == "str" and not NUMBER.fullmatch(value)
    if like[:1] == "'" or not plain:
        return "'" + value.replace("'", "''") + "'"
    return value


def _resolved(text: str) -> str:
    resolver: Any = yaml.resolver.Resolver()
    return str(resolver.resolve(yaml.ScalarNode, text, (True, False))).rpartition(":")[2]


def _double(text: str) -> str:
    """Return a text in double quotes, with escapes that JSON, YAML and TOML share."""
    quoted = json.dumps(text, ensure_ascii=False)
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _json(value: Any, _: str) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return decimal(value) if abs(value) >= SMALLEST or not value else repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_json(item, '') for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key(str(name), 'json')}: {_json(item, '')}" for name, item in value.items()) + "}"
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise CannotWriteError(f"no JSON for {value!r}") from None


def _toml(value: Any, like: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value):
            return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        case int() | float():
            return str(value) if isinstance(value, int) else decimal(value)
        case str():
            single = like[:1] == "'" and "'" not in value and not CONTROL.search(value)
            return f"'{value}'" if single else _double(value)
        case list() | tuple():
            return f"[{', '.join(_toml(item, '') for item in value)}]"
        case dict():
            return (
                "{" + ", ".join(f"{key(str(name), 'toml')} = {_toml(item, '')}" for name, item in value.items()) + "}"
            )
    raise CannotWriteError("TOML has no null" if value is None else f"no TOML for {type(value).__name__}")


def _python(value: Any, like: str) -> str:
    match value:
        case float() if not math.isfinite(value):
            return f"float('{value}')"
        case float():
            return decimal(value)
        case None | bool() | int():
            return repr(value)
        case str():
            return _quoted(value, '"' if like[:1] == '"' else "'")
        case list() | tuple():
            inner = ", ".join(_python(item, "") for item in value)
            if like[:1] == "(":
                return f"({inner},)" if len(value) == 1 else f"({inner})"
            return f"[{inner}]"
        case dict():
            if all(isinstance(name, str) and name.isidentifier() for name in value) and not _keywords(value):
                return "dict(" + ", ".join(f"{name}={_python(item, '')}" for name, item in value.items()) + ")"
            return "{" + ", ".join(f"{_python(name, '')}: {_python(item, '')}" for name, item in value.items()) + "}"
    raise CannotWriteError(f"no Python for {type(value).__name__}")


def _keywords(names: Mapping[str, Any]) -> bool:
    import keyword

    return any(keyword.iskeyword(name) for name in names)


def _quoted(text: str, quote: str) -> str:
    """Return a text as ``repr`` writes it, in the quotes asked for where that needs no escape."""
    written = ascii(text) if CONTROL.search(text) else repr(text)
    if written[0] != quote and quote not in text and "'" not in text:
        return f"{quote}{written[1:-1]}{quote}"
    return written


def _shell(value: Any, _: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CannotWriteError("a command line has options and texts, and no such value")
    return shlex.quote(decimal(value) if isinstance(value, float) and math.isfinite(value) else str(value))


WRITERS: Mapping[str, Callable[[Any, str], str]] = {
    "yaml": _yaml,
    "json": _json,
    "toml": _toml,
    "python": _python,
    "shell": _shell,
}
