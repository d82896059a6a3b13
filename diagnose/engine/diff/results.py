"""What came of both sides: the best value of the metric that speaks for each run, against the noise of repeats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from diagnose.engine.diff.side import Side
from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.model import Point, Result, Segment
from diagnose.names import traits

ASKED = ("best(natural(main_score()))", 'best(main_loss("val"))')
"""The metrics that are compared: the score that speaks for the model, and the validation loss."""


def results(old: Side, new: Side) -> tuple[Result, ...]:
    """Return the results that both sides have."""
    return tuple(_results(old, new))


def _results(old: Side, new: Side) -> Iterator[Result]:
    for text in ASKED:
        before, after = _bests(old, text), _bests(new, text)
        shared = {point.series for point in before} & {point.series for point in after}
        if not shared:
            continue
        name = before[0].series if before[0].series in shared else min(shared)
        left = [point for point in before if point.series == name]
        right = [point for point in after if point.series == name]
        better = traits(name).better
        values = tuple(float(point) for point in left), tuple(float(point) for point in right)
        noise = _noise(*values)
        first = _best(left, better), _best(right, better)
        printed = next((fit.series[name].printed for fit in new.fits if name in fit.series), name)
        verdict = _verdict(median(values[0]), median(values[1]), better, noise)
        yield Result(name, printed, better, *values, noise, verdict, first[0].place, first[1].place)


def _bests(side: Side, text: str) -> list[Point]:
    return [point for fit in side.fits if (point := _ask(text, fit)) is not None]


def _ask(text: str, segment: Segment) -> Point | None:
    try:
        value = evaluate(parse(text), Scope(segment))
    except MissingError:
        return None
    return value if isinstance(value, Point) and math.isfinite(value) else None


def _best(points: list[Point], better: str) -> Point:
    return min(points, key=float) if better == "lower" else max(points, key=float)


def _noise(old: tuple[float, ...], new: tuple[float, ...]) -> float | None:
    spreads = [max(side) - min(side) for side in (old, new) if len(side) > 1]
    return max(spreads) if spreads else None


def _verdict(old: float, new: float, better: str, noise: float | None) -> str:
    if old == new:
        return "same"
    if noise is not None and abs(new - old) <= noise:
        return "within noise"
    return "better" if (new > old) == (better != "lower") else "worse"
