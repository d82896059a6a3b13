"""A YAML config on its own: hyperparameters of a run that has not begun, or of one whose log is elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagnose.errors import SourceError
from diagnose.patterns import lazy
from diagnose.reader import Head, RunBuilder
from diagnose.reader.config_marks import strength
from diagnose.reader.configs import files_of, into
from diagnose.reader.likeness import is_epoch, is_metric, is_step
from diagnose.sources import Source, text_of

if TYPE_CHECKING:
    from diagnose.configs.tree import Node

NAME = "config-yaml"
IS_CONFIG, MOST = True, 99
TITLE = "YAML config"
SAMPLES = (
    "lr0: 0.02\nlrf: 0.1\nmomentum: 0.9\nweight_decay: 0.0005\nwarmup_epochs: 2.0\n",
    "{lr: 0.03, optimizer: {name: sgd, momentum: 0.8},\n epochs: 12, batch_size: 24}\n",
    "model:\n  type: small\ntraining:\n  batch_size: 24\n  learning_rate: 3e-4\n  num_epochs: 12\n",
)

CHARACTERS = 1 << 16
"""Most of a text that is read as YAML to tell what it is."""
DOCUMENTS = 20
LEAST = 0.2
"""Share of the keys outside of lists that are those of trainings, where the shape of the lines says nothing."""
DEEPEST = 8
SHAPE = lazy(r"\s*+(?:-\s.*|-|---|(?:- )?[\"']?[\w./<@ -]+[\"']?\s*:(?:\s.*)?|%YAML.*|[\]}],?)\s*")
KEY = lazy(r"^(\s*)(?:- )?[\"']?([\w./-]+)[\"']?\s*:(?:\s|$)")
SHARE = 0.9
"""Share of lines that look like YAML; the others belong to block scalars and long lists."""
UNIQUE = 0.7
"""Share of keys at top level that are no repetition: configs repeat one by mistake, logs repeat all of them."""
LINES = 400
PROLOGUE = lazy(r"(?:[\ufeff\s]++|---(?=\s)|[#%][^\n]*+)*+")
"""Comments and marks before the first document."""
OUTSET = lazy(r"(?:\?\s|(?:[\"'][^\n\"']+[\"']|[\w./<@-]+)[ \t]*:\s)")
"""How the first key of a block stands."""
FLOW = lazy(r"\{\s*[\w.\"/-]+\s*:")
"""How a flow mapping begins; one with its keys in single quotes is what Python prints in a log."""


def sniff(head: Head) -> int:
    """Return below 100: lines of the shape of YAML, with keys of trainings, few of them repeated at top level.

    What is YAML in another shape (``{lr: 0.1}``, ``? lr``, several documents) is parsed, and then may hold no metrics.
    """
    if head.is_binary:
        return 0
    before = PROLOGUE.match(head.text)
    start = before.end() if before else 0
    begin = head.text[start : start + 1]
    if begin == "[":
        return 0
    return (0 if begin == "{" else _by_lines(head)) or _parsed(head, start)


def _by_lines(head: Head) -> int:
    rows = [line for line in head.text.splitlines()[:LINES] if line.strip() and not line.lstrip().startswith("#")]
    if not rows or sum(1 for row in rows if SHAPE.fullmatch(row[:400])) < SHARE * len(rows):
        return 0
    keys = [(found[1], found[2]) for row in rows if (found := KEY.match(row[:400]))]
    top = [key for indent, key in keys if not indent]
    strong = strength((key for _, key in keys), top)
    if not strong or len(set(top)) < UNIQUE * len(top):
        return 0
    return min(95, 40 + 5 * strong)


def _parsed(head: Head, start: int) -> int:
    """Judge by what a whole, short text holds. Valid JSON is for another reader, and leads where it is damaged."""
    text = head.text
    flow = text.startswith("{", start)
    if len(text) > CHARACTERS or not (FLOW if flow else OUTSET).match(text, start):
        return 0
    if flow and _is_json(text):
        return 0
    from diagnose.configs.tree import Text
    from diagnose.configs.yaml_nodes import compose

    try:
        documents = compose(Text(text, head.path))
    except SourceError:
        return 0
    roots = [root.members() for root in documents.roots]
    if not 0 < len(roots) <= DOCUMENTS or not all(roots) or len(documents.remarks) > len(roots[0]):
        return 0
    if any(_measures(key, node) for members in roots for key, node in members.items()):
        return 0
    if len(roots) > 1 and any(_counts(key) for key in set(roots[0]) & set(roots[1])):
        return 0  # one document per epoch is a log, whatever it prints
    top = [key for members in roots for key in members]
    keys = {key for root in documents.roots for key in _keys(root, 0)}
    strong = strength(keys, top)
    return min(41 if flow else 60, 35 + strong) if strong >= LEAST * len(keys) and strong else 0


def _measures(key: str, node: Node) -> bool:
    return is_metric(key) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _counts(key: str) -> bool:
    return (is_epoch(key) or is_step(key)) and not key.lower().endswith("s")


def _keys(node: Node, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    for key, child in node.members().items():
        yield key
        yield from _keys(child, depth + 1)


def _is_json(text: str) -> bool:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_yaml_config``.
    """
    from diagnose.configs.yaml_config import read_yaml_config

    into(build, read_yaml_config(text_of(source), source.path, files_of(source)))
