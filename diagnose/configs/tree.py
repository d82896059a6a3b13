"""Nested configs as trees that know where every value stands; readers of YAML, JSON, TOML and Keras build them."""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections.abc import Iterator
from typing import Any, TypeAlias

from diagnose.errors import SourceError
from diagnose.model import Place, Setting, UnknownValue
from diagnose.patterns import lazy
from diagnose.records import dataclass, field, replace

LARGEST = 1 << 20
"""Characters of a config; beyond it, it is data."""
MOST = 20_000
"""Settings of a config; aliases of aliases can unfold to billions."""
MOST_NODES = 100_000
"""Values of a config, the elements of lists among them."""
DEEPEST = 100
"""Levels of a config."""
LINE = 400
"""Characters kept of a line."""
BLANK = "\ufeff \t\r"


class Text:
    """The text of one file, and where its lines begin."""

    def __init__(self, text: str, path: str, most: int = LARGEST) -> None:
        """Take a text of at most so many characters.

        Raises:
            SourceError: if it is too large to be a config.
        """
        if len(text) > most:
            raise SourceError(
                f"too large for a config ({len(text)} characters, at most {most} are read)",
                place=Place(path),
                mend="name the config itself, not data",
            )
        self.text, self.path = text, path
        self._breaks = [found.start() for found in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        """Return the 1-based line of a character."""
        return bisect(self._breaks, at - 1) + 1

    def place(self, at: int) -> Place:
        """Return the place of a character, with its line as it is written; of a long line, what stands there."""
        line = self.line(at)
        start = self._breaks[line - 2] + 1 if line > 1 else 0
        end = self._breaks[line - 1] if line <= len(self._breaks) else len(self.text)
        shown = start if end - start <= 2 * LINE else max(start, at - 20)
        return Place(self.path, line, at - start + 1, self.text[shown : min(end, shown + 2 * LINE)].strip(BLANK)[:LINE])

    def fault(self, message: str, at: int, mend: str = "") -> SourceError:
        """Return an error about a character."""
        return SourceError(message, place=Place(self.path, self.line(at), 0), mend=mend)


Plain: TypeAlias = str | int | float | bool | UnknownValue | None
Value: TypeAlias = "Plain | list[Node] | dict[str, Node]"


@dataclass(slots=True, eq=False)
class Node:
    """A value of a config.

    Attributes:
        value: plain data, UNKNOWN, or nodes.
        text: the file it stands in.
        at: where its key begins; the value itself if it has none.
        start: where the value begins.
        end: just behind it.
        size: values in it, as often as they are referred to.
        levels: how deep it is nested; 0 for a plain value.
        loose: whether the language itself takes this number for text (``1e-4`` in YAML 1.1).
    """

    value: Value
    text: Text
    at: int
    start: int
    end: int
    size: int = 1
    levels: int = 0
    loose: bool = False

    def under(self, at: int) -> Node:
        """Return the node as the value of a key elsewhere."""
        return replace(self, at=at)

    def members(self) -> dict[str, Node]:
        """Return the members of a mapping; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> list[Node]:
        """Return the elements of a list; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    def children(self) -> list[Node]:
        """Return members or elements."""
        return [*self.value.values()] if isinstance(self.value, dict) else self.items()

    def weigh(self) -> Node:
        """Work size and depth out from the children, and return the node."""
        self.size = 1 + sum(child.size for child in self.children())
        self.levels = 1 + max((child.levels for child in self.children()), default=0)
        return self

    @property
    def literal(self) -> str:
        """The value as it is written."""
        return self.text.text[self.start : self.end]

    def fault(self, message: str, mend: str = "") -> SourceError:
        """Return an error about this value."""
        return self.text.fault(message, self.at, mend)


def is_leaf(node: Node) -> bool:
    """Return whether a node is one setting: plain, a list of plain values, or empty."""
    if isinstance(node.value, dict):
        return not node.value
    if isinstance(node.value, list):
        return not any(isinstance(item.value, dict | list) for item in node.value)
    return True


def plain(node: Node) -> Any:
    """Return the value of a leaf as data."""
    if isinstance(node.value, dict):
        return {}
    return [item.value for item in node.value] if isinstance(node.value, list) else node.value


@dataclass(slots=True)
class Flattener:
    """Turns trees into settings by dotted key.

    A list of plain values is one setting; in a list that holds lists or mappings the elements are numbered
    (``transforms.0.size``). Later settings of the same key replace earlier ones.

    Attributes:
        loose: keys of numbers that the language itself takes for text.
        most: settings that a config may have.
    """

    settings: dict[str, Setting] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    most: int = MOST

    def add(self, node: Node, prefix: str = "") -> None:
        """Add everything below a node.

        Raises:
            SourceError: beyond ``most`` settings or ``DEEPEST`` levels.
        """
        for key, leaf in _leaves(node, prefix, 0):
            if len(self.settings) >= self.most and key not in self.settings:
                raise leaf.fault(f"not a config: more than {self.most} settings", "name the config itself, not data")
            self.settings.pop(key, None)
            self.settings[key] = setting(key, leaf)
            self.loose.discard(key)
            if any(item.loose for item in (leaf, *leaf.items())):
                self.loose.add(key)


def setting(key: str, node: Node) -> Setting:
    """Return a leaf as a setting."""
    return Setting(key, plain(node), node.text.place(node.at), node.literal, (node.start, node.end))


def _leaves(node: Node, prefix: str, depth: int) -> Iterator[tuple[str, Node]]:
    if depth > DEEPEST:
        raise node.fault(f"nested more than {DEEPEST} levels deep", "flatten the config")
    parts = node.value.items() if isinstance(node.value, dict) else enumerate(node.items())
    for name, child in parts:
        if is_leaf(child):
            yield f"{prefix}{name}", child
        else:
            yield from _leaves(child, f"{prefix}{name}.", depth + 1)


def merged(base: Node, over: Node) -> Node:
    """Return *base* with what *over* says instead: mappings are merged key by key, everything else is replaced."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    both = dict(base.value)
    for key, node in over.value.items():
        both[key] = merged(both[key], node) if key in both else node
    return replace(over, value=both)


NUMBER = lazy(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")


def number(text: str) -> int | float | None:
    """Return the number that a text is, or None; no number of hundreds of digits, which takes long to read."""
    if len(text) > LINE or not text.isascii() or not NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdigit():
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else None
