"""What is asked of the runs of a study, and where each part of it comes from."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnose.confirm.conditions import metric_of
from diagnose.confirm.evidence import BEYOND, Evidence, cut_for, is_grave, length, metric_in, shown_at, symptom_in
from diagnose.confirm.prefix import Cut, read_cut
from diagnose.confirm.spec import AUTO, Spec
from diagnose.confirm.studies.options import APART
from diagnose.confirm.symptom import Question, question
from diagnose.engine.lint import Options
from diagnose.errors import SettingsError
from diagnose.rules import Rule


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of runs, and where it comes from.

    Attributes:
        origins: by ``symptom``, ``metric`` and ``cut``.
        notes: what the reader must know.
    """

    question: Question
    origins: dict[str, str]
    notes: tuple[str, ...] = ()


def terms(spec: Spec, evidence: Evidence | None, options: Options, rules: Sequence[Rule]) -> Terms:
    """Return what is asked of runs: what the user says, else what the logs tell.

    Raises:
        SettingsError: if neither says anything, or what is said cannot be asked.
    """
    origins = {"symptom": "given", "metric": "given", "cut": "given"}
    notes: list[str] = []
    symptom, metric = spec.symptom, spec.metric
    if not symptom and evidence is not None:
        finding = symptom_in(evidence, options)
        middle = between(evidence, metric or metric_in(evidence), spec.better, options, rules)
        if finding is not None and (is_grave(finding) or not middle):
            symptom = finding.name
            place = f"{_short(finding.place.path)}:{finding.place.line}"
            origins["symptom"] = f"found at {place}: {finding.message}"
        elif middle and not metric and not evidence.from_pilots:
            symptom, metric = middle, metric_in(evidence)
            origins["symptom"] = "the middle between the scores of both logs"
            origins["metric"] = "the main score of the logs"
        elif finding is not None:
            notes.append(f"the scores of both runs are far apart: the metric decides, and not {finding.name}")
        else:
            notes.append("no rule finds in the bad run what it does not find in the good one: the metric decides")
    asked = question(symptom, metric, spec.better, None, options, rules)
    if not metric:
        metric = metric_of(asked.symptom)
        origins["metric"] = "of the symptom"
        if not metric and evidence is not None:
            metric = metric_in(evidence)
            origins["metric"] = "the main score of the logs"
        asked = question(symptom, metric, spec.better, None, options, rules)
    if not asked.symptom and not asked.metric:
        mend = "say --symptom CONDITION or --metric EXPRESSION, such as --metric 'best(val/accuracy)'"
        raise SettingsError("nothing to judge runs by", mend=mend)
    cut, said, note = _cut(spec, asked, evidence)
    origins["cut"] = said
    notes += [note] if note else []
    return Terms(replace(asked, cut=cut), origins, tuple(notes))


def between(evidence: Evidence, metric: str, better: str, options: Options, rules: Sequence[Rule]) -> str:
    """Return a condition that tells two logs apart, the middle between their scores; empty if they are close.

    So it is if the bad one is not worse. Where the logs are two first runs of ours, that a score is to be asked for is
    told by them, but no border.
    """
    if evidence.good is None or not metric:
        return ""
    asked = question("", metric, better, None, options, rules)
    bad, good = (asked(run, ended=True).metric for run in (evidence.bad, evidence.good))
    if bad is None or good is None or not asked.better or not math.isfinite(bad) or not math.isfinite(good):
        return ""
    worse = good - bad if asked.better == "higher" else bad - good
    if worse < APART * max(abs(good), abs(bad)):
        return ""
    middle = f"{(good + bad) / 2:.4g}"
    return f"{metric} {'<' if asked.better == 'higher' else '>'} {middle}"


def _cut(spec: Spec, asked: Question, evidence: Evidence | None) -> tuple[Cut | None, str, str]:
    if spec.cut != AUTO:
        return read_cut(spec.cut), "given", ""
    if not asked.symptom:
        return None, "", ""
    if evidence is None:
        return None, "", "runs are not cut: name a run that went badly with --suspect-run, or say --cut"
    shown = shown_at(asked, evidence)
    if shown is None and evidence.good is None and True not in asked.final:
        return (
            None,
            "",
            "runs are not cut: where the symptom shows is known only beside a good run (--baseline-run)",
        )
    if shown is None:
        return None, "", "runs are not cut: the logs do not tell where the symptom shows"
    whole = length(evidence.good or evidence.bad, shown.unit)
    if shown.at * BEYOND >= whole > 0:
        return None, "", f"runs are not cut: the symptom shows at {shown.text} of {whole:g}"
    return cut_for(shown), f"of {whole:g}; the symptom shows at {shown.text}, and runs go on for half as long", ""


def _short(path: str) -> str:
    """Return a path from here if it lies below."""
    here = os.path.relpath(path)
    return path if here.startswith("..") else here
