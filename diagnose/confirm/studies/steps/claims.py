"""Claims about arms, tested together: looks at 4, 6 and 8 runs, Holm over the claims still open at each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from diagnose.confirm.model import Outcome, Step
from diagnose.confirm.studies.compare import compare, flip_value, look_at, majority, p_value, withstands
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.result import Comparison, Look
from diagnose.confirm.studies.stats import holm, spending
from diagnose.confirm.studies.steps.control import hopeless
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs

FUTILE = 0.5
"""p from which on a claim is given up at the first look."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that holds if the first config of every pair is worse than the second.

    A claim of several pairs (each of two settings is necessary) is rejected as a whole: it needs all of them at the
    level that one would need, the intersection-union test of Berger 1982, Technometrics 24(4).

    Attributes:
        name: see `diagnose.confirm.studies.result.Comparison`.
        pairs: worse and better parts.
    """

    name: str
    pairs: tuple[tuple[Parts, Parts], ...]


@dataclass(slots=True)
class Examined:
    """How a claim stands."""

    claim: Claim
    looks: list[list[Look]]
    passed: list[bool]
    failed: bool = False

    @property
    def holds(self) -> bool:
        """Whether every pair of it passed."""
        return all(self.passed)


@dataclass(slots=True)
class Bench:
    """Where claims are tested.

    Attributes:
        everything: parts of the suspect config.
        seeds: fresh ones, for new configs.
        reference: seeds of baseline and suspect config: those of the control, whose runs are used again.
        paired: pairs decide, at the last look; the reference runs have fresh seeds then, too.
        arms: the configs that were asked for.
    """

    runs: Runs
    options: StudyOptions
    everything: Parts
    seeds: Sequence[int]
    reference: Sequence[int]
    paired: bool = False
    arms: set[Parts] = field(default_factory=set)

    def seeds_of(self, parts: Parts) -> Sequence[int]:
        """Return the seeds of a config."""
        return self.reference if parts in ((), self.everything) else self.seeds

    def votes(self, parts: Parts) -> list[Outcome]:
        """Return its runs that count."""
        return self.runs.votes(parts, self.seeds_of(parts))

    def failed(self, worse: Parts, better: Parts) -> tuple[int, int]:
        """Return how many runs of two configs broke down."""
        return self.runs.failed(worse, self.seeds_of(worse)), self.runs.failed(better, self.seeds_of(better))

    def fill(self, arms: Sequence[Parts], count: int) -> Step[None]:
        """Ask until each has ``count`` runs that count."""
        self.arms.update(arms)
        yield from self.runs.fill([(parts, self.seeds_of(parts)) for parts in arms], count, self.options.spare)


def examine(claims: Sequence[Claim], bench: Bench) -> Step[list[Examined]]:
    """Test claims on shared arms, and give up what cannot hold any more.

    Where pairs decide, the last look spends all: fewer than eight pairs cannot show two claims.

    Every look spends a part of `StudyOptions.alpha`, and Holm divides it among the claims still open: see
    `diagnose.confirm.studies.stats.holm.spending`. Stops when each claim has passed or one has failed.

    Raises:
        OutOfBudget: from within; what was tested so far is in its first argument.
    """
    options = bench.options
    tests = [Examined(claim, [[] for _ in claim.pairs], [False] * len(claim.pairs)) for claim in claims]
    smallest = 1 / math.comb(2 * options.looks[0], options.looks[0])
    spend = spending(options.alpha, smallest, len(claims), len(options.looks))
    if bench.paired:
        spend = [0.0] * (len(options.looks) - 1) + [options.alpha]
    for at, (count, share) in enumerate(zip(options.looks, spend, strict=True)):
        wanted = dict.fromkeys(
            parts for test in tests for pair, done in zip(test.claim.pairs, test.passed, strict=True) if not done
            for parts in pair
        )  # fmt: skip
        try:
            yield from bench.fill(list(wanted), count)
        except OutOfBudget:
            raise OutOfBudget(tests) from None
        ends = bench.votes(bench.everything), bench.votes(())
        if bench.paired:
            bench.runs.judge.pair(*ends)
        else:
            bench.runs.judge.settle(*ends)
        _look(tests, share, bench)
        later = [(runs, alpha) for runs, alpha in zip(options.looks, spend, strict=True)][at + 1 :]
        _give_up(tests, later, bench)
        if all(test.holds for test in tests) or any(test.failed for test in tests):
            break
    return tests


def told(tests: Sequence[Examined], bench: Bench) -> tuple[Comparison, ...]:
    """Return the comparisons of claims, with p adjusted by Holm over the claims (the largest p of each)."""
    worst = [max((looks[-1].p for looks in test.looks if looks), default=1.0) for test in tests]
    adjusted = holm(worst)
    return tuple(
        compare(
            test.claim.name,
            (worse, bench.votes(worse)),
            (better, bench.votes(better)),
            bench.runs.judge,
            holds=test.passed[at],
            failed=bench.failed(worse, better),
            flips=bench.paired,
            looks=test.looks[at],
            adjusted=value if len(tests) > 1 else None,
            resamples=bench.options.resamples,
        )
        for test, value in zip(tests, adjusted, strict=True)
        for at, (worse, better) in enumerate(test.claim.pairs)
    )


def _look(tests: Sequence[Examined], share: float, bench: Bench) -> None:
    """Test every open pair; a claim that passes hands its part of alpha on to the others at once."""
    fresh: dict[tuple[int, int], tuple[float, bool]] = {}
    for test in tests:
        for at, (worse, better) in enumerate(test.claim.pairs):
            if not test.passed[at]:
                fresh[id(test), at] = _value(worse, better, bench)
    bounds: dict[tuple[int, int], float] = {}
    while True:
        still = [test for test in tests if not test.holds]
        boundary = share / max(1, len(still))
        for test in still:
            for at in range(len(test.passed)):
                if not test.passed[at]:
                    p, more = fresh[id(test), at]
                    bounds[id(test), at] = boundary
                    test.passed[at] = p <= boundary and more
        if len([test for test in tests if not test.holds]) == len(still):
            break
    for test in tests:
        for at, (worse, better) in enumerate(test.claim.pairs):
            if (id(test), at) in fresh:
                p, alpha = fresh[id(test), at][0], bounds[id(test), at]
                test.looks[at].append(look_at(bench.votes(worse), bench.votes(better), p, alpha))


def _value(worse: Parts, better: Parts, bench: Bench) -> tuple[float, bool]:
    """Return p, and whether most of the first arm is on the bad side, which pairs need not be.

    Runs that broke down may not be what makes the difference: they are counted against the claim.
    """
    judge = bench.runs.judge
    one, other = bench.votes(worse), bench.votes(better)
    if bench.paired:
        return flip_value(one, other, judge), True
    return p_value(one, other, judge), majority(one, other, judge) and withstands(
        one, other, bench.failed(worse, better), judge
    )


def _give_up(tests: Sequence[Examined], later: Sequence[tuple[int, float]], bench: Bench) -> None:
    for test in tests:
        for at, (worse, better) in enumerate(test.claim.pairs):
            if test.passed[at]:
                continue
            one, other = bench.votes(worse), bench.votes(better)
            if min(len(one), len(other)) < bench.options.looks[0] and later:
                continue
            futile = len(test.looks[at]) == 1 and test.looks[at][0].p > FUTILE
            by_pairs = bench.options.alpha if bench.paired else 0.0
            test.failed |= futile or hopeless(one, other, later, bench.runs, by_pairs)
