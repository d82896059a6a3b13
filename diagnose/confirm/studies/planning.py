"""What a study will cost, before anything is run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.progress import SINGLY
from diagnose.confirm.studies.result import StepPlan, StudyPlan

CAPACITY = 0.71
"""Bits that a verdict tells if one of twenty is wrong: 1 - H(.05)."""
CERTAINTY = 1.5
"""Further probes for the last bit of certainty: fitted to ``benchmarks/simulate_confirm.py`` with a flat prior. A prior
that is right saves a run or two."""


def plan(atoms: Sequence[str], options: StudyOptions) -> StudyPlan:
    """Return the expected and the largest number of runs per step, without running anything.

    Expected is a study whose arms separate, with one culprit; at 5 % wrong verdicts it takes a few runs more. Failed
    runs are not foreseen.
    """
    steps = tuple(_steps(len(atoms), options))
    expected, largest = sum(one.expected for one in steps), sum(one.largest for one in steps)
    limit = options.max_runs
    if limit is not None:
        expected, largest = min(expected, limit), min(largest, limit)
    return StudyPlan(steps, expected, largest)


def _steps(count: int, options: StudyOptions) -> Iterator[StepPlan]:
    first, last = options.looks[0], options.looks[-1]
    wanted = {"noise", "control", "culprit", "confirmation", "path"} - set(options.skip)
    if not options.metric or not options.seeded:
        wanted -= {"noise"}
    shared = 1 if "noise" in wanted else 0
    if "noise" in wanted:
        yield StepPlan("noise", 2, 2, "the suspect config twice with one seed")
    if "control" in wanted:
        looks = ", ".join(str(look) for look in options.looks)
        why = f"suspect config and baseline on the same seeds, with a look at {looks} runs each"
        yield StepPlan("control", 2 * first - shared, 2 * last - shared, why)
    searched = "culprit" in wanted and count > 1
    if searched:
        largest = options.most_probes(count) + 4 * count + 20
        yield StepPlan("culprit", _probes(count, options), largest, "one run per probe, until one explanation is left")
    tested = "confirmation" in wanted and count > 1 and (searched or options.suspects)
    whole = count == 1 or ("culprit" in options.skip and len({*options.suspects}) == count)
    if whole and "confirmation" in wanted:
        yield StepPlan("confirmation", 2 * first, 2 * last, "suspect config and baseline on fresh seeds")
    elif tested:
        references = 2 * (last - first) if "control" in wanted else 2 * last
        expected = 2 * first + (0 if "control" in wanted else 2 * first)
        attempts = (options.attempts if searched else 0) + bool(options.suspects)
        largest = attempts * (3 if options.symptom else 5) * last + references
        yield StepPlan("confirmation", expected, largest, "baseline + culprit, and suspect config - culprit")
        if "path" in wanted:
            new = min(options.path_atoms, count - 1)
            largest = options.path_runs * min(max(0, count - 2), SINGLY - 1 + options.path_atoms)
            yield StepPlan("path", options.path_runs * new, largest, "stops of the path that no step before has run")
    if options.fix and "fix" not in options.skip:
        yield StepPlan("fix", first, last + 2 * (last - first), "the fixed config on the seeds of the control")


def _probes(count: int, options: StudyOptions) -> int:
    """Return how many probes are expected: bits to be told over bits told by each, see `CAPACITY`."""
    pairs = options.pairs
    kinds = -sum(share * math.log2(share) for share in (1 - pairs, pairs / 2, pairs / 2) if share)
    bits = kinds + (1 - pairs) * math.log2(count) + pairs * math.log2(max(1, count * (count - 1) / 2))
    return min(options.most_probes(count), round(bits / CAPACITY + CERTAINTY))
