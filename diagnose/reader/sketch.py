"""What is known of a format without its module, so that only modules are imported whose format a log may have."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from diagnose.reader.format import SURE, Format, Head, Marked, marked
from diagnose.reader.required import Groups, required
from diagnose.records import dataclass

AT_BEGINNING = r"\A"


@dataclass(frozen=True, slots=True)
class Mark:
    """One of a format's ``MARKS``.

    Attributes:
        pattern: to be tried itself, if it stands at the very beginning of a log or has no texts; else empty.
        texts: groups of texts as ``required`` gives them.
    """

    pattern: str
    texts: Groups

    def may_be_in(self, head: Head) -> bool:
        """Whether a head may hold it."""
        if not head.holds_all(self.texts):
            return False
        if self.pattern.startswith(AT_BEGINNING):
            return re.match(self.pattern, head.text) is not None
        return not self.pattern or head.hits(self.pattern, 1) > 0


@dataclass(frozen=True, slots=True)
class Sketch:
    """A format before its module is imported.

    Attributes:
        name: the format's ``NAME``.
        module: the module's own name.
        most: what ``sniff`` never exceeds.
        is_generic, is_config: as the module says.
        marks: one of them is in every log of the format; empty if it names none.
        sniffed: what a ``sniff`` looks for that needs no module.
    """

    name: str
    module: str
    most: float
    is_generic: bool
    is_config: bool
    marks: tuple[Mark, ...]
    sniffed: tuple[str, ...] = ()

    def may_be(self, head: Head) -> bool:
        """Whether ``sniff`` can give more than 0."""
        return not self.marks or any(mark.may_be_in(head) for mark in self.marks)

    def score(self, head: Head, formats: Mapping[str, Format]) -> int:
        """Return what ``sniff`` does; the module is looked up in *formats* only if it is needed."""
        if self.sniffed:
            return marked(head, *self.sniffed)
        return formats[self.name].sniff(head) if self.may_be(head) else 0


def sketch(format: Format, module: str) -> Sketch:
    """Return the sketch of a format, whose module is imported."""
    is_generic = getattr(format, "IS_GENERIC", False)
    marks = tuple(
        Mark("" if texts and not pattern.startswith(AT_BEGINNING) else pattern, texts)
        for pattern in getattr(format, "MARKS", ())
        for texts in [required(pattern)]
    )
    most = getattr(format, "MOST", SURE - 1 if is_generic else math.inf)
    sniffed = format.sniff.patterns if isinstance(format.sniff, Marked) else ()
    return Sketch(format.NAME, module, most, is_generic, getattr(format, "IS_CONFIG", False), marks, sniffed)


def packed(one: Sketch) -> list[Any]:
    """Return a sketch for JSON."""
    marks = [[mark.pattern, mark.texts] for mark in one.marks]
    return [one.name, one.module, one.most, one.is_generic, one.is_config, marks, one.sniffed]


def unpacked(row: list[Any]) -> Sketch:
    """Return a sketch out of JSON."""
    name, module, most, is_generic, is_config, marks, sniffed = row
    return Sketch(name, module, most, is_generic, is_config, tuple(Mark(*mark) for mark in marks), tuple(sniffed))
