"""A JSON text as a tree of nodes with their places. Strict: a config that its trainer could not read is an error."""

from __future__ import annotations

import json
import math

from diagnose.configs.reading import Remark
from diagnose.configs.tree import DEEPEST, LINE, MOST_NODES, Node, Plain, Text
from diagnose.errors import SourceError
from diagnose.patterns import lazy

SPACE = lazy(r"[ \t\r\n]*")
SCALAR = lazy(
    r'(?P<string>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")|(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)'
    r"|(?P<word>-?Infinity|NaN|true|false|null)"
)
WORDS: dict[str, Plain] = {
    "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "true": True, "false": False, "null": None,
}  # fmt: skip


def parse(text: Text, most: int = MOST_NODES) -> tuple[Node, list[Remark]]:
    """Return the root of a JSON text, and remarks on keys that stand twice. ``NaN`` counts as a number, as in Python.

    Args:
        text: the source.
        most: values that it may hold.

    Raises:
        SourceError: if the text is not JSON, or nested too deeply.
    """
    reader = _Reader(text, most)
    return reader.read(), reader.remarks


class _Reader:
    def __init__(self, text: Text, most: int) -> None:
        self.most = most
        self.text, self.source = text, text.text
        self.at = len(self.source) - len(self.source.lstrip("\ufeff"))
        self.stack: list[Node] = []
        self.names: list[str] = []
        self.remarks: list[Remark] = []
        self.count = 0

    def read(self) -> Node:
        root = self.value(-1)
        while self.stack:
            top = self.stack[-1]
            closing = "}" if isinstance(top.value, dict) else "]"
            char = self.next()
            if char == closing and not top.size:
                self.close()
                continue
            if top.size:  # one value at least
                if char == closing:
                    self.close()
                    continue
                if char != ",":
                    raise self.fault(f"expected a comma or {closing}")
                self.at += 1
                if self.next() == closing:
                    raise self.fault(f"a comma before {closing}", "remove the comma")
            top.size = 2
            self.member(top) if isinstance(top.value, dict) else self.element(top)
        if self.next():
            raise self.fault("more follows behind the value", "one file holds one value")
        return root

    def next(self) -> str:
        found = SPACE.match(self.source, self.at)
        self.at = found.end() if found else self.at
        return self.source[self.at : self.at + 1]

    def member(self, top: Node) -> None:
        self.next()
        start = self.at
        found = SCALAR.match(self.source, self.at)
        if not found or found.lastgroup != "string":
            raise self.fault("expected a key in double quotes")
        key = self.string(found[0])
        self.at = found.end()
        if self.next() != ":":
            raise self.fault("expected a colon behind the key")
        self.at += 1
        members = top.members()
        if before := members.pop(key, None):
            name = ".".join([*self.names, key])
            lines = f"line {self.text.line(start)} replaces line {self.text.line(before.at)}"
            message = f"key {name!r} stands twice: {lines}"
            self.remarks.append(Remark("duplicate-key", name, message, self.text.place(start)))
        self.names.append(key)
        node = self.value(start)
        members[key] = node
        if not self.stack or self.stack[-1] is not node:
            self.names.pop()

    def element(self, top: Node) -> None:
        self.names.append(str(len(top.items())))
        node = self.value(-1)
        top.items().append(node)
        if self.stack[-1] is not node:
            self.names.pop()

    def value(self, at: int) -> Node:
        """Read a value, of a bracket only that; *at* is where its key begins, or -1."""
        char = self.next()
        start = self.at
        self.count += 1
        if self.count > self.most:
            raise self.text.fault(f"not a config: more than {self.most} values", start, "name no data files")
        node = Node(None, self.text, start if at < 0 else at, start, start + 1)
        if char in ("{", "["):
            if len(self.stack) >= DEEPEST:
                raise self.text.fault(f"nested more than {DEEPEST} levels deep", start, "flatten the config")
            node.value, node.size = {} if char == "{" else [], 0
            self.stack.append(node)
            self.at += 1
            return node
        found = SCALAR.match(self.source, start)
        if not found:
            raise self.fault("expected a value" if char else "the text ends within a value")
        self.at = node.end = found.end()
        match found.lastgroup:
            case "string":
                node.value = self.string(found[0], start)
            case "number":
                node.value = _number(found[0])
            case _:
                node.value = WORDS[found[0]]
        return node

    def close(self) -> None:
        self.at += 1
        node = self.stack.pop()
        node.end = self.at
        node.weigh()
        if self.stack:
            self.names.pop()

    def string(self, token: str, at: int = -1) -> str:
        if "\\" not in token:
            return token[1:-1]
        try:
            return str(json.loads(token))
        except ValueError:
            raise self.fault(f"not a JSON string: {token[:40]}", "escape backslashes: \\\\") from None

    def fault(self, message: str, mend: str = "") -> SourceError:
        rest = self.source[self.at : self.at + 2]
        if rest[:1] == "#" or rest in ("//", "/*"):
            message, mend = "a comment, which JSON does not have", "remove it, or write the config in YAML"
        elif rest[:1] == "'":
            message, mend = "a string in single quotes", "use double quotes"
        elif rest[:1] == '"' and "value" in message:
            message, mend = "a string that does not end", "close its quotes, escape its line breaks and backslashes"
        elif rest in ("Tr", "Fa", "No"):
            message, mend = "a word of Python, not of JSON", "write true, false or null"
        elif not rest:
            message, mend = "the text ends within a value", "the file was cut: write it again"
        return self.text.fault(f"not valid JSON: {message}", self.at, mend or "mend this line")


def _number(word: str) -> Plain:
    if word.lstrip("-").isdigit():
        return int(word) if len(word) < LINE else word
    return float(word)
