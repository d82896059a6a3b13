"""What came of a mechanism's experiment, as plain data, and its record in JSON (``diagnose/reproduce-v1``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnose.model import Place
from diagnose.probes.declare import DOCUMENTED
from diagnose.probes.interval import clopper_pearson

SCHEMA = "diagnose/reproduce-v1"
ARMS = ("suspect", "control", "fix")
"""The arms that every mechanism has; a record holds others apart from them."""
RULE_SCHEMA = "diagnose/reproduce-rule-v1"
"""Of the record for a rule with several mechanisms, which holds a record of each."""
LEAST = 0.25
"""A suspect that shows the symptom in fewer replicas explains it at best sometimes: it is not said to reproduce."""


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
    """The replicas of one arm.

    Attributes:
        changed: the parameters in which it differs from the suspect.
        measures: medians over the replicas, or shares of truth values.
    """

    name: str
    title: str
    hits: int
    replicas: int
    measures: Mapping[str, float]
    diverged: int
    seconds: float
    changed: Mapping[str, Any]

    @property
    def share(self) -> float:
        """The share of replicas that show the symptom."""
        return self.hits / self.replicas

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval of the share."""
        return clopper_pearson(self.hits, self.replicas)

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

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "without": self.without.record(),
            "alone": self.alone.record(),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One mechanism, tried.

    Attributes:
        steps: optimizer steps of all replicas of all arms together.
        rate, loop_rate: steps of single replicas per second, together and in a plain loop; 0 if not measured.
        none_left: the suspect with every varied cause taken away, if causes were varied.
        link: how the rule that was asked for leads to this mechanism, where its name does not tell.
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
    def reproduced(self) -> bool:
        """Whether the suspect shows the symptom clearly more often than the control, and not just in a few replicas."""
        suspect = self.arm("suspect")
        return suspect.share >= LEAST and suspect.interval[0] > self.arm("control").interval[1]

    @property
    def control_shows(self) -> bool:
        """Whether the symptom is there without the suspected cause, too, as when a rate ruins every training."""
        control = self.arm("control")
        return not self.reproduced and control.share >= LEAST

    @property
    def cured(self) -> bool | None:
        """Whether the fix leaves at most half of the suspect's share, clearly; None if nothing was reproduced."""
        if not self.reproduced:
            return None
        suspect, fix = self.arm("suspect"), self.arm("fix")
        return fix.share <= suspect.share / 2 and fix.interval[1] < suspect.interval[0]

    @property
    def verdict(self) -> str:
        """``reproduced`` or ``not-reproduced``."""
        return "reproduced" if self.reproduced else "not-reproduced"

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
            "arms": [arm.record() for arm in self.arms if arm.name in ARMS],
            "verdict": self.verdict,
            "cured": self.cured,
            "symptom": self.symptom,
            "proxy": self.proxy,
            "parameters": [used.record() for used in self.parameters],
        }
        if self.link:
            made["link"] = self.link
        if further := [arm.record() for arm in self.arms if arm.name not in ARMS]:
            made["further_arms"] = further
        if self.documented is not None:
            made["chosen_dose"] = [used.name for used in self.chosen]
        if self.none_left is not None:
            made["causes"] = [one.record() for one in self.varied]
            made["without_any_cause"] = self.none_left.record()
        return made | {
            "seconds": round(self.seconds, 3),
            "replica_steps": self.steps,
            "replica_steps_per_second": round(self.rate, 1) if self.loop_rate else None,
            "loop_replica_steps_per_second": round(self.loop_rate, 1) if self.loop_rate else None,
            "speedup": round(self.speedup, 2) if self.loop_rate else None,
            "speedup_basis": "steps alone; a plain loop over a few replicas on this device, extrapolated to all",
            "torch": self.torch,
        }


def rule_record(rule: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return the record of several mechanisms that one rule stands for."""
    return {"schema": RULE_SCHEMA, "rule": rule, "results": [result.record() for result in results]}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
