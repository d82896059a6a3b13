"""Curves of an event file as points of a run, segment by segment."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from diagnose.reader.room import ABSURD, Places
from diagnose.records import dataclass, replace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diagnose.reader.builder import RunBuilder
    from diagnose.reader.tftable import Floats, Indices, Tag


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one tag.

    Attributes:
        name: canonical name of the series.
        printed: the tag.
        place: tells their order in the file, across all curves.
        epoch: None if the file tells none.
        number, weight: if some were left out, as ``Places`` has them.
    """

    name: str
    printed: str
    value: Floats
    step: Floats
    line: Indices
    place: Indices
    epoch: Floats | None = None
    number: Indices | None = None
    weight: Floats | None = None

    @staticmethod
    def of(tag: Tag, name: str, place: Indices, epoch: Floats | None = None) -> Curve:
        """Return the curve of a tag."""
        return Curve(name, tag.name, tag.value, tag.step, tag.record, place, epoch, tag.number, tag.weight)

    def part(self, which: slice | NDArray[np.bool_]) -> Curve:
        """Return some of the points."""
        columns = ("value", "step", "line", "place", "epoch", "number", "weight")
        held = {column: found for column in columns if (found := getattr(self, column)) is not None}
        return replace(self, **{column: found[which] for column, found in held.items()})


@dataclass(frozen=True, slots=True)
class Remark:
    """A scalar that becomes an event."""

    kind: str
    place: int
    line: int
    text: str
    fields: dict[str, object]


def add_curves(curves: list[Curve], remarks: list[Remark], cuts: list[int], build: RunBuilder) -> None:
    """Add curves to a run; at each of the *cuts*, which are places, a new segment begins."""
    segments = [sorted(_apart(parts), key=lambda curve: curve.place[0]) for parts in _segments(curves, cuts)]
    untold = np.full(max((len(curve.value) for parts in segments for curve in parts), default=0), math.nan)
    untold.setflags(write=False)
    remarks = sorted(remarks, key=lambda remark: remark.place)
    for parts, end in zip(segments, [*cuts, math.inf], strict=True):
        begin = parts[0].place[0] if parts else end
        remarks = _tell(remarks, begin, build)
        for curve in parts:
            epoch = untold[: len(curve.value)] if curve.epoch is None else _counted(curve.epoch)
            places = Places(_counted(curve.step), epoch, curve.line, curve.number, curve.weight)
            build.points(curve.printed, curve.name, curve.value, places)
        remarks = _tell(remarks, end, build)
        if end < math.inf:
            build.close()


def _tell(remarks: list[Remark], end: float, build: RunBuilder) -> list[Remark]:
    """Add the events that stand before a place; return the others."""
    count = sum(remark.place < end for remark in remarks)
    for remark in remarks[:count]:
        build.event(remark.kind, remark.line, remark.text, **remark.fields)
    return remarks[count:]


def _segments(curves: list[Curve], cuts: list[int]) -> list[list[Curve]]:
    """Return the parts of all curves in each segment, empty ones left out."""
    segments: list[list[Curve]] = [[] for _ in range(len(cuts) + 1)]
    for curve in curves:
        ends = [0, *np.searchsorted(curve.place, cuts).tolist(), len(curve.place)] if cuts else [0, len(curve.place)]
        for segment, (start, end) in zip(segments, pairwise(ends), strict=True):
            if start < end:
                segment.append(_reweighed(curve, start, end) if cuts else curve)
    return segments


def _reweighed(curve: Curve, start: int, end: int) -> Curve:
    """Return a part of a curve; if it was thinned, the points that stand for others stand for all that were there."""
    part = curve.part(slice(start, end))
    if curve.number is None or curve.weight is None or part.weight is None:
        return part
    count = (curve.number[end] if end < len(curve.number) else curve.weight.sum()) - curve.number[start]
    several = part.weight != 1
    weight = part.weight.copy()
    if several.any():
        weight[several] *= max(count - (~several).sum(), several.sum()) / weight[several].sum()
    return replace(part, weight=weight)


def _apart(curves: list[Curve]) -> Iterator[Curve]:
    """Yield curves of different names: of several that share one, all that stand in records of their own are one curve.

    Where one record holds two of them, the series is of the tag that came first in the segment, and the other is named
    after its tag as well.
    """
    named: dict[str, list[Curve]] = defaultdict(list)
    for curve in curves:
        named[curve.name].append(curve)
    for name, alike in named.items():
        if len(alike) == 1:
            yield alike[0]
            continue
        if any(curve.weight is not None for curve in alike):
            yield from _thinned_apart(alike)
            continue
        joined = _joined(alike)
        owner = np.concatenate([np.full(len(curve.value), number) for number, curve in enumerate(alike)])
        owner = owner[np.argsort(np.concatenate([curve.place for curve in alike]))]
        first = np.concatenate([[True], joined.line[1:] != joined.line[:-1]]) | (owner == owner[0])
        yield replace(joined.part(first), printed=alike[owner[0]].printed)
        for number, curve in enumerate(alike):
            if (others := ~first & (owner == number)).any():
                yield replace(joined.part(others), name=f"{name}~{curve.printed}", printed=curve.printed)


def _thinned_apart(alike: list[Curve]) -> Iterator[Curve]:
    """Yield curves that share a name and were thinned, each by itself: the series puts them together."""
    first, *others = sorted(alike, key=lambda curve: curve.place[0])
    yield first
    for curve in others:
        together = np.isin(curve.line, first.line).any()
        yield replace(curve, name=f"{curve.name}~{curve.printed}") if together else curve


def _joined(alike: list[Curve]) -> Curve:
    """Return the points of several curves in the order of the file."""
    place = np.concatenate([curve.place for curve in alike])
    order = np.argsort(place)
    value, step, line = (
        np.concatenate([getattr(curve, column) for curve in alike])[order] for column in ("value", "step", "line")
    )
    epochs = [curve.epoch for curve in alike if curve.epoch is not None]
    epoch = np.concatenate(epochs)[order] if len(epochs) == len(alike) else None
    return replace(alike[0], value=value, step=step, epoch=epoch, line=line, place=place[order])


def _counted(column: Floats) -> Floats:
    """Return epochs or steps; NaN for what can be neither."""
    if len(column) and not (column.max() < ABSURD and column.min() > -ABSURD):  # so with any NaN among them
        return np.where(np.abs(column) < ABSURD, column, math.nan)
    return column
