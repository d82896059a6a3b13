"""A YAML config on its own: hyperparameters of a run that has not begun, or of one whose log is elsewhere."""

from __future__ import annotations

import re

from diagnose.reader import Head, RunBuilder
from diagnose.reader.config_marks import strength
from diagnose.reader.configs import files_of, into
from diagnose.sources import Source, text_of

NAME = "config-yaml"
IS_CONFIG = True
TITLE = "YAML config"
SAMPLES = (
    "lr0: 0.02\nlrf: 0.1\nmomentum: 0.9\nweight_decay: 0.0005\nwarmup_epochs: 2.0\n",
    "model:\n  type: small\ntraining:\n  batch_size: 24\n  learning_rate: 3e-4\n  num_epochs: 12\n",
)

SHAPE = re.compile(r"\s*+(?:-\s.*|-|---|(?:- )?[\"']?[\w./<@ -]+[\"']?\s*:(?:\s.*)?|%YAML.*|[\]}],?)\s*")
KEY = re.compile(r"^(\s*)(?:- )?[\"']?([\w./-]+)[\"']?\s*:(?:\s|$)")
SHARE = 0.9
"""Share of lines that look like YAML; the others belong to block scalars and long lists."""
UNIQUE = 0.7
"""Share of keys at top level that are no repetition: configs repeat one by mistake, logs repeat all of them."""
LINES = 400


def sniff(head: Head) -> int:
    """Return below 100: lines of the shape of YAML, with keys of trainings, few of them repeated at top level."""
    if head.is_binary or head.text.lstrip()[:1] in ("{", "["):
        return 0
    rows = [line for line in head.text.splitlines()[:LINES] if line.strip() and not line.lstrip().startswith("#")]
    if not rows or sum(1 for row in rows if SHAPE.fullmatch(row[:400])) < SHARE * len(rows):
        return 0
    keys = [(found[1], found[2]) for row in rows if (found := KEY.match(row[:400]))]
    top = [key for indent, key in keys if not indent]
    strong = strength((key for _, key in keys), top)
    if not strong or len(set(top)) < UNIQUE * len(top):
        return 0
    return min(95, 40 + 5 * strong)


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_yaml_config``.
    """
    from diagnose.configs.yaml_config import read_yaml_config

    into(build, read_yaml_config(text_of(source), source.path, files_of(source)))
