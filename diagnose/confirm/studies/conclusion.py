"""From what the steps found to a verdict."""

from __future__ import annotations

from collections import defaultdict

from diagnose.confirm.model import FIX
from diagnose.confirm.studies.progress import Progress
from diagnose.confirm.studies.result import Culprit, StudyResult


def conclude(progress: Progress) -> StudyResult:
    """Return the result of a study that has come to its end."""
    culprits = _culprits(progress)
    verdict, reason = _verdict(progress, culprits)
    outcomes = list(progress.runs.known.values())
    return StudyResult(
        verdict,
        reason,
        culprits,
        _cleared(progress, culprits),
        progress.all_records(),
        progress.fix_accepted,
        len(outcomes),
        sum(not progress.runs.judge.votes(one) for one in outcomes),
        tuple(sorted({one.trial.seed for one in outcomes})),
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
    if outcome in ("not-reproduced", "reference-also-bad"):
        return outcome, {
            "not-reproduced": "The suspect config could not be told from the baseline.",
            "reference-also-bad": "The baseline shows the symptom as well.",
        }[outcome]
    suspects = set(progress.options.suspects)
    if progress.confirmed and culprits:
        named = _named(culprits[0])
        if suspects and not suspects & set(culprits[0].atoms):
            return "refuted", f"{named} is the cause, and none of the suspects is part of it."
        return "confirmed", _because(culprits[0], len(progress.everything))
    if progress.refuted:
        return "refuted", "Without the suspects the symptom stays, and they alone do not bring it."
    if progress.over:
        return "undecided", "The budget was spent before the study came to an end."
    if outcome == "undecided":
        return "undecided", "Too few runs gave a verdict."
    if culprits:
        left_out = "confirmation" in progress.options.skip
        why = "the confirmation was left out" if left_out else "the confirmation did not bear it out"
        return "undecided", f"The search points to {_named(culprits[0])}, but {why}."
    if suspects and "confirmation" in progress.records:
        return "undecided", "The suspects could neither be shown to be the cause nor be cleared."
    return "undecided", "The suspect config reproduces the symptom, but no setting could be found to bring it."


def _because(culprit: Culprit, count: int) -> str:
    named = _named(culprit)
    if len(culprit.atoms) == count and culprit.kind in ("single", "set"):
        return f"{named} is all that differs, and the symptom came with it."
    return {
        "single": f"{named} alone brings the symptom, and without it the symptom goes.",
        "and": f"{named} bring the symptom only together: without any one of them it goes.",
        "or": f"Each of {named} brings the symptom alone: it goes only without all of them.",
        "set": f"{named} together bring the symptom, and without them it goes.",
    }[culprit.kind]


def _named(culprit: Culprit) -> str:
    quoted = [f"`{atom}`" for atom in culprit.atoms]
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _cleared(progress: Progress, culprits: tuple[Culprit, ...]) -> tuple[str, ...]:
    """Return the suspects that are neither necessary nor sufficient.

    A confirmed culprit without a suspect clears it: the symptom came without the suspect, and stayed away with it.
    """
    if progress.refuted:
        return progress.options.suspects
    if not progress.confirmed or not culprits:
        return ()
    return tuple(atom for atom in progress.options.suspects if atom not in culprits[0].atoms)


def _not_varied(progress: Progress) -> list[str]:
    """Return what the verdict says nothing about."""
    told = [
        "Code, data, hardware, library versions and every setting that both configs share were the same in all runs."
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
