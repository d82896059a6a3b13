"""An experiment and its runs to a verdict: criteria, tiers, risks, hypotheses, and the decision that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diagnose.engine.expect.bench import Arm, Bench, segments_of
from diagnose.engine.expect.conditions import ExpectScope, figure, ready
from diagnose.engine.expect.evidence import evidence_of
from diagnose.engine.expect.scale import check_comparisons
from diagnose.engine.expect.spec import Criterion, DecisionSpec, Expression, Hypothesis, Risk
from diagnose.errors import DiagnoseError
from diagnose.language import LanguageError, Mask, MissingError, Node, evaluate, parse, place_of
from diagnose.language.evaluate import kind_of
from diagnose.model import Evidence, Segment, Series
from diagnose.model.verdict import (
    NO_TIER,
    TIERS,
    CriterionVerdict,
    Decision,
    HypothesisVerdict,
    RiskVerdict,
    RunVerdict,
    Verdict,
)
from diagnose.records import replace

Outcome = tuple[str, str, tuple[Evidence, ...]]
"""Status, what is missing, evidence."""
UNFINISHED = "run-truncated"
"""The rule that tells whether a run is over."""
OF_WHOLE_RUNS = frozenset({"found", "said", "given", "count", "default", "has", "min", "max", "abs"})
"""Functions that say the same in each segment if their arguments do."""


class AtFaultError(DiagnoseError):
    """A condition that makes no sense of the values it meets."""


def judge(bench: Bench, require: str = "") -> Verdict:
    """Return what became of an experiment.

    Args:
        bench: its runs, read.
        require: the tier asked for; the lowest of the experiment by default.

    Raises:
        AtFaultError: for a condition that is at fault, with its place.
    """
    plan = bench.experiment
    bench.judged = [one for criterion in plan.criteria for one in _criterion(criterion, bench)]
    judged = [name for name in bench.arms if any(one.run == name and one.tier in TIERS for one in bench.judged)]
    for name in judged:
        bench.tiers[name] = _tier([one for one in bench.judged if one.run == name], plan.tiers())
    ranks = [_rank(bench.tiers[name]) for name in judged]
    rank = (max if plan.by == "any" else min)(ranks, default=-1)
    bench.tiers[""] = tier = TIERS[rank] if rank >= 0 else NO_TIER
    risks = tuple(_risk(risk, bench) for risk in plan.risks)
    bench.risks = {risk.id: risk.status for risk in risks}
    hypotheses = tuple(_hypothesis(one, bench) for one in plan.hypotheses)
    required = require or next(iter(plan.tiers()), TIERS[0])
    verdict = Verdict(
        plan.experiment,
        plan.path,
        plan.question,
        plan.plan,
        _named(bench),
        tuple(_runs(bench, judged)),
        tuple(bench.judged),
        hypotheses,
        risks,
        tuple(_decisions(plan.decisions, bench)),
        tier,
        required,
        _rank(tier) >= _rank(required),
        _open(bench.judged, tier, required),
        tuple(_notes(bench)),
    )
    return _quoted(verdict, bench)


def _notes(bench: Bench) -> Iterator[str]:
    """Yield what must be known of the runs: one that is not over may still change its verdict."""
    for name, arm in bench.arms.items():
        for one in arm.found(UNFINISHED):
            yield f"{name} is not over, or was broken off: {one.message}"


def _rank(tier: str) -> int:
    return TIERS.index(tier) if tier in TIERS else -1


def _tier(judged: Sequence[CriterionVerdict], tiers: Iterable[str]) -> str:
    """Return the highest tier whose criteria, and those of all tiers below, are there for a run and are met."""
    reached = NO_TIER
    for tier in tiers:
        statuses = {one.status for one in judged if one.tier == tier}
        if statuses != {"met"}:
            break
        reached = tier
    return reached


def _open(judged: Sequence[CriterionVerdict], tier: str, required: str) -> tuple[str, ...]:
    """Return the criteria up to the required tier that cannot be told, if nothing else stands against it."""
    needed = [one for one in judged if _rank(tier) < _rank(one.tier) <= _rank(required)]
    if any(one.status == "not-met" for one in needed):
        return ()
    return tuple(dict.fromkeys(one.id for one in needed if one.status == "unknown"))


def _named(bench: Bench) -> str:
    baseline = bench.experiment.baseline
    if baseline is None:
        return ""
    if baseline.figures:
        return ", ".join(f"{name} {figure(value)}" for name, value in baseline.figures.items())
    return baseline.run or baseline.path


def _runs(bench: Bench, judged: Sequence[str]) -> Iterator[RunVerdict]:
    specs = {spec.name: spec for spec in bench.experiment.runs}
    for name in dict.fromkeys([*specs, *bench.arms]):
        text = specs[name].text if name in specs else ""
        arm = bench.arms.get(name)
        if arm is None:
            yield RunVerdict(name, text=text)
        else:
            tier = bench.tiers.get(name, NO_TIER)
            count = len(arm.run.segments)
            yield RunVerdict(name, arm.path, text, arm.run.format, count, tier, name in judged)


# --- criteria ---------------------------------------------------------------------------------------------------------


def _criterion(criterion: Criterion, bench: Bench) -> Iterator[CriterionVerdict]:
    names = criterion.runs or tuple(name for name in bench.arms if bench.arms[name] is not bench.baseline)
    for name in names:
        arm = bench.arms.get(name)
        absent: Outcome = ("unknown", f"run {name}, which is not given", ())
        status, missing, evidence = absent if arm is None else _evaluated(criterion, arm, bench)
        when = criterion.when
        yield CriterionVerdict(
            criterion.id, criterion.tier, criterion.text, when.text, name, status, missing, evidence, when.place.line
        )


def _evaluated(criterion: Criterion, arm: Arm, bench: Bench) -> Outcome:
    whole = not (criterion.segment or arm.segment)
    try:
        segments = list(segments_of(arm, criterion.segment, criterion.over))
    except MissingError as error:
        return "unknown", error.what, ()
    if whole and _of_whole_run(criterion.when):
        segments = segments[:1]
    outcomes = [_on(criterion, bench.scope(arm, segment, whole=whole)) for segment in segments]
    if len(segments) > 1:
        outcomes = [
            (status, missing, _of_segment(evidence, segment))
            for (status, missing, evidence), segment in zip(outcomes, segments, strict=True)
        ]
    return _combined(outcomes, criterion, whole=whole)


def _of_whole_run(when: Expression) -> bool:
    """Whether a condition speaks of nothing that differs between segments."""
    try:
        nodes = list(parse(when.text).walk())
    except LanguageError as error:
        raise AtFaultError(error.message, place=when.place) from None
    return not any(node.kind == "name" for node in nodes) and all(
        node.args[0] in OF_WHOLE_RUNS for node in nodes if node.kind == "call"
    )


def _on(criterion: Criterion, scope: ExpectScope) -> Outcome:
    outcome = _holds(criterion.when, scope)
    more = [one for at, text in criterion.evidence for one in _further(at, text, scope)]
    return outcome[0], outcome[1], (*outcome[2], *more)


def _holds(when: Expression, scope: ExpectScope) -> Outcome:
    """Return whether a condition holds in a scope."""
    try:
        node = ready(when.text)
        missing = ""
        try:
            check_comparisons(node, scope)
            status = "met" if _truth(node, scope) else "not-met"
        except MissingError as error:
            status, missing = "unknown", error.what
        return status, missing, evidence_of(node, scope)
    except LanguageError as error:
        raise AtFaultError(error.message, place=when.place) from None


def _truth(node: Node, scope: ExpectScope) -> bool:
    """Return whether a condition holds; a number holds nothing, though a rule would take it for true."""
    value = evaluate(node, scope)
    if isinstance(value, Series | str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        raise LanguageError(
            f"{kind_of(value)} is no condition: compare it, as in `x > 0`", node.text, node.column, node.line
        )
    return bool(value.where.any()) if isinstance(value, Mask) else bool(value)


def _further(at: Expression, text: str, scope: ExpectScope) -> Iterator[Evidence]:
    """Yield what an experiment itself names as evidence, with its text if it has one."""
    try:
        node = ready(at.text)
        if not text:
            yield from evidence_of(node, scope)
        elif (place := place_of(evaluate(node, scope))) is not None:
            yield Evidence(place, text)
    except MissingError:
        return
    except LanguageError as error:
        raise AtFaultError(error.message, place=at.place) from None


def _of_segment(evidence: Iterable[Evidence], segment: Segment) -> tuple[Evidence, ...]:
    name = segment.name or f"segment {segment.index + 1}"
    return tuple(Evidence(one.place, f"{name}: {one.text}") for one in evidence)


def _combined(outcomes: Sequence[Outcome], criterion: Criterion, *, whole: bool) -> Outcome:
    """Return one outcome for several segments.

    If the criterion names no segment, those that cannot tell do not count; if it does, all that it names must tell.
    """
    told = [one for one in outcomes if one[0] != "unknown"]
    lacks = "; ".join(dict.fromkeys(one[1] for one in outcomes if one[1]))
    if criterion.over == "any":
        decisive, status = [one for one in told if one[0] == "met"], "met"
    else:
        decisive, status = [one for one in told if one[0] == "not-met"], "not-met"
    if decisive:
        return status, "", _evidence(decisive)
    if not told or (len(told) < len(outcomes) and not whole):
        return "unknown", lacks, _evidence(outcomes)
    return ("not-met" if status == "met" else "met"), "", _evidence(told)


def _evidence(outcomes: Iterable[Outcome]) -> tuple[Evidence, ...]:
    unique = {(one.place.path, one.place.line, one.text): one for got in outcomes for one in got[2]}
    return tuple(unique.values())


# --- risks, hypotheses, decisions ------------------------------------------------------------------------------------


def _risk(risk: Risk, bench: Bench) -> RiskVerdict:
    names = risk.runs or tuple(name for name in bench.arms if bench.arms[name] is not bench.baseline)
    outcomes: list[Outcome] = []
    for name in names:
        arm = bench.arms.get(name)
        if arm is None:
            outcomes.append(("unknown", f"run {name}, which is not given", ()))
            continue
        label = f"{name}: " if len(names) > 1 else ""
        for status, lack, found in _risks_of(risk, arm, bench):
            outcomes.append((status, lack, tuple(replace(one, text=label + one.text) for one in found)))
    shown = [one for one in outcomes if one[0] == "met"]
    if shown:
        return RiskVerdict(risk.id, risk.text, "materialised", risk.rules, "", _evidence(shown))
    lacks = "; ".join(dict.fromkeys(one[1] for one in outcomes if one[1]))
    status = "unknown" if lacks else "not-seen"
    return RiskVerdict(risk.id, risk.text, status, risk.rules, lacks, _evidence(outcomes))


def _risks_of(risk: Risk, arm: Arm, bench: Bench) -> Iterator[Outcome]:
    whole = not (risk.segment or arm.segment)
    try:
        segments = arm.fitting(risk.segment)
    except MissingError as error:
        yield "unknown", error.what, ()
        return
    for rule in risk.rules:
        found = [one for one in arm.found(rule) if whole or any(arm.concerns(one, segment) for segment in segments)]
        lack = "" if found else arm.lacks(rule)
        shown = tuple(Evidence(one.place, f"{one.name}: {one.message}") for one in found)
        yield (
            ("met" if found else "unknown" if lack else "not-met"),
            lack,
            shown,
        )
    if risk.when is not None:
        outcomes = [_holds(risk.when, bench.scope(arm, segment, whole=whole)) for segment in segments]
        told = [one for one in outcomes if one[0] != "unknown"]
        yield from told if whole and told else outcomes


def _hypothesis(one: Hypothesis, bench: Bench) -> HypothesisVerdict:
    if one.criteria:
        return _by_criteria(one, bench)
    lacks = []
    for verdict, when in (("weakened", one.weakened), ("supported", one.supported)):
        if when is None:
            continue
        status, missing, evidence = _asked(when, bench)
        if status == "met":
            told = "; ".join(item.text for item in evidence)
            return HypothesisVerdict(one.id, one.text, verdict, told or when.text, evidence)
        lacks += [missing] if missing else []
    because = "; ".join(dict.fromkeys(lacks))
    return HypothesisVerdict(
        one.id, one.text, "undecided", f"missing: {because}" if because else "neither condition holds"
    )


def _by_criteria(one: Hypothesis, bench: Bench) -> HypothesisVerdict:
    """Return what the criteria of a hypothesis make of it: one that is not met weakens it."""
    for status, verdict, word in (
        ("not-met", "weakened", "not met"),
        ("unknown", "undecided", "cannot be told"),
        ("met", "supported", "met"),
    ):
        names = [name for name in one.criteria if bench.status(name) == status]
        if names:
            told = [got for got in bench.judged if got.id in names and got.status == status]
            evidence = _evidence([(got.status, "", got.evidence) for got in told])
            return HypothesisVerdict(one.id, one.text, verdict, f"{word}: {', '.join(names)}", evidence)
    return HypothesisVerdict(one.id, one.text, "undecided")


def _asked(when: Expression, bench: Bench) -> Outcome:
    """Return whether a condition about the whole experiment holds; bare series are those of its first run."""
    arm = next(iter(bench.arms.values()))
    return _holds(when, bench.scope(arm, arm.fitting("")[-1]))


def _decisions(specs: Sequence[DecisionSpec], bench: Bench) -> Iterator[Decision]:
    decided, untold = False, list[str]()
    for spec in specs:
        if decided:
            yield Decision(spec.scenario, spec.then, "not-asked")
            continue
        status, missing = _follows(spec, bench)
        if status == "follows" and untold and spec.when is None and not spec.tier:
            status, missing = "unknown", f"whether {untold[0]} holds"  # what is left when nothing else holds
        if status == "unknown":
            untold.append(spec.scenario or spec.then)
        decided = status == "follows"
        yield Decision(spec.scenario, spec.then, status, missing)


def _follows(spec: DecisionSpec, bench: Bench) -> tuple[str, str]:
    try:
        if spec.tier:
            held = min([bench.reached(spec.tier, run) for run in spec.runs or ("",)])
        elif spec.when is None:
            held = True
        else:
            status, missing, _ = _asked(spec.when, bench)
            if status == "unknown":
                return "unknown", missing
            held = status == "met"
    except MissingError as error:
        return "unknown", error.what
    return ("follows" if held else "no"), ""


def _quoted(verdict: Verdict, bench: Bench) -> Verdict:
    """Return the verdict with the lines that its evidence points at."""
    quotes = bench.quotes()
    quotes.fetch(one.place for criterion in verdict.criteria for one in criterion.evidence)
    quotes.fetch(one.place for risk in verdict.risks for one in risk.evidence)
    quotes.fetch(one.place for hypothesis in verdict.hypotheses for one in hypothesis.evidence)

    def quoted(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
        return tuple(Evidence(quotes.place(one.place), one.text) for one in evidence)

    return replace(
        verdict,
        criteria=tuple(replace(one, evidence=quoted(one.evidence)) for one in verdict.criteria),
        risks=tuple(replace(one, evidence=quoted(one.evidence)) for one in verdict.risks),
        hypotheses=tuple(replace(one, evidence=quoted(one.evidence)) for one in verdict.hypotheses),
    )
