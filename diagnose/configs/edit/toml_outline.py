"""The outline of a TOML text. Tables become nested blocks; each knows where its own lines end."""

from __future__ import annotations

import json
import re

from diagnose.configs.edit.outline import BRACES, ITEMS, LINES, Block, Entry
from diagnose.patterns import lazy

BLANK = lazy(r"(?:\s|#[^\n]*)*")
INLINE = lazy(r"[ \t]*")
KEY = lazy(r"""[ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
STRING = lazy(r'''"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'''', re.DOTALL)
PLAIN = lazy(r"[^,\]}#\n\r]+")
DEEPEST = 100


def outline(text: str) -> Block | None:
    """Return the root table.

    Raises:
        ValueError: if it is no TOML that can be followed.
    """
    root = here = Block(LINES, 0, 0)
    at = _blank(text, 1 if text.startswith("\ufeff") else 0)
    while at < len(text):
        start = at
        if text[at] == "[":
            double = text.startswith("[[", at)
            names, at = _keys(text, at + 1 + double)
            here = _table(root, names, start, double)
            at = text.find("\n", at)
            at = len(text) if at < 0 else at
            here.start, here.end = start, at
        else:
            names, at = _keys(text, at)
            if text[at : at + 1] != "=":
                raise ValueError("no equals sign")
            at = _space(text, at + 1)
            value, (inner, at) = at, _value(text, at, 0)
            _put(here, names, Entry(names[-1], start, value, at, inner))
            here.end = at
            here.column = start - (text.rfind("\n", 0, start) + 1)
        at = _blank(text, at)
    return root


def _blank(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at


def _space(text: str, at: int) -> int:
    found = INLINE.match(text, at)
    return found.end() if found else at


def _keys(text: str, at: int) -> tuple[list[str], int]:
    names = []
    while True:
        found = KEY.match(text, at)
        if not found:
            raise ValueError("no key")
        word, at = found[1], found.end()
        names.append(json.loads(word) if word[0] == '"' else word.strip("'"))
        if text[at : at + 1] != ".":
            return names, at
        at += 1


def _table(root: Block, names: list[str], start: int, double: bool) -> Block:
    """Return the block of a header, made where it is new."""
    here = root
    for index, name in enumerate(names):
        last = index == len(names) - 1
        entry = here.get(name)
        if entry is None or entry.block is None:
            entry = Entry(name, start, start, start, Block(ITEMS if double and last else LINES, start, start))
            here.entries.append(entry)
        block = entry.block
        if block is None:
            raise ValueError("no table")
        if block.kind == ITEMS and (not last or double):
            if last:
                block.entries.append(Entry(str(len(block.entries)), start, start, start, Block(LINES, start, start)))
            inner = block.entries[-1].block if block.entries else None
            if inner is None:
                raise ValueError("no table")
            block = inner
        here = block
    return here


def _put(here: Block, names: list[str], entry: Entry) -> None:
    """Put an entry under a dotted name."""
    for name in names[:-1]:
        found = here.get(name)
        if found is None or found.block is None:
            found = Entry(name, entry.start, entry.start, entry.end, Block(LINES, entry.start, entry.end))
            here.entries.append(found)
        if found.block is None:
            raise ValueError("no table")
        here = found.block
        here.end = entry.end
    here.entries.append(entry)


def _value(text: str, at: int, depth: int) -> tuple[Block | None, int]:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if text[at : at + 1] not in ("{", "["):
        found = STRING.match(text, at) or PLAIN.match(text, at)
        if not found:
            raise ValueError("no value")
        return None, at + len(found[0].rstrip())
    braces = text[at] == "{"
    block = Block(BRACES if braces else ITEMS, at + 1, at + 1)
    at = _blank(text, at + 1)
    while text[at : at + 1] not in ("}", "]"):
        start = at
        names = [str(len(block.entries))]
        if braces:
            names, at = _keys(text, at)
            at = _space(text, at + 1)
        value, (inner, at) = at, _value(text, at, depth + 1)
        _put(block, names, Entry(names[-1], start, value, at, inner))
        at = _blank(text, at)
        if text[at : at + 1] == ",":
            at = _blank(text, at + 1)
        elif text[at : at + 1] not in ("}", "]"):
            raise ValueError("no comma")
    block.end = at
    if block.entries:
        first = block.entries[0].start
        block.column = first - (text.rfind("\n", 0, first) + 1)
    return block, at + 1
