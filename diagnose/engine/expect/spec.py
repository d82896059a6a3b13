"""An experiment as its file registers it."""

from __future__ import annotations

from typing import Any

from diagnose.model import Place
from diagnose.records import dataclass, field

OVER = ("every", "any", "first", "last")
"""Which of several fitting segments must meet a criterion."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition and the line of the file on which it begins."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A run that the experiment names.

    Attributes:
        path: where it lies if the command line does not say; empty if only that says.
        segment: the segments of it that count: a glob of names, or a number from 1; empty for all.
    """

    name: str
    text: str = ""
    path: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What to compare with: a path, one of the runs, or figures that were written down."""

    path: str = ""
    segment: str = ""
    run: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion; see ``diagnose.model.verdict`` for the tiers."""

    id: str
    tier: str
    text: str
    when: Expression
    runs: tuple[str, ...] = ()
    segment: str = ""
    over: str = "every"
    evidence: tuple[tuple[Expression, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What is believed: criteria that all must be met, or conditions for and against."""

    id: str
    text: str
    criteria: tuple[str, ...] = ()
    supported: Expression | None = None
    weakened: Expression | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """What may go wrong: rules whose findings show it, or a condition."""

    id: str
    text: str
    rules: tuple[str, ...] = ()
    when: Expression | None = None
    runs: tuple[str, ...] = ()
    segment: str = ""


@dataclass(frozen=True, slots=True)
class DecisionSpec:
    """What follows if a condition holds, or if a tier is reached; without either it is what follows otherwise."""

    then: str
    scenario: str = ""
    when: Expression | None = None
    tier: str = ""
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Experiment:
    """The whole file.

    Attributes:
        path: the file; paths in it are relative to its folder.
        by: ``any`` run, or ``every`` one, makes the tier of the experiment.
        own: what the file itself says besides, such as the date.
    """

    path: str
    experiment: str
    question: str = ""
    plan: str = ""
    baseline: Baseline | None = None
    runs: tuple[RunSpec, ...] = ()
    by: str = "any"
    hypotheses: tuple[Hypothesis, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    risks: tuple[Risk, ...] = ()
    decisions: tuple[DecisionSpec, ...] = ()
    own: dict[str, Any] = field(default_factory=dict)

    def tiers(self) -> list[str]:
        """Return the tiers that have criteria, from the least to the most."""
        from diagnose.model.verdict import TIERS

        there = {criterion.tier for criterion in self.criteria}
        return [tier for tier in TIERS if tier in there]
