"""A YAML config on its own: hyperparameters of a run that has not begun, or of one whose log is elsewhere."""

from __future__ import annotations

import re

from diagnose.configs.yaml_config import read_yaml_config, repeated_keys
from diagnose.reader import Head, RunBuilder
from diagnose.sources import Source, text_of

NAME = "config"
TITLE = "YAML config"
SAMPLES = (
    "lr0: 0.02\nlrf: 0.1\nmomentum: 0.9\nweight_decay: 0.0005\nwarmup_epochs: 2.0\n",
    "model:\n  type: small\ntraining:\n  batch_size: 24\n  learning_rate: 3e-4\n  num_epochs: 12\n",
)

SHAPE = re.compile(r"\s*+(?:-\s.*|-|---|(?:- )?[\"']?[\w./<@ -]+[\"']?\s*:(?:\s.*)?|%YAML.*|[\]}],?)\s*")
KEY = re.compile(r"^(\s*)(?:- )?[\"']?([\w./-]+)[\"']?\s*:(?:\s|$)")
SPECIFIC = frozenset(
    """
    lr lr0 lrf learning_rate base_lr min_lr weight_decay momentum betas optimizer scheduler
    lr_scheduler warmup_epochs warmup_steps batch batch_size per_device_train_batch_size epochs
    num_epochs max_epochs max_steps num_train_epochs imgsz img_size image_size dropout num_classes
    nc names anchors hidden_dim num_layers in_channels in_stages early_stopping patience gradient_clip_norm
    gradient_clip_val loss_type label_smoothing mixed_precision amp mosaic mixup hsv_h fl_gamma
    freeze weights model training trainer data dataset backbone head seed workers num_workers
    anchor_t criterion loss precision accumulate_grad_batches gradient_accumulation_steps
    """.split()  # noqa: SIM905 - a list of fifty quoted words reads worse
)
ENOUGH = 2
"""Specific keys that make a mapping the config of a training."""
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
    specific = {key.rpartition(".")[2] for _, key in keys} & SPECIFIC
    if len(specific) < ENOUGH or len(set(top)) < UNIQUE * len(top):
        return 0
    return min(95, 40 + 5 * len(specific))


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings. No facts: a plan alone is no run.

    Raises:
        SourceError: if the file is not valid YAML.
    """
    text = text_of(source)
    for setting in read_yaml_config(text, source.path).values():
        build.setting(setting.key, setting.value, setting.place.line, setting.place.text)
    for key, before, after in repeated_keys(text, source.path):
        message = f"key {key!r} stands twice: line {after.line} replaces line {before.line}"
        build.event("warning", after.line, key, category="duplicate-key", message=message)
