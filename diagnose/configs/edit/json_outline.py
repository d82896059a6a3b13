"""The outline of a JSON text."""

from __future__ import annotations

import json

from diagnose.configs.edit.outline import BRACES, ITEMS, Block, Entry
from diagnose.patterns import lazy

SPACE = lazy(r"\s*")
PLAIN = lazy(r"[^\s,\]}]+")
DEEPEST = 200


def outline(text: str) -> Block | None:
    """Return the object that a text holds; None for anything else.

    Raises:
        ValueError: if it is no JSON.
    """
    at = _space(text, 1 if text.startswith("\ufeff") else 0)
    if text[at : at + 1] != "{":
        return None
    return _block(text, at, 0)[0]


def _space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _block(text: str, at: int, depth: int) -> tuple[Block, int]:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    braces = text[at] == "{"
    close = "}" if braces else "]"
    block = Block(BRACES if braces else ITEMS, at + 1, at + 1)
    at = _space(text, at + 1)
    while text[at : at + 1] != close:
        start = at
        if braces:
            name, at = _string(text, at)
            at = _space(text, at)
            if text[at : at + 1] != ":":
                raise ValueError("no colon")
            at = _space(text, at + 1)
        else:
            name = str(len(block.entries))
        value, inner = at, None
        if text[at : at + 1] in ("{", "["):
            inner, at = _block(text, at, depth + 1)
        elif text[at : at + 1] == '"':
            _, at = _string(text, at)
        elif found := PLAIN.match(text, at):
            at = found.end()
        else:
            raise ValueError("no value")
        block.entries.append(Entry(name, start, value, at, inner))
        at = _space(text, at)
        if text[at : at + 1] == ",":
            at = _space(text, at + 1)
        elif text[at : at + 1] != close:
            raise ValueError("no comma")
    block.end = at
    if block.entries:
        first = block.entries[0].start
        block.column = first - (text.rfind("\n", 0, first) + 1)
    return block, at + 1


def _string(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        raise ValueError("no key")
    value, end = json.decoder.scanstring(text, at + 1, False)  # type: ignore[attr-defined]
    return value, end
