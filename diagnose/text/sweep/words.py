"""What the outputs of a sweep share: rows, numbers, curves and sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diagnose.model import Importance, Link, Sweep, Trial
from diagnose.text import wording

BARS = "▁▂▃▄▅▆▇█"
PREFERRED = ("model", "batch_size", "lr", "optimizer", "loss", "weight_decay", "dropout", "image_size")
"""Settings that a ranking shows first."""
MOST_SETTINGS = 4
FEW = 2
SIZE = "parameters"
MOST_EPOCHS = 7
MOST_CURVES = 12
MOST_LINKS = 12
LEAST_CURVE = 2
STATES = (
    ("ok", "comparable"),
    ("too-short", "too short to judge"),
    ("no-value", "without a value"),
    ("failed", "failed"),
)


def number(value: float | None) -> str:
    """Return a number as it is shown; a dash for none."""
    if value is None or not math.isfinite(value):
        return "-" if value is None or math.isnan(value) else str(value)
    return f"{value:.4g}"


def amount(value: float | None) -> str:
    """Return a number of parameters: ``12.5M``."""
    if value is None:
        return "-"
    for factor, sign in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g}{sign}"
    return f"{value:g}"


def setting(value: Any) -> str:
    """Return a value of a setting; a dash for what is not told."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) >= 1e-12 or value == 0 else str(value)
    return str(value)


def columns(sweep: Sweep, most: int = MOST_SETTINGS) -> list[str]:
    """Return the settings that a ranking shows: those varied, best known first; a model stands for its size."""
    varied = [link.name for link in sweep.links if link.name != SIZE]
    known = [name for name in PREFERRED if name in varied and (name != "model" or most > FEW or not has_size(sweep))]
    return [*known, *(name for name in varied if name not in PREFERRED)][:most]


def other_metric(sweep: Sweep) -> str:
    """Return the score that is shown beside the metric: the one that most runs have; empty if there is none."""
    tally: dict[str, int] = {}
    for trial in sweep.ranked:
        for name in trial.metrics:
            tally[name] = tally.get(name, 0) + ("loss" not in name)
    return max(tally, key=lambda name: tally[name]) if tally and max(tally.values()) > 0 else ""


def has_size(sweep: Sweep) -> bool:
    """Whether the sizes of models are known."""
    return any(trial.params is not None for trial in sweep.trials)


def heading(sweep: Sweep, most: int = MOST_SETTINGS) -> list[str]:
    """Return the titles of a ranking's columns."""
    best = sweep.printed or sweep.metric or "result"
    if sweep.at == "best" and "best" not in best.lower() and any(trial.epoch is not None for trial in sweep.ranked):
        best += " (best)"
    titles = ["#", "Run", best, "Epoch", "Last", "Epochs"]
    titles += [other] if (other := other_metric(sweep)) else []
    titles += ["Size"] if has_size(sweep) else []
    return [*titles, *columns(sweep, most), "Status"]


def rows(sweep: Sweep, most: int = MOST_SETTINGS) -> list[list[str]]:
    """Return all runs of a ranking; those that failed have no place."""
    found = []
    names, other, sized = columns(sweep, most), other_metric(sweep), has_size(sweep)
    place = 0
    for trial in sweep.trials:
        place += trial.value is not None
        length = f"{trial.epochs}/{trial.planned}" if trial.planned and trial.epochs else str(trial.epochs or "-")
        cells = [str(place) if trial.value is not None else "-", trial.run]
        cells += [number(trial.value), number(trial.epoch), number(trial.last), length]
        cells += [number(trial.metrics.get(other))] if other else []
        cells += [amount(trial.params)] if sized else []
        cells += [setting(trial.settings.get(name)) for name in names]
        said = trial.reason and trial.reason != f"{trial.epochs} of {trial.planned} epochs"  # stands in its column
        found.append([*cells, trial.status + (f": {trial.reason}" if said else "")])
    return found


def summary(sweep: Sweep) -> str:
    """Return the sentence that sums up a sweep."""
    total = wording.plural(len(sweep.trials), "run")
    if not sweep.metric:
        return f"{total}, no metric in common: nothing can be ranked (name one with --metric)"
    direction = "higher is better" if sweep.goal == "max" else "lower is better"
    at = "at its best epoch" if sweep.at == "best" else "at the last epoch"
    told = f"{total} by {sweep.printed or sweep.metric} {at} ({direction}; {sweep.detected})"
    parts = [
        f"{count} {word}" for status, word in STATES if (count := sum(trial.status == status for trial in sweep.trials))
    ]
    return f"{told}: {', '.join(parts)}"


def lead(sweep: Sweep) -> str:
    """Return the sentence about the winner."""
    winner = sweep.winner
    if winner is None:
        return "no run is ahead of the others" if sweep.ranked else "no run has a result"
    if len(sweep.judged) < 2:
        return f"{winner.run} is the only run that can be compared: {number(winner.value)}"
    second = sweep.judged[1]
    gap = abs((winner.value or 0.0) - (second.value or 0.0))
    noise = "no repeats to hold that against"
    if sweep.noise is not None:
        noise = f"repeats of one setting differ by up to {number(sweep.noise)}"
    doubt = "" if winner.status == "ok" else f", of runs that are all too short ({winner.reason})"
    return f"{winner.run} leads with {number(winner.value)}, {number(gap)} ahead of {second.run}; {noise}{doubt}"


