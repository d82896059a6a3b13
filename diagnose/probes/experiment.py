"""Runs a mechanism: its arms, its causes one by one if asked, and the comparison with a plain loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from diagnose.probes import device as devices
from diagnose.probes import speed
from diagnose.probes.declare import DOCUMENTED, Arm, Mechanism, Values
from diagnose.probes.lab import Lab, Meter
from diagnose.probes.result import Outcome, Result, Used, Varied

if TYPE_CHECKING:
    from collections.abc import Sequence

Watch = Callable[[str, float], None]


class Experiment:
    """One mechanism under way."""

    def __init__(
        self,
        mechanism: Mechanism,
        parameters: Sequence[Used],
        device: torch.device,
        replicas: int,
        seed: int,
        watch: Watch = lambda _, __: None,
    ) -> None:
        """Take what is tried, with which numbers, where, and how often.

        *watch* hears of each arm before it runs, and how many seconds it and those to come may take.
        """
        self.mechanism, self.parameters = mechanism, tuple(parameters)
        self.device, self.seed, self.watch = device, seed, watch
        self.seeds = tuple(seed * 1_000_003 + replica for replica in range(replicas))
        self.meter = Meter()
        self.values: Values = {used.name: used.value for used in parameters}
        self._arms, self._took = 0, list[float]()

    def run(self, *, vary: bool = False, timed: bool = True) -> Result:
        """Run all arms.

        Args:
            vary: take each suspected cause away alone, and leave each alone.
            timed: measure the plain loop.
        """
        start = time.perf_counter()
        absent = self._absent() if vary else {}
        self._arms = len(self.mechanism.ARMS) + (2 * len(absent) + 1 if absent else 0)
        arms = tuple(self._arm(arm) for arm in self.mechanism.ARMS)
        varied, none_left = self._vary(absent)
        steps = self.meter.total()
        trainer = self.meter.trainer
        measured = speed.measure(trainer) if timed and trainer is not None and trainer.batch else speed.Speed(0.0, 0.0)
        return Result(
            mechanism=self.mechanism.NAME,
            title=self.mechanism.TITLE,
            symptom=self.mechanism.SYMPTOM,
            proxy=self.mechanism.PROXY,
            device=self.device.type,
            device_name=devices.describe(self.device),
            replicas=len(self.seeds),
            seed=self.seed,
            parameters=self.parameters,
            arms=arms,
            varied=varied,
            none_left=none_left,
            steps=steps,
            rate=measured.together,
            loop_rate=measured.loop,
            seconds=time.perf_counter() - start,
            torch=torch.__version__,
        )

    def _arm(self, arm: Arm) -> Outcome:
        changed = arm.change(self.values)
        if arm.name == DOCUMENTED:  # neither a log nor the user moves it
            changed = {one.name: one.default for one in self.mechanism.PARAMETERS} | dict(changed)
        return self._observe(arm.name, arm.title, changed)

    def _absent(self) -> dict[str, Mapping[str, Any]]:
        """Return what takes away each cause whose absence differs from the suspect at all."""
        return {
            factor.name: changed
            for factor in self.mechanism.FACTORS
            if self._changed(changed := factor.absent(self.values))
        }

    def _vary(self, absent: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[Varied, ...], Outcome | None]:
        """Take away each cause alone, and all but each."""
        if not absent:
            return (), None
        factors = [factor for factor in self.mechanism.FACTORS if factor.name in absent]
        made = []
        for factor in factors:
            without = self._observe(f"without {factor.name}", factor.title, absent[factor.name])
            others = _merged(change for name, change in absent.items() if name != factor.name)
            alone = self._observe(f"only {factor.name}", factor.title, others)
            made.append(Varied(factor.name, factor.title, without, alone))
        return tuple(made), self._observe("without any", "every varied cause taken away", _merged(absent.values()))

    def _observe(self, name: str, title: str, changed: Mapping[str, Any]) -> Outcome:
        self.watch(f"{self.mechanism.NAME}: {name}", self._to_come())
        start = time.perf_counter()
        torch.manual_seed(self.seed)  # what is drawn inside a step, such as dropout, comes from the device's own stream
        lab = Lab(self.device, self.seeds, self.meter)
        seen = self.mechanism.observe({**self.values, **changed}, lab)
        ruined = torch.zeros_like(seen.symptom) if seen.diverged is None else seen.diverged
        shown = seen.symptom if seen.counts_diverged else seen.symptom & ~ruined
        self._took.append(time.perf_counter() - start)
        return Outcome(
            name,
            title,
            shown=tuple(shown.tolist()),
            measures={key: told for key, one in seen.measures.items() if not math.isnan(told := _median(one))},
            ruined=tuple(ruined.tolist()),
            seconds=self._took[-1],
            changed=self._changed(changed),
            counted=seen.counts_diverged,
            results=tuple(seen.measures[seen.result].tolist()) if seen.result else (),
        )

    def _to_come(self) -> float:
        """Return the seconds that the arms left take if they are like those before; 0 before there are two."""
        done = len(self._took)
        return (self._arms - done) * sum(self._took) / done if done > 1 else 0.0

    def _changed(self, change: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in change.items() if value != self.values.get(key)}


def _median(values: torch.Tensor) -> float:
    """Return the median of the finite numbers; of truth values, the share of those that are true."""
    if values.dtype == torch.bool:
        return float(values.float().mean())
    finite = values.float()[values.float().isfinite()]
    return float(finite.median()) if len(finite) else float("nan")


def _merged(changes: Any) -> dict[str, Any]:
    return {key: value for change in changes for key, value in change.items()}
