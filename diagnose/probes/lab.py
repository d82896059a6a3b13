"""What an experiment works with: a device, and a seed per replica from which data, weights and order are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from diagnose.probes.replicas import Replicas

if TYPE_CHECKING:
    from diagnose.probes.trainer import Trainer

Made = TypeVar("Made")
DATA, WEIGHTS, ORDER, FURTHER = range(4)
"""Purposes of randomness: each has its own stream, so that arms that differ in one share the others."""


@dataclass(slots=True)
class Meter:
    """How many optimizer steps replicas took, a trainer to compare with a plain loop, and what arms share."""

    steps: list[Any] = field(default_factory=list)
    trainer: Trainer | None = None
    kept: dict[Any, Any] = field(default_factory=dict)

    def total(self) -> int:
        """Return the steps of all replicas together, without those of replicas that had stopped."""
        return int(sum(float(one) for one in self.steps))


@dataclass(frozen=True, slots=True)
class Lab:
    """One arm under way.

    Attributes:
        seeds: one per replica; the same in every arm, so that replicas are paired across arms.
    """

    device: torch.device
    seeds: tuple[int, ...]
    meter: Meter = field(default_factory=Meter)

    @property
    def replicas(self) -> int:
        """The number of replicas."""
        return len(self.seeds)

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return what *make* returned to the first arm that asked for *key*: what arms share is trained once."""
        if key not in self.meter.kept:
            self.meter.kept[key] = make()
        made: Made = self.meter.kept[key]
        return made

    def generator(self, replica: int, purpose: int) -> torch.Generator:
        """Return a source of random numbers on the CPU that depends on the replica's seed and the purpose alone."""
        return torch.Generator().manual_seed((self.seeds[replica] * 8191 + purpose) % (1 << 62))

    def draw(
        self, make: Callable[[torch.Generator], Mapping[str, torch.Tensor]], purpose: int = DATA
    ) -> dict[str, torch.Tensor]:
        """Make something for each replica, and return it stacked, on the device.

        Drawn on the CPU whatever the device, so that both see the same numbers, and replica 7 is the same among 8 and
        among 512.
        """
        made = [make(self.generator(replica, purpose)) for replica in range(self.replicas)]
        return {key: torch.stack([one[key] for one in made]).to(self.device) for key in made[0]}

    def build(self, make: Callable[[], torch.nn.Module]) -> Replicas:
        """Return one model per replica, initialised from its own seed."""
        with torch.random.fork_rng(devices=[]):
            models = []
            for replica in range(self.replicas):
                torch.manual_seed(self.generator(replica, WEIGHTS).initial_seed())
                models.append(make())
        return Replicas(models, self.device)

    def each(self, value: float | torch.Tensor) -> torch.Tensor:
        """Return a number as one element per replica; a tensor that has them already is passed on."""
        given = torch.as_tensor(value, dtype=torch.float32, device=self.device)
        return given.expand(self.replicas).clone() if given.ndim == 0 else given

    def rows(self, values: tuple[float, ...]) -> torch.Tensor:
        """Return a list of numbers as one row per replica."""
        return torch.tensor(values, dtype=torch.float32, device=self.device).expand(self.replicas, -1).clone()

    def spread(self, low: float, high: float, *, log: bool = False) -> torch.Tensor:
        """Return numbers spread evenly from *low* to *high* over the replicas; evenly in the logarithm if asked."""
        ends = torch.tensor([low, high], dtype=torch.float64)
        ends = ends.log() if log else ends
        even = torch.linspace(float(ends[0]), float(ends[1]), self.replicas, dtype=torch.float64)
        return (even.exp() if log else even).to(torch.float32).to(self.device)

    def batches(self, samples: int, size: int, epochs: int) -> Iterator[list[torch.Tensor]]:
        """Yield, for each epoch, its batches of indices (replicas x size), shuffled anew for each replica.

        An incomplete last batch is kept. A batch that holds all samples is not shuffled: the order means nothing.
        """
        if size >= samples:
            all_of_them = torch.arange(samples, device=self.device).expand(self.replicas, -1)
            for _ in range(epochs):
                yield [all_of_them]
            return
        sources = [self.generator(replica, ORDER) for replica in range(self.replicas)]
        for _ in range(epochs):
            order = torch.stack([torch.randperm(samples, generator=one) for one in sources]).to(self.device)
            yield list(torch.split(order, size, dim=1))


def take(stacked: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return the rows (replicas x batch ...) of stacked samples (replicas x samples ...) that indices name."""
    if index.shape[1] == stacked.shape[1] and index.stride(0) == 0:
        return stacked  # the whole set in order, from ``batches``
    return stacked.gather(1, index.reshape(*index.shape, *[1] * (stacked.ndim - 2)).expand(-1, -1, *stacked.shape[2:]))
