"""The arguments of a program as Python prints them, alone in a file: ``Namespace(lr=0.1, batch_size=32)``."""

from __future__ import annotations

import re

from diagnose.patterns import lazy
from diagnose.reader import Head, RunBuilder
from diagnose.reader.config_marks import strength
from diagnose.reader.configs import into
from diagnose.sources import Source, text_of

NAME = "config-namespace"
IS_CONFIG, MOST = True, 99
TITLE = "Printed namespace"
SAMPLES = (
    "Namespace(lr=0.02, batch_size=24, betas=(0.9, 0.99), name='toy')\n",
    "args: argparse.Namespace(learning_rate=3e-05,\n  num_epochs=4, amp=True)\n",
)

WHOLE = lazy(r"\s*(?:\w+\s*[:=]\s*)?(?:argparse\.)?Namespace\((?P<inside>.*)\)\s*", re.DOTALL)
KEY = lazy(r"(?:^|,)\s*([A-Za-z_]\w*)=")
CHARACTERS = 1 << 18


def sniff(head: Head) -> int:
    """Accept a text that is nothing but one namespace with keys of trainings."""
    if head.is_binary or "Namespace(" not in head.text[:200] or len(head.text) > CHARACTERS:
        return 0
    found = WHOLE.fullmatch(head.text)
    if found is None or ("Namespace(" in found["inside"] and "\n" in found["inside"].strip()):
        return 0
    return 60 if strength(KEY.findall(found["inside"])) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_namespace_config``.
    """
    from diagnose.configs.namespace import read_namespace_config

    into(build, read_namespace_config(text_of(source), source.path))
