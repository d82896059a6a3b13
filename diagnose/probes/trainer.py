"""One optimizer step of all replicas at once: ``vmap`` over ``grad``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.func import grad_and_value, vmap

from diagnose.probes.lab import Lab
from diagnose.probes.optimizers import Optimizer, PerReplica
from diagnose.probes.replicas import Replicas, State

Loss = Callable[..., Any]
"""``loss(model, *batch)``: a scalar, or a scalar and further tensors; no control flow that depends on the data."""


class Trainer:
    """Steps that train replicas.

    Attributes:
        batch: the last one, which ``speed`` repeats in a plain loop.
    """

    def __init__(
        self,
        lab: Lab,
        replicas: Replicas,
        loss: Loss,
        optimizer: Optimizer,
        *,
        trains: Callable[[str], bool] = lambda _: True,
        further: bool = False,
    ) -> None:
        """Prepare.

        Args:
            lab: the arm.
            replicas: what is trained.
            loss: of one replica.
            optimizer: with its numbers per replica.
            trains: whether the parameter of a name is trained; the others are frozen.
            further: whether the loss returns a pair, of which the second is handed on.
        """
        self.replicas, self.loss, self.optimizer, self.further = replicas, loss, optimizer, further
        self.names = [name for name in replicas.params if trains(name)]
        self._columns = None if len(self.names) == len(replicas.params) else _columns(replicas, self.names)
        self.batch: tuple[Any, ...] = ()
        self.meter = lab.meter
        if lab.meter.trainer is None:
            lab.meter.trainer = self

        def one(trained: State, frozen: State, buffers: State, *batch: Any) -> Any:
            return loss(replicas.bind({**trained, **frozen}, buffers), *batch)

        self._gradients = vmap(grad_and_value(one, has_aux=further), randomness="different")

    def step(self, *batch: Any, alive: torch.Tensor | None = None, scale: PerReplica = 1.0) -> Any:
        """Take one step.

        Args:
            batch: stacked tensors (replicas first), or dicts of them; what else differs per replica (weights of the
                loss, a gamma) goes here, too.
            alive: which replicas still train; the others keep their weights.
            scale: factor on the learning rate.

        Returns:
            The losses before the step, one per replica; with ``further`` a pair of them and the loss's second part.
        """
        self.batch = batch
        grads, value = self.gradients(*batch)
        flat = self.replicas.flat
        gradient = torch.cat([grads[name].reshape(len(flat), -1) for name in self.names], dim=1)
        if self._columns is None:
            self.optimizer.step(flat, gradient, alive, scale)
        else:
            trained = flat[:, self._columns]
            self.optimizer.step(trained, gradient, alive, scale)
            flat[:, self._columns] = trained
        self.meter.steps.append(len(self.replicas) if alive is None else alive.sum())
        return value

    def gradients(self, *batch: Any) -> tuple[State, Any]:
        """Return the stacked gradients by name, and the losses (with ``further``: the pair)."""
        params = self.replicas.params
        trained = {name: params[name] for name in self.names}
        frozen = {name: one for name, one in params.items() if name not in trained}
        made: tuple[State, Any] = self._gradients(trained, frozen, self.replicas.buffers, *batch)
        return made


def _columns(replicas: Replicas, names: list[str]) -> torch.Tensor:
    """Return where in ``flat`` the parameters of some names stand."""
    where = replicas.views(torch.arange(replicas.flat.shape[1], device=replicas.device).unsqueeze(0))
    return torch.cat([where[name].flatten() for name in names])
