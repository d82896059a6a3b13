"""Every run as a mark on the axis of the metric, a row per config: inline SVG without script."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator

from diagnose.confirm.confirmation import Confirmation
from diagnose.confirm.model import Outcome
from diagnose.confirm.show import words
from diagnose.text import escape

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 760.0, 220.0, 110.0, 26.0, 12.0, 26.0
TICKS = 5
MOST_ROWS = 12
LONGEST = 34
GAP = 9.0
"""Between two marks of runs that diverged."""


def dots(found: Confirmation) -> str:
    """Return the drawing; empty if no two runs of one config have a metric."""
    rows = _rows(found)
    finite = [
        one.metric for row in rows.values() for one in row if one.metric is not None and math.isfinite(one.metric)
    ]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return "\n".join(_drawn(found, rows, low, high))


def _rows(found: Confirmation) -> dict[tuple[str, ...], list[Outcome]]:
    rows: dict[tuple[str, ...], list[Outcome]] = defaultdict(list)
    for one in found.outcomes:
        if one.metric is not None and not one.trial.repeat:
            rows[one.trial.parts].append(one)
    most = [parts for parts, runs in rows.items() if len(runs) > 1][:MOST_ROWS]
    return {parts: rows[parts] for parts in most}


def _drawn(found: Confirmation, rows: dict[tuple[str, ...], list[Outcome]], low: float, high: float) -> Iterator[str]:
    height = TOP + ROW * len(rows) + BOTTOM

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    yield f'<svg class="dots" viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="Metric of every run">'
    for number, (parts, runs) in enumerate(rows.items()):
        y = TOP + ROW * (number + 0.5)
        name = words.parts(parts, found.asked)
        name = name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."
        yield f'<line class="row" x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:g}" y2="{y:g}"/>'
        yield f'<text class="name" x="{LEFT - 12:g}" y="{y + 4:g}" text-anchor="end">{escape.html(name)}</text>'
        lost = 0
        for one in runs:
            yield _mark(one, x, y, lost)
            lost += not math.isfinite(one.metric or 0.0)
    base = TOP + ROW * len(rows)
    for at in range(TICKS):
        value = low + (high - low) * at / (TICKS - 1)
        told = escape.html(words.figure(value))
        yield f'<text x="{x(value):.1f}" y="{base + 18:g}" text-anchor="middle">{told}</text>'
    yield "</svg>"


def _mark(one: Outcome, x: Callable[[float], float], y: float, before: int) -> str:
    kind = {True: "shown", False: "clear", None: "none"}[one.symptom]
    value = one.metric if one.metric is not None else math.nan
    told = escape.html(f"seed {one.trial.seed}: {words.figure(value)}")
    if not math.isfinite(value):
        at = WIDTH - RIGHT + 24 + GAP * before
        path = f"M{at - 5:g} {y - 5:g}l10 10m0 -10l-10 10"
        return f'<path class="cross" d="{path}"><title>{told}</title></path>'
    at = x(value)
    if kind == "shown":
        return (
            f'<rect class="shown" x="{at - 4.5:.1f}" y="{y - 4.5:g}" width="9" height="9"><title>{told}</title></rect>'
        )
    return f'<circle class="{kind}" cx="{at:.1f}" cy="{y:g}" r="5"><title>{told}</title></circle>'
