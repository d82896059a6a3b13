"""Configs in wrappers: what W&B makes of a config when it keeps it."""

from __future__ import annotations

from diagnose.configs.tree import Node
from diagnose.records import replace

WRAPPER = frozenset({"value", "desc"})
OF_WANDB = frozenset({"wandb_version", "_wandb"})


def unwrapped(root: Node) -> Node:
    """Return a config without the wrappers of W&B (``lr: {desc: null, value: 0.1}``), and without what it adds."""
    members = root.members()
    own = {key: node for key, node in members.items() if key not in OF_WANDB}
    if not own or not all(_is_wrapped(node) for node in own.values()):
        return root
    return replace(root, value={key: node.members()["value"].under(node.at) for key, node in own.items()})


def _is_wrapped(node: Node) -> bool:
    members = node.members()
    return "value" in members and members.keys() <= WRAPPER
