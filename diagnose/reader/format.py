"""What a log format is, and how one is recognised from content."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import islice
from typing import Protocol

from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.required import Groups, begins_line, required
from diagnose.reader.uniform import is_uniform
from diagnose.records import dataclass
from diagnose.sources import HEAD, Source
from diagnose.sources.lines import ANSI, encoding_of

CONTROL = bytes(byte for byte in range(32) if 0 < byte < 8 or (byte > 13 and byte != 27))
"""Control characters that no terminal is sent: not line ends, backspaces, tabs and escapes."""
CONTROLS = lazy("[\0" + re.escape(CONTROL.decode()) + "]")
"""One of them, or a null."""
NO_LETTERS = bytes(code if bytes([code]).isalpha() or code == ord("\n") else 32 for code in range(256))
"""To blanks what is no letter of ASCII and no line end."""
ONE_DIGIT = bytes(ord("0") if bytes([code]).isdigit() else code for code in range(256))
"""All digits to one."""
DIGITS = frozenset("0123456789\n")
"""Characters that are not the same in the text and in its shapes."""
SURE = 100
"""Scores from which on a format has proof."""
MOST_HITS = 50
"""Hits of one pattern that are counted."""


@dataclass(frozen=True)
class Head:
    """The beginning of an input, as detection sees it.

    Attributes:
        brief: whether scores are only compared with ``SURE``, so that marks need not be counted.
    """

    path: str
    data: bytes
    brief: bool = False

    @cached_property
    def text(self) -> str:
        """The head as text, without ANSI codes; carriage returns and backspaces count as line ends."""
        text = self.data.decode(encoding_of(self.data), "replace")
        if "\x1b" in text:
            text = ANSI.sub("", text)
        return re.sub(r"[\r\b]+\n?", "\n", text) if "\r" in text or "\b" in text else text

    @cached_property
    def below(self) -> str:
        """The text below a line end, so that each of its lines stands behind one."""
        return "\n" + self.text

    @cached_property
    def shapes(self) -> str:
        """The lines of the text with all digits equal, each once: they hold what it holds that has no digit."""
        lines = self.text.encode("utf-8", "surrogatepass").translate(ONE_DIGIT).split(b"\n")
        return b"\n".join(set(lines)).decode("utf-8", "surrogatepass")

    @cached_property
    def words(self) -> str:
        """The words of the text, each once: what none of them contains is not in the text."""
        words = set(self.shapes.encode("utf-8", "replace").translate(NO_LETTERS).split())
        return b"\n".join(words).decode("ascii")

    def may_hold(self, pattern: str) -> bool:
        """Whether the text holds what every match of a pattern does; if not, no search can find one."""
        return self.holds_all(required(pattern))

    def holds_all(self, groups: Groups) -> bool:
        """Whether the text holds a text of each group."""
        words, shapes = self.words, self.shapes
        for texts in groups:
            for text, core in texts:
                if core in words and _shape(text) in shapes and (DIGITS.isdisjoint(text) or text in self.text):
                    break
            else:
                return False
        return True

    def hits(self, pattern: str, most: int) -> int:
        """Return how often a pattern (``re.MULTILINE``) occurs in the text, counted up to *most*."""
        compiled, at_start = _compiled(pattern)
        if most == 1:
            text = self.shapes if is_uniform(pattern) else self.text
            return int(compiled.search("\n" + text if at_start else text) is not None)
        if at_start:
            return _hits_below(compiled, self.below, most)
        return sum(1 for _ in islice(compiled.finditer(self.text), most))

    @cached_property
    def is_binary(self) -> bool:
        """Whether the input is not text at all."""
        if encoding_of(self.data).startswith("utf-16"):
            return False
        if self.brief and b"\x1b" not in self.data and not CONTROLS.search(self.shapes):
            return False  # the text lacks nothing but line ends, and that of a brief head is looked at anyway
        sample = self.data[:65536]
        control = len(sample) - len(sample.translate(None, CONTROL))
        nulls = sample.count(b"\0")
        # Hard copies of GNU screen hold a null byte for every box-drawing character, and are text otherwise.
        return (nulls > 0 and (control > 0 or nulls * 3 > len(sample))) or control * 20 > len(sample)


def head_of(source: Source) -> Head:
    """Return the head of a source."""
    return Head(source.path, source.head[:HEAD])


class Format(Protocol):
    r"""A module of ``diagnose.logs``: one log format.

    Attributes:
        NAME: the format's name, as in ``--format`` and in reports.
        TITLE: what it is, in a few words.
        SAMPLES: texts, each of which must be detected as this format and yield at least one point, event or fact.
        IS_GENERIC: True where ``sniff`` never reaches 100, and so need not be asked once another format is sure.
        MOST: what ``sniff`` never exceeds, where there is such a bound.
        MARKS: patterns (``re.MULTILINE``), one of which is in every log of the format, so that the module need not be
            imported for others. Tried themselves if they begin with ``\A``; of others, only their literal texts.
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


@lru_cache(maxsize=512)
def _shape(text: str) -> str:
    """Return the shape of a text, of the longest of its lines if it has several."""
    line = max(text.split("\n"), key=len)
    return line.encode("utf-8", "surrogatepass").translate(ONE_DIGIT).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[re.Pattern[str], bool]:
    """Return a pattern, and whether it matches at the beginning of lines only: then with the line end before them.

    A search for a line end is fast; one for a place where a line begins would try every character.
    """
    at_start = begins_line(pattern)
    return re.compile(f"\n(?:{pattern})" if at_start else pattern, re.MULTILINE), at_start


def _hits_below(pattern: re.Pattern[str], text: str, most: int) -> int:
    """Count matches that each begin with a line end, which the match before may end with."""
    hits, at = 0, 0
    while hits < most and (found := pattern.search(text, at)) is not None:
        hits, at = hits + 1, max(found.start() + 1, found.end() - 1)
    return hits


def marked(head: Head, *patterns: str) -> int:
    """Return 0 if none of the patterns occurs in the head, else 100 for each that does, plus 1 per hit up to 99.

    The patterns are compiled with ``re.MULTILINE`` and should each be proof of the format. Of a brief head, the first
    hit decides.
    """
    if head.is_binary:
        return 0
    distinct = hits = 0
    for pattern in patterns:
        if not head.may_hold(pattern):
            continue
        found = head.hits(pattern, 1 if head.brief else MOST_HITS)
        if found and head.brief:
            return SURE
        distinct += found > 0
        hits += found
    return 100 * distinct + min(hits, 99) if distinct else 0


class Marked:
    """A format's ``sniff`` that looks for marks and nothing else, and so does not need the format's module.

    Attributes:
        patterns: the marks.
    """

    def __init__(self, *patterns: str) -> None:
        """Take patterns each of which is proof of the format."""
        self.patterns = patterns

    def __call__(self, head: Head) -> int:
        """Return what ``marked`` does."""
        return marked(head, *self.patterns)
