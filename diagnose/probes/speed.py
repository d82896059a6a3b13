"""How much faster all replicas at once are than one after the other, on the same device, with the same loss."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnose.probes.device import finished

if TYPE_CHECKING:
    from diagnose.probes.trainer import Trainer

WARM = 3
"""Steps before the clock starts: kernels are chosen, memory is taken."""
LOOPED = 3
"""Replicas that the plain loop trains; its time for all of them is this time, multiplied."""
BUDGET = 1.0
"""Seconds of each measurement, at most; at least one step is always measured."""
STEPS = 30


@dataclass(frozen=True, slots=True)
class Speed:
    """Optimizer steps of single replicas per second, together and in a plain loop."""

    together: float
    loop: float

    @property
    def ratio(self) -> float:
        """How many times faster together is."""
        return self.together / self.loop if self.loop else 0.0


def measure(trainer: Trainer) -> Speed:
    """Time steps on the trainer's last batch, without evaluation and drawing of data; changes its weights."""
    device = trainer.replicas.device
    together = _clock(lambda: trainer.step(*trainer.batch), device) * len(trainer.replicas)
    rates = [_loop(trainer, replica) for replica in range(min(LOOPED, len(trainer.replicas)))]
    return Speed(together, len(rates) / sum(1.0 / rate for rate in rates))


def _loop(trainer: Trainer, replica: int) -> float:
    """Return the steps per second of one replica as people write it: module, loss, backward, torch's optimizer."""
    model = trainer.replicas.single(replica)
    trained = [one for name, one in model.named_parameters() if name in trainer.names]
    for name, one in model.named_parameters():
        one.requires_grad_(name in trainer.names)
    optimizer = trainer.optimizer.plain(trained, replica)
    batch = [_slice(one, replica) for one in trainer.batch]

    def step() -> None:
        optimizer.zero_grad()
        made = trainer.loss(model, *batch)
        (made[0] if trainer.further else made).backward()
        optimizer.step()

    return _clock(step, trainer.replicas.device)


def _slice(stacked: Any, replica: int) -> Any:
    if isinstance(stacked, dict):
        return {key: _slice(one, replica) for key, one in stacked.items()}
    return stacked[replica]


def _clock(step: Any, device: Any) -> float:
    for _ in range(WARM):
        step()
    finished(device)
    start = time.perf_counter()
    taken = 0
    while taken < STEPS and (not taken or time.perf_counter() - start < BUDGET):
        step()
        taken += 1
    finished(device)
    return taken / (time.perf_counter() - start)
