"""How large the gradient is, and where: norm and share of every group of parameters, and what is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnose.errors import SettingsError
from diagnose.live.grouping import groups_of

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class GroupNorm:
    """The gradient of one group of parameters.

    Attributes:
        norm: Euclidean norm; NaN or infinite where a value is.
        share: part of the model's squared norm, so that the shares sum to 1; NaN where the total is not finite or 0.
        non_finite: NaN and infinite values in the gradient.
        without: trainable parameters that have no gradient: not part of the graph, or ``zero_grad`` came before.
        frozen: parameters that are not trained.
        parameters: tensors in the group.
    """

    norm: float
    share: float
    non_finite: int
    without: int
    frozen: int
    parameters: int

    @property
    def measured(self) -> bool:
        """Whether any of its parameters has a gradient."""
        return self.parameters > self.frozen + self.without


@dataclass(frozen=True, slots=True)
class GradientNorms:
    """The gradient of a model: its norm, and each group's part in it."""

    total: float
    groups: Mapping[str, GroupNorm]

    @property
    def non_finite(self) -> int:
        """NaN and infinite values in the whole gradient."""
        return sum(group.non_finite for group in self.groups.values())

    def metrics(self) -> dict[str, float]:
        """Return flat numbers for a logger, whose log ``diagnose`` reads back.

        A part that has no gradient at all has no norm either, which is not a norm of 0; it is ``gradient_without`` so
        many parameters.
        """
        measured = any(group.measured for group in self.groups.values())
        found = {"grad_norm": self.total} if measured else {}
        for title, group in self.groups.items():
            if group.without:
                found[f"gradient_without/{title}"] = group.without
            if not group.measured:
                continue
            found[f"gradient_norm/{title}"] = group.norm
            found[f"gradient_share/{title}"] = group.share
            if group.non_finite:
                found[f"gradient_nonfinite/{title}"] = group.non_finite
        return found


def gradient_norms(
    parameters: nn.Module | Mapping[str, Iterable[tuple[str, Tensor]]], by: int | Sequence[str] = 1, scale: float = 1.0
) -> GradientNorms:
    """Measure the gradients that lie in ``.grad``: after ``backward()``, before ``step()`` and ``zero_grad()``.

    Nothing is changed. Norms are computed in double precision (single on Apple's GPU), so that a sum of squares cannot
    overflow by itself. With FSDP a rank sees its own shard only.

    Args:
        parameters: a model, or groups as ``optimizer_groups`` and ``prefix_groups`` return them.
        by: for a model, see ``prefix_groups``.
        scale: what the loss was multiplied with, and the norms are divided by: ``scaler.get_scale()`` as long as
            ``scaler.unscale_`` has not been called.
    """
    check_scale(scale)
    groups = groups_of(parameters, by)
    norms = _norms([parameter for pairs in groups.values() for _, parameter in pairs])
    seen: set[int] = set()
    measured: dict[str, tuple[float, int, int, int, int]] = {}
    for title, pairs in groups.items():
        own = [parameter for _, parameter in pairs if id(parameter) not in seen]
        seen.update(id(parameter) for parameter in own)
        trained = [parameter for parameter in own if parameter.requires_grad]
        norm = _length([norms[id(parameter)] for parameter in own if id(parameter) in norms]) / scale
        broken = 0 if math.isfinite(norm) else sum(_non_finite(parameter) for parameter in own)
        without = sum(parameter.grad is None for parameter in trained)
        measured[title] = (norm, broken, without, len(own) - len(trained), len(own))
    total = _length([norm for norm, *_ in measured.values()])
    shared = math.isfinite(total) and total > 0
    return GradientNorms(
        total,
        {
            title: GroupNorm(norm, (norm / total) ** 2 if shared else math.nan, *rest)
            for title, (norm, *rest) in measured.items()
        },
    )


def check_scale(scale: float) -> None:
    """Refuse a loss scale that nothing can be divided by."""
    if not 0 < scale < math.inf:
        raise SettingsError(f"a loss scale of {scale}", mend="more than 0, such as scaler.get_scale(); 1 without one")


def _norms(parameters: list[Tensor]) -> dict[int, float]:
    """Return the norm of each gradient there is; one transfer from each device."""
    import torch

    found: dict[int, float] = {}
    by_device: dict[torch.device, list[tuple[int, Tensor]]] = {}
    for parameter in parameters:
        if parameter.grad is not None:
            values = _values(parameter.grad)
            exact = torch.float32 if values.device.type == "mps" else torch.float64
            norm = torch.linalg.vector_norm(values, dtype=exact)
            by_device.setdefault(values.device, []).append((id(parameter), norm))
    for pairs in by_device.values():
        numbers = torch.stack([norm for _, norm in pairs]).tolist()
        found.update(zip((name for name, _ in pairs), numbers, strict=True))
    return found


def _length(norms: list[float]) -> float:
    """Return the norm of all; NaN before infinity, which ``math.hypot`` would prefer."""
    return math.nan if any(math.isnan(norm) for norm in norms) else math.hypot(*norms)


def _values(gradient: Tensor) -> Tensor:
    gradient = gradient.detach()
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _non_finite(parameter: Tensor) -> int:
    if parameter.grad is None:
        return 0
    values = _values(parameter.grad)
    return int(values.numel() - values.isfinite().sum())
