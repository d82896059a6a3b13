"""Charts as inline SVG: no script, colours from the page, findings marked with their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from diagnose.model.story import Chart, Curve, Mark
from diagnose.text import changes, escape

WIDTH, LEFT, RIGHT, BOTTOM = 760.0, 64.0, 18.0, 38.0
PLOT = 190.0
ROW = 18.0
MOST_ROWS = 4
BADGE = 9.0
TICKS = 5
CROSS = 11.0
"""Between two marks of values that are no numbers."""
DROPS = (-8.0, 18.0, -24.0, 34.0)
"""How far below its point the name of a best value may stand, the nearest first."""
LETTER = 6.2
"""Width of a letter beside a mark."""
PARTS = 8
"""Into which a line between two records is divided to see what a text covers."""


def svg(chart: Chart, number: int) -> str:
    """Return a chart; *number* makes its ids unique on the page."""
    return "\n".join(_Drawing(chart, number).lines())


def classes(chart: Chart) -> list[str]:
    """Return the class of each curve, which its colour hangs on."""
    found, hue = [], -1
    hues: dict[str, int] = {}
    for curve in chart.curves:
        if curve.style == "baseline":
            found.append("base")
            continue
        key = curve.label
        if key not in hues:
            hue += 1
            hues[key] = hue % 6
        found.append(f"c{hues[key]} {curve.style}")
    return found


class _Drawing:
    def __init__(self, chart: Chart, number: int) -> None:
        self.chart, self.number = chart, number
        xs = [x for curve in chart.curves for x in (*curve.x, *(x for x, _ in curve.not_finite))]
        ys = [y for curve in chart.curves for y in curve.y if y is not None and (y > 0 or not chart.log)]
        self.x = _widened(min(xs, default=0.0), max(xs, default=1.0))
        self.y = _range(min(ys, default=0.0), max(ys, default=1.0), log=chart.log)
        self.badges = self._badges([mark for mark in chart.marks if mark.kind == "finding"])
        rows = max((row for _, _, row in self.badges), default=-1) + 1
        self.top = 12.0 + ROW * rows
        self.height = self.top + PLOT + BOTTOM

    def lines(self) -> Iterator[str]:
        title = f"{self.chart.title} by {self.chart.unit}"
        yield (
            f'<svg class="chart" viewBox="0 0 {WIDTH:.0f} {self.height:.0f}" role="img" '
            f'aria-labelledby="chart-{self.number}-t chart-{self.number}-d">'
        )
        yield f'<title id="chart-{self.number}-t">{escape.html(title)}</title>'
        yield f'<desc id="chart-{self.number}-d">{escape.html(self._described())}</desc>'
        yield from self._axes()
        for curve, style in zip(self.chart.curves, classes(self.chart), strict=True):
            yield from self._curve(curve, style)
        yield from self._marks()
        yield "</svg>"

    def _described(self) -> str:
        told = []
        for curve in self.chart.curves:
            values = [y for y in curve.y if y is not None]
            if values:
                low, high = changes.number(min(values), 4), changes.number(max(values), 4)
                told.append(f"{curve.label}: {curve.points} records from {low} to {high}")
        return "; ".join([*told, *(mark.told for mark in self.chart.marks if mark.told)])

    def px(self, x: float) -> float:
        low, high = self.x
        return LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def py(self, y: float) -> float:
        low, high = self.y
        if self.chart.log:
            y = math.log10(max(y, 10**low))
        return self.top + PLOT - (min(max(y, low), high) - low) / (high - low) * PLOT

    def _axes(self) -> Iterator[str]:
        floor = self.top + PLOT
        for value in _ticks_log(*self.y) if self.chart.log else _ticks(*self.y):
            y = self.py(value)
            yield f'<line class="grid" x1="{LEFT:.1f}" x2="{WIDTH - RIGHT:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick" x="{LEFT - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{_label(value)}</text>'
        for value in _ticks(*self.x, whole=True):
            x = self.px(value)
            yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{floor:.1f}" y2="{floor + 4:.1f}"/>'
            yield f'<text class="tick" x="{x:.1f}" y="{floor + 17:.1f}" text-anchor="middle">{_label(value)}</text>'
        yield f'<line class="axis" x1="{LEFT:.1f}" x2="{WIDTH - RIGHT:.1f}" y1="{floor:.1f}" y2="{floor:.1f}"/>'
        unit = escape.html(self.chart.unit)
        yield f'<text class="unit" x="{WIDTH - RIGHT:.1f}" y="{floor + 32:.1f}" text-anchor="end">{unit}</text>'

    def _curve(self, curve: Curve, style: str) -> Iterator[str]:
        for part in _parts(curve):
            points = " ".join(f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in part)
            if len(part) == 1:
                x, y = part[0]
                yield f'<circle class="dot {style}" cx="{self.px(x):.1f}" cy="{self.py(y):.1f}" r="2.5"/>'
            else:
                yield f'<polyline class="line {style}" points="{points}"/>'
        if sum(y is not None for y in curve.y) <= 30:
            for part in _parts(curve):
                for x, y in part:
                    yield f'<circle class="dot {style}" cx="{self.px(x):.1f}" cy="{self.py(y):.1f}" r="2.5"/>'
        floor = self.top + PLOT
        last = -CROSS
        for x, line in curve.not_finite:
            at = self.px(x)
            if at - last < CROSS:
                continue
            last = at
            yield (
                f'<path class="broken" d="M{at - 4:.1f} {floor - 9:.1f}l8 8m0 -8l-8 8">'
                f"<title>not a finite number, line {line}</title></path>"
            )

    def _badges(self, marks: Sequence[Mark]) -> list[tuple[Mark, float, int]]:
        """Return the marks with where their badge stands and in which row, so that none covers another."""
        ends: list[float] = []
        found = []
        for mark in sorted(marks, key=lambda one: one.x):
            half = max(BADGE, 3.6 * len(mark.label) + 5)
            x = min(max(self.px(mark.x), LEFT + half), WIDTH - RIGHT - half)
            row = next((at for at, end in enumerate(ends) if x - half > end + 3), None)
            if row is None and len(ends) < MOST_ROWS:
                ends.append(0.0)
                row = len(ends) - 1
            if row is None:
                row = min(range(len(ends)), key=lambda at: ends[at])
            ends[row] = x + half
            found.append((mark, x, row))
        return found

    def _marks(self) -> Iterator[str]:
        for mark, x, row in self.badges:
            y = 12.0 + ROW * row
            end = self.py(mark.y) if mark.y is not None else self.top + PLOT
            at = self.px(mark.x)
            half = max(BADGE, 3.6 * len(mark.label) + 5)
            severity = mark.severity
            yield f'<a href="#finding-{mark.findings[0]}" class="mark {severity}">'
            yield f"<title>{escape.html(mark.told)}</title>"
            yield f'<path class="leader" d="M{x:.1f} {y + BADGE - 1:.1f}L{at:.1f} {self.top:.1f}L{at:.1f} {end:.1f}"/>'
            if mark.y is not None:
                yield f'<circle class="spot" cx="{at:.1f}" cy="{end:.1f}" r="4.5"/>'
            yield (
                f'<rect class="badge-box" x="{x - half:.1f}" y="{y - BADGE + 1:.1f}" width="{2 * half:.1f}" '
                f'height="{2 * BADGE - 2:.1f}" rx="{BADGE - 1:.1f}"/>'
            )
            label = escape.html(mark.label)
            yield f'<text class="badge-text" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{label}</text>'
            yield "</a>"
        for mark in self.chart.marks:
            if mark.kind == "best" and mark.y is not None:
                x, y = self.px(mark.x), self.py(mark.y)
                left, drop = self._free(x, y, LETTER * len(mark.told))
                anchor, shift = ("end", -9) if left else ("start", 9)
                yield f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
                yield (
                    f'<text class="best-text" x="{x + shift:.1f}" y="{y + drop:.1f}" '
                    f'text-anchor="{anchor}">{escape.html(mark.told)}</text>'
                )

    def _free(self, x: float, y: float, wide: float) -> tuple[bool, float]:
        """Return on which side of a point, and how far below it, a text of this width covers least of the curves."""
        drawn = [
            (self.px(one[0]) + part / PARTS * (self.px(two[0]) - self.px(one[0])),
             self.py(one[1]) + part / PARTS * (self.py(two[1]) - self.py(one[1])))
            for curve in self.chart.curves for piece in _parts(curve) for one, two in pairwise(piece)
            for part in range(PARTS)
        ]  # fmt: skip
        found = []
        for left in (False, True):
            low = x - 9 - wide if left else x + 9
            for rank, drop in enumerate(DROPS):
                high = y + drop - 12
                out = low < LEFT or low + wide > WIDTH or high < self.top - 14 or high + 15 > self.top + PLOT
                covered = sum(low <= at <= low + wide and high <= up <= high + 15 for at, up in drawn)
                found.append((out, covered, rank, left, drop))
        return min(found)[3:]


def _parts(curve: Curve) -> Iterator[list[tuple[float, float]]]:
    part: list[tuple[float, float]] = []
    for x, y in zip(curve.x, curve.y, strict=True):
        if y is None:
            if part:
                yield part
            part = []
        else:
            part.append((x, y))
    if part:
        yield part


def _widened(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _range(low: float, high: float, *, log: bool) -> tuple[float, float]:
    if log:
        low, high = math.log10(low), math.log10(high)
        return (low, high) if high > low else (low - 0.5, high + 0.5)
    if high == low:
        room = abs(high) * 0.1 or 0.5
        return low - room, high + room
    room = (high - low) * 0.05
    return (low if low == 0 else low - room), high + room


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    step = 10 ** math.floor(math.log10(span / TICKS))
    step = next(step * factor for factor in (1, 2, 5, 10) if span / (step * factor) <= TICKS + 1)
    if whole:
        step = max(step, 1.0)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def _ticks_log(low: float, high: float) -> list[float]:
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    every = max(1, math.ceil((last - first + 1) / (TICKS + 1)))
    found = [10.0**at for at in range(first, last + 1, every)]
    return found if len(found) > 1 else [10**low, 10**high]


def _label(value: float) -> str:
    return escape.html(changes.number(value, 3))
