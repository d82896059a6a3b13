"""What a metric means: direction, chance level, bounds, natural scale, and its siblings in the same segment."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from diagnose.language.functions.registry import Registry, a_series
from diagnose.language.values import MissingError, ValueTypeError
from diagnose.model import Series
from diagnose.names import split_of, traits
from diagnose.names.globs import fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

function = Registry()


@function
def kind(series: Any) -> str:
    """Kind of a metric: loss, score, error, rate, time, memory, norm, other."""
    return traits(a_series(series, "kind").name).kind


@function
def higher_is_better(series: Any) -> bool:
    """Whether higher values of the metric are better."""
    return traits(a_series(series, "higher_is_better").name).better == "higher"


@function
def chance(scope: Any, series: Any) -> float:
    """Value without skill, on the natural scale: kappa 0, AUC 0.5, mAP 0; accuracy the largest class or 1/classes.

    Sources are in ``names/metrics.yaml``. Missing if it depends on data that the log does not tell.
    """
    name = a_series(series, "chance").name
    if (known := traits(name).chance) is not None:
        return known
    if "accuracy" in name and "top5" not in name:
        facts = scope.segment.facts
        for fact in ("val_class_distribution", "train_class_distribution"):
            if fact in facts and isinstance(facts[fact].value, dict):
                shares = [float(share) for share in facts[fact].value.values()]
                return max(shares) / (sum(shares) or 1.0)
        if "num_classes" in facts and float(facts["num_classes"].value) >= 1:
            return 1.0 / float(facts["num_classes"].value)
    raise MissingError(f"the chance level of {name}")


@function
def natural(series: Any) -> Series:
    """The series on its natural scale: percent (a bounded metric with values above 1.5) becomes a share."""
    points = a_series(series, "natural")
    if traits(points.name).high == 1.0 and _highest(points.value) > 1.5:
        points = points.valued(points.value / 100.0)
        points.scale = 100.0
    return points


def _highest(values: NDArray[np.float64]) -> float:
    """Return the highest finite value; 0 or less if none is positive."""
    highest = values.item(int(values.argmax()))  # NaN and infinity win
    return highest if math.isfinite(highest) else float(values[np.isfinite(values)].max(initial=0.0))


@function
def upper_bound(series: Any) -> float:
    """Highest possible value on the natural scale. Missing if there is none."""
    high = traits(a_series(series, "upper_bound").name).high
    if high is None:
        raise MissingError("an upper bound")
    return high


@function
def other(scope: Any, series: Any, split: Any) -> Series:
    """The same metric on another split: `other(m, "train")`. Missing if it is not logged."""
    name = a_series(series, "other").name
    base = name.split("/", 1)[1] if split_of(name) else name
    found: Series | None = scope.segment.series.get(f"{split}/{base}")
    if found is None:
        raise MissingError(f"series {split}/{base}")
    return found


@function
def in_baseline(scope: Any, series: Any) -> Series:
    """The same series in the run to compare with. Missing without one."""
    name = a_series(series, "in_baseline").name
    found: Series | None = scope.baseline.series.get(name) if scope.baseline is not None else None
    if found is None:
        raise MissingError(f"series {name} in a baseline run")
    return found


@function
def base(series: Any) -> str:
    """Name of a metric without its split."""
    name = a_series(series, "base").name
    return name.split("/", 1)[1] if split_of(name) else name


@function
def split(series: Any) -> str:
    """The data a metric was computed on: train, val, test, or an empty text."""
    return split_of(a_series(series, "split").name)


@function
def matching(scope: Any, pattern: Any, of_kind: Any = "") -> list[Series]:
    """Series whose canonical name fits a glob, optionally of one kind; may be empty."""
    named = scope.segment.series
    return [named[name] for name in _matching(tuple(named), str(pattern), str(of_kind or ""))]


@lru_cache(maxsize=1024)
def _matching(names: tuple[str, ...], pattern: str, of_kind: str) -> list[str]:
    return [name for name in names if fits(name, pattern) and (not of_kind or traits(name).kind == of_kind)]


@function
def one_of(scope: Any, first: Any, second: Any, third: Any = "", fourth: Any = "") -> Series:
    """The first of the named series that is logged. Missing if none is."""
    for name in (first, second, third, fourth):
        if name and not isinstance(name, str):
            raise ValueTypeError("`one_of` needs names in quotes")
        if found := scope.segment.series.get(name):
            return cast("Series", found)
    raise MissingError(f"series {first} or {second}")


PREFERRED = (
    r"^fitness$", r"(^|/)(bbox_|segm_)?map$", r"(^|/)ap$", r"(^|/)map_?50$", r"miou$", r"^(cohen_)?kappa$", r"^mcc$",
    r"^(macro_)?f1$", r"^balanced_accuracy$", r"(^|/)accuracy$", r"^auc$", r"acc", r"f1",
)  # fmt: skip
"""Scores by how well one of them speaks for the whole model; the first pattern that fits a logged one counts."""


@function
def main_score(scope: Any, split: Any = "val") -> Series:
    """The score that speaks for the model on a split: mAP, kappa, F1, accuracy ... Missing if none is logged."""
    named: dict[str, Series] = scope.segment.series
    chosen = _main_score(tuple(named), str(split))
    if not chosen:
        raise MissingError(f"a {split} score")
    return named[chosen]


@lru_cache(maxsize=256)
def _main_score(names: tuple[str, ...], split: str) -> str:
    scores = {
        name.split("/", 1)[1]: name
        for name in names
        if split_of(name) == split and traits(name).kind == "score" and traits(name).better == "higher"
    }
    for pattern in PREFERRED:
        for base, name in scores.items():
            if re.search(pattern, base):
                return name
    whole = [base for base in scores if not re.search(r"_?(small|medium|large|[sml]|p|r|precision|recall)$", base)]
    return scores[(whole or list(scores))[0]] if scores else ""


@function
def main_loss(scope: Any, split: Any = "train") -> Series:
    """The total loss of a split: `split/loss`, else the sum of its components. Missing if there is none."""
    named = scope.segment.series
    for name in (f"{split}/loss", f"{split}/loss_epoch", f"{split}/loss_step"):
        if name in named:
            return cast("Series", named[name])
    parts = [series for name, series in named.items() if split_of(name) == split and traits(name).kind == "loss"]
    if not parts:
        raise MissingError(f"a {split} loss")
    first = parts[0]
    parts = [part for part in parts if len(part) == len(first) and bool((part.line == first.line).all())]
    total = np.sum([part.value for part in parts], axis=0)
    printed = " + ".join(part.printed for part in parts)
    return Series(
        f"{split}/loss", printed, first.path, total, first.step, first.epoch, first.line, first.thinned,
        index=first.index, weight=first.weight,
    )  # fmt: skip
