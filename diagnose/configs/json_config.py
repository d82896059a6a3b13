"""JSON configs: trainers' own, TrainingArguments and models of Hugging Face, DeepSpeed, accelerate."""

from __future__ import annotations

from diagnose.configs.bases import Bases
from diagnose.configs.files import Files, Nowhere
from diagnose.configs.json_nodes import parse
from diagnose.configs.reading import Reading
from diagnose.configs.tree import Flattener, Node, Text
from diagnose.configs.unwrap import unwrapped
from diagnose.model import UNKNOWN
from diagnose.records import replace

OF_DEEPSPEED = frozenset(
    {
        "zero_optimization",
        "train_micro_batch_size_per_gpu",
        "zero_allow_untested_optimizer",
        "zero_force_ds_cpu_optimizer",
    }
)
AUTO = "auto"
"""What DeepSpeed fills in from the trainer's arguments."""


def read_json_config(text: str, path: str, files: Files | None = None) -> Reading:
    """Return the settings of a JSON config by dotted key, in the order of the file.

    Lists and nesting are as in YAML configs, and so are the bases (``_base_``) and wrappers of W&B. ``auto`` is unknown
    where DeepSpeed reads it.

    Args:
        text: the config.
        path: its name.
        files: reads the files it names; by default none is read.

    Raises:
        SourceError: if the text is no JSON, not an object, or too large or too deep to be a config.
    """
    reading = Reading()

    def compose(source: Text) -> Node:
        root, remarks = parse(source)
        reading.remarks += remarks
        if not isinstance(root.value, dict):
            raise root.fault("not a config: no object")
        return root

    whole = Bases(files or Nowhere(), reading, compose).whole(compose(Text(text, path)))
    flat = Flattener()
    flat.add(unwrapped(_without_auto(whole, False)))
    reading.settings = flat.settings
    return reading


def _without_auto(node: Node, inside: bool) -> Node:
    """Return a tree in which ``auto`` is unknown, within a config of DeepSpeed."""
    if isinstance(node.value, dict):
        inside = inside or bool(OF_DEEPSPEED & node.value.keys())
        return replace(node, value={key: _without_auto(child, inside) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_without_auto(child, inside) for child in node.value])
    return replace(node, value=UNKNOWN) if inside and node.value == AUTO else node
