"""The text of the lines that findings point at, read only when something is reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache

from diagnose.errors import DiagnoseError
from diagnose.model import Evidence, Place
from diagnose.sources import Source, lines_at
from diagnose.text.secrets import masked_text

SHOWN = 300
"""Characters of a line that are quoted."""
_masked = lru_cache(maxsize=64)(masked_text)  # findings of one log point at the same lines


class Quotes:
    """Looks up lines of sources that were read before."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        """Quote from these sources, by path."""
        self._sources = sources
        self._texts: dict[tuple[str, int], str] = {}

    def fetch(self, places: Iterable[Place]) -> None:
        """Read the lines of these places, one pass per file; binary files have no lines to quote."""
        wanted: dict[str, set[int]] = defaultdict(set)
        for place in places:
            if place.line and not place.text and (place.path, place.line) not in self._texts:
                wanted[place.path].add(place.line)
        for path, numbers in wanted.items():
            source = self._sources.get(path)
            if source is None or b"\0" in source.head[:4096]:
                continue
            with suppress(DiagnoseError):
                for line in lines_at(source, numbers, last=True):
                    self._texts[path, line.number] = line.text.strip()[:SHOWN]

    def place(self, place: Place) -> Place:
        """Return the place with its text, in which no password or token is repeated."""
        text = _masked(place.text or self._texts.get((place.path, place.line), ""))
        return Place(place.path, place.line, place.column, text)

    def evidence(self, evidence: Evidence) -> Evidence:
        """Return evidence whose text is its statement, or else the quoted line."""
        place = self.place(evidence.place)
        return Evidence(place, evidence.text or place.text)
