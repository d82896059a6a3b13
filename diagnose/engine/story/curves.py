"""Series as curves that can be drawn: the quantities that speak, thinned to what is seen, findings marked on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from diagnose.engine.story.told import at, best, label, loss_of, number, place, positions, score_of, unit_of
from diagnose.model import Finding, Segment, Series
from diagnose.model.finding import SEVERITIES
from diagnose.model.story import Chart, Curve, Mark, SeriesRow
from diagnose.names import split_of, traits

BUCKETS = 240
"""Parts of the axis, of each of which the first, last, lowest and highest point are drawn."""
MOST_CHARTS = 8
MOST_CURVES = 6
MOST_NOT_FINITE = 60
MOST_ROWS = 40
LOG_FROM = 200.0
"""Ratio of the highest to the lowest value from which on an axis of a loss or a rate is logarithmic."""
_NONE = np.array([], dtype=np.int64)
Numbered = Sequence[tuple[int, Finding]]


def charts(segments: Sequence[Segment], findings: Numbered, baseline: dict[int, Segment]) -> tuple[Chart, ...]:
    """Return the charts: main score, losses, learning rate, and the series that findings are about."""
    found: list[Chart] = []
    for title, names in _quantities(segments, findings):
        chart = _chart(title, names, segments, findings, baseline, first=not found)
        if chart is not None:
            found.append(chart)
        if len(found) == MOST_CHARTS:
            break
    return tuple(found)


def _quantities(segments: Sequence[Segment], findings: Numbered) -> Iterable[tuple[str, list[str]]]:
    """Yield titles with the names of series (``=loss/train`` for the total loss of a split)."""
    done: set[str] = set()
    bases = [_base(score.name) for segment in segments if (score := score_of(segment)) is not None]
    for base in dict.fromkeys(bases):
        names = [f"{split}/{base}" for split in ("val", "test", "train")]
        done.update(names)
        yield base, names
    done |= {"train/loss", "val/loss"}
    yield "loss", ["=loss/val", "=loss/train"]
    if any(name.startswith("batch/") for segment in segments for name in segment.series):
        done.add("batch/loss")
        yield "loss within epochs", ["=loss/batch"]
    if any("lr" in segment.series for segment in segments):
        done.add("lr")
        yield "learning rate", ["lr"]
    for _, finding in findings:
        subject = finding.subject
        if subject in done or not any(subject in segment.series for segment in segments):
            continue
        base = _base(subject)
        names = [f"{split}/{base}" for split in ("val", "test", "train")] if split_of(subject) else [subject]
        done.update(names)
        yield base, names


def _base(name: str) -> str:
    return name.split("/", 1)[1] if split_of(name) else name


def _series(segment: Segment, name: str) -> Series | None:
    if name.startswith("=loss/"):
        return loss_of(segment, name.removeprefix("=loss/"))
    return segment.series.get(name)


def _chart(
    title: str,
    names: list[str],
    segments: Sequence[Segment],
    findings: Numbered,
    baseline: dict[int, Segment],
    *,
    first: bool,
) -> Chart | None:
    drawn = [
        (segment, series) for segment in segments for name in names if (series := _series(segment, name)) is not None
    ]
    drawn = [(segment, series) for segment, series in drawn if len(series) > 1]
    if not any(np.isfinite(series.value).sum() > 0 for _, series in drawn):
        return None
    chosen = _chosen(drawn, findings)
    mains = [series for _, series in chosen if split_of(series.name) != "train"]
    beside = [
        (other, series)
        for segment, one in chosen
        if (other := baseline.get(segment.index)) is not None
        and (split_of(one.name) != "train" or not mains)
        and (series := _series(other, _asked(one, names))) is not None
        and len(series) > 1
    ]
    if len(beside) > MOST_CURVES // 2:
        beside = beside[-1:]
    unit = unit_of([series for _, series in (*chosen, *beside)])
    several = len({segment.index for segment, _ in chosen}) > 1
    curves = [
        _curve(
            series,
            unit,
            f"{label(segment, segments)}: {series.printed}" if several else series.printed,
            _style(series, bool(mains)),
        )
        for segment, series in chosen
    ]
    curves += [_curve(series, unit, f"baseline: {series.printed}", "baseline") for _, series in beside]
    notes = [f"{len(drawn) - len(chosen)} more curves are in the table"] if len(drawn) > len(chosen) else []
    if any(series.thinned for _, series in chosen):
        notes.append("of long series, the first, last, lowest and highest points and a sample of the others were read")
    marks = _marks(chosen, findings, unit, single=len(segments) == 1, first=first)
    return Chart(title, unit, tuple(curves), tuple(marks), _logarithmic(curves, chosen[0][1].name), "; ".join(notes))


def _asked(series: Series, names: list[str]) -> str:
    return next(
        (name for name in names if name == series.name or name == f"=loss/{split_of(series.name)}"), series.name
    )


def _chosen(drawn: list[tuple[Segment, Series]], findings: Numbered) -> list[tuple[Segment, Series]]:
    """Return as many as can be told apart: validation before training, segments with findings before others."""
    if len(drawn) <= MOST_CURVES:
        return drawn
    named = {finding.segment for _, finding in findings}
    mains = [pair for pair in drawn if split_of(pair[1].name) != "train"]
    if mains:  # a training curve of one part alone would stand for nothing
        drawn = mains
    if len(drawn) <= MOST_CURVES:
        return drawn
    last = drawn[-1][0].index
    ranked = sorted(
        range(len(drawn)),
        key=lambda at: (
            split_of(drawn[at][1].name) == "train",
            drawn[at][0].index not in (drawn[0][0].index, last),
            drawn[at][0].name not in named,
            at,
        ),
    )
    return [drawn[at] for at in sorted(ranked[:MOST_CURVES])]


def _style(series: Series, mains: bool) -> str:
    return "second" if mains and split_of(series.name) == "train" else "main"


def _curve(series: Series, unit: str, label: str, style: str) -> Curve:
    x = positions(series, unit)
    keep = _thinned(x, series.value)
    finite = np.isfinite(series.value) & np.isfinite(x)
    points: list[tuple[float, float | None, int]] = []
    for index in keep:
        if finite[index]:
            points.append((float(x[index]), float(series.value[index]), int(series.line[index])))
        elif points and points[-1][1] is not None:
            points.append((points[-1][0], None, 0))
    broken = np.flatnonzero(~np.isfinite(series.value) & np.isfinite(x))
    if len(broken) > MOST_NOT_FINITE:
        broken = broken[np.unique(np.linspace(0, len(broken) - 1, MOST_NOT_FINITE).astype(int))]
    return Curve(
        series.name,
        series.printed,
        label,
        style,
        tuple(point[0] for point in points),
        tuple(point[1] for point in points),
        tuple(point[2] for point in points),
        len(series) + series.thinned,
        tuple((float(x[index]), int(series.line[index])) for index in broken),
        series.path,
    )


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """Return the points that make the picture: of every part of the axis the first, last, lowest and highest."""
    if len(x) <= 4 * BUCKETS:
        return [*range(len(x))]
    keep = {0, len(x) - 1}
    for part in np.array_split(np.arange(len(x)), BUCKETS):
        finite = part[np.isfinite(y[part])]
        keep.update((int(part[0]), int(part[-1])))
        if len(finite):
            keep.update((int(finite[y[finite].argmin()]), int(finite[y[finite].argmax()])))
    edges = np.flatnonzero(np.diff(np.isfinite(y).astype(int)))
    keep.update(int(index) for edge in edges[: 2 * BUCKETS] for index in (edge, edge + 1))
    return sorted(keep)


def _logarithmic(curves: list[Curve], name: str) -> bool:
    kind = traits(name).kind
    values = [value for curve in curves for value in curve.y if value is not None]
    positive = [value for value in values if value > 0]
    if kind == "score" or not positive:
        return False
    zeros = len(values) - len(positive)  # a rate that warms up begins at zero
    wide = max(positive) / min(positive) > LOG_FROM
    return wide and (not zeros or (max(positive) / min(positive) > LOG_FROM**2 and zeros < len(values) / 10))


def _marks(
    drawn: list[tuple[Segment, Series]], findings: Numbered, unit: str, *, single: bool, first: bool
) -> Iterable[Mark]:
    found: dict[tuple[float, float | None], list[tuple[int, Finding]]] = {}
    for pair in findings:
        spot = _spot(pair[1], drawn, unit, first=first)
        if spot is not None:
            found.setdefault(spot, []).append(pair)
    for (x, y), pairs in sorted(found.items(), key=lambda item: item[0][0]):
        worst = min((finding.severity for _, finding in pairs), key=SEVERITIES.index)
        numbers = tuple(number for number, _ in pairs)
        told = "; ".join(f"{number} {finding.name}" for number, finding in pairs)
        yield Mark(x, y, ", ".join(map(str, numbers)), "finding", worst, numbers, told)
    if single and drawn:
        _, series = drawn[0]
        index = best(series)
        if index is not None and traits(series.name).kind in ("score", "loss", "error"):
            x = float(positions(series, unit)[index])
            if math.isfinite(x):
                told = f"best {number(float(series.value[index]))}, {at(series, index)}"
                yield Mark(x, float(series.value[index]), "best", "best", told=told)


def _spot(
    finding: Finding, drawn: list[tuple[Segment, Series]], unit: str, *, first: bool
) -> tuple[float, float | None] | None:
    """Return where a finding stands: on its own curve; one about no series, on the first chart at its line."""
    wheres = [finding.place, *(evidence.place for evidence in finding.evidence)]
    for segment, series in drawn:
        if finding.segment and segment.name != finding.segment:
            continue
        if finding.subject == series.name:
            x = positions(series, unit)
            for where in wheres:
                hits = np.flatnonzero(series.line == (where.line or -1)) if where.path == series.path else _NONE
                if len(hits):
                    hit = _outstanding(series.value, hits)
                    y = float(series.value[hit])
                    if math.isfinite(x[hit]):
                        return float(x[hit]), y if math.isfinite(y) else None
    if not first or finding.severity == "hint":
        return None
    for segment, series in drawn:
        if (finding.segment and segment.name != finding.segment) or finding.subject in segment.series:
            continue
        where = finding.place
        if where.path == series.path and segment.first_line <= where.line <= segment.last_line:
            before = int(np.searchsorted(series.line, where.line, side="right")) - 1
            at_ = float(positions(series, unit)[before]) if before >= 0 else math.nan
            if math.isfinite(at_):
                return at_, None
    return None


def _outstanding(values: NDArray[np.float64], hits: NDArray[np.intp]) -> int:
    """Return which point of a line is meant, if states of a bar share it: one that is not finite, else the highest."""
    broken = hits[~np.isfinite(values[hits])]
    return int(broken[0] if len(broken) else hits[values[hits].argmax()])


def rows(segments: Sequence[Segment]) -> tuple[tuple[SeriesRow, ...], int]:
    """Return every series in numbers, the speaking ones first, and how many were left out."""
    found = [(segment, series) for segment in segments for series in segment.series.values() if len(series)]
    mains = {id(score) for segment in segments if (score := score_of(segment)) is not None}
    kinds = ("score", "loss", "error")
    ranked = sorted(
        found,
        key=lambda pair: (
            id(pair[1]) not in mains,
            _rank(traits(pair[1].name).kind, kinds),
            split_of(pair[1].name) == "train",
        ),
    )
    kept = {id(pair[1]) for pair in ranked[:MOST_ROWS]}
    return tuple(_row(segment, one, segments) for segment, one in found if id(one) in kept), max(
        len(found) - MOST_ROWS, 0
    )


def _rank(kind: str, kinds: tuple[str, ...]) -> int:
    return kinds.index(kind) if kind in kinds else len(kinds)


def _row(segment: Segment, series: Series, segments: Sequence[Segment]) -> SeriesRow:
    finite = np.isfinite(series.value)
    index = best(series)
    values = series.value[finite]
    return SeriesRow(
        series.name,
        series.printed,
        label(segment, segments),
        len(series) + series.thinned,
        number(float(series.value[0])),
        number(float(series.value[index])) if index is not None else "",
        at(series, index) if index is not None else "",
        number(float(series.value[-1])),
        number(float(values.min())) if len(values) else "",
        number(float(values.max())) if len(values) else "",
        int((~finite).sum()),
        place(series, index if index is not None else 0),
    )
