"""The settings of a run as the log or its config states them, and how they differ from those of a baseline."""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.engine.diff.compare import compare
from diagnose.model import Change, Config, Segment, Setting
from diagnose.model.change import RISKS
from diagnose.model.story import SettingRow
from diagnose.names import hyperparameter
from diagnose.records import replace
from diagnose.text import changes
from diagnose.text.secrets import masked

STATED = {
    "planned_epochs": "epochs",
    "class_weights": "class_weights",
    "loss": "loss",
    "model": "model",
    "pretrained": "pretrained",
    "devices": "devices",
}
"""Facts that are settings under another name, or are not named as such in the table."""
ALSO = (
    "train_samples",
    "val_samples",
    "num_classes",
    "trainable_params",
    "trainable_tensors",
    "frozen_layers",
    "total_params",
)
"""Facts that are no settings but belong beside them."""
MOST = 60


def stated(segment: Segment) -> Config:
    """Return the config of a segment with the settings that its log states in words."""
    config = replace(segment.config, settings=dict(segment.config.settings), canonical=dict(segment.config.canonical))
    for name, fact in segment.facts.items():
        row = hyperparameter(STATED.get(name, name))
        if row is None or row.name in config.canonical or (row.fact != name and name not in STATED):
            continue
        setting = Setting(row.name, fact.value, fact.place)
        config.settings.setdefault(row.name, setting)
        config.canonical[row.name] = setting
    return config


def changed(segment: Segment, baseline: Segment) -> tuple[tuple[Change, ...], int]:
    """Return what both sides state differently, and how much they state alike.

    A side without a config says only what its log mentions, so what one side lacks is no change then.
    """
    new, old = stated(segment), stated(baseline)
    found = compare(old, new)
    if not (segment.config and baseline.config):
        found = tuple(change for change in found if change.old_place is not None and change.new_place is not None)
    touched = {key for change in found for key in (change.key, *change.parts)}
    return found, sum(name in old.canonical and setting.key not in touched for name, setting in new.canonical.items())


def table(segments: Sequence[Segment]) -> tuple[tuple[SettingRow, ...], int]:
    """Return the settings, the most consequential first, and how many were left out; a value of all segments once."""
    rows: dict[tuple[str, str], list[tuple[Segment, SettingRow, int]]] = {}
    for segment in segments:
        config = stated(segment)
        for name, setting in config.canonical.items():
            row = hyperparameter(setting.key, config.framework) or hyperparameter(name)
            if row is None or row.role == "bookkeeping":
                continue
            value = changes.middle(changes.written(masked(setting.key, setting.value)), 80)
            shown = SettingRow(setting.key, row.title, row.role, value, setting.place, segment.name)
            rows.setdefault((setting.key, value), []).append((segment, shown, RISKS.index(row.risk)))
        for name in ALSO:
            if name in segment.facts:
                fact = segment.facts[name]
                value = changes.written(fact.value)
                shown = SettingRow(name, name.replace("_", " "), "as logged", value, fact.place, segment.name)
                rows.setdefault((name, value), []).append((segment, shown, len(RISKS)))
    found = []
    for group in rows.values():
        _, shown, rank = group[0]
        everywhere = len(group) == len(segments)
        names = "" if everywhere else ", ".join(segment.name or "-" for segment, _, _ in group[:3])
        more = f" and {len(group) - 3} more" if not everywhere and len(group) > 3 else ""
        found.append((rank, replace(shown, segment=names + more)))
    found.sort(key=lambda pair: pair[0])
    return tuple(row for _, row in found[:MOST]), max(len(found) - MOST, 0)
