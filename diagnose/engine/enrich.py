"""Settings of a config under their canonical names, and the facts they state where the log itself does not."""

from __future__ import annotations

from diagnose.model import Fact, Run
from diagnose.names import fact_names, hyperparameter

NUMERIC = (int, float)


def enrich(run: Run) -> Run:
    """Fill ``config.canonical`` of every segment and add the facts that its settings state."""
    for segment in run.segments:
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


def _plausible(name: str, value: object) -> bool:
    if name in ("optimizer", "monitor"):
        return isinstance(value, str) and bool(value)
    if name == "amp":
        return True
    return (
        isinstance(value, NUMERIC) and not isinstance(value, bool) and (value > 0 or name in ("weight_decay", "seed"))
    )
