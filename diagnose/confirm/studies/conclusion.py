"""From what the steps found to a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.confirm.model import FIX
from diagnose.confirm.studies.progress import Progress
from diagnose.confirm.studies.result import Comparison, Culprit, StudyResult
from diagnose.confirm.studies.seeds import SAID

LISTED = 6
LEFT = {"control": "control", "culprit": "search", "confirmation": "confirmation"}
"""The steps that can settle something, in words."""
BETTER = 0.05
"""Exact p at which a suspect config that is not worse is said to be better."""


def conclude(progress: Progress) -> StudyResult:
    """Return the result of a study that has come to its end."""
    culprits = _culprits(progress)
    verdict, reason = _verdict(progress, culprits)
    reason += _fixed(progress)
    outcomes = list(progress.runs.known.values())
    return StudyResult(
        verdict,
        reason,
        culprits,
        tuple(atom for atom in progress.options.suspects if atom in progress.cleared),
        progress.all_records(),
        progress.fix_accepted,
        len(outcomes),
        sum(not progress.runs.judge.votes(one) for one in outcomes),
        tuple(sorted({one.trial.seed for one in outcomes})) if progress.options.seeded else (),
        sum(one.seconds for one in outcomes),
        sum(one.seconds * one.gpus for one in outcomes),
        tuple(_not_varied(progress)),
        tuple(progress.runs.known),
    )


def _culprits(progress: Progress) -> tuple[Culprit, ...]:
    candidate = progress.culprit
    if candidate:
        return (Culprit(candidate.kind, candidate.atoms, candidate.posterior, progress.confirmed),)
    return ()


def _verdict(progress: Progress, culprits: tuple[Culprit, ...]) -> tuple[str, str]:
    outcome = progress.control.outcome if progress.control else "reproduced"
    if outcome == "reference-also-bad":
        return outcome, "The baseline shows the symptom as well."
    if outcome == "not-reproduced":
        return outcome, _not_told(progress.control.record.comparisons[0], progress) if progress.control else ""
    suspects = set(progress.options.suspects)
    if progress.confirmed and culprits:
        if suspects and suspects == {*progress.cleared}:
            named = _named(culprits[0])
            return "refuted", f"{named} {_is(culprits[0])} the cause, and the suspects are not: {_innocent(progress)}."
        return "confirmed", _because(culprits[0], progress) + _unheard(progress)
    if suspects and suspects == {*progress.cleared}:
        return "refuted", f"{_innocent(progress).capitalize()}."
    if progress.over:
        return "undecided", "The budget was spent before the study came to an end."
    if outcome == "undecided" and progress.control:
        return "undecided", progress.control.why or "Too few runs gave a verdict."
    return "undecided", SAID if progress.seedless else _open(progress, culprits)


def _open(progress: Progress, culprits: tuple[Culprit, ...]) -> str:
    """Return why nothing was settled though the runs could be told apart."""
    records, skip = progress.records, progress.options.skip
    begin = "Reproduced" if progress.control else ""
    if culprits:
        why = "the confirmation was left out" if "confirmation" in skip else "the confirmation did not bear it out"
        if "culprit" in records:
            return f"The search points to {_named(culprits[0])}, but {why}."
        return f"{begin}{'; ' if begin else ''}{_named(culprits[0])} is all that {_differs(progress)}, but {why}."
    if progress.options.suspects and "confirmation" in records:
        return "The suspects could neither be shown to be the cause nor be cleared."
    if "culprit" in records:
        does = "reproduces the symptom" if progress.runs.judge.symptom else "differs from the baseline"
        return f"The suspect config {does}, but no setting could be found to bring it."
    if "confirmation" in records:
        brings = "bring the symptom" if progress.runs.judge.symptom else "move the metric"
        return f"The changes could not be shown to {brings}."
    if progress.control:
        return "Reproduced; no cause was searched."
    left = [LEFT[name] for name in LEFT if name in skip]
    were = "were" if len(left) > 1 else "was"
    return f"Nothing was decided: {_listed(left)} {were} left out."


def _not_told(found: Comparison, progress: Progress) -> str:
    """Return what it means that the suspect is not worse: how many runs there were, and what they leave possible."""
    runs = f"{found.worse.runs} + {found.better.runs} runs"
    alike = "could not be told from the baseline"
    better = progress.control.better if progress.control else None
    reversed_ = better is not None and better <= BETTER
    if found.share is not None and found.share_interval is not None:
        low, high = (f"{100 * end:.0f}" for end in found.share_interval)
        effect = f"{found.worse.shown} of {found.worse.runs} against {found.better.shown} of {found.better.runs}"
        left = f", and the difference may be anything from {low} to {high} points"
        turned = "shows the symptom less often than the baseline"
        alike = "could not be shown to bring the symptom more often than the baseline"
    elif found.difference is not None and found.interval is not None:
        low, high = (f"{end:.3g}" for end in found.interval)
        effect = f"the metric differs by {found.difference:.3g}"
        left = f", which may be anything from {low} to {high}"
        turned = "is better than the baseline, and not worse"
    else:
        effect = left = ""
        turned = "is better than the baseline, and not worse"
    if reversed_:
        told = f": {effect}" if effect else ""
        text = f"The suspect config {turned}{told} in {runs} (exact p = {better:.2g})."
    else:
        text = f"The suspect config {alike} in {runs}{f': {effect}{left}' if effect else ''}."
    lost = found.worse.failed, found.better.failed
    if any(lost):
        tried = found.worse.runs + lost[0], found.better.runs + lost[1]
        text += f" Not counted: {lost[0]} of {tried[0]} runs of the suspect config failed, "
        text += f"{lost[1]} of {tried[1]} of the baseline."
    aside = progress.options.aside
    if aside:
        stayed = [f"`{key}`" for key in aside[:LISTED]] + ([f"{len(aside) - LISTED} more"] if aside[LISTED:] else [])
        text += f" In all runs {_listed(stayed)} stayed as in the baseline."
    return text


def _because(culprit: Culprit, progress: Progress) -> str:
    named, does = _named(culprit), _does(progress)
    if culprit.atoms == progress.everything and culprit.kind in ("single", "set"):
        return f"{named} is all that {_differs(progress)}, and {does.came} with it.{does.more}"
    if culprit.kind == "single" and culprit.atoms[0] in progress.options.merged:
        return f"{named}, never run apart, {does.bring}, and without them it {does.goes}.{does.more}"
    text = {
        "single": f"{named} alone {does.brings}, and without it {does.what} {does.goes}.",
        "and": f"{named} {does.bring} only together: without any one of them it {does.goes}.",
        "or": f"Each of {named} {does.brings} alone: it {does.goes} only without all of them.",
        "set": f"{named} together {does.bring}, and without them it {does.goes}.",
    }[culprit.kind]
    return text + does.more


@dataclass(frozen=True, slots=True)
class _Does:
    """What a culprit does, in words: for one, for several, to what, and what becomes of it without them."""

    brings: str
    bring: str
    what: str
    goes: str
    came: str
    more: str = ""


def _does(progress: Progress) -> _Does:
    if progress.runs.judge.symptom:
        return _Does("brings the symptom", "bring the symptom", "the symptom", "goes", "the symptom came")
    if progress.options.better:
        return _Does(
            "makes the metric worse", "make the metric worse", "the metric", "gets better", "the metric got worse"
        )
    found = progress.control.record.comparisons[0] if progress.control else None
    ways = {True: " (it is higher)", False: " (it is lower)", None: ""}
    way = ways[None if found is None or found.difference is None else found.difference > 0]
    means = ""
    if found is not None and found.worse.mean is not None and found.better.mean is not None:
        means = f": {found.better.mean:.3g} in the baseline, {found.worse.mean:.3g} in the suspect config"
    return _Does(
        f"makes the metric differ{way}",
        f"make the metric differ{way}",
        "the metric",
        "comes back to the side of the baseline",
        f"a difference of the metric{way} came",
        f" Nobody said which way is better (--better){means}.",
    )


def _unheard(progress: Progress) -> str:
    """Return what becomes of suspects that are no part of a confirmed culprit; empty if they were cleared."""
    left = [atom for atom in progress.unheard if atom not in progress.cleared]
    if not left:
        return ""
    named = _listed([f"`{atom}`" for atom in left])
    many = len(left) > 1
    why = ", since it was not tested" if progress.over or "confirmation" in progress.options.skip else ""
    why = f": {progress.residue}" if progress.residue else why
    return (
        f" {named} {'were' if many else 'was'} suspected: {'they are' if many else 'it is'} not the cause that was "
        f"found, or not the only one, and {'are' if many else 'is'} not cleared{why}."
    )


def _fixed(progress: Progress) -> str:
    """Return what came of the proposed fix, with what is left of the symptom."""
    record = progress.records.get("fix")
    if record is None or not record.comparisons:
        return ""
    better, close = record.comparisons
    one, other = close.worse, close.better
    told = allowed = ""
    if progress.runs.judge.symptom and one.shown is not None and one.interval is not None and one.runs:
        low, high = (f"{round(100 * end)} %" for end in one.interval)
        allowed = f", and up to {100 * progress.options.fix_share:g} points more would do"
        told = (
            f": the symptom shows in {one.shown} of {one.runs} runs with it [{low}, {high}], in {other.shown} of "
            f"{other.runs} of the baseline"
        )
    elif close.difference is not None:
        reach = f" [{close.interval[0]:.3g}, {close.interval[1]:.3g}]" if close.interval else ""
        margin = record.facts.get("margin")
        told = f": the metric differs from the baseline's by {close.difference:.3g}{reach}"
        allowed = f", and up to {margin:.3g} would do" if isinstance(margin, float) else ""
    lost = f" {one.failed} of {one.runs + one.failed} runs with it failed." if one.failed else ""
    if progress.fix_accepted is None:
        return f" What the proposed fix does could not be told.{lost}"
    is_better = "The proposed fix is better than the suspect config"
    if progress.fix_accepted:
        return f" {is_better}, and could not be told from the baseline{told}{allowed}.{lost}"
    if better.holds:
        return f" {is_better}, but not as good as the baseline{told}{allowed}.{lost}"
    why = "nothing shows it to be better than the suspect config"
    return f" The proposed fix was not accepted, since {why}{told}.{lost}"


def _differs(progress: Progress) -> str:
    return "was varied" if progress.options.aside else "differs"


def _named(culprit: Culprit) -> str:
    return _listed([f"`{atom}`" for atom in culprit.atoms])


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _is(culprit: Culprit) -> str:
    return "is" if len(culprit.atoms) == 1 else "are"


def _innocent(progress: Progress) -> str:
    """Return what clears the suspects."""
    if progress.runs.judge.symptom:
        return "without the suspects the symptom stays, and they alone do not bring it"
    return "without the suspects the metric is as far from the baseline's, and they alone do not move it"


def _not_varied(progress: Progress) -> list[str]:
    """Return what the verdict says nothing about."""
    told = [
        "Every setting that both configs share was the same in all runs. Code, data, hardware and library versions "
        "were not varied on purpose; whether they stayed the same is known only where it is said here."
    ]
    tried = sorted({trial.parts for trial in progress.runs.known if FIX not in trial.parts})
    groups: dict[tuple[bool, ...], list[str]] = defaultdict(list)
    for atom in progress.everything:
        groups[tuple(atom in parts for parts in tried)].append(atom)
    told += [
        f"Never run apart from one another: {', '.join(f'`{atom}`' for atom in members)}."
        for members in groups.values()
        if len(members) > 1
    ]
    told.append("The size of the changes: each setting had the value of one config or of the other, none in between.")
    return told
