"""TOML configs."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from diagnose.configs.files import Files
from diagnose.configs.reading import Reading
from diagnose.configs.tree import DEEPEST, MOST_NODES, Flattener, Node, Text
from diagnose.errors import SourceError
from diagnose.model import Place
from diagnose.patterns import lazy
from diagnose.text.toml_places import Path, Where, places_of

LARGEST = 1 << 18
"""Characters; what finds the places takes its time."""
AT = lazy(r" \(at (?:line (\d+), column \d+|end of document)\)$")
LONG_KEY = lazy(rf"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){{{DEEPEST}}}""")
"""A key of more parts than are read: tomllib, and what finds the places, take a square of their number."""


def read_toml_config(text: str, path: str, files: Files | None = None) -> Reading:
    """Return the settings of a TOML config by dotted key, in the order of the file; lists are as in YAML configs.

    Args:
        text: the config.
        path: its name.
        files: not needed: TOML names no bases.

    Raises:
        SourceError: if the text is no TOML, or too large or too deep to be a config.
    """
    source = Text(text, path, LARGEST)
    if found := LONG_KEY.search(text):
        raise source.fault(f"nested more than {DEEPEST} levels deep", found.start(), "flatten the config")
    try:
        data = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        at = AT.search(str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        message = f"not valid TOML: {AT.sub('', str(error))}"
        raise SourceError(message, place=Place(path, line), mend="mend this line") from None
    except RecursionError:
        raise source.fault(f"nested more than {DEEPEST} levels deep", _deep(text), "flatten the config") from None
    except ValueError as error:  # a number of thousands of digits
        raise SourceError(f"not a config: {str(error).split(';')[0]}", place=Place(path)) from None
    flat = Flattener()
    flat.add(_Tree(source, places_of(text)).node(data, ()))
    return Reading(flat.settings)


class _Tree:
    def __init__(self, source: Text, places: dict[Path, Where]) -> None:
        self.source, self.places = source, places
        self.count = 0

    def node(self, data: Any, path: Path) -> Node:
        where = self.places.get(path) or Where(1, 0, 0, 0)
        node = Node(data, self.source, where.at, where.start, where.end)
        self.count += 1
        if self.count > MOST_NODES:
            raise node.fault(f"not a config: more than {MOST_NODES} values", "name no data files")
        if len(path) > DEEPEST:
            raise node.fault(f"nested more than {DEEPEST} levels deep", "flatten the config")
        if isinstance(data, dict):
            node.value = {key: self.node(value, (*path, key)) for key, value in data.items()}
        elif isinstance(data, list):
            node.value = [self.node(value, (*path, index)) for index, value in enumerate(data)]
        elif not isinstance(data, str | int | float | bool):
            node.value = str(data)  # dates and times
        return node


def _deep(text: str) -> int:
    """Return where brackets are nested too deeply."""
    depth = 0
    for found in re.finditer(r"[\[\]{}]", text):
        depth += 1 if found[0] in "[{" else -1
        if depth > DEEPEST:
            return found.start()
    return 0
