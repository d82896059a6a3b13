"""What a segment holds, by name: the same in all runs of one program, whatever their values are."""

from __future__ import annotations

from typing import NamedTuple

from diagnose.model import Segment


class Outline(NamedTuple):
    """What a segment holds, by name.

    Attributes:
        series: names in their order; all have points.
        events: kinds.
        settings, canonical: keys of its config.
        partial: whether the config could not be read in full.
        compared: whether there is a run to compare with.
    """

    series: tuple[str, ...]
    events: frozenset[str]
    facts: frozenset[str]
    format: str
    framework: str
    settings: tuple[str, ...]
    canonical: tuple[str, ...]
    partial: bool
    compared: bool


def outline_of(segment: Segment, format: str, *, compared: bool) -> Outline:
    """Return the outline of a segment of a run of this format."""
    config = segment.config
    return Outline(
        tuple(segment.series), frozenset(segment.kinds), frozenset(segment.facts), format,
        config.framework, tuple(config.settings), tuple(config.canonical), config.partial, compared,
    )  # fmt: skip
