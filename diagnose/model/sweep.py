"""Many runs side by side: what each came to, what was varied, and what went with the result."""

from __future__ import annotations

from typing import Any

from diagnose.model.place import Place
from diagnose.records import dataclass, field

STATUSES = ("ok", "too-short", "no-value", "failed")
"""In the order in which runs are ranked: those of one status among themselves. ``no-value``: it did not fail, as far as
is told, but has no value of the metric, or none that can be believed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a sweep.

    Attributes:
        run: its name, unique in the sweep.
        status: one of ``STATUSES``.
        reason: why it is not ``ok``; empty if it is.
        value: of the metric, at the epoch that counts, on its natural scale (a share, not percent); None for none.
        epoch: the epoch of that value; None if it is not known.
        last: the metric at the last epoch.
        stated: the best value that a summary states for this run; None if none does.
        epochs: the last epoch that was reached; 0 if it is not known.
        planned: the epochs of a full run; None if it is not known.
        params: how many parameters the model has; None if it is not known.
        settings: what was set, by canonical name where there is one.
        metrics: best value of every other score and loss.
        curve: epoch and value of the metric.
        place: where the value, or the failure, stands.
        paths: the files that tell of this run.
        complete: whether the settings are all that the run was given, as far as a config or a search tells.
    """

    run: str
    status: str = "ok"
    reason: str = ""
    value: float | None = None
    epoch: float | None = None
    last: float | None = None
    stated: float | None = None
    epochs: int = 0
    planned: int | None = None
    params: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    curve: tuple[tuple[float, float], ...] = ()
    place: Place = field(default_factory=lambda: Place(""))
    paths: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The runs with one value of a setting."""

    value: str
    runs: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Link:
    """How one setting went with the result. No cause: other settings may have moved with it.

    Attributes:
        name: of the setting.
        kind: ``number`` (rank correlation) or ``choice`` (comparison of groups).
        runs: how many runs it rests on.
        values: the values tried, ascending; as text for choices.
        best: the winner's value.
        statistic: Spearman's rho, or the share of the spread of ranks that lies between groups.
        low, high: 95 % bootstrap interval of rho; None with fewer than ``stats.LEAST_BOOTSTRAP`` runs.
        p: of a permutation test, two-sided.
        adjusted: p after Holm, over all settings of the sweep.
        verdict: ``clear``, ``hint``, ``none`` or ``too few runs``.
        edge: ``low`` or ``high`` if the winner has the lowest or highest value tried on a log scale.
        bounded: whether the range tried is known, not only inferred from the runs.
        groups: for choices, and for numbers of few values.
    """

    name: str
    kind: str
    runs: int
    values: tuple[Any, ...]
    best: Any
    statistic: float | None
    low: float | None
    high: float | None
    p: float | None
    adjusted: float | None
    verdict: str
    edge: str = ""
    bounded: bool = False
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Importance:
    """The importance of settings as a library computes it; *missing* says why there is none."""

    method: str = ""
    shares: dict[str, float] = field(default_factory=dict)
    missing: str = ""


@dataclass(slots=True)
class Sweep:
    """The comparison of many runs.

    Attributes:
        metric: canonical name; empty if the runs have none in common.
        printed: its name in the logs.
        goal: ``max`` or ``min``.
        detected: how the metric was found: ``named`` by the user, or why it was chosen.
        at: ``best`` or ``last``: the epoch whose value counts.
        trials: ranked: those that count, then those too short to judge, then those that failed.
        links: settings that were varied, the surest first.
        noise: spread among repeats of one setting, the largest; None without repeats.
        repeats: the runs of each setting that was run more than once.
        known: how many different settings the compared runs have, of those of which most is told.
        nearest: the run that differs from the winner in the fewest settings, and in which.
        notes: what must be said about how it was read.
    """

    metric: str = ""
    printed: str = ""
    goal: str = "max"
    detected: str = ""
    at: str = "best"
    trials: list[Trial] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    importance: list[Importance] = field(default_factory=list)
    noise: float | None = None
    repeats: list[tuple[str, ...]] = field(default_factory=list)
    known: int = 0
    nearest: tuple[str, tuple[str, ...]] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def ranked(self) -> list[Trial]:
        """The runs with a value, best first among those that count, then those too short."""
        return [trial for trial in self.trials if trial.status != "failed" and trial.value is not None]

    @property
    def judged(self) -> list[Trial]:
        """The runs that are compared: those of status ok, or, if there are none, those too short to judge."""
        ranked = self.ranked
        return [trial for trial in ranked if trial.status == "ok"] or ranked

    @property
    def winner(self) -> Trial | None:
        """The best run; None if no run has a value, or all that are compared have the same."""
        judged = self.judged
        return judged[0] if judged and (len(judged) == 1 or judged[0].value != judged[-1].value) else None