def told(link: Link) -> str:
    """Return how a setting went with the result, and how surely."""
    if link.kind == "number":
        what = "rho -" if link.statistic is None else f"rho {link.statistic:+.2f}"
        if link.low is not None and link.high is not None:
            what += f" (95 % {link.low:+.2f} to {link.high:+.2f})"
    else:
        share = "-" if link.statistic is None else f"{100 * link.statistic:.0f} %"
        what = f"{share} of the spread of ranks between values"
    if link.p is not None:
        what += f", p {chance(link.p)}"
        if link.adjusted is not None:
            what += f", {chance(link.adjusted)} after correction"
    return f"{what}, {wording.plural(link.runs, 'run')}: {verdict(link)}"


def chance(p: float) -> str:
    """Return a p value."""
    return f"{p:.2g}" if p >= 0.001 else "< 0.001"


def verdict(link: Link) -> str:
    """Return what a link is worth, in words."""
    return {
        "clear": "goes with the result",
        "hint": "may go with the result",
        "none": "no link seen",
    }.get(link.verdict, "too few runs to tell")


def tried(link: Link) -> str:
    """Return the values of a setting that were tried."""
    if link.kind == "number" and len(link.values) > 6:
        return f"{setting(link.values[0])} to {setting(link.values[-1])} ({len(link.values)} values)"
    return ", ".join(of(link, value) for value in link.values[:6]) + (", ..." if len(link.values) > 6 else "")


def of(link: Link, value: Any) -> str:
    """Return a value of a setting, or the size of a model."""
    return amount(float(value)) if link.name == SIZE and value is not None else setting(value)


def best(link: Link) -> str:
    """Return the winner's value, and whether it stands at an end of what was tried."""
    return of(link, link.best) + (f" ({link.edge} end)" if link.edge else "")


def groups(link: Link) -> str:
    """Return the median result of each value."""
    return ", ".join(
        f"{of(link, one.value)}: {number(one.median)}" + (f" (n={one.runs})" if one.runs > 1 else "")
        for one in link.groups
    )


def shares(importance: Importance) -> str:
    """Return the shares of an importance, or why there is none."""
    if importance.missing:
        return importance.missing
    return ", ".join(f"{name} {share:.2f}" for name, share in importance.shares.items())


def sizes(sweep: Sweep) -> list[Trial]:
    """Return the compared runs by the size of their model, if there are several sizes."""
    known = [trial for trial in sweep.judged if trial.params is not None]
    several = len({trial.params for trial in known}) > 1
    return sorted(known, key=lambda trial: (trial.params or 0.0, -(trial.value or 0.0))) if several else []


def with_curves(sweep: Sweep) -> list[Trial]:
    """Return the runs whose curves are shown side by side, best first."""
    return [trial for trial in sweep.ranked if len(trial.curve) >= LEAST_CURVE][:MOST_CURVES]


def more_curves(sweep: Sweep) -> str:
    """Return how many curves are not shown; empty if all are."""
    left = sum(len(trial.curve) >= LEAST_CURVE for trial in sweep.ranked) - MOST_CURVES
    return f"{wording.plural(left, 'more curve')} not shown" if left > 0 else ""


def shared_epochs(trials: Sequence[Trial]) -> list[float]:
    """Return the epochs at which curves are compared: those that at least two runs have, evenly picked."""
    tally: dict[float, int] = {}
    for trial in trials:
        for epoch in {epoch for epoch, _ in trial.curve}:
            tally[epoch] = tally.get(epoch, 0) + 1
    common = sorted(epoch for epoch, count in tally.items() if count > 1)
    if len(common) <= MOST_EPOCHS:
        return common
    step = (len(common) - 1) / (MOST_EPOCHS - 1)
    return [common[round(index * step)] for index in range(MOST_EPOCHS)]


def at_epochs(trial: Trial, epochs: Sequence[float]) -> list[str]:
    """Return the values of a curve at some epochs."""
    curve = dict(trial.curve)
    return [number(curve.get(epoch)) for epoch in epochs]


def spark(trial: Trial, low: float, high: float, width: int = 24) -> str:
    """Return a curve as a row of bars; all curves of a sweep share one scale."""
    values = [value for _, value in trial.curve]
    if len(values) > width:
        values = [values[round(index * (len(values) - 1) / (width - 1))] for index in range(width)]
    span = (high - low) or 1.0
    return "".join(BARS[min(len(BARS) - 1, max(0, int((value - low) / span * len(BARS))))] for value in values)


def bounds(trials: Sequence[Trial]) -> tuple[float, float]:
    """Return the lowest and highest value of several curves."""
    values = [value for trial in trials for _, value in trial.curve]
    return min(values, default=0.0), max(values, default=1.0)
