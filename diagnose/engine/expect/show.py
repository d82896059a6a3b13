"""A verdict as text for a terminal, as Markdown, and as the contract ``diagnose/verify-v1``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose.model import Evidence
from diagnose.model.verdict import OTHER, TIERS, CriterionVerdict, Verdict
from diagnose.text import escape
from diagnose.text.templates import environment
from diagnose.text.terminal import Style, wrap

if TYPE_CHECKING:
    from jinja2 import Template

SCHEMA = "diagnose/verify-v1"
STATUSES = {"met": "met", "not-met": "not met", "unknown": "cannot be told"}
RISKS = {"materialised": "materialised", "not-seen": "not seen", "unknown": "cannot be told"}
STYLES = {
    "met": "bold green",
    "not-met": "bold red",
    "unknown": "bold yellow",
    "supported": "bold green",
    "weakened": "bold red",
    "undecided": "bold yellow",
    "materialised": "bold red",
    "not-seen": "green",
}
WORDS = {"undecided": "not decided by its criteria"}
QUOTED = 110
FORMATS = ("full", "markdown", "json")


def show(verdict: Verdict, format: str, *, colour: bool = False, width: int = 100) -> str:
    """Return a verdict in one of ``FORMATS``."""
    if format == "json":
        return as_json(verdict)
    return as_markdown(verdict) if format == "markdown" else as_text(verdict, Style(colour), width)


def summary(verdict: Verdict) -> str:
    """Return the tier that was reached in one sentence."""
    text = f"Tier reached: {verdict.tier}" if verdict.tier in TIERS else "No tier reached"
    if verdict.reached:
        return text
    text += f" (asked for: {verdict.required})"
    if verdict.unknown:
        text += f"; nothing speaks against it, but it cannot be told of {', '.join(verdict.unknown)}"
    return text


def named(verdict: Verdict) -> bool:
    """Whether criteria must be told apart by their run."""
    return len(verdict.runs) > 1


def groups(verdict: Verdict) -> list[tuple[str, list[CriterionVerdict]]]:
    """Return the criteria by tier, from the least to the most."""
    found = [(tier, [one for one in verdict.criteria if one.tier == tier]) for tier in (*TIERS, OTHER)]
    return [(tier, criteria) for tier, criteria in found if criteria]


# --- the terminal -----------------------------------------------------------------------------------------------------


def as_text(verdict: Verdict, style: Style, width: int) -> str:
    """Return what a terminal shows."""
    return "\n".join(_lines(verdict, style, width)) + "\n"


def _lines(verdict: Verdict, style: Style, width: int) -> Iterator[str]:
    yield style.paint(escape.plain(f"Experiment {verdict.experiment}"), "bold")
    if verdict.question:
        yield from _wrapped(verdict.question, width, 2)
    for run in verdict.runs:
        known = f"{run.path} ({run.format})" if run.path else "not given"
        told = f": {run.text}" if run.text else ""
        reached = f" [tier: {run.tier}]" if run.judged and len(verdict.runs) > 1 else ""
        yield from _wrapped(f"{run.name} = {known}{told}{reached}", width, 2)
    if verdict.baseline:
        yield from _wrapped(f"baseline = {verdict.baseline}", width, 2)
    for note in verdict.notes:
        yield from _wrapped(f"note: {note}", width, 2)
    for tier, criteria in groups(verdict):
        yield ""
        yield style.paint(f"Criteria: {tier}", "bold")
        for one in criteria:
            yield from _criterion(one, verdict, style, width)
    if verdict.hypotheses:
        yield ""
        yield style.paint("Hypotheses", "bold")
        for hypothesis in verdict.hypotheses:
            word = WORDS.get(hypothesis.verdict, hypothesis.verdict)
            head = f"  {style.paint(word, STYLES[hypothesis.verdict])}"
            yield from _headed(head, len(word) + 2, f"{hypothesis.id}: {hypothesis.text}", width)
            if hypothesis.because == "; ".join(one.text for one in hypothesis.evidence):
                yield from _shown(hypothesis.evidence, style, width)
            elif hypothesis.because:  # criteria, whose evidence is shown with them
                yield from _wrapped(hypothesis.because, width, 6)
    if verdict.risks:
        yield ""
        yield style.paint("Risks", "bold")
        for risk in verdict.risks:
            word = RISKS[risk.status]
            head = f"  {style.paint(word, STYLES[risk.status])}"
            by = f" [{', '.join(risk.rules)}]" if risk.rules else ""
            yield from _headed(head, len(word) + 2, f"{risk.id}: {risk.text}{by}", width)
            if risk.missing:
                yield from _wrapped(f"missing: {risk.missing}", width, 6)
            yield from _shown(risk.evidence, style, width)
    yield ""
    yield style.paint(escape.plain(summary(verdict)), "bold green" if verdict.reached else "bold red")
    yield from _decision(verdict, style, width)


def _criterion(one: CriterionVerdict, verdict: Verdict, style: Style, width: int) -> Iterator[str]:
    word = STATUSES[one.status]
    head = f"  {style.paint(word, STYLES[one.status])}"
    of = f" [{one.run}]" if named(verdict) else ""
    yield from _headed(head, len(word) + 2, f"{one.id}{of}: {one.text or one.when}", width)
    if one.text:
        yield from _wrapped(one.when, width, 6)
    if one.missing:
        yield from _wrapped(f"missing: {one.missing}", width, 6)
    yield from _shown(one.evidence, style, width)


def _shown(evidence: Iterable[Evidence], style: Style, width: int) -> Iterator[str]:
    quoted_before = set()
    for one in evidence:
        yield from _wrapped(f"{one.text}  {_position(one)}".rstrip(), width, 6)
        if _position(one) in quoted_before:
            continue
        quoted_before.add(_position(one))
        if one.place.text and one.place.text not in one.text:
            quoted = escape.plain(one.place.text)
            cut = quoted if len(quoted) <= QUOTED else quoted[: QUOTED - 1] + "…"
            yield " " * 8 + style.paint(f"| {cut}", "dim")


def _position(one: Evidence) -> str:
    if not one.place.path:
        return ""
    return f"{one.place.path}:{one.place.line}" if one.place.line else one.place.path


def _decision(verdict: Verdict, style: Style, width: int) -> Iterator[str]:
    decision = verdict.decision
    if decision is not None:
        scenario = f"{decision.scenario}: " if decision.scenario else ""
        yield from _headed(style.paint("Decision:", "bold"), 9, f"{scenario}{decision.then}", width)
    elif verdict.decisions:
        yield style.paint("Decision:", "bold") + " none of those registered follows"
    for other in verdict.decisions:
        if other.status == "unknown":
            yield from _wrapped(f"cannot be told: {other.scenario or other.then} (missing: {other.missing})", width, 2)


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    gap = " " * indent
    yield from (gap + line for line in wrap(escape.plain(text), width - indent - 2, 2))


def _headed(head: str, columns: int, text: str, width: int) -> Iterator[str]:
    """Yield text behind a painted head that takes up some columns."""
    first, *rest = wrap(escape.plain("x" * columns + " " + text), width, 4)
    yield head + first[columns:]
    yield from rest


# --- Markdown and JSON ------------------------------------------------------------------------------------------------


def as_markdown(verdict: Verdict) -> str:
    """Return a page for a job's summary, a comment, or the notes of the experiment."""
    page = _template().render(
        verdict=verdict,
        groups=groups(verdict),
        named=named(verdict),
        summary=summary(verdict),
        statuses=STATUSES | RISKS,
        words=WORDS,
        position=_position,
    )
    return page.rstrip("\n") + "\n"


