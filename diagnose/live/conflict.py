"""Do two losses pull the same parameters in opposite directions? The cosine between their gradients says so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from diagnose.errors import SettingsError
from diagnose.live.grouping import groups_of
from diagnose.live.norms import check_scale

if TYPE_CHECKING:
    from torch import Tensor, nn

ALL = ""
"""The group of all parameters."""
MENDS = {
    "backward through the graph a second time": "compare the losses before backward(), which frees their graph",
    "compatible with .grad()": "activation checkpointing with use_reentrant=False",
}
"""What to do, by what torch says."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two losses on the parameters that both of them reach.

    Attributes:
        first, second: names of the losses.
        cosine: -1 opposed, 0 unrelated, 1 the same direction; NaN where a gradient is zero or not finite, or where
            nothing is shared.
        first_norm, second_norm: norms of the two gradients there.
        shared: how many parameter tensors both losses reach.
    """

    first: str
    second: str
    cosine: float
    first_norm: float
    second_norm: float
    shared: int


@dataclass(frozen=True, slots=True)
class Conflicts:
    """All pairs of losses, on all parameters together and in each group."""

    pairs: tuple[Conflict, ...]
    groups: Mapping[str, tuple[Conflict, ...]]
    without: tuple[str, ...]
    """Losses that reach no parameter at all."""

    def metrics(self) -> dict[str, float]:
        """Return flat numbers for a logger: ``gradient_cosine/bbox-vs-macl``, ``gradient_cosine/neck/bbox-vs-macl``."""
        found: dict[str, float] = {}
        for title, pairs in [(ALL, self.pairs), *self.groups.items()]:
            for pair in pairs:
                if pair.shared:
                    key = f"{_short(pair.first)}-vs-{_short(pair.second)}"
                    found[f"gradient_cosine/{title}/{key}" if title else f"gradient_cosine/{key}"] = pair.cosine
        return found


def gradient_conflicts(
    losses: Mapping[str, Tensor],
    parameters: nn.Module | Mapping[str, Iterable[tuple[str, Tensor]]],
    by: int | Sequence[str] | None = None,
    scale: float = 1.0,
) -> Conflicts:
    """Compare the gradients of several losses: one backward pass for each, before the training's own ``backward()``.

    ``.grad`` is not touched and the graph is kept, so that training goes on as it would have. Frozen parameters are
    left out, and a parameter that only one of two losses reaches does not count for that pair. Tensor hooks that the
    model registered on its parameters run once more for each loss. Under DistributedDataParallel the figures are those
    of this rank's batch. Activation checkpointing must be the kind with ``use_reentrant=False``.

    Args:
        losses: scalars with their graph, weighted as they enter the sum; the cosine does not depend on the weight.
        parameters: a model, or groups as ``prefix_groups`` returns them, such as only the shared backbone.
        by: also compare in each group, see ``prefix_groups``; groups that are given are compared each for itself.
        scale: multiplies every loss before its backward pass and is taken out of the norms again. Half precision needs
            it (``scaler.get_scale()``): small gradients would vanish. Pass the losses unscaled.
    """
    check_scale(scale)
    groups = groups_of(parameters, 1 if by is None else by)
    if by is None and not isinstance(parameters, Mapping):
        groups = {ALL: [pair for pairs in groups.values() for pair in pairs]}
    trained = {
        title: list({id(item): item for _, item in pairs if item.requires_grad}.values())
        for title, pairs in groups.items()
    }
    unique = list({id(item): item for items in trained.values() for item in items}.values())
    _check(losses, trains=bool(unique))
    gradients = {name: _gradient(name, loss, unique, scale) for name, loss in losses.items()}
    pairs = list(combinations(gradients, 2))
    compared = {
        title: tuple(_compare(first, second, gradients, items, scale) for first, second in pairs)
        for title, items in trained.items()
        if title != ALL
    }
    return Conflicts(
        tuple(_compare(first, second, gradients, unique, scale) for first, second in pairs),
        compared,
        tuple(name for name, found in gradients.items() if not found),
    )


def _check(losses: Mapping[str, Tensor], *, trains: bool) -> None:
    """Refuse losses that no gradient can be taken of."""
    import torch

    for name, loss in losses.items():
        if not isinstance(loss, torch.Tensor):
            said = f"the loss {name} is no tensor but {type(loss).__name__}"
            raise SettingsError(said, mend="the tensor that goes into backward(), not its item()")
        if loss.numel() != 1:
            raise SettingsError(f"the loss {name} has {loss.numel()} values", mend="a mean or a sum of them")
    if trains and losses and not any(loss.requires_grad for loss in losses.values()):
        mend = "compute them outside of torch.no_grad(), and do not detach() them"
        raise SettingsError(f"no gradient flows from {', '.join(losses)}", mend=mend)


def _gradient(name: str, loss: Tensor, parameters: list[Tensor], scale: float) -> dict[int, Tensor]:
    """Return the gradient of a loss at each parameter that it reaches."""
    import torch

    if not loss.requires_grad or not parameters:
        return {}
    scaled = loss.reshape(()) * scale
    try:
        found = torch.autograd.grad(scaled, parameters, retain_graph=True, allow_unused=True)
    except RuntimeError as problem:
        mend = next((mend for said, mend in MENDS.items() if said in str(problem)), "")
        if not mend:
            raise
        raise SettingsError(f"no gradient of the loss {name} can be taken", mend=mend) from problem
    return {
        id(parameter): (gradient.to_dense() if gradient.is_sparse else gradient).detach()
        for parameter, gradient in zip(parameters, found, strict=True)
        if gradient is not None
    }


def _compare(
    first: str, second: str, gradients: Mapping[str, Mapping[int, Tensor]], parameters: list[Tensor], scale: float
) -> Conflict:
    import torch

    left, right = gradients[first], gradients[second]
    shared = [id(item) for item in parameters if id(item) in left and id(item) in right]
    if not shared:
        return Conflict(first, second, math.nan, 0.0, 0.0, 0)
    sums = {
        kind: torch.stack([_product(one[key], other[key]).cpu() for key in shared]).sum().item()
        for kind, one, other in (("left", left, left), ("right", right, right), ("both", left, right))
    }
    norms = math.sqrt(sums["left"]), math.sqrt(sums["right"])
    product = norms[0] * norms[1]
    cosine = max(-1.0, min(1.0, sums["both"] / product)) if product > 0 and math.isfinite(product) else math.nan
    return Conflict(first, second, cosine, norms[0] / scale, norms[1] / scale, len(shared))


def _product(one: Tensor, other: Tensor) -> Tensor:
    import torch

    exact = torch.float32 if one.device.type == "mps" else torch.float64
    return torch.sum(one.to(exact) * other.to(exact))


def _short(loss: str) -> str:
    """Return a loss's name as a part of a metric's: a reader takes a name with ``loss`` in it for a loss."""
    return loss.removeprefix("loss_").removesuffix("_loss").replace("/", ".") or loss
