"""A shell script, Slurm script or Makefile that starts trainings: the options it gives them."""

from __future__ import annotations

import re

from diagnose.errors import SourceError
from diagnose.patterns import lazy
from diagnose.reader import Head, RunBuilder
from diagnose.reader.config_marks import STRONG, strength
from diagnose.reader.configs import into
from diagnose.sources import Source, text_of

NAME = "config-shell"
IS_CONFIG, MOST = True, 99
TITLE = "Command lines in a shell script"
SAMPLES = (
    "#!/bin/bash\nLR=0.02\npython train.py --lr ${LR} \\\n  --batch-size=24 --epochs ${EPOCHS:-7}\n",
    "export SEED=3\ntorchrun --nproc_per_node=2 finetune.py --learning_rate 3e-5 --num_train_epochs 2 --seed $SEED\n",
)

CHARACTERS = 1 << 15
GATE = lazy(r"\bpython|torchrun|accelerate|deepspeed|\byolo\b|-train\b|\.py\b")
SCRIPT = lazy(r"\ufeff?#!(?:(?!#!).)*\b(?:ba|z|da|k)?sh\b|(?<!\s)\s*#SBATCH\b|(?m:^[\w./%-]+\s*:[^=\n]*\n\t)")
LINE = lazy(
    r"\s*(?:#|[A-Za-z_]\w*\+?=|--?\w|(?:export|cd|source|echo|mkdir|python[\d.]*|torchrun|accelerate|deepspeed|srun|mpirun|"
    r"horovodrun|nohup|time|for|while|do|done|if|then|else|elif|fi|conda|pip|uv|poetry|module|set|unset|wait|sleep|rm|cp|"
    r"mv|ln|bash|sh|yolo|mim|exit|ulimit|nvidia-smi|composer|litgpt|axolotl|llamafactory-cli|fairseq-train)\b|\.{1,2}/|"
    r"[\[\](){}$&|;'\"]|EOF\b|\w+=)"
)
SHARE = 0.9


def sniff(head: Head) -> int:
    """Accept a script with a command that is given hyperparameters."""
    text = head.text[:CHARACTERS]
    if head.is_binary or not head.may_hold(GATE.pattern) or not GATE.search(text):
        return 0
    rows = [line for line in re.sub(r"\\\r?\n", " ", text).splitlines() if line.strip()]
    script = SCRIPT.match(text) or (SCRIPT.search(text) and "\n\t" in text)
    if not script and sum(1 for row in rows if LINE.match(row[:200])) < SHARE * len(rows):
        return 0
    from diagnose.configs.shell_config import shell_commands

    try:
        commands = shell_commands(text, head.path)
    except SourceError:
        return 0
    keys = {key for command in commands for key in command.reading.settings}
    if not {key.lower() for key in keys} & STRONG and not strength(keys):
        return 0
    return 70 if script else 50


def read(source: Source, build: RunBuilder) -> None:
    """Read the options of every command that starts a training; each of several is a segment.

    Raises:
        SourceError: as ``shell_commands``.
    """
    from diagnose.configs.shell_config import shell_commands

    commands = shell_commands(text_of(source), source.path)
    for command in commands:
        if len(commands) > 1:
            build.start(command.line, command.name, fresh=True)
        into(build, command.reading)
