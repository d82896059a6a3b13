"""From what the steps found to a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from diagnose.confirm.model import FIX
from diagnose.confirm.studies.progress import Progress
from diagnose.confirm.studies.result import Comparison, Culprit, StudyResult
from diagnose.confirm.studies.seeds import SAID

LISTED = 6
LEFT = {"control": "control", "culprit": "search", "confirmation": "confirmation"}
"""The steps that can settle something, in words."""
FIXED = {
    True: "The proposed fix cures it: it is better than the suspect config, and as good as the baseline.",
    False: "The proposed fix was not accepted.",
}


def conclude(progress: Progress) -> StudyResult:
    """Return the result of a study that has come to its end."""
    culprits = _culprits(progress)
    verdict, reason = _verdict(progress, culprits)
    if progress.fix_accepted is not None:
        reason += f" {FIXED[progress.fix_accepted]}"
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
    if outcome == "reference-also-bad":
        return outcome, "The baseline shows the symptom as well."
    if outcome == "not-reproduced":
        return outcome, _not_told(progress.control.record.comparisons[0], progress) if progress.control else ""
    suspects = set(progress.options.suspects)
    if progress.confirmed and culprits:
        named = _named(culprits[0])
        if suspects and not suspects & set(culprits[0].atoms):
            return "refuted", f"{named} is the cause, and none of the suspects is part of it."
        return "confirmed", _because(culprits[0], progress)
    if progress.refuted:
        return "refuted", "Without the suspects the symptom stays, and they alone do not bring it."
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
        return "The suspect config reproduces the symptom, but no setting could be found to bring it."
    if "confirmation" in records:
        return "The changes could not be shown to bring the symptom."
    if progress.control:
        return "Reproduced; no cause was searched."
    left = [LEFT[name] for name in LEFT if name in skip]
    were = "were" if len(left) > 1 else "was"
    return f"Nothing was decided: {_listed(left)} {were} left out."


def _not_told(found: Comparison, progress: Progress) -> str:
    """Return what it means that the arms look alike: how many runs there were, and what they leave possible."""
    runs = f"{found.worse.runs} + {found.better.runs} runs"
    if found.share is not None and found.share_interval is not None:
        low, high = (f"{100 * end:.0f}" for end in found.share_interval)
        shown = f"{found.worse.shown} of {found.worse.runs} against {found.better.shown} of {found.better.runs}"
        told = f": the symptom showed in {shown}, and the difference may be anything from {low} to {high} points"
    elif found.difference is not None and found.interval is not None:
        low, high = (f"{end:.3g}" for end in found.interval)
        told = f": the metric differs by {found.difference:.3g}, which may be anything from {low} to {high}"
    else:
        told = ""
    text = f"The suspect config could not be told from the baseline in {runs}{told}."
    aside = progress.options.aside
    if aside:
        stayed = [f"`{key}`" for key in aside[:LISTED]] + ([f"{len(aside) - LISTED} more"] if aside[LISTED:] else [])
        text += f" In all runs {_listed(stayed)} stayed as in the baseline."
    return text


def _because(culprit: Culprit, progress: Progress) -> str:
    named = _named(culprit)
    if culprit.atoms == progress.everything and culprit.kind in ("single", "set"):
        return f"{named} is all that {_differs(progress)}, and the symptom came with it."
    if culprit.kind == "single" and culprit.atoms[0] in progress.options.merged:
        return f"{named}, never run apart, bring the symptom, and without them it goes."
    return {
        "single": f"{named} alone brings the symptom, and without it the symptom goes.",
        "and": f"{named} bring the symptom only together: without any one of them it goes.",
        "or": f"Each of {named} brings the symptom alone: it goes only without all of them.",
        "set": f"{named} together bring the symptom, and without them it goes.",
    }[culprit.kind]


def _differs(progress: Progress) -> str:
    return "was varied" if progress.options.aside else "differs"


def _named(culprit: Culprit) -> str:
    return _listed([f"`{atom}`" for atom in culprit.atoms])


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


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
