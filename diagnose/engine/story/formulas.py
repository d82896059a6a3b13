"""What the run's own numbers come to by the formulas of ``diagnose.mechanisms``: computed, not measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from diagnose.engine.story.told import best, number, place
from diagnose.language.functions import TABLE
from diagnose.mechanisms import class_weights, constant_prediction, focal_loss, sequence_accuracy, size_weight, updates
from diagnose.model import UNKNOWN, Fact, Place, Segment, Series, Setting
from diagnose.model.story import INTERPRETED, Statement
from diagnose.text.wording import plural

SIDES = (16, 32, 64)
"""Objects of which the weight is told: COCO calls those below 32 pixels small."""
SURE = (0.9, 0.5, 0.1)
"""Probabilities of the true class at which a focal loss is told."""


def formulas(segments: Sequence[Segment]) -> tuple[Statement, ...]:
    """Return one sentence for each mechanism whose numbers the run states, said once for all segments."""
    told: dict[str, Statement] = {}
    for segment in segments:
        for made in (_sizes, _focal, _constant, _weights, _updates, _sequences):
            try:
                for statement in made(segment):
                    told.setdefault(statement.text, statement)
            except (ValueError, TypeError, OverflowError):  # values outside of what the formula is defined for
                continue
    return tuple(told.values())


def _statement(text: str, *stated: Fact | Setting | Place | None) -> Statement:
    places = [one if isinstance(one, Place) else one.place for one in stated if one is not None]
    return Statement(text, INTERPRETED, tuple(dict.fromkeys(places)))


def _sizes(segment: Segment) -> Iterator[Statement]:
    alpha, threshold = segment.config.get("size_aware_loss"), _ending(segment, "small_threshold")
    kind = _ending(segment, "weight_type")
    alpha = alpha if alpha is not None and _is_number(alpha.value) else _ending(segment, "size_aware_weight")
    if alpha is None or threshold is None or (kind is not None and "exp" not in str(kind.value)):
        return
    a, t = float(alpha.value), float(threshold.value)
    weights = ", ".join(
        f"{side}x{side} {size_weight.weight(side * side, a, t):.2f}"
        + (f" ({raw:.2f} before the clamp)" if (raw := size_weight.raw_weight(side * side, a, t)) < 1 else "")
        for side in SIDES
    )
    yield _statement(
        f"weights by size, w = a exp(-area / t) within [1, a] for a = {number(a)}, t = {number(t)}: {weights}; "
        f"objects from {number(size_weight.neutral_area(a, t))} square pixels on count as before",
        alpha,
        threshold,
    )


def _focal(segment: Segment) -> Iterator[Statement]:
    stated = segment.facts.get("focal_gamma") or segment.config.get("focal_gamma")
    if stated is None or not _is_number(stated.value) or not float(stated.value) > 0:
        return
    gamma = float(stated.value)
    factors = ", ".join(f"{focal_loss.factor(p, gamma):.2g} at p = {p:g}" for p in SURE)
    yield _statement(f"focal loss with gamma {number(gamma)}: cross-entropy is multiplied by {factors}", stated)


def _constant(segment: Segment) -> Iterator[Statement]:
    stated = segment.facts.get("val_class_distribution")
    if stated is None or not isinstance(stated.value, dict):
        return
    shares = [float(share) for share in stated.value.values()]
    names = list(stated.value)
    accuracies = ", ".join(
        f"{name} {constant_prediction.accuracy(shares, index):.3f}" for index, name in enumerate(names)
    )
    yield _statement(f"always the same class: accuracy {accuracies}, and kappa 0 whichever it is", stated)


def _weights(segment: Segment) -> Iterator[Statement]:
    stated, data = segment.facts.get("class_weights"), segment.facts.get("train_class_distribution")
    values = _listed(stated.value) if stated is not None else []
    if stated is None or len(values) < 2:
        return
    text = f"class weights lie {class_weights.ratio(values):.2f} : 1 apart"
    shares = _listed(data.value) if data is not None else []
    if len(shares) == len(values):
        inverse = class_weights.inverse_frequency(shares)
        text += f"; by inverse frequency it would be {class_weights.ratio(inverse):.2f} : 1"
    yield _statement(text, stated, data if len(shares) == len(values) else None)


def _updates(segment: Segment) -> Iterator[Statement]:
    facts = segment.facts
    samples, batch, patience = (facts.get(name) for name in ("train_samples", "batch_size", "patience"))
    if samples is None or batch is None:
        return
    each = updates.per_epoch(int(samples.value), int(batch.value))
    text = (
        f"{number(float(samples.value))} samples in batches of {number(float(batch.value))} are "
        f"{plural(each, 'optimizer update')} an epoch, if each is seen once"
    )
    if patience is not None:
        waited = updates.in_patience(int(patience.value), int(samples.value), int(batch.value))
        text += f"; a patience of {plural(int(patience.value), 'epoch')} is then {plural(waited, 'update')}"
    yield _statement(text, samples, batch, patience)


def _sequences(segment: Segment) -> Iterator[Statement]:
    character, sequence = (_score(segment, word) for word in ("char", "seq"))
    if character is None or sequence is None:
        return
    (one, there), (whole, where) = character, sequence
    length = sequence_accuracy.implied_length(one, whole)
    yield _statement(
        f"{one:.1%} of characters and {whole:.1%} of whole sequences fit independent errors at a length of "
        f"{length:.1f}; where sequences are longer, errors come together",
        there,
        where,
    )


def _score(segment: Segment, word: str) -> tuple[float, Place] | None:
    """Return the best validation accuracy of whole sequences or of characters, and its place."""
    found = [one for name, one in segment.series.items() if name.startswith(f"val/{word}") and "acc" in name]
    if len(found) != 1:
        return None
    series: Series = TABLE["natural"].call(found[0])
    index = best(series)
    return None if index is None else (float(series.value[index]), place(series, index))


def _ending(segment: Segment, key: str) -> Setting | None:
    """Return the one setting whose key ends so, if its value is known."""
    found = [one for name, one in segment.config.settings.items() if name.rpartition(".")[2] == key]
    return found[0] if len(found) == 1 and found[0].value is not UNKNOWN else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> list[float]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return [float(one) for one in values]
