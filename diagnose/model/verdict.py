"""What became of an experiment that was registered beforehand."""

from __future__ import annotations

from diagnose.model.finding import Evidence
from diagnose.records import dataclass

TIERS = ("minimum", "target", "exceptional")
"""From the least to the most."""
OTHER = "other"
"""The group of criteria that count for no tier; hypotheses and decisions may still rest on them."""
NO_TIER = "none"


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """One run of the experiment.

    Attributes:
        name: as the experiment calls it.
        path: empty if it was not given.
        text: what the experiment says of it.
        format: of its log.
        segments: how many fits it holds.
        tier: the highest tier whose criteria it meets, with all below; ``none`` if it meets not even the lowest.
        judged: whether any criterion of a tier speaks of it.
    """

    name: str
    path: str = ""
    text: str = ""
    format: str = ""
    segments: int = 0
    tier: str = NO_TIER
    judged: bool = False


@dataclass(frozen=True, slots=True)
class CriterionVerdict:
    """One criterion on one run.

    Attributes:
        id, tier, text, when: as registered.
        run: the run it was evaluated on.
        status: ``met``, ``not-met`` or ``unknown``: it cannot be told.
        missing: what is lacking where it cannot be told.
        evidence: the values that decided, or that are known; ``place.path`` may be the baseline's.
        line: where the criterion stands in the file of the experiment.
    """

    id: str
    tier: str
    text: str
    when: str
    run: str
    status: str
    missing: str = ""
    evidence: tuple[Evidence, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class HypothesisVerdict:
    """What the criteria say of a hypothesis: ``supported``, ``weakened`` or ``undecided``, never proved."""

    id: str
    text: str
    verdict: str
    because: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class RiskVerdict:
    """Whether a risk ``materialised``, was ``not-seen``, or ``unknown``: it cannot be told."""

    id: str
    text: str
    status: str
    rules: tuple[str, ...] = ()
    missing: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One way to go on, in the registered order.

    Attributes:
        status: ``follows`` (the first whose condition holds), ``no``, ``unknown``, or ``not-asked`` after that one.
        missing: what is lacking where its condition cannot be told.
    """

    scenario: str
    then: str
    status: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole.

    Attributes:
        path: the file of the experiment.
        tier: of the experiment: ``none`` or one of ``TIERS``.
        required: the tier asked for.
        reached: whether *tier* is at least that.
        unknown: criteria of the next tier that cannot be told: with them it might be reached.
        notes: what must be said about how it was read.
    """

    experiment: str
    path: str
    question: str
    plan: str
    baseline: str
    runs: tuple[RunVerdict, ...]
    criteria: tuple[CriterionVerdict, ...]
    hypotheses: tuple[HypothesisVerdict, ...]
    risks: tuple[RiskVerdict, ...]
    decisions: tuple[Decision, ...]
    tier: str
    required: str
    reached: bool
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def decision(self) -> Decision | None:
        """The decision that follows; None if none does."""
        return next((decision for decision in self.decisions if decision.status == "follows"), None)
