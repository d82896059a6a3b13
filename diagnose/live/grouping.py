"""Which parameters belong together: by the first parts of their names, by chosen prefixes, or by optimizer group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from diagnose.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor, nn, optim

Groups: TypeAlias = "dict[str, list[tuple[str, Tensor]]]"
"""Name of the group: names and parameters in it."""

REST = "rest"


def named(model: nn.Module) -> list[tuple[str, Tensor]]:
    """Return names and parameters without what DistributedDataParallel and torch.compile put in front."""
    pairs: list[tuple[str, Tensor]] = [
        (name.replace("_orig_mod.", ""), parameter) for name, parameter in model.named_parameters()
    ]
    while pairs and all(name.startswith("module.") for name, _ in pairs):
        pairs = [(name.removeprefix("module."), parameter) for name, parameter in pairs]
    return pairs


def prefix_groups(model: nn.Module, by: int | Sequence[str] = 1) -> Groups:
    """Return the parameters of a model in groups.

    Args:
        model: its parameters are grouped; one that two modules share counts once, where it comes first.
        by: how many parts of the name make a group (1: ``backbone``, 2: ``backbone.layer1``; the last part, the
            parameter's own name, never counts), or the prefixes themselves: the longest that fits wins, and what none
            of them covers is the group ``rest``.
    """
    groups: Groups = {}
    if isinstance(by, int):
        if by < 1:
            raise SettingsError(f"groups by {by} parts of a name", mend="at least 1")
        for name, parameter in named(model):
            owner = name.split(".")[:-1] or [name]
            groups.setdefault(".".join(owner[:by]), []).append((name, parameter))
        return groups
    prefixes = [by] if isinstance(by, str) else list(by)
    groups = {prefix: [] for prefix in prefixes}
    for name, parameter in named(model):
        inside = [prefix for prefix in prefixes if name == prefix or name.startswith(f"{prefix}.")]
        groups.setdefault(max(inside, key=len, default=REST), []).append((name, parameter))
    if missing := [prefix for prefix in prefixes if not groups[prefix]]:
        known = ", ".join(prefix_groups(model))
        raise SettingsError(f"no parameter under {', '.join(missing)}", mend=f"the model has {known}")
    return groups


def optimizer_groups(optimizer: optim.Optimizer, model: nn.Module | None = None) -> Groups:
    """Return the parameters in the groups of the optimizer: ``group0``, ``group1``, or the ``name`` that a group has.

    Args:
        optimizer: its ``param_groups`` are read.
        model: gives the parameters their names; without it they are numbered.
    """
    names = {id(parameter): name for name, parameter in named(model)} if model is not None else {}
    groups: Groups = {}
    for number, group in enumerate(optimizer.param_groups):
        title = str(group.get("name", f"group{number}"))
        if title in groups:
            title = f"{title}{number}"
        groups[title] = [
            (names.get(id(parameter), f"{title}.{place}"), parameter) for place, parameter in enumerate(group["params"])
        ]
    return groups


def groups_of(parameters: nn.Module | Mapping[str, Iterable[tuple[str, Tensor]]], by: int | Sequence[str]) -> Groups:
    """Return the groups of a model, or the groups that were given."""
    if isinstance(parameters, Mapping):
        return {title: list(pairs) for title, pairs in parameters.items()}
    return prefix_groups(parameters, by)
