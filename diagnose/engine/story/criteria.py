"""By what the next run is judged: derived from the baseline, else from the level of guessing, never invented."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from diagnose.engine.story.told import at, best, best_of, chance_of, is_better, judge_of, loss_of, number
from diagnose.language import LanguageError, parse
from diagnose.model import Finding, Segment, Series
from diagnose.model.story import Criterion
from diagnose.names import traits
from diagnose.records import replace

QUARTER = 4
SPREADS = 2.0
"""How many spreads of its own last quarter a run must beat the baseline by to be exceptional."""
MOST_RULES = 4
FINITE = "losses-finite"
OF_CONFIGS = ("DIFF", "CFG")
"""Families whose findings a run cannot make come or go."""
OF_LENGTH = frozenset({"run-truncated", "too-few-epochs", "worse-than-baseline"})
"""Findings that a run cut short on purpose shows as well."""


def criteria(
    segments: Sequence[Segment],
    findings: Sequence[Finding],
    baseline: dict[int, Segment],
    explained: Collection[str] = (),
    until: int = 0,
) -> tuple[Criterion, ...]:
    """Return the criteria, by tier.

    Args:
        segments: of the run.
        findings: in it.
        baseline: the segments it is compared with, by index.
        explained: names of findings that the strongest suspect explains: they must be gone, however mild.
        until: epochs that the next runs are given; what the baseline reached later is not asked of them. 0 if unknown.
    """
    judged = [(segment, series) for segment in segments if (series := judge_of(segment)) is not None]
    # The last fit that was followed by epochs, if possible one that the baseline has too.
    judged.sort(key=lambda pair: (_has(baseline.get(pair[0].index), pair[1]), len(pair[1]) > 1))
    made = list(_of_metric(*judged[-1], baseline, until) if judged else ())
    if judged and len(segments) > 1:
        made = [replace(one, segment=_glob(judged[-1][0], baseline)) for one in made]
    everywhere = all(loss_of(segment, "train") is not None for segment in segments)
    made += [
        one if everywhere or one.id != FINITE or not made else replace(one, segment=made[0].segment)
        for one in _of_findings(findings, segments, explained)
        if one.id != FINITE or not baseline or any(loss_of(before, "train") for before in baseline.values())
    ]
    order = ("minimum", "target", "exceptional")
    made.sort(key=lambda one: order.index(one.tier))
    return tuple(made)


def _glob(segment: Segment, baseline: dict[int, Segment]) -> str:
    """Return a glob for the name of a segment, which also fits that of the baseline where little differs."""
    name, other = segment.name, baseline[segment.index].name if segment.index in baseline else segment.name
    head = _alike(name, other)
    tail = _alike(name[head:][::-1], other[head:][::-1])
    near = name != other and 2 * (head + tail) > len(name)
    shown = f"{name[:head]}\0{name[len(name) - tail :]}" if near else name
    return shown.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]").replace("\0", "*")


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _has(segment: Segment | None, series: Series) -> bool:
    return segment is not None and series.name in segment.series


def _of_metric(segment: Segment, series: Series, baseline: dict[int, Segment], until: int) -> Iterator[Criterion]:
    mine, higher = best(series), traits(series.name).better == "higher"
    if mine is None:
        return
    sign, word = (">=", "at least") if higher else ("<=", "at most")
    before = baseline.get(segment.index)
    other = _by(before.series.get(series.name) if before is not None else None, until)
    theirs = best(other) if other is not None else None
    reached = f"this run: {number(float(series.value[mine]))} ({at(series, mine)})"
    if other is not None and theirs is not None:
        top, spread = float(other.value[theirs]), _spread(other)
        now = float(series.value[mine])
        low = top - spread if higher else top + spread
        if spread:
            yield _criterion(
                "recovered", "minimum", f"{best_of(series.printed)} {word} {number(low)}",
                f"best({series.name}) {sign} {low:.6g}",
                f"the baseline's best {number(top)} ({at(other, theirs)}), less the spread of its last quarter of "
                f"records ({number(spread)}); {reached}",
            )  # fmt: skip
        elif is_better(series.name, top, now):
            yield _criterion(
                "better-than-this-run", "minimum",
                f"{best_of(series.printed)} {'above' if higher else 'below'} {number(now)}",
                f"best({series.name}) {sign[0]} {now:.6g}", reached,
            )  # fmt: skip
        yield _criterion(
            "as-good-as-baseline", "target", f"{best_of(series.printed)} {word} {number(top)}",
            f"best({series.name}) {sign} {top:.6g}", f"the baseline's best {number(top)} ({at(other, theirs)})",
        )  # fmt: skip
        if spread:
            more = top + SPREADS * spread if higher else top - SPREADS * spread
            yield _criterion(
                "better-than-baseline", "exceptional", f"{best_of(series.printed)} {word} {number(more)}",
                f"best({series.name}) {sign} {more:.6g}",
                f"the baseline's best {number(top)} and {SPREADS:g} times the spread of its last quarter "
                f"({number(spread)})",
            )  # fmt: skip
        return
    level = chance_of(segment, series)
    if level is not None and not is_better(series.name, float(series.value[mine]), level):
        yield _criterion(
            "above-guessing", "minimum", f"{best_of(series.printed)} above {number(level)}",
            f"best({series.name}) > {level:.6g}", f"the level of guessing; {reached}",
        )  # fmt: skip
    top = float(series.value[mine])
    if level is None or (top > level if higher else top < level):
        yield _criterion(
            "as-good-as-this-run", "minimum",
            f"{best_of(series.printed)} {word} {number(top)}",
            f"best({series.name}) {sign} {top:.6g}", f"{reached}: what it had once must not be lost",
        )  # fmt: skip
        yield _criterion(
            "better-than-this-run", "target",
            f"{best_of(series.printed)} {'above' if higher else 'below'} {number(top)}",
            f"best({series.name}) {sign[0]} {top:.6g}", f"{reached}; no baseline was named, so no higher bar is known",
        )  # fmt: skip
    loss = loss_of(segment, "train")
    if loss is not None and loss.name in segment.series and np.isfinite(loss.epoch).all():
        yield _criterion("learns-beyond-epoch-1", "target", "the best epoch is later than the first",
            "best_epoch() > 1", "a run whose first epoch is its best has learnt nothing after it")  # fmt: skip


def _of_findings(
    findings: Sequence[Finding], segments: Sequence[Segment], explained: Collection[str]
) -> Iterator[Criterion]:
    names = [loss.name for segment in segments if (loss := loss_of(segment, "train")) is not None]
    if names and any(names[-1] in segment.series for segment in segments):
        yield _criterion(FINITE, "minimum", "every training loss is a number",
            f"all(is_finite({names[-1]}))", "no run with a NaN loss can be judged")  # fmt: skip
    logged = [
        finding for finding in findings if not finding.code.startswith(OF_CONFIGS) and finding.name not in OF_LENGTH
    ]
    worst = [finding for finding in logged if finding.severity == "error"]
    worst = worst or [finding for finding in logged if finding.severity == "warning"][:1]
    worst += [finding for finding in logged if finding.name in explained]
    for name in list(dict.fromkeys(finding.name for finding in worst))[:MOST_RULES]:
        yield _criterion(f"no-{name}", "minimum", f"the finding {name} is gone", f'not found("{name}")',
            "it was found in this run")  # fmt: skip


def _by(series: Series | None, until: int) -> Series | None:
    """Return what a baseline had shown within the epochs that a run is given; all of it where they are not known."""
    if series is None or not until or not np.isfinite(series.epoch).all() or not (series.epoch <= until).any():
        return series
    return series.take(series.epoch <= until)


def _spread(series: Series) -> float:
    """Return the standard deviation of the last quarter of the records; 0 where there are too few."""
    finite = series.value[np.isfinite(series.value)]
    tail = finite[-max(len(finite) // QUARTER, 1) :]
    return float(tail.std()) if len(tail) >= 3 else 0.0


def _criterion(id: str, tier: str, text: str, condition: str, basis: str) -> Criterion:
    try:
        parse(condition)
    except LanguageError:
        condition = ""
    return Criterion(id, tier, text, condition, basis)
