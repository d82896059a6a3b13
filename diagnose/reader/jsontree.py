"""JSON with line numbers, read as far as it goes: a file cut in the middle yields what stands before the cut."""

from __future__ import annotations

import json
import math
import re
from typing import TypeAlias

from diagnose.patterns import lazy
from diagnose.records import dataclass

TOKEN = lazy(
    r'\s*(?:([{}\[\],:])|("(?:[^"\\\n]|\\.)*")|(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|-?Infinity|NaN|true|false|null))'
)
NOTHING = lazy(r"\s*")
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "true": True, "false": False, "null": None}
REPAIRS = 3
"""Damaged lines that are left out; what has more of them is not JSON."""
DEEPEST = 200
"""Levels of nesting that are read; results are shallow, and what is deeper is an attack or not a result."""


@dataclass(slots=True)
class Node:
    """A JSON value and the line it begins on (for a member of an object: the line of its key)."""

    value: Value
    line: int

    def members(self) -> dict[str, Node]:
        """Return the members of an object; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> list[Node]:
        """Return the elements of an array; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    def number(self) -> float | None:
        """Return a number as a float, NaN and Infinity included; None for anything else, booleans too."""
        if isinstance(self.value, int | float) and not isinstance(self.value, bool):
            return float(self.value)
        return None

    def plain(self) -> object:
        """Return the value as ordinary Python data, without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


Value: TypeAlias = dict[str, Node] | list[Node] | str | float | int | bool | None


@dataclass(slots=True)
class Document:
    """What was read of a JSON text.

    Attributes:
        root: the outermost value; None if there is none.
        complete: whether the text is one whole JSON value.
        cut: whether the text ended or broke off inside the value.
        line: the line reading stopped at.
        damaged: lines that hold something that is no JSON, and were left out from there on.
    """

    root: Node | None
    complete: bool
    cut: bool
    line: int
    damaged: tuple[int, ...] = ()

    @property
    def breach_line(self) -> int:
        """The first line that is damaged, or else the one that reading stopped at."""
        return self.damaged[0] if self.damaged else self.line

    @property
    def breach(self) -> str:
        """What to tell of a text that is not one whole value."""
        if self.damaged and not self.cut:
            lines = ", ".join(map(str, self.damaged))
            return f"line {lines} is no JSON and was left out; what stands around it was read"
        return f"the JSON ends or breaks off in line {self.line}; what stands before it was read"


def parse(text: str) -> Document:
    """Read a JSON text; ``NaN`` and ``Infinity`` count as numbers. Never raises."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.line, self.counted = 1, 0
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.key: tuple[str, int] | None = None
        self.damaged: list[int] = []

    def read(self) -> Document:
        position = len(self.text) - len(self.text.lstrip("\ufeff"))
        after_value = False  # whether a value has just ended: only then may a comma, bracket or the end follow
        while found := TOKEN.match(self.text, position) or self._repaired(position):
            self._count(found.start(found.lastindex or 0))
            position = found.end()
            mark, string, word = found.groups()
            if mark is None:
                if after_value:
                    break
                after_value = self._scalar(string, word)
            elif mark in "{[":
                if after_value or len(self.stack) >= DEEPEST:
                    break
                self._open({} if mark == "{" else [])
                after_value = False
            elif mark in "}]":
                if not self.stack or isinstance(self.stack[-1].value, dict) != (mark == "}"):
                    break
                self.stack.pop()
                after_value, self.key = True, None
            elif mark == ",":
                if not (after_value and self.stack):
                    break
                after_value = False
            elif self.key is None:
                break
            if self.root is not None and not self.stack:
                break
        rest = self.text[position:].strip(" \t\r\n\0")
        whole = self.root is not None and not self.stack
        complete = whole and not rest and not self.damaged
        return Document(self.root, complete, bool(self.stack), self.line, tuple(self.damaged))

    def _repaired(self, position: int) -> re.Match[str] | None:
        """Return the first token of the next line where the rest of this one is damaged, such as a stray quote."""
        gap = NOTHING.match(self.text, position)
        start = gap.end() if gap is not None else position
        end = self.text.find("\n", start)
        if not self.stack or end < 0 or len(self.damaged) >= REPAIRS:
            return None
        self._count(start)
        self.damaged.append(self.line)
        self.key = None
        return TOKEN.match(self.text, end)

    def _scalar(self, string: str | None, word: str | None) -> bool:
        """Take a string, number or word; return whether a value has ended (a key is none)."""
        if string is not None and self._wants_key():
            self.key = (_text(string), self.line)
            return False
        if self._wants_key():
            return False
        self._put(_text(string) if string is not None else _number(word or ""))
        return True

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.key is None

    def _open(self, value: dict[str, Node] | list[Node]) -> None:
        node = self._put(value)
        self.stack.append(node)

    def _put(self, value: Value) -> Node:
        node = Node(value, self.line)
        holder = self.stack[-1].value if self.stack else None
        if isinstance(holder, dict):
            key, node.line = self.key or ("", self.line)
            holder[key] = node
        elif isinstance(holder, list):
            holder.append(node)
        elif self.root is None:
            self.root = node
        self.key = None
        return node

    def _count(self, position: int) -> None:
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position


def _text(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token))
    except ValueError:
        return token[1:-1]


def _number(word: str) -> float | int | bool | None:
    if word in WORDS:
        return WORDS[word]
    if len(word) < 300 and word.lstrip("-").isdigit():
        return int(word)
    return float(word)
