"""Whether a name is that of a metric: what the readers of formats nobody defined go by."""

from __future__ import annotations

from functools import lru_cache

from diagnose.names import canonical, slug, traits
from diagnose.patterns import lazy

MEASURED = frozenset({"loss", "score", "error"})
"""Kinds of quantities that only a training or an evaluation reports."""
SETTINGS = lazy(
    r"weight(?!ed)|gain|coef|lambda|threshold|thresh|thr$|target|margin|smoothing|scale|factor|ratio|_type|_name|_fn|gamma|"
    r"alpha|beta|_change|degradation|difference|_diff|delta|improvement|relative|expected|confidence|version|_std$|"
    r"minimum|maximum|tolerance|min_|patience|instances|num_|count|comparison|lower|upper|interval|_t$"
)
"""Words in the names of settings and of comparisons."""
EVALUATED = lazy(r"(^|[/_])(map|ap|ar|miou|iou|bleu|rouge|meteor|cider|wer|cer|nds|hota|mota|pq)($|[/_@\d])|map\d")
"""Metrics that take a whole evaluation."""
EPOCH_KEYS = lazy(r"(current_)?epochs?(_(num|number|idx|id))?|ep")
STEP_KEYS = lazy(
    r"_?(global_|current_|train_|training_|total_)?steps?|trainer/global_step|n?_?iter(ation)?s?|it|batch_idx|(num_)?updates?|timesteps?"
)
ROW_KEYS = lazy(r"|index|unnamed:_0|id|#|_?timestamp|_runtime|wall_time|date")
"""Columns that only number or date the rows."""


@lru_cache(maxsize=4096)
def is_metric(name: str) -> bool:
    """Return whether a printed name is that of a loss, a score or an error."""
    key = slug(name)
    return (
        0 < len(key) < 60 and not SETTINGS.search(key) and traits(canonical(name)).kind in MEASURED and key != "score"
    )


def home_split(name: str) -> str:
    """Return the data that a metric without a prefix was measured on: what only evaluations compute is validation."""
    if not is_metric(name):
        return ""
    return "val" if EVALUATED.search(canonical(name)) else "train"


def is_epoch(name: str) -> bool:
    """Return whether a column or key holds the epoch."""
    return bool(EPOCH_KEYS.fullmatch(slug(name)))


def is_step(name: str) -> bool:
    """Return whether a column or key holds the optimizer step."""
    return bool(STEP_KEYS.fullmatch(slug(name)))


def is_row_number(name: str) -> bool:
    """Return whether a column or key only numbers or dates the rows."""
    return bool(ROW_KEYS.fullmatch(slug(name)))
