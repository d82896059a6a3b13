"""Settings of a config under their canonical names, and the facts they state where the log itself does not."""

from __future__ import annotations

import math

from diagnose.model import Fact, Run, Segment, Series
from diagnose.names import fact_names, hyperparameter, traits

NUMERIC = (int, float)
MOST = 1e300
"""A whole number beyond it, which a config may hold, is no float."""


def enrich(run: Run) -> Run:
    """Fill ``config.canonical`` of every segment and add the facts that its settings state."""
    for segment in run.segments:
        _summaries(segment)
        config = segment.config
        for key, setting in config.settings.items():
            name, fact = hyperparameter(key)
            if not name or setting.value is None:
                continue
            # The shorter key is the more general one: `lr` wins over `schedule.1.lr`.
            known = config.canonical.get(name)
            if known is None or key.count(".") < known.key.count("."):
                config.canonical[name] = setting
        for name, setting in config.canonical.items():
            fact = hyperparameter(setting.key)[1]
            if fact and fact in fact_names() and fact not in segment.facts and _plausible(name, setting.value):
                segment.facts[fact] = Fact(fact, setting.value, setting.place)
    return run


def _summaries(segment: Segment) -> None:
    """Make a series of the best values that summaries state, for metrics of which the log prints no curve."""
    import numpy as np

    for event in segment.events:
        name, value = event.fields.get("metric"), event.fields.get("value")
        if event.kind != "best_summary" or not isinstance(value, NUMERIC) or not isinstance(name, str):
            continue
        if value == 0 and any(other.kind == "traceback" for other in segment.events):
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
