"""Confirmation on fresh seeds: is the culprit sufficient, and is it necessary?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnose.confirm.model import Outcome, Step
from diagnose.confirm.studies.compare import compare, flip_value, p_value, uneven
from diagnose.confirm.studies.result import Comparison
from diagnose.confirm.studies.seeds import SAID, seedless
from diagnose.confirm.studies.steps.claims import Bench, Claim, Examined, examine, told
from diagnose.confirm.studies.steps.culprit import Candidate
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts

RESIDUE = 0.025
"""p at which suspects do some harm; there are two ways to see it, which may err in one of twenty studies together."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirmation came to.

    Attributes:
        holds: whether both claims were shown.
        comparisons: one per pair of arms.
        outcomes: of the new arms, which teach a search that goes on.
        runs: that were new.
        out_of_budget: whether it ended too early.
        notes: sentences.
        residue: what harm suspects do that are neither enough nor needed, as a half sentence; empty if none was seen.
        copies: whether the seed does nothing.
    """

    holds: bool
    comparisons: tuple[Comparison, ...]
    outcomes: tuple[Outcome, ...]
    runs: int
    out_of_budget: bool
    notes: tuple[str, ...] = ()
    residue: str = ""
    copies: bool = False


def confirm(candidate: Candidate, bench: Bench) -> Step[Confirmation]:
    """Test whether the baseline with the culprit is bad, and the suspect config without it is not."""
    if candidate.atoms == bench.everything:  # enough and needed are one then
        return (yield from _tested((Claim("sufficient", ((bench.everything, ()),)),), bench))
    return (yield from _tested(claims(candidate, bench.everything), bench))


def refute(suspects: Parts, bench: Bench) -> Step[Confirmation]:
    """Test whether suspects are neither: the symptom stays without them, and they alone do not bring it.

    They are not cleared either if they do a part of the harm: effects that add up leave the symptom where it is with
    one of them less.
    """
    everything = bench.everything
    alone, without = suspects, _without(everything, suspects)
    found = yield from _tested(
        (
            Claim("not-necessary", ((without, ()),)),
            Claim("not-sufficient", ((everything, alone),)),
        ),
        bench,
    )
    if not found.holds:
        return found
    parts = [_residue(*one, bench) for one in (("worse-alone", alone, ()), ("better-without", everything, without))]
    residue = next((said for _, said in parts if said), "")
    return replace(
        found,
        holds=not residue,
        residue=residue,
        comparisons=(*found.comparisons, *(one for one, said in parts if said)),
    )


def _residue(claim: str, worse: Parts, better: Parts, bench: Bench) -> tuple[Comparison, str]:
    """Return a test of whether one config is worse than another at all, and that in words if it is."""
    judge = bench.runs.judge
    votes, failed = (bench.votes(worse), bench.votes(better)), bench.failed(worse, better)
    p = (flip_value if bench.paired else p_value)(*votes, judge)
    broken = uneven(failed, (len(votes[0]), len(votes[1])))
    told = compare(
        claim,
        (worse, votes[0]),
        (better, votes[1]),
        judge,
        holds=p <= RESIDUE,
        failed=failed,
        flips=bench.paired,
        resamples=bench.options.resamples,
    )
    told = replace(told, p=p)
    if p > RESIDUE and not broken:
        return told, ""
    where = "with nothing else" if claim == "worse-alone" else "beside all the other changes"
    if p > RESIDUE:
        return told, f"{where}, runs failed with it"
    if told.score == "symptom" or told.difference is None:
        return told, f"{where}, it makes runs worse (exact p = {p:.2g})"
    return told, f"{where}, it moves the metric by {told.difference:.3g} (exact p = {p:.2g})"


def claims(candidate: Candidate, everything: Parts) -> tuple[Claim, Claim]:
    """Return what has to be shown of a culprit.

    * one setting, or a set that acts as one: baseline + culprit is worse than the baseline; suspect - culprit is better
      than the suspect config.
    * two settings that are both needed: baseline + both is worse than the baseline; the suspect config gets better
      without the first, *and* without the second. (Neither is sufficient alone then, beside all other changes.)
    * two settings of which each is enough: baseline + first is worse, *and* baseline + second is worse; the suspect
      config gets better without both. (Neither is necessary alone then.)
    """
    members = candidate.atoms
    alone: Sequence[Parts] = [members]
    left_out: Sequence[Parts] = [members]
    if candidate.kind == "and":
        left_out = [(atom,) for atom in members]
    elif candidate.kind == "or":
        alone = [(atom,) for atom in members]
    return (
        Claim("sufficient", tuple((parts, ()) for parts in alone)),
        Claim("necessary", tuple((everything, _without(everything, parts)) for parts in left_out)),
    )


def _tested(claims: Sequence[Claim], bench: Bench) -> Step[Confirmation]:
    before = len(bench.runs.known)
    out_of_budget = False
    tests: list[Examined]
    try:
        tests = yield from examine(claims, bench)
    except OutOfBudget as end:
        tests, out_of_budget = end.args[0], True
    fresh = [one for parts in sorted(bench.arms - {(), bench.everything}) for one in bench.votes(parts)]
    copies = seedless([bench.votes(parts) for parts in sorted(bench.arms)])
    return Confirmation(
        all(test.holds for test in tests) and not copies,
        told(tests, bench),
        tuple(fresh),
        len(bench.runs.known) - before,
        out_of_budget,
        (SAID,) if copies else (),
        copies=copies,
    )


def _without(everything: Parts, parts: Parts) -> Parts:
    return tuple(atom for atom in everything if atom not in parts)
