"""A config of mmengine or mmcv written as Python source, with the bases that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnose.patterns import lazy
from diagnose.reader import Head, RunBuilder
from diagnose.sources import Source, text_of

NAME = "config-python"
IS_CONFIG = True
TITLE = "Python config of mmengine or mmcv"
SAMPLES = (
    "_base_ = ['../_base_/toy.py']\noptim_wrapper = dict(optimizer=dict(lr=3e-4))\n",
    (
        "# a toy\nmodel = dict(\n    type='ToyDetector',\n    head=dict(type='ToyHead', num_classes=7))\n"
        "optimizer = dict(type='SGD', lr=0.03, momentum=0.8)\ntotal_epochs = 9\n"
    ),
    (
        "from mmengine.config import read_base\nfrom torch.optim import Adam\n\nwith read_base():\n"
        "    from .toy_base import *\n\noptim_wrapper.update(dict(optimizer=dict(type=Adam, lr=2e-3)))\n"
    ),
)

CHARACTERS = 1 << 16
LINES = 3000
"""How much of a file detection looks at."""
OPENING = 1 << 10
"""Characters in which a log shows that it is none."""
INHERITS = lazy(r"^(?:_base_\s*=\s*[\[('\"rf]|with read_base\(\):)", re.MULTILINE)
FAMILY = lazy(
    r"^(?:model|detector|optimizer|optim_wrapper|optimizer_config|train_cfg|val_cfg|test_cfg|train_dataloader|"
    r"val_dataloader|test_dataloader|train_dataset|data|data_preprocessor|lr_config|param_scheduler|runner|"
    r"train_pipeline|test_pipeline|tta_model|tta_pipeline|default_hooks|custom_hooks|checkpoint_config|log_config|evaluation|val_evaluator|"
    r"test_evaluator|env_cfg|dist_params|auto_scale_lr|visualizer|log_processor|model_wrapper_cfg|img_norm_cfg)"
    r"\s*=\s*(?:dict\s*\(|\[|\{)",
    re.MULTILINE,
)
TYPED = lazy(r"\bdict\(\s*(?:_delete_\s*=\s*True\s*,\s*)?type\s*=|['\"]type['\"]\s*:")
STATEMENT = lazy(
    r"[A-Za-z_][\w.]*(?:\[[^\]]*\][\w.]*)*\s*(?:[-+*/|]?=(?!=)|:\s*[A-Za-z][^=]*=|\.\w+\()|[A-Za-z_][\w.\[\]'\"]*\.\w+\(|"
    r"[A-Za-z_][\w.]*\((?:.*[(,)]|.*#.*)?\s*$|"
    r"(?:from|import|with|if|elif|else|for|try|except|finally|del|def|return|assert|print|raise|class|while|@)\b|"
    r"@|[)\]}]|['\"#]|\\"
)
"""How a line at the left margin of a config begins."""
DATES = frozenset("[0123456789")
"""What most lines of logs begin with, and none of a config."""
PROGRAM = lazy(r"^(?:def|class|async def|@|while)\b", re.MULTILINE)
MARKS = ("_base_", "read_base", r"\bdict\(", "'type'|\"type\"")


def sniff(head: Head) -> int:
    """Return 100 and more for Python assignments in the names of the family, and nothing else at the margin."""
    text = head.text[:CHARACTERS]
    if "=" not in text and "read_base" not in text:
        return 0
    if _is_foreign(text[:OPENING].splitlines()[:-1]):
        return 0
    inherits, family = INHERITS.search(text), FAMILY.findall(text)
    if not inherits and not (family and TYPED.search(text)):
        return 0
    if head.is_binary:
        return 0
    if not inherits and len(PROGRAM.findall(text)) > len(family):
        return 0
    return 0 if _is_foreign(text.splitlines()[:LINES]) else 100 + min(len(family), 80) + 10 * bool(inherits)


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings, with those of the bases. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_python_config``.
    """
    from diagnose.configs.python_config import read_python_config
    from diagnose.reader.configs import files_of, into

    into(build, read_python_config(text_of(source), source.path, files_of(source)))


def _is_foreign(lines: Iterable[str]) -> bool:
    """Tell whether a line stands at the margin that no config holds there: then a config stands inside a log."""
    quote = ""
    for line in lines:
        row = line[:400]
        if quote:
            quote = "" if row.count(quote) % 2 else quote
            continue
        if row and not row[0].isspace() and (row[0] in DATES or not STATEMENT.match(row)):
            return True
        for mark in ('"""', "'''"):
            if row.count(mark) % 2:
                quote = mark
                break
    return False
