"""Settings of a config under their canonical names, and the facts they state where the log itself does not."""

from __future__ import annotations

import math

from diagnose.model import UNKNOWN, Config, Fact, Run, Segment, Series, Setting
from diagnose.names import Hyperparameter, fact_names, framework_of, hyperparameter, traits
from diagnose.names.frameworks import lineage

NUMERIC = (int, float)
OF_VARIABLES = "openmm"
MOST = 1e300
"""A whole number beyond it, which a config may hold, is no float."""


OF_THE_OPTIMIZER = ("learning-rate", "optimizer", "regularisation")
"""Roles of what an optimizer is made with."""


def enrich(run: Run) -> Run:
    """Fill ``config.canonical`` of every segment and add the facts that its settings state."""
    for segment in run.segments:
        _summaries(segment)
        config = segment.config
        name_settings(config)
        for name, setting in config.canonical.items():
            row = hyperparameter(setting.key, config.framework)
            fact = row.fact if row else ""
            if fact and fact in fact_names() and fact not in segment.facts and _plausible(name, setting.value):
                value = not row.is_off(setting.value) if row and fact == "amp" else setting.value
                segment.facts[fact] = Fact(fact, value, setting.place)
    return run


def name_settings(config: Config) -> None:
    """Fill in whose config it is, and its settings by canonical name."""
    config.framework = config.framework or framework_of(config.settings)
    for key in config.settings:
        row = hyperparameter(key, config.framework)
        if row is None or (setting := config.settings[key]).value is None or setting.value is UNKNOWN:
            continue
        known = config.canonical.get(row.name)
        if known is None or _rank(row, setting, config) < _rank(row, known, config):
            config.canonical[row.name] = setting


def _rank(row: Hyperparameter, setting: Setting, config: Config) -> tuple[bool, bool, int, bool]:
    """Put the more general key first (`lr`, not `schedule.1.lr`), then what is on (`bf16: true`, not `fp16: false`).

    In a config of OpenMMLab a bare name is a variable of the file (`max_epochs = 12`), which nothing needs to use. What
    a model is made with (`model.init_args.lr`) need not be what the optimizer is made with.
    """
    parts = setting.key.split(".")
    variable = len(parts) == 1 and OF_VARIABLES in lineage(config.framework)
    borrowed = parts[0] == "model" and len(parts) > 1 and row.role in OF_THE_OPTIMIZER
    return variable, borrowed, len(parts), row.is_off(setting.value)


def _summaries(segment: Segment) -> None:
    """Make a series of the best values that summaries state, for metrics of which the log prints no curve."""
    import numpy as np

    for event in segment.events_of("best_summary"):
        name, value = event.fields.get("metric"), event.fields.get("value")
        if not isinstance(value, NUMERIC) or not isinstance(name, str):
            continue
        if value == 0 and segment.events_of("traceback"):
            continue  # the initial value, printed after a crash before the first validation
        if name in segment.series or traits(name).kind != "score" or not name.startswith("val/"):
            continue
        epoch = float(event.fields.get("epoch") or math.nan)
        segment.series[name] = Series(
            name, f"best {name.removeprefix('val/')}", event.place.path, np.array([value], dtype=np.float64),
            np.array([math.nan]), np.array([epoch]), np.array([event.place.line]),
        )  # fmt: skip


def _plausible(name: str, value: object) -> bool:
    if name in ("optimizer", "monitor"):
        return isinstance(value, str) and bool(value) and value != "auto"
    if name == "amp":
        return True
    return (
        isinstance(value, NUMERIC)
        and not isinstance(value, bool)
        and (value > 0 or name in ("weight_decay", "seed"))
        and abs(value) < MOST
    )
