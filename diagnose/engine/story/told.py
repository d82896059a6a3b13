"""Numbers, epochs and the series that speak for a run, as the whole report tells them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diagnose.language import LanguageError, MissingError, Scope, evaluate, parse
from diagnose.model import Place, Segment, Series
from diagnose.names import traits
from diagnose.text import changes
from diagnose.text.terminal import shorten

DIGITS = 4
LABEL = 40
FEW = 6
"""Records below which nothing is said of how far they scatter."""


def number(value: float) -> str:
    """Return a number with four digits, and large ones whole."""
    if not math.isfinite(value):
        return "NaN" if value != value else str(value)
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else changes.number(value, DIGITS)


def label(segment: Segment, segments: Sequence[Segment]) -> str:
    """Return a short name of a segment: without what all begin with, and cut."""
    name = segment.name or f"part {segment.index + 1}"
    heads = [one.name.split(", ") for one in segments]
    shared = 0
    while len(heads) > 1 and all(len(head) > shared + 1 and head[shared] == heads[0][shared] for head in heads):
        shared += 1
    return shorten(", ".join(name.split(", ")[shared:]), LABEL)[0]


def best_of(printed: str) -> str:
    """Return ``best x``, for a series that is not called so already."""
    return printed if printed.lower().startswith("best") else f"best {printed}"


def at(series: Series, index: int) -> str:
    """Return when a point was: ``epoch 3``, ``step 500``, ``record 3``."""
    epoch, step = series.epoch[index], series.step[index]
    if math.isfinite(epoch):
        return f"epoch {number(math.ceil(epoch - 1e-9))}"
    if math.isfinite(step):
        return f"step {step:.0f}"
    return f"record {index % len(series) + 1}"


def place(series: Series, index: int) -> Place:
    """Return the line of a point."""
    return Place(series.path, int(series.line[index]))


def ask(text: str, segment: Segment) -> Series | None:
    """Return the series that an expression of the condition language names; None if the segment has none."""
    try:
        found = evaluate(parse(text), Scope(segment))
    except (MissingError, LanguageError):
        return None
    return found if isinstance(found, Series) and len(found) else None


def score_of(segment: Segment) -> Series | None:
    """Return the score that speaks for the model, as it is printed."""
    return next(
        (found for split in ("val", "test", "train") if (found := ask(f'main_score("{split}")', segment))), None
    )


def loss_of(segment: Segment, split: str) -> Series | None:
    """Return the total loss of a split."""
    return ask(f'main_loss("{split}")', segment)


def judge_of(segment: Segment) -> Series | None:
    """Return what a run is judged by: its score, else its validation loss, else its training loss."""
    return score_of(segment) or loss_of(segment, "val") or loss_of(segment, "train")


def chance_of(segment: Segment, series: Series) -> float | None:
    """Return the value of a score without skill, on the scale on which it is printed."""
    try:
        found = evaluate(parse("chance(m)"), Scope(segment, values={"m": series}))
        return float(found) * _scale(segment, series)
    except (MissingError, LanguageError):
        return None


def natural(segment: Segment, series: Series, value: float) -> float:
    """Return a value of a series on the natural scale of its metric: 0.5 for the 50 of a log that prints percent."""
    try:
        return value / _scale(segment, series)
    except (MissingError, LanguageError):
        return value


def _scale(segment: Segment, series: Series) -> float:
    found = evaluate(parse("natural(m)"), Scope(segment, values={"m": series}))
    return found.scale if isinstance(found, Series) else 1.0


def best(series: Series) -> int | None:
    """Return the index of the best point; None if no point is finite or no direction is known."""
    better = traits(series.name).better
    if better == "none" or not np.isfinite(series.value).any():
        return None
    value = np.where(np.isfinite(series.value), series.value, -math.inf if better == "higher" else math.inf)
    return int(value.argmax() if better == "higher" else value.argmin())


def best_until(series: Series, epoch: float) -> tuple[float, Place] | None:
    """Return the best value up to an epoch and its line; None if no epoch is known that early."""
    until = series.take(np.flatnonzero(series.epoch <= epoch))
    index = best(until) if len(until) else None
    return (float(until.value[index]), place(until, index)) if index is not None else None


def last_epoch(series: Series) -> float | None:
    """Return the epoch of the last finite point; None if a point has none."""
    known = series.epoch[np.isfinite(series.value)]
    return float(math.ceil(known.max() - 1e-9)) if len(known) and np.isfinite(known).all() else None


def shared_epoch(one: Series, other: Series) -> float | None:
    """Return the last epoch that both reached, where one went on after it; None if they are of one length."""
    mine, theirs = last_epoch(one), last_epoch(other)
    return min(mine, theirs) if mine is not None and theirs is not None and mine != theirs else None


def unsteadiness(value: NDArray[np.float64]) -> float:
    """Return by how much values scatter around where they go, told by how they bend; 0 if too few are known."""
    finite = value[np.isfinite(value)]
    if len(finite) < FEW:
        return 0.0
    bends = np.abs(np.diff(finite, 2))
    typical = math.sqrt(float(np.mean(bends**2))) if len(bends) < 2 * FEW else 1.4826 * float(np.median(bends))
    return typical / math.sqrt(6)


def is_better(name: str, one: float, other: float) -> bool:
    """Whether one value of a metric is better than another."""
    return one < other if traits(name).better == "lower" else one > other


def positions(series: Series, unit: str) -> NDArray[np.float64]:
    """Return where the points stand on an axis of epochs, steps or records; several of one epoch are spread over it."""
    if unit == "record":
        return np.arange(1.0, len(series) + 1)
    if unit == "step":
        return series.step.copy()
    x = series.epoch.copy()
    whole = bool((x == np.floor(x)).all())
    starts = np.flatnonzero(np.diff(x, prepend=-math.inf) != 0)
    if not whole or len(starts) == len(x):
        return x
    sizes = np.diff(np.append(starts, len(x)))
    usual = int(sizes[:-1].max()) if len(sizes) > 1 else int(sizes[0])
    for start, size in zip(starts, sizes, strict=True):
        x[start : start + size] += np.arange(1, size + 1) / max(usual, size) - 1
    return x


def unit_of(series: list[Series]) -> str:
    """Return the axis that all these series have: epochs, else steps, else records."""
    stepped = all(np.isfinite(one.step).all() for one in series)
    if all(np.isfinite(one.epoch).all() for one in series):
        short = max((float(one.epoch.max()) for one in series if len(one)), default=0.0) <= 1
        return "step" if short and stepped else "epoch"
    return "step" if stepped else "record"


class Lines:
    """When the lines of a file were written, told by the points around them."""

    def __init__(self, segment: Segment) -> None:
        """Learn from the series of a segment."""
        self._known: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        by_path: dict[str, list[Series]] = {}
        for series in segment.series.values():
            by_path.setdefault(series.path, []).append(series)
        for path, found in by_path.items():
            line = np.concatenate([one.line for one in found])
            epoch = np.concatenate([one.epoch for one in found])
            keep = np.isfinite(epoch)
            order = np.argsort(line[keep], kind="stable")
            if keep.any():
                self._known[path] = line[keep][order], epoch[keep][order]

    def epoch(self, where: Place) -> float | None:
        """Return the epoch of the last point at or before a line; None if there is none before it."""
        if where.path not in self._known:
            return None
        line, epoch = self._known[where.path]
        index = int(np.searchsorted(line, where.line, side="right")) - 1
        return float(epoch[index]) if index >= 0 and where.line else None

    def exact(self, where: Place) -> float | None:
        """Return the epoch of a line that itself holds a point."""
        if where.path not in self._known:
            return None
        line, epoch = self._known[where.path]
        index = int(np.searchsorted(line, where.line, side="right")) - 1
        return float(epoch[index]) if index >= 0 and line[index] == where.line else None