@cache
def _template() -> Template:
    return environment("verify").get_template("verdict.md.j2")


def as_json(verdict: Verdict) -> str:
    """Return the verdict as one JSON document."""
    return escape.json(document(verdict), indent=2) + "\n"


def document(verdict: Verdict) -> dict[str, Any]:
    """Return the data of the JSON document."""
    decision = verdict.decision
    return {
        "schema": SCHEMA,
        "experiment": verdict.experiment,
        "path": verdict.path,
        "criteria": [
            {
                "id": one.id,
                "tier": one.tier,
                "status": one.status,
                "evidence": [_evidence(item) for item in one.evidence],
                "run": one.run,
                "text": one.text,
                "when": one.when,
                "missing": one.missing,
                "line": one.line,
            }
            for one in verdict.criteria
        ],
        "tier": verdict.tier,
        "decision": decision.then if decision else "",
        "scenario": decision.scenario if decision else "",
        "required": verdict.required,
        "reached": verdict.reached,
        "cannot_be_told": list(verdict.unknown),
        "hypotheses": [
            {
                "id": one.id,
                "text": one.text,
                "verdict": one.verdict,
                "because": one.because,
                "evidence": [_evidence(item) for item in one.evidence],
            }
            for one in verdict.hypotheses
        ],
        "risks": [
            {
                "id": one.id,
                "text": one.text,
                "status": one.status,
                "rules": list(one.rules),
                "missing": one.missing,
                "evidence": [_evidence(item) for item in one.evidence],
            }
            for one in verdict.risks
        ],
        "decisions": [
            {"scenario": one.scenario, "then": one.then, "status": one.status, "missing": one.missing}
            for one in verdict.decisions
        ],
        "runs": [
            {
                "name": one.name,
                "path": one.path,
                "format": one.format,
                "segments": one.segments,
                "tier": one.tier,
                "judged": one.judged,
            }
            for one in verdict.runs
        ],
        "baseline": verdict.baseline,
        "notes": list(verdict.notes),
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {"path": one.place.path, "line": one.place.line, "text": one.text, "quote": one.place.text}
