"""What a mechanism declares: parameters and where a log tells them, arms, and causes that are varied alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

    from diagnose.model import Place, Segment
    from diagnose.probes.lab import Lab

Value = float | int | str | tuple[float, ...]
"""What a parameter can be: a number, a word, or a list of numbers."""
Values = Mapping[str, Any]
"""The value of each parameter by name, as an experiment gets them."""
Change = Callable[[Values], Mapping[str, Any]]
"""Returns the parameters that differ, from those of the suspect."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value that a log tells, with the lines it stands in."""

    value: Any
    places: tuple[Place, ...]
    how: str = ""


Source = Callable[["Segment"], Found | None]
"""Looks a value up in a segment of a run; None where it is not told."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the experiment.

    Attributes:
        name: in ``snake_case``; ``--set NAME=VALUE`` gives it.
        default: where neither the user nor the log tells it.
        meaning: one line, with the unit.
        sources: tried in order on the segment of ``--from``.
        least, most: bounds of a number, both allowed. A whole number that a log has beyond them is cut to them.
        choices: the words it can be; empty for numbers.
        beside: a parameter that means nothing without this one. Where a log tells that one and not this, a default
            would mix two runs: the experiment is refused until this one is given.
        earlier_of: the parameter whose value in the run before (``--before``) it is; it stands beside that one.
        alike: lists of one mechanism with the same word here have one length.
        optimizer: ``adam`` or ``sgd``, for a learning rate whose default is one of its. It trains with that optimizer
            unless the mechanism has a parameter ``optimizer``; a rate of another one than it trains with is refused.
    """

    name: str
    default: Value
    meaning: str
    sources: tuple[Source, ...] = ()
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    beside: str = ""
    earlier_of: str = ""
    alike: str = ""
    optimizer: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to train: ``suspect``, ``control`` (the suspected cause is absent) or ``fix`` (the advice was followed).

    Attributes:
        change: what differs from the suspect; the suspect has the parameters as they are.
    """

    name: str
    title: str
    change: Change = field(default=lambda _: {})


DOCUMENTED = "documented"
"""The further arm at the dose of the written diagnosis, where the defaults are a dose at which the mechanism shows."""


def documented(dose: str, **numbers: Any) -> Arm:
    """Return the arm at the dose of the document; *numbers* differ from the suspect whatever a log says."""
    return Arm(DOCUMENTED, f"at the dose of the document ({dose})", lambda _: numbers)


@dataclass(frozen=True, slots=True)
class Factor:
    """A suspected cause that can be taken away alone.

    Attributes:
        absent: the parameters that differ once it is taken away.
    """

    name: str
    title: str
    absent: Change


@dataclass(frozen=True, slots=True)
class Observation:
    """What one arm showed, one element per replica.

    Attributes:
        symptom: truth values.
        measures: numbers worth telling, by name, told as medians; truth values are told as the share that is true.
        diverged: replicas that came to NaN or infinity; they are counted apart, and show no symptom.
        counts_diverged: a diverged replica counts as *symptom* says: for symptoms that divergence is one form of.
        result: the measure that training is for, more being better: a fix that lowers it is none.
    """

    symptom: torch.Tensor
    measures: Mapping[str, torch.Tensor] = field(default_factory=dict)
    diverged: torch.Tensor | None = None
    counts_diverged: bool = False
    result: str = ""


class Mechanism(Protocol):
    """A module of ``mechanisms``.

    Attributes:
        NAME: in ``kebab-case``, as the file is called in ``snake_case``.
        TITLE: one line.
        RULES: rules whose suspicion it is: ``diagnose reproduce RULE`` runs it.
        SUSPECTS: causes of ``names/mechanisms.yaml`` that it is.
        SYMPTOM: the predicate in words, with its thresholds.
        PROXY: what stands in for what, and what the experiment can therefore not show.
        PARAMETERS, ARMS, FACTORS: see the classes; FACTORS may be empty.

    It may also define ``segment(segment) -> bool``: which segment of a log it is about; else the first. And
    ``refuse(values) -> str``: why the values together are not what it is about; empty if they are.
    """

    NAME: str
    TITLE: str
    RULES: tuple[str, ...]
    SUSPECTS: tuple[str, ...]
    SYMPTOM: str
    PROXY: str
    PARAMETERS: tuple[Parameter, ...]
    ARMS: tuple[Arm, ...]
    FACTORS: tuple[Factor, ...]

    def observe(self, values: Values, lab: Lab) -> Observation:
        """Train the replicas of one arm, and say which show the symptom."""
