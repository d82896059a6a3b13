"""What a study found: a verdict, and every figure that it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnose.confirm.model import Trial

VERDICTS = ("confirmed", "refuted", "not-reproduced", "reference-also-bad", "undecided")
"""What a study can end with: a set of settings was found necessary and sufficient; the suspects named by the user were
tested, and are neither; the suspect config does not show the symptom; the baseline shows it too; the budget or the
looks were spent before any of these could be said."""
STEPS = ("noise", "control", "culprit", "confirmation", "path", "fix")
"""The steps of a study, in order; each may be skipped by its name."""
STATES = ("done", "skipped", "not-needed", "out-of-budget", "not-reached")
"""What became of a step. ``skipped``: the user left it out; ``not-needed``: an earlier step settled it;
``out-of-budget``: it began and could not end."""


@dataclass(frozen=True, slots=True)
class Arm:
    """The runs of one config.

    Attributes:
        parts: which atoms came from the suspect config.
        runs: how many runs count. Failed and lost ones do not.
        seeds: of the runs that count.
        shown: how many showed the symptom; None if no symptom was judged.
        interval: 95 % Clopper-Pearson interval of the share that shows it; None without a symptom.
        metrics: the metric of each run, NaN where it diverged; empty if the metric was not used.
        mean: of the finite metrics; None without any. IQM from 8 runs on.
        failed: further runs that broke down or hung, and so do not count.
    """

    parts: tuple[str, ...]
    runs: int
    seeds: tuple[int, ...] = ()
    shown: int | None = None
    interval: tuple[float, float] | None = None
    metrics: tuple[float, ...] = ()
    mean: float | None = None
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the data.

    Attributes:
        runs: in the smaller arm.
        p: exact.
        alpha: what this look may spend, divided by Holm where there are several claims: what p had to reach.
        arms: runs of the worse and of the better arm.
    """

    runs: int
    p: float
    alpha: float
    arms: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms, and whether the first is worse than the second.

    Attributes:
        claim: what it would show: ``reproduced``, ``sufficient``, ``necessary``, ``not-sufficient``, ``not-necessary``,
            ``worse-than-before`` (a step of the path), ``better-than-suspect``, ``not-worse-than-baseline``.
        worse: the arm that is worse if the claim holds.
        better: the other.
        holds: whether the exact p reached the boundary (and the symptom showed more often, if one was judged).
        p: exact permutation p at the look that decided, or at the last; None if nothing was tested.
        sides: 1 or 2.
        p_paired: exact sign-flip p over the seeds that both arms share, which decides at the last look where a metric
            is compared; None without pairs.
        p_adjusted: by Holm over the claims of the same step; None if the step has one claim.
        looks: all looks, in order.
        score: what was tested: ``symptom``, or ``metric`` where no symptom is judged.
        flips: whether p is by sign flips of the pairs, not by permutation of labels.
        difference: mean metric of ``worse`` less that of ``better``, finite values only; None without metric.
        interval: its 95 % bootstrap interval, over pairs where all runs are pairs.
        cohen_d: in units of the pooled deviation, positive if ``worse`` is worse; None if it cannot be told.
        p_worse: chance that a run of ``worse`` is worse than one of ``better``, by metric where every run has one, else
            by symptom; ties counted half.
        share: difference of the shares that show the symptom; None without one.
        share_interval: its 95 % interval of Newcombe.
    """

    claim: str
    worse: Arm
    better: Arm
    holds: bool
    p: float | None = None
    sides: int = 1
    p_paired: float | None = None
    p_adjusted: float | None = None
    looks: tuple[Look, ...] = ()
    score: str = "symptom"
    difference: float | None = None
    interval: tuple[float, float] | None = None
    cohen_d: float | None = None
    p_worse: float | None = None
    share: float | None = None
    share_interval: tuple[float, float] | None = None
    flips: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """One run of the culprit search.

    Attributes:
        parts: the atoms that were on.
        seed: it ran with.
        shown: the verdict; None if it gave none.
        best: the hypothesis ahead after it, like ``a``, ``a and b``, ``a or b``.
        posterior: of that hypothesis.
    """

    parts: tuple[str, ...]
    seed: int
    shown: bool | None
    best: str
    posterior: float


@dataclass(frozen=True, slots=True)
class Culprit:
    """A set of settings that the symptom is laid on.

    Attributes:
        kind: ``single``; ``and`` (both are needed); ``or`` (each is enough); ``set`` (all of them, from delta
            debugging, or suspects tested as one).
        atoms: their ids.
        posterior: of the search; None if it was not searched for.
        confirmed: necessary and sufficient on fresh seeds.
    """

    kind: str
    atoms: tuple[str, ...]
    posterior: float | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class PathPoint:
    """One stop of the way from baseline to suspect.

    Attributes:
        added: the atoms switched on since the stop before; none at the baseline.
        arm: the runs there.
        step: against the stop before; None at the baseline.
        portion: of the whole change from baseline to suspect that this stop brings, by metric, else by symptom; None
            if the whole change is too small to divide by.
    """

    added: tuple[str, ...]
    arm: Arm
    step: Comparison | None = None
    portion: float | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What one step did.

    Attributes:
        name: one of `STEPS`.
        state: one of `STATES`.
        outcome: in a word or two: ``deterministic``, ``noisy``, ``reproduced``, ``not-reproduced``,
            ``reference-also-bad``, ``found``, ``not-found``, ``confirmed``, ``refuted``, ``not-confirmed``,
            ``accepted``, ``not-accepted``, ``undecided``; empty if it did not run.
        runs: that it asked for and that no earlier step had.
        comparisons: the tests.
        probes: of the culprit search.
        posterior: hypotheses of the search in words, most probable first, at most ten.
        path: of the ablation path.
        facts: further figures by name.
        notes: sentences for the reader.
    """

    name: str
    state: str
    outcome: str = ""
    runs: int = 0
    comparisons: tuple[Comparison, ...] = ()
    probes: tuple[Probe, ...] = ()
    posterior: tuple[tuple[str, float], ...] = ()
    path: tuple[PathPoint, ...] = ()
    facts: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What a study found.

    Attributes:
        verdict: one of `VERDICTS`.
        reason: why, in one sentence.
        culprits: sets of settings, most probable first. Unconfirmed ones are suspects only.
        cleared: suspects named by the user that were tested, and found neither necessary nor sufficient.
        steps: one record per entry of `STEPS`, in that order.
        fix_accepted: whether the proposed fix is better than the suspect config and not told from the baseline; None if
            it was not tested, or that could not be told.
        runs: trials that were run, each counted once.
        failed: of these, the ones that gave no verdict.
        seeds: all that were used, sorted; none where the command draws its own.
        seconds: wall time summed over runs.
        gpu_seconds: the same, times the GPUs each held.
        not_varied: what the verdict says nothing about, one sentence each.
        trials: all trials that were run, in order.
    """

    verdict: str
    reason: str
    culprits: tuple[Culprit, ...] = ()
    cleared: tuple[str, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    fix_accepted: bool | None = None
    runs: int = 0
    failed: int = 0
    seeds: tuple[int, ...] = ()
    seconds: float = 0.0
    gpu_seconds: float = 0.0
    not_varied: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = field(default=(), repr=False)

    def step(self, name: str) -> StepRecord:
        """Return the record of a step.

        Raises:
            KeyError: there is no such step.
        """
        for record in self.steps:
            if record.name == name:
                return record
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How many runs a step is expected to take, and how many it can take.

    Attributes:
        name: one of `STEPS`.
        expected: runs that earlier steps have not made.
        largest: the most it can ask for if no run fails; failed runs are replaced, see `StudyOptions.spare`.
        why: in a few words.
    """

    name: str
    expected: int
    largest: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study is expected to cost: its steps, and their sums, cut at `StudyOptions.max_runs`."""

    steps: tuple[StepPlan, ...]
    expected: int
    largest: int
