"""Configs that a program prints: ``Namespace(lr=0.1, betas=(0.9, 0.999))`` and ``lr=0.1, batch_size=32``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from diagnose.configs.files import Files
from diagnose.configs.literals import plain_value
from diagnose.configs.reading import Reading
from diagnose.configs.tree import MOST, Text
from diagnose.errors import SourceError
from diagnose.model import Place, Setting
from diagnose.patterns import lazy
from diagnose.records import dataclass

LARGEST = 1 << 18
"""Characters of a printed config."""
BEGIN = lazy(r"\b(?:argparse\.)?(?:Namespace|AttrDict|EasyDict|SimpleNamespace|namespace)\(")
CALL = lazy(r"(?:argparse\.)?(?:Namespace|AttrDict|EasyDict|SimpleNamespace|namespace|dict)\(")
PAIR = lazy(r"\s*(?:([A-Za-z_][\w.\-]*)\s*=|(['\"])([^'\"\n]{1,200})\2\s*:)\s*")
TOKEN = lazy(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|[\[\](){}<>,]|[^\[\](){}<>,'\"]+|['\"]", re.DOTALL)
PLAIN = lazy(r"(?:'[^'\\\n]*'|\"[^\"\\\n]*\"|[^\[\](){}<>,'\"]*)(?=[,)])")
"""A value without brackets, or one text, up to the comma or the bracket behind it."""
DEEPEST = 20
PARTNER = {")": "(", "]": "[", "}": "{", ">": "<"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One ``key=value`` as it is printed; *start* and *end* are those of the value."""

    key: str
    value: Any
    at: int
    start: int
    end: int


def read_namespace_config(text: str, path: str, files: Files | None = None) -> Reading:
    """Return the settings of the first namespace that a text holds; nested ones and dictionaries by dotted key.

    Raises:
        SourceError: if the text holds none, or is too large.
    """
    source = Text(text, path, LARGEST)
    found = BEGIN.search(text)
    if found is None:
        raise SourceError("no printed namespace", place=Place(path, 1), mend="name a file with Namespace(...)")
    reading = Reading()
    for pair in printed_pairs(text, found.end()):
        literal = text[pair.start : pair.end]
        setting = Setting(pair.key, pair.value, source.place(pair.at), literal, (pair.start, pair.end))
        reading.settings[pair.key] = setting
    return reading


def printed_namespace(text: str) -> list[Pair]:
    """Return the settings of a namespace that a line of a log prints; none if it prints none."""
    found = BEGIN.search(text[:LARGEST]) if "(" in text else None
    return list(printed_pairs(text[:LARGEST], found.end())) if found else []


def printed_pairs(text: str, at: int = 0, prefix: str = "", depth: int = 0) -> Iterator[Pair]:
    """Yield the pairs of a printed ``key=value, ...`` from *at* to the bracket that closes it, or to the end."""
    count = 0
    while (found := PAIR.match(text, at)) and count < MOST:
        start, end = found.end(), _end(text, found.end())
        key = prefix + (found[1] or found[3])
        value = text[start:end].rstrip()
        if (inside := CALL.match(value) or re.match(r"\{(?=\s*['\"])", value)) and depth < DEEPEST:
            nested = list(printed_pairs(text[: start + len(value)], start + inside.end(), f"{key}.", depth + 1))
            yield from nested
        else:
            nested = []
        if not nested:
            yield Pair(key, plain_value(value), found.start(1 if found[1] else 3), start, start + len(value))
        count += 1
        if text[end : end + 1] != ",":
            return
        at = end + 1


def _end(text: str, at: int) -> int:
    """Return where a value ends: at the comma behind it, at the bracket around it, or at the end."""
    if plain := PLAIN.match(text, at):
        return plain.end()
    stack: list[str] = []
    for found in TOKEN.finditer(text, at):
        sign = found[0]
        if sign in ("(", "[", "{", "<"):
            stack.append(sign)
        elif sign in PARTNER:
            if stack and stack[-1] == PARTNER[sign]:
                stack.pop()
            elif sign != ">":
                return found.start()
        elif sign == "," and not stack:
            return found.start()
    return len(text)
