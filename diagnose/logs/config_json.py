"""A JSON config on its own: trainers' own, TrainingArguments and models of Hugging Face, DeepSpeed, accelerate."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.reader import Head, RunBuilder
from diagnose.reader.config_marks import strength
from diagnose.reader.configs import files_of, into
from diagnose.reader.jsontree import Node, parse
from diagnose.reader.likeness import is_metric
from diagnose.sources import Source, text_of

NAME = "config-json"
IS_CONFIG, MOST = True, 99
TITLE = "JSON config"
SAMPLES = (
    '{"learning_rate": 3e-05, "per_device_train_batch_size": 12, "num_train_epochs": 4, "warmup_ratio": 0.1}\n',
    (
        '{\n  "train_micro_batch_size_per_gpu": "auto",\n  "optimizer": {"type": "AdamW", "params": {"lr": "auto"}},\n'
        '  "zero_optimization": {"stage": 2}\n}\n'
    ),
)
CHARACTERS = 1 << 16
DEEPEST = 8


def sniff(head: Head) -> int:
    """Return less than results get: an object with keys of trainings, and no metric at top level."""
    text = head.text[:CHARACTERS].lstrip("\ufeff \r\n\t")
    if head.is_binary or not text.startswith("{"):
        return 0
    document = parse(text)
    members = document.root.members() if document.root else {}
    if not members or any(is_metric(key) and node.number() is not None for key, node in members.items()):
        return 0
    whole = document.complete or document.cut
    found = strength(_keys(document.root, 0), members) if document.root else 0
    if not whole and (not found or "\n{" in text):
        return 0  # one object a line is a log
    return 42 if found else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_json_config``.
    """
    from diagnose.configs.json_config import read_json_config

    into(build, read_json_config(text_of(source), source.path, files_of(source)))


def _keys(node: Node, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    for key, child in node.members().items():
        yield key
        yield from _keys(child, depth + 1)
    for item in node.items()[:50]:
        yield from _keys(item, depth + 1)
