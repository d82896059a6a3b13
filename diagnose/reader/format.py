"""What a log format is, and how one is recognised from content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

from diagnose.reader.builder import RunBuilder
from diagnose.reader.required import may_match
from diagnose.sources import HEAD, Source
from diagnose.sources.lines import ANSI, encoding_of

CONTROL = bytes(byte for byte in range(32) if 0 < byte < 8 or (byte > 13 and byte != 27))
"""Control characters that no terminal is sent: not line ends, backspaces, tabs and escapes."""


@dataclass(frozen=True)
class Head:
    """The beginning of an input, as detection sees it."""

    path: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The head as text, without ANSI codes; carriage returns and backspaces count as line ends."""
        text = self.data.decode(encoding_of(self.data), "replace")
        return re.sub(r"[\r\b]+\n?", "\n", ANSI.sub("", text))

    @cached_property
    def is_binary(self) -> bool:
        """Whether the input is not text at all."""
        if encoding_of(self.data).startswith("utf-16"):
            return False
        sample = self.data[:65536]
        control = len(sample) - len(sample.translate(None, CONTROL))
        nulls = sample.count(b"\0")
        # Hard copies of GNU screen hold a null byte for every box-drawing character, and are text otherwise.
        return (nulls > 0 and (control > 0 or nulls * 3 > len(sample))) or control * 20 > len(sample)


def head_of(source: Source) -> Head:
    """Return the head of a source."""
    return Head(source.path, source.head[:HEAD])


class Format(Protocol):
    """A module of ``diagnose.logs``: one log format.

    Attributes:
        NAME: the format's name, as in ``--format`` and in reports.
        TITLE: what it is, in a few words.
        SAMPLES: texts, each of which must be detected as this format and yield at least one point, event or fact.
        IS_GENERIC: True where ``sniff`` never reaches 100, and so need not be asked once another format is sure.
    """

    NAME: str
    TITLE: str
    SAMPLES: tuple[str | bytes, ...]

    def sniff(self, head: Head) -> int:
        """Return how surely the head is of this format: 0 not at all; from 100 specific; below 100 generic."""
        ...

    def read(self, source: Source, build: RunBuilder) -> None:
        """Read the source into the builder."""
        ...


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


def marked(head: Head, *patterns: str) -> int:
    """Return 0 if none of the patterns occurs in the head, else 100 for each that does, plus 1 per hit up to 99.

    The patterns are compiled with ``re.MULTILINE`` and should each be proof of the format.
    """
    if head.is_binary:
        return 0
    distinct = hits = 0
    for pattern in patterns:
        if not may_match(pattern, head.text):
            continue
        found = sum(1 for _, _ in zip(range(50), _compiled(pattern).finditer(head.text), strict=False))
        distinct += found > 0
        hits += found
    return 100 * distinct + min(hits, 99) if distinct else 0
