"""Settings by dotted key as nested data, and as a YAML text where there is no file to edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diagnose.configs.edit.literals import CannotWriteError, key, literal
from diagnose.configs.yaml_config import read_yaml_config
from diagnose.errors import DiagnoseError
from diagnose.model import UNKNOWN, Config

DEEPEST = 60


class ClashError(Exception):
    """Keys that cannot stand in one tree."""


def nested(settings: Mapping[str, Any]) -> Any:
    """Return the tree that dotted keys stand for; levels whose keys count from 0 are lists.

    Raises:
        ClashError: if a key is a value and a level at once, or the levels are too many.
    """
    root: dict[str, Any] = {}
    for name, value in settings.items():
        here = root
        *above, last = name.split(".")
        if len(above) > DEEPEST:
            raise ClashError(name)
        for part in above:
            here = here.setdefault(part, _Level())
            if not isinstance(here, _Level):
                raise ClashError(name)
        if last in here:
            raise ClashError(name)
        here[last] = value
    return _listed(root)


class _Level(dict[str, Any]):
    """A level of the tree, to tell it from a value that is an empty mapping."""


def _listed(level: dict[str, Any]) -> Any:
    inner = {name: _listed(value) if isinstance(value, _Level) else value for name, value in level.items()}
    if isinstance(level, _Level) and [*inner] == [str(number) for number in range(len(inner))]:
        return [*inner.values()]
    return inner


def as_yaml(config: Config) -> tuple[str, list[str]]:
    """Return the settings as a YAML config, and the keys that are left out since their values cannot be told."""
    known = {name: one.value for name, one in config.settings.items() if one.value is not UNKNOWN}
    left = [name for name in config.settings if name not in known]
    text = "\n".join(f"{key(name, 'yaml')}: {_flow(value)}" for name, value in known.items()) + "\n"
    try:
        tree = "\n".join(_block(nested(known), 0)) + "\n"
        read = {name: one.value for name, one in read_yaml_config(tree, "").settings.items()}
    except (ClashError, CannotWriteError, DiagnoseError):
        return text, left
    return (tree if read == known else text), left


def _flow(value: Any) -> str:
    try:
        return literal(value, "yaml")
    except CannotWriteError:
        return literal(str(value), "yaml")


def _block(value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of a mapping or a list of mappings."""
    space = " " * indent
    if isinstance(value, dict):
        for name, inner in value.items():
            if _is_tree(inner):
                yield f"{space}{key(name, 'yaml')}:"
                yield from _block(inner, indent + 2)
            else:
                yield f"{space}{key(name, 'yaml')}: {_flow(inner)}"
        return
    for item in value:
        lines = [*_block(item, indent + 2)] if _is_tree(item) else [f"{space}  {_flow(item)}"]
        yield f"{space}- {lines[0].lstrip()}"
        yield from lines[1:]


def _is_tree(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict | list) and item for item in value)
    return isinstance(value, dict) and bool(value)
