"""What the user's own logs, or two first runs, say about what to ask: the symptom, the metric, and where it shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from diagnose.confirm.conditions import FINAL
from diagnose.confirm.prefix import Cut, before, moments
from diagnose.confirm.symptom import Question
from diagnose.engine.enrich import enrich
from diagnose.engine.lint import Options, lint_run
from diagnose.language import MissingError, Scope
from diagnose.language.functions import TABLE
from diagnose.model import SEVERITIES, FileReport, Finding, Run

BEYOND = 1.5
"""A run is cut at so many times the moment at which the symptom showed."""
NEAR = 0.25
"""Part of the gap between both runs' scores by which the good one may be short of its own where it counts as good."""
MOST_MOMENTS = 60
"""Moments at which a log is asked whether it shows the symptom yet."""
SPEAKING = frozenset({"LOSS", "METRIC", "CKPT", "OPT", "RUN", "PERF", "MODEL"})
"""Families of rules that tell what became of a run; others judge its config, its data or its log."""
SILENT = frozenset({"run-truncated", "interrupted-by-user", "too-short-to-judge", "program-warnings-many"})
"""Findings about how a log ends, which our own stopping would bring about."""
FALLBACK = ("val/loss", "train/loss")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logs of the trouble.

    Attributes:
        bad: of a run with the suspect config.
        good: of one with the baseline; None if there is none.
        from_pilots: whether they are runs that were made for this, and not the user's own.
    """

    bad: Run
    good: Run | None = None
    from_pilots: bool = False


def symptom_in(evidence: Evidence, options: Options) -> Finding | None:
    """Return the worst finding in the bad run that the good one does not have; None if there is none."""
    good = {one.name for one in findings(evidence.good, options)} if evidence.good is not None else set()
    found = [one for one in findings(evidence.bad, options) if one.name not in good and one.name not in SILENT]
    found = [one for one in found if one.code.rstrip("0123456789") in SPEAKING and one.severity in SEVERITIES[:2]]
    rank = {level: number for number, level in enumerate(SEVERITIES)}
    return min(found, key=lambda one: (one.name not in FINAL, rank[one.severity]), default=None)


def is_grave(finding: Finding) -> bool:
    """Return whether a finding is an error, or lasts once it is there: then it tells more than a score does."""
    return finding.name in FINAL or finding.severity == SEVERITIES[0]


def findings(run: Run | None, options: Options) -> list[Finding]:
    """Return what the rules find in a run, configs aside."""
    if run is None:
        return []
    plain = replace(options, gate=None, rules=tuple(rule for rule in options.rules if not rule.is_cause))
    return lint_run(enrich(run), FileReport(run.path), plain, {})


def metric_in(evidence: Evidence) -> str:
    """Return the metric that speaks for the model in both runs; empty if none is logged."""
    runs = [run for run in (evidence.good, evidence.bad) if run is not None]
    for run in runs:
        for segment in reversed(run.segments):
            try:
                name = TABLE["main_score"].call(Scope(segment)).name
            except MissingError:
                continue
            if all(name in _names(other) for other in runs):
                return f"best({name})"
    for name in FALLBACK:
        if runs and all(name in _names(run) for run in runs):
            return f"last({name})"
    return ""


def _names(run: Run) -> set[str]:
    return {name for segment in run.segments for name in segment.series}


def shown_at(question: Question, evidence: Evidence) -> Cut | None:
    """Return the first moment from which on the bad run shows the symptom, and the good one does not; None if never.

    What holds of every run at its start, such as a low score, counts only from where the good run has left it well
    behind: other seeds are slower. Without a good run that can be told of a symptom alone that nothing takes back.
    """
    if not question.symptom or not (True in question.final or evidence.good is not None):
        return None
    whole = replace(question, cut=None)
    near = None if True in question.final else _near(whole, evidence)
    there = _thinned(moments(evidence.bad))
    first: Cut | None = None
    for moment in reversed(there):
        if not _differ(whole, evidence, moment) or (near is not None and not near(moment)):
            break
        first = moment
    return first


def cut_for(shown: Cut | None) -> Cut | None:
    """Return where runs are cut if the symptom shows at a moment."""
    if shown is None:
        return None
    at = shown.at * BEYOND
    return Cut(shown.unit, float(-(-at // 1)))


def _differ(question: Question, evidence: Evidence, moment: Cut) -> bool:
    if not question(before(evidence.bad, moment), ended=True).symptom:
        return False
    if evidence.good is None:
        return True
    return question(before(evidence.good, moment), ended=True).symptom is False


def _near(question: Question, evidence: Evidence) -> Callable[[Cut], bool] | None:
    """Return what tells whether the good run's metric is near its last one at a moment; None if the logs have none."""
    good = evidence.good
    if good is None or not question.metric:
        return None
    reached, other = question(good, ended=True).metric, question(evidence.bad, ended=True).metric
    if reached is None or other is None or not math.isfinite(reached - other):
        return None

    def near(moment: Cut) -> bool:
        metric = question(before(good, moment), ended=True).metric
        return metric is not None and abs(metric - reached) <= NEAR * abs(reached - other)

    return near


def _thinned(there: Sequence[Cut]) -> list[Cut]:
    if len(there) <= MOST_MOMENTS:
        return list(there)
    every = len(there) / MOST_MOMENTS
    return [there[min(len(there) - 1, round((number + 1) * every) - 1)] for number in range(MOST_MOMENTS)]


def length(run: Run, unit: str) -> float:
    """Return how long a run was, in epochs or steps; 0 if that cannot be told."""
    there = [one.at for one in moments(run) if one.unit == unit]
    return max(there, default=0.0)
