"""How Hugging Face's Trainer names what it logs, wherever it logs it to."""

from __future__ import annotations

from functools import lru_cache

from diagnose.names import canonical
from diagnose.patterns import lazy

SUMMARY = frozenset(
    {"train_loss", "train_runtime", "train_samples_per_second", "train_steps_per_second", "train_tokens_per_second"}
    | {"total_flos", "train_tokens"}
)
"""What the last entry sums up; ``train_loss`` there is a mean over the run, not a point of the curve."""
EVALUATION = lazy(r"eval[_/](?P<set>\w+_)?(?P<what>runtime|samples_per_second|steps_per_second)$")


@lru_cache(maxsize=1000)
def series_name(key: str) -> str:
    """Return the canonical name of a logged key; empty for one that says nothing new.

    The speed of an evaluation is not that of training, and its steps per second follow from its samples per second.
    """
    if found := EVALUATION.match(key):
        return "" if found["what"] == "steps_per_second" else f"val/{found['set'] or ''}{found['what']}"
    return canonical(key, "train")
