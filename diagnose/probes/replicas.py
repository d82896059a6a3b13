"""Many models of one shape as stacked tensors, called all at once: ``torch.func.stack_module_state`` and ``vmap``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.func import functional_call, stack_module_state, vmap

State = dict[str, torch.Tensor]
"""Parameters or buffers by name, the first dimension being the replica."""


class Replicas:
    """Models of the same architecture; lanes are independent, so that one that comes to NaN leaves the others alone.

    Attributes:
        flat: all parameters (replicas x numbers): optimizers work on this one tensor, not on each layer's.
        params: views into ``flat`` by name.
        buffers: stacked by name.
        base: the architecture without weights.
    """

    def __init__(self, models: Sequence[torch.nn.Module], device: torch.device) -> None:
        """Stack the weights of models."""
        params, buffers = stack_module_state(list(models))
        self.device = device
        self.flat = torch.cat([one.detach().reshape(len(one), -1) for one in params.values()], dim=1).to(device)
        self.shapes = {name: one.shape[1:] for name, one in params.items()}
        self.params = self.views(self.flat)
        self.buffers: State = {name: one.detach().to(device) for name, one in buffers.items()}
        self.base = copy.deepcopy(models[0]).to("meta")

    def __len__(self) -> int:
        return len(self.flat)

    def views(self, flat: torch.Tensor) -> State:
        """Return the parameters by name as views into a tensor such as ``flat``."""
        parts = torch.split(flat, [shape.numel() for shape in self.shapes.values()], dim=1)
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(len(flat), *shape) for (name, shape), part in named}

    def load(self, params: State) -> None:
        """Take over parameters by name, such as those of each replica's best epoch."""
        for name, one in params.items():
            self.params[name].copy_(one)

    def bind(self, params: State, buffers: State) -> Callable[..., Any]:
        """Return one replica's model as a function of its inputs, for use inside ``vmap``."""
        return lambda *inputs: functional_call(self.base, (params, buffers), inputs)

    def map(self, function: Callable[..., Any], *stacked: Any, params: State | None = None) -> Any:
        """Return ``function(model, *slices)`` for every replica; *params* in place of the current ones."""

        def one(weights: State, buffers: State, *inputs: Any) -> Any:
            return function(self.bind(weights, buffers), *inputs)

        with torch.no_grad():
            call = vmap(one, randomness="different")
            return call(self.params if params is None else params, self.buffers, *stacked)

    def predict(self, inputs: torch.Tensor, params: State | None = None) -> torch.Tensor:
        """Return what every model makes of its own inputs (replicas x samples ...)."""
        made: torch.Tensor = self.map(lambda model, x: model(x), inputs, params=params)
        return made

    def finite(self) -> torch.Tensor:
        """Return which replicas have only finite parameters."""
        return self.flat.isfinite().all(1)

    def single(self, index: int, make: torch.nn.Module | None = None) -> torch.nn.Module:
        """Return one replica as an ordinary module, for the plain loop that ``speed`` measures."""
        model = make or copy.deepcopy(self.base).to_empty(device=self.device)
        state = {name: one[index] for name, one in {**self.params, **self.buffers}.items()}
        model.load_state_dict(state, strict=False)
        return model
