"""Which settings went with the result, how surely, and whether the winner stands at the edge of what was tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from diagnose.engine.sweep import stats
from diagnose.engine.sweep.varied import SIZE, is_number
from diagnose.model import Trial
from diagnose.model.sweep import Group, Link
from diagnose.names import hyperparameter
from diagnose.records import replace

LEAST_RUNS = 10
"""Runs below which nothing is called clear, whatever p says: one lucky run decides."""
LEAST_TEST = 4
"""Runs below which no correlation is computed at all."""
CERTAIN = 0.05
MOST_GROUPS = 8
SPREAD = 8.0
"""Factor between the largest and smallest value beyond which an unknown setting was tried on a log scale."""
LEAST_VALUES = 4
"""Values of an unknown range below which most of them are ends."""
MARGIN = 0.05
"""Of a known range, on a log scale: as near as this to its end is the edge."""


def links(
    trials: Sequence[Trial],
    table: Mapping[str, Sequence[Any]],
    bounds: Mapping[str, tuple[float, float]],
    winner: Trial | None,
) -> list[Link]:
    """Return a link for every setting that was varied, the surest first."""
    columns = dict(table)
    sizes = [trial.params for trial in trials]
    if len({size for size in sizes if size is not None}) > 1:
        columns[SIZE] = sizes
    found = [
        link
        for name, row in columns.items()
        if (link := _link(name, trials, row, bounds.get(name), winner)) is not None
    ]
    for index, adjusted in enumerate(stats.holm([link.p for link in found])):
        found[index] = replace(found[index], adjusted=adjusted, verdict=_verdict(found[index], adjusted))
    return sorted(found, key=lambda link: (link.p is None, link.p or 0.0, -abs(link.statistic or 0.0)))


def _link(
    name: str, trials: Sequence[Trial], row: Sequence[Any], bounds: tuple[float, float] | None, winner: Trial | None
) -> Link | None:
    pairs = [(value, trial.value) for value, trial in zip(row, trials, strict=True) if value is not None]
    told = [(value, result) for value, result in pairs if result is not None]
    if len(told) < 2:
        return None
    settings, results = [value for value, _ in told], [float(result) for _, result in told]
    ours = (value for value, trial in zip(row, trials, strict=True) if winner is not None and trial.run == winner.run)
    best = next(ours, None)
    if all(is_number(value) for value in settings):
        values = tuple(sorted(set(settings)))
        rho, p, ends = None, None, None
        if len(told) >= LEAST_TEST:
            numbers = [float(value) for value in settings]
            rho, p = stats.spearman(numbers, results), stats.p_of_correlation(numbers, results)
            ends = stats.interval(numbers, results)
        low, high = ends if ends is not None else (None, None)
        edge, bounded = edge_of(name, values, best, bounds)
        groups = _groups(settings, results) if len(values) <= MOST_GROUPS else ()
        return Link(name, "number", len(told), values, best, rho, low, high, p, None, "", edge, bounded, groups)
    words = [str(value) for value in settings]
    values = tuple(dict.fromkeys(sorted(words)))
    share, p = None, None
    if len(told) >= LEAST_TEST:
        which = [values.index(word) for word in words]
        share, p = stats.between(which, results), stats.p_of_groups(which, results)
    groups = _groups(words, results)
    return Link(name, "choice", len(told), values, best, share, None, None, p, None, "", groups=groups)


def _groups(settings: Sequence[Any], results: Sequence[float]) -> tuple[Group, ...]:
    by_value: dict[Any, list[float]] = {}
    for value, result in sorted(zip(settings, results, strict=True), key=lambda pair: pair[0]):
        by_value.setdefault(value, []).append(result)
    return tuple(Group(shown(value), len(of), median(of), min(of), max(of)) for value, of in by_value.items())


def shown(value: Any) -> str:
    """Return a value of a setting as it is shown."""
    return f"{value:g}" if is_number(value) and abs(value) < 1e6 else str(value)


def _verdict(link: Link, adjusted: float | None) -> str:
    if link.p is None or adjusted is None or link.runs < LEAST_TEST:
        return "too few runs"
    # With so few runs, or so few runs in every group but one, one lucky run makes the difference.
    small = link.runs < LEAST_RUNS or (sum(group.runs > 1 for group in link.groups) < 2 and bool(link.groups))
    spanned = link.low is not None and link.high is not None and link.low * link.high > 0
    sure = adjusted < CERTAIN and (spanned or link.kind == "choice")
    if sure and not small:
        return "clear"
    if link.runs < LEAST_RUNS:
        return "too few runs"
    return "hint" if link.p < CERTAIN else "none"


def edge_of(
    name: str, values: Sequence[float], best: float | None, bounds: tuple[float, float] | None
) -> tuple[str, bool]:
    """Return whether the winner's value is the ``low`` or ``high`` end of what was tried, on a log scale.

    Returns:
        The end, empty if it is none, and whether the range is known from the search itself.
    """
    row = hyperparameter(name)
    if best is None or name == SIZE or min(values) <= 0 or (row is not None and row.role in ("budget", "stopping")):
        return "", False
    scale = row.scale if row is not None else ("log" if values[-1] / values[0] >= SPREAD else "")
    if scale != "log" and not (row is not None and row.role == "batch"):
        return "", False
    if bounds is not None and 0 < bounds[0] < bounds[1]:
        at = math.log(best / bounds[0]) / math.log(bounds[1] / bounds[0])
        return ("low" if at <= MARGIN else "high" if at >= 1 - MARGIN else ""), True
    if len(values) < LEAST_VALUES:
        return "", False
    return ("low" if best == values[0] else "high" if best == values[-1] else ""), False
