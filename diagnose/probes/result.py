"""What came of a mechanism's experiment, as plain data, and its record in JSON (``diagnose/reproduce-v1``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from diagnose.model import Place
from diagnose.probes.declare import DOCUMENTED
from diagnose.probes.paired import Pairs
from diagnose.shares import at_least, clopper_pearson

SCHEMA = "diagnose/reproduce-v1"
ARMS = ("suspect", "control", "fix")
"""The arms that every mechanism has; a record holds others apart from them."""
RULE_SCHEMA = "diagnose/reproduce-rule-v1"
"""Of the record for a rule with several mechanisms, which holds a record of each."""
LEAST = 0.25
"""A suspect that shows the symptom in fewer replicas explains it at best sometimes: it is not said to reproduce."""
SURE = 0.025
"""Of one-sided tests, at most."""
LOST = 0.1
"""The part of an arm's replicas that may come to NaN before nothing is said of the arm."""
FEWEST = 8
"""Replicas of an arm, at least: with fewer a difference in all but one of them is none that is sure."""
WORSE = 0.01
"""By how much the result of the fix must be worse than the suspect's, in the median, to be told as worse."""


@dataclass(frozen=True, slots=True)
class Used:
    """A parameter and where its value came from: ``log``, ``default``, ``given`` or ``derived``."""

    name: str
    value: Any
    origin: str
    meaning: str
    places: tuple[Place, ...] = ()
    how: str = ""

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        made: dict[str, Any] = {"name": self.name, "value": _plain(self.value), "from": self.origin}
        if self.places:
            made |= {"path": self.places[0].path, "lines": [place.line for place in self.places]}
        if self.how:
            made["how"] = self.how
        return made | {"meaning": self.meaning}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The replicas of one arm, in the same order in every arm.

    Attributes:
        shown: whether each shows the symptom.
        ruined: whether each came to NaN.
        counted: whether those that came to NaN show the symptom by that; else nothing is known of them.
        changed: the parameters in which it differs from the suspect.
        measures: medians over the replicas, or shares of truth values; none where no replica has a number.
        results: what each came to (more is better), if the mechanism names it.
    """

    name: str
    title: str
    shown: tuple[bool, ...]
    measures: Mapping[str, float]
    ruined: tuple[bool, ...]
    seconds: float
    changed: Mapping[str, Any]
    counted: bool = False
    results: tuple[float, ...] = ()

    @property
    def replicas(self) -> int:
        """How many there are."""
        return len(self.shown)

    @property
    def hits(self) -> int:
        """How many show the symptom."""
        return sum(self.shown)

    @property
    def diverged(self) -> int:
        """How many came to NaN."""
        return sum(self.ruined)

    @property
    def share(self) -> float:
        """The share of replicas that show the symptom."""
        return self.hits / self.replicas

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval of the share."""
        return clopper_pearson(self.hits, self.replicas)

    @property
    def lost(self) -> bool:
        """Whether so many came to NaN that the arm tells nothing."""
        return not self.counted and self.diverged > LOST * self.replicas

    def against(self, other: Outcome) -> Pairs:
        """Return the pairs of this arm's replicas and another's, without those that are known in one arm only."""
        return Pairs.of(
            (one, two)
            for one, two, here, there in zip(self.shown, other.shown, self.ruined, other.ruined, strict=True)
            if not (here and not self.counted) and not (there and not other.counted)
        )

    def worse(self, than: Outcome) -> bool:
        """Whether the replicas came to less than the same ones of another arm: a sign test, and a median of *WORSE*."""
        gaps = [one - two for one, two in zip(self.results, than.results, strict=True) if one == one and two == two]
        down, up = sum(gap < 0 for gap in gaps), sum(gap > 0 for gap in gaps)
        return bool(gaps) and median(gaps) < -WORSE and at_least(down, down + up, 0.5) <= SURE

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "share": round(self.share, 4),
            "interval": [round(limit, 4) for limit in self.interval],
            "hits": self.hits,
            "replicas": self.replicas,
            "diverged": self.diverged,
            "measures": {name: round(value, 6) for name, value in self.measures.items()},
            "changed": {name: _plain(value) for name, value in self.changed.items()},
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Varied:
    """A suspected cause taken away alone, and left alone.

    Attributes:
        without: the suspect without this cause, all others being there.
        alone: this cause, all others being taken away.
    """

    name: str
    title: str
    without: Outcome
    alone: Outcome

    def record(self, compared: Callable[[Outcome], dict[str, Any]]) -> dict[str, Any]:
        """Return it as JSON; *compared* makes the record of an arm beside the suspect."""
        return {
            "name": self.name,
            "title": self.title,
            "without": compared(self.without),
            "alone": compared(self.alone),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One mechanism, tried.

    Attributes:
        steps: optimizer steps of all replicas of all arms together.
        rate, loop_rate: steps of single replicas per second, together and in a plain loop; 0 if not measured.
        none_left: the suspect with every varied cause taken away, if causes were varied.
        link: how the rule that was asked for leads to this mechanism, where its name does not tell.
        log: whether a log was given to take numbers from.
    """

    mechanism: str
    title: str
    symptom: str
    proxy: str
    device: str
    device_name: str
    replicas: int
    seed: int
    parameters: tuple[Used, ...]
    arms: tuple[Outcome, ...]
    varied: tuple[Varied, ...]
    none_left: Outcome | None
    steps: int
    rate: float
    loop_rate: float
    seconds: float
    torch: str
    link: str = ""
    log: bool = False

    def arm(self, name: str) -> Outcome:
        """Return an arm by name. Raises KeyError."""
        return {arm.name: arm for arm in self.arms}[name]

    @property
    def documented(self) -> Outcome | None:
        """The arm at the dose of the written diagnosis, where the defaults are another one."""
        return next((arm for arm in self.arms if arm.name == DOCUMENTED), None)

    @property
    def chosen(self) -> tuple[Used, ...]:
        """The numbers of the dose that neither log nor user gave: they were chosen so that the mechanism shows."""
        moved = () if self.documented is None else self.documented.changed
        return tuple(used for used in self.parameters if used.name in moved and used.origin == "default")

    @property
    def taken(self) -> tuple[str, ...]:
        """The names of the numbers that came from the log."""
        return tuple(used.name for used in self.parameters if used.origin in ("log", "derived"))

    def against(self, name: str) -> Pairs:
        """Return the pairs of the suspect's replicas and another arm's."""
        return self.arm("suspect").against(self.arm(name))

    @property
    def reproduced(self) -> bool:
        """Whether the suspect surely shows the symptom more often than the control, and not just in a few replicas."""
        return not self.why

    @property
    def why(self) -> str:
        """Why it is not said to be reproduced, in a word; empty if it is.

        ``too-few-replicas`` to tell either way, ``diverged``, ``too-rare`` (a sure effect, in less than a quarter of
        the replicas), ``control-shows-it``, ``no-difference``.
        """
        suspect, control, pairs = self.arm("suspect"), self.arm("control"), self.against("control")
        if suspect.replicas < FEWEST:
            return "too-few-replicas"
        if control.lost:
            return "diverged"
        if pairs.p <= SURE:
            return "" if suspect.share >= LEAST else "too-rare"
        if suspect.lost:
            return "diverged"
        if pairs.interval[1] >= LEAST:
            return "too-few-replicas"
        return "control-shows-it" if control.share >= LEAST else "no-difference"

    @property
    def cured(self) -> bool | None:
        """Whether the fix surely leaves at most half of the suspect's share, and less than would count as reproduced.

        None if nothing was reproduced.
        """
        return not self.why_not_cured if self.reproduced else None

    @property
    def why_not_cured(self) -> str:
        """Why the fix is not said to cure, in a word; empty if it does or there is nothing to cure.

        ``diverged``, ``symptom-stays``, ``too-few-replicas`` to be sure, ``rarer`` (and still there in a quarter of the
        replicas or more), ``worse-result``.
        """
        return self.stays(self.arm("fix")) if self.reproduced else ""

    def stays(self, arm: Outcome) -> str:
        """Return why an arm is not said to cure, in a word; empty if it does."""
        suspect = self.arm("suspect")
        if arm.lost:
            return "diverged"
        if arm.share > suspect.share / 2:
            return "symptom-stays"
        if suspect.against(arm).p > SURE:
            return "too-few-replicas"
        if arm.share >= LEAST:
            return "rarer"
        return "worse-result" if arm.worse(suspect) else ""

    @property
    def verdict(self) -> str:
        """``reproduced`` or ``not-reproduced``; *why* tells a result from one that nothing can be said of."""
        return "reproduced" if self.reproduced else "not-reproduced"

    @property
    def open(self) -> bool:
        """Whether these replicas tell neither that it is reproduced nor that it is not."""
        return self.why in ("too-few-replicas", "diverged")

    @property
    def speedup(self) -> float:
        """How many times faster all replicas at once are than a plain loop over them; 0 if not measured."""
        return self.rate / self.loop_rate if self.loop_rate else 0.0

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        made: dict[str, Any] = {
            "schema": SCHEMA,
            "mechanism": self.mechanism,
            "title": self.title,
            "device": self.device,
            "device_name": self.device_name,
            "replicas": self.replicas,
            "seed": self.seed,
            "arms": [self._compared(arm) for arm in self.arms if arm.name in ARMS],
            "verdict": self.verdict,
            "why": self.why,
            "cured": self.cured,
            "why_not_cured": self.why_not_cured,
            "diverged": [arm.name for arm in self.arms if arm.lost],
            "symptom": self.symptom,
            "proxy": self.proxy,
            "parameters": [used.record() for used in self.parameters],
        }
        if self.link:
            made["link"] = self.link
        if further := [self._compared(arm) for arm in self.arms if arm.name not in ARMS]:
            made["further_arms"] = further
        if self.log:
            made["from_log"] = list(self.taken)
        if self.documented is not None:
            made["chosen_dose"] = [used.name for used in self.chosen]
        if self.none_left is not None:
            made["causes"] = [one.record(self._compared) for one in self.varied]
            made["without_any_cause"] = self._compared(self.none_left)
        return made | {
            "seconds": round(self.seconds, 3),
            "replica_steps": self.steps,
            "replica_steps_per_second": round(self.rate, 1) if self.loop_rate else None,
            "loop_replica_steps_per_second": round(self.loop_rate, 1) if self.loop_rate else None,
            "speedup": round(self.speedup, 2) if self.loop_rate else None,
            "speedup_basis": "steps alone; a plain loop over a few replicas on this device, extrapolated to all",
            "torch": self.torch,
        }

    def _compared(self, arm: Outcome) -> dict[str, Any]:
        """Return an arm as JSON, with its pairs with the suspect."""
        if arm.name == "suspect":
            return arm.record()
        return arm.record() | {"against_suspect": self.arm("suspect").against(arm).record()}


def rule_record(rule: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return the record of several mechanisms that one rule stands for."""
    return {"schema": RULE_SCHEMA, "rule": rule, "results": [result.record() for result in results]}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
