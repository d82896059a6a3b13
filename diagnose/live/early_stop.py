"""Stop a run that is lost: its metric stays beyond a threshold, no longer improves, or is no number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from diagnose.errors import SettingsError

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run is to stop.

    Attributes:
        rule: ``threshold``, ``plateau`` or ``not-finite``.
        reason: one sentence with the numbers; ``diagnose`` recognises it in a log.
        value: the metric at the end.
        point: the epoch or step that was given.
    """

    rule: str
    reason: str
    value: float
    point: float | None


class Criterion(Protocol):
    """One reason to stop; it is asked after every evaluation."""

    def update(self, value: float, metric: str, better: Better) -> str:
        """Take in a value and return why to stop, or nothing."""

    def state_dict(self) -> dict[str, Any]:
        """Return what it has counted."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""


def _worse(value: float, than: float, better: Better) -> bool:
    """Tell whether a value is worse; one that is not finite always is."""
    return not math.isfinite(value) or (value < than if better == "higher" else value > than)


def _count(value: int, least: int) -> bool:
    """Tell whether a value is a whole number of at least so much."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


class Threshold:
    """The metric is worse than *limit* in *patience* evaluations in a row, after the first *grace* ones."""

    def __init__(self, limit: float, patience: int = 2, grace: int = 0) -> None:
        """Take a floor (or a ceiling, where lower is better) and how long it may be missed."""
        if not math.isfinite(limit) or not _count(patience, 1) or not _count(grace, 0):
            said = f"a threshold of {limit} with patience {patience} and grace {grace}"
            raise SettingsError(said, mend="a finite limit; whole numbers, the patience at least 1")
        self.limit, self.patience, self.grace = float(limit), patience, grace
        self.seen = self.missed = 0

    def update(self, value: float, metric: str, better: Better) -> str:
        """Count an evaluation beyond the limit, forget the others."""
        self.seen += 1
        if self.seen <= self.grace:
            return ""
        self.missed = self.missed + 1 if _worse(value, self.limit, better) else 0
        if self.missed < self.patience:
            return ""
        side = "less" if better == "higher" else "greater"
        verb = "is" if math.isfinite(value) else "counts as"
        often = f" in {self.missed} evaluations in a row" if self.missed > 1 else ""
        return f"Stopping threshold reached: `{metric}` = {value:g} {verb} {side} than {self.limit:g}{often}."

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"seen": self.seen, "missed": self.missed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the counts of a state; limit and patience stay as they are given now."""
        self.seen, self.missed = int(state["seen"]), int(state["missed"])


class Plateau:
    """The metric has not been better than its best by more than *min_delta* for *patience* evaluations."""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        """Take how long to wait, and what counts as better."""
        if not _count(patience, 1) or not 0 <= min_delta < math.inf:
            said = f"a patience of {patience} with min_delta {min_delta}"
            raise SettingsError(said, mend="a whole number of at least 1, and a finite one of at least 0")
        self.patience, self.min_delta = patience, float(min_delta)
        self.best: float | None = None
        self.waited = 0

    def update(self, value: float, metric: str, better: Better) -> str:
        """Remember the best value and count the evaluations since."""
        sign = 1.0 if better == "higher" else -1.0
        if math.isfinite(value) and (self.best is None or sign * (value - self.best) > self.min_delta):
            self.best, self.waited = value, 0
            return ""
        self.waited += 1
        if self.waited < self.patience:
            return ""
        best = "none" if self.best is None else f"{self.best:g}"
        numbers = f"`{metric}` = {value:g}, best score: {best}"
        return f"the monitored metric did not improve in the last {self.waited} records. {numbers}."

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, None before there is one, and how many evaluations ago it was."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the best value of a state."""
        best = state["best"]
        self.best = None if best is None or not math.isfinite(best) else float(best)
        self.waited = int(state["waited"])


class EarlyStop:
    """Asks its criteria after every evaluation; the first that is met decides, and the decision stays.

    Example:
        >>> stop = EarlyStop("coco/bbox_mAP", "higher", threshold=Threshold(0.58, patience=2))
        >>> [stop.update(value) is not None for value in (0.59, 0.55, 0.53)]
        [False, False, True]
    """

    def __init__(
        self,
        metric: str,
        better: Better,
        *,
        threshold: Threshold | None = None,
        plateau: Plateau | None = None,
        finite: bool = True,
    ) -> None:
        """Take what to watch.

        Args:
            metric: its name, for the reason that is given.
            better: whether a ``higher`` or a ``lower`` value is better; it is never guessed from the name.
            threshold: stop when the metric stays beyond a limit.
            plateau: stop when the metric no longer improves.
            finite: stop at once when the metric is NaN or infinite. Off, it counts as worse than everything.
        """
        if better not in ("higher", "lower"):
            raise SettingsError(f"better is {better!r}", mend="'higher' or 'lower'")
        if threshold is None and plateau is None and not finite:
            raise SettingsError("an early stop that can never stop", mend="give a threshold or a plateau")
        self.metric, self.better, self.finite = metric, better, finite
        self.criteria: dict[str, Criterion] = {}
        if threshold is not None:
            self.criteria["threshold"] = threshold
        if plateau is not None:
            self.criteria["plateau"] = plateau
        self.stop: Stop | None = None

    def update(self, value: float, point: float | None = None) -> Stop | None:
        """Take in the metric of one evaluation.

        Args:
            value: the metric.
            point: epoch or step, kept in the decision.

        Returns:
            The decision to stop, again at each later call; None to go on.
        """
        if self.stop is not None:
            return self.stop
        value = float(value)
        if self.finite and not math.isfinite(value):
            self.stop = Stop("not-finite", f"Monitored metric {self.metric} = {value} is not finite.", value, point)
            return self.stop
        reasons = {name: rule.update(value, self.metric, self.better) for name, rule in self.criteria.items()}
        for name, reason in reasons.items():
            if reason:
                self.stop = Stop(name, reason, value, point)
                break
        return self.stop

    def state_dict(self) -> dict[str, Any]:
        """Return the counts of all criteria, without a decision to stop: who resumes a run means it to go on."""
        return {name: rule.state_dict() for name, rule in self.criteria.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; a criterion that is new keeps its own beginning."""
        self.stop = None
        for name, rule in self.criteria.items():
            if name in state:
                rule.load_state_dict(state[name])
