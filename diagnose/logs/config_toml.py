"""A TOML config on its own."""

from __future__ import annotations

import re

from diagnose.patterns import lazy
from diagnose.reader import Head, RunBuilder
from diagnose.reader.config_marks import strength
from diagnose.reader.configs import into
from diagnose.sources import Source, text_of

NAME = "config-toml"
IS_CONFIG, MOST = True, 99
TITLE = "TOML config"
SAMPLES = (
    'seed = 7\n\n[optimizer]\nname = "adamw"\nlr = 3e-4\nwd = 0.02\n\n[training]\nbatch_size = 24\nepochs = 9\n',
    'model = "small"\nlearning_rate = 0.02\nbatch_size = 12\nmilestones = [3, 6]\n',
)

CHARACTERS = 1 << 16
SECTION = lazy(r"^[ \t]*\[\[?([\w.\"' -]+)\]\]?[ \t]*(?:#.*)?$", re.MULTILINE)
PAIR = lazy(r"^[ \t]*([\w.\"'-]+)[ \t]*=[ \t]*(.*)$", re.MULTILINE)
VALUE = lazy(r"[\"'\[{]|[-+]?(\d|inf\b|nan\b)|true\b|false\b")
LONG_KEY = lazy(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){50}")


def sniff(head: Head) -> int:
    """Accept valid TOML with keys of trainings; what is nearly valid if it has sections and quoted texts."""
    text = head.text[:CHARACTERS].removeprefix("\ufeff")
    if head.is_binary or "=" not in text or text.lstrip()[:1] in ("{", "<") or LONG_KEY.search(text):
        return 0
    sections, pairs = SECTION.findall(text), PAIR.findall(text)
    keys = [key for key, _ in pairs]
    if not strength([*keys, *sections], sections) or any(
        re.search(r"^(tool|build-system)\b", name) for name in sections
    ):
        return 0
    if len(head.text) <= CHARACTERS and _is_valid(text):
        return 60 if sections else 35
    tidy = sum(1 for _, value in pairs if VALUE.match(value))
    quoted = any(value.startswith(('"', "'")) for _, value in pairs)
    once = len(set(sections)) == len(sections)
    return 30 if sections and once and quoted and tidy > 0.9 * len(pairs) and len(pairs) > 3 else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_toml_config``.
    """
    from diagnose.configs.toml_config import read_toml_config

    into(build, read_toml_config(text_of(source), source.path))


def _is_valid(text: str) -> bool:
    import tomllib

    try:
        tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return False
    return True
