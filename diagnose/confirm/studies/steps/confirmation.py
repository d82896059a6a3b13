"""Confirmation on fresh seeds: is the culprit sufficient, and is it necessary?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.confirm.model import Outcome, Step
from diagnose.confirm.studies.result import Comparison
from diagnose.confirm.studies.seeds import SAID, seedless
from diagnose.confirm.studies.steps.claims import Bench, Claim, Examined, examine, told
from diagnose.confirm.studies.steps.culprit import Candidate
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts


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
    """

    holds: bool
    comparisons: tuple[Comparison, ...]
    outcomes: tuple[Outcome, ...]
    runs: int
    out_of_budget: bool
    notes: tuple[str, ...] = ()


def confirm(candidate: Candidate, bench: Bench) -> Step[Confirmation]:
    """Test whether the baseline with the culprit is bad, and the suspect config without it is not."""
    if candidate.atoms == bench.everything:  # enough and needed are one then
        return (yield from _tested((Claim("sufficient", ((bench.everything, ()),)),), bench))
    return (yield from _tested(claims(candidate, bench.everything), bench))


def refute(suspects: Parts, bench: Bench) -> Step[Confirmation]:
    """Test whether suspects are neither: the symptom stays without them, and they alone do not bring it."""
    everything = bench.everything
    alone, without = suspects, _without(everything, suspects)
    return (
        yield from _tested(
            (
                Claim("not-necessary", ((without, ()),)),
                Claim("not-sufficient", ((everything, alone),)),
            ),
            bench,
        )
    )


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
    )


def _without(everything: Parts, parts: Parts) -> Parts:
    return tuple(atom for atom in everything if atom not in parts)
