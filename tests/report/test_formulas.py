"""Numbers of a run by known formulas, with the lines they come from."""

from __future__ import annotations

from typing import Any

import numpy as np

from diagnose.engine.story.formulas import formulas
from diagnose.model import Config, Fact, Place, Segment, Series, Setting


def told(
    facts: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    series: dict[str, list[float]] | None = None,
) -> list[str]:
    segment = Segment("", 0, "run.log", 1, 9)
    segment.facts = {name: Fact(name, value, Place("run.log", 3)) for name, value in (facts or {}).items()}
    found = {key: Setting(key, value, Place("run.yaml", 4)) for key, value in (settings or {}).items()}
    segment.config = Config(found)
    for name, values in (series or {}).items():
        nothing = np.full(len(values), np.nan)
        segment.series[name] = Series(
            name, name, "run.log", np.array(values), nothing, nothing, np.arange(len(values)) + 1
        )
    statements = formulas([segment, segment])
    assert all(one.places for one in statements)
    return [one.text for one in statements]


def test_weights_by_size() -> None:
    settings = {"loss.size_aware_weight": 2.5, "loss.small_threshold": 1024, "loss.weight_type": "exponential"}
    (text,) = told(settings=settings)

    assert "16x16 1.95, 32x32 1.00 (0.92 before the clamp), 64x64 1.00" in text
    assert told(settings={**settings, "loss.weight_type": "step"}) == []
    assert told(settings={**settings, "loss.size_aware_weight": 0.5}) == []


def test_updates_and_patience() -> None:
    (text,) = told({"train_samples": 471.0, "batch_size": 600.0, "patience": 20.0})

    assert text.startswith("471 samples in batches of 600 are 1 optimizer update an epoch")
    assert text.endswith("a patience of 20 epochs is then 20 updates")


def test_classes() -> None:
    shares = {"0": 0.3, "1": 0.55, "2": 0.15}
    constant, weights = told(
        {"val_class_distribution": shares, "train_class_distribution": shares, "class_weights": [0.6, 0.3, 2.1]}
    )

    assert constant == "always the same class: accuracy 0 0.300, 1 0.550, 2 0.150, and kappa 0 whichever it is"
    assert weights == "class weights lie 7.00 : 1 apart; by inverse frequency it would be 3.67 : 1"


def test_focal_loss_and_sequences() -> None:
    (focal,) = told({"focal_gamma": 2.0})
    (sequences,) = told(series={"val/char_acc": [20.0, 50.0], "val/seq_acc": [5.0, 12.5]})

    assert focal.endswith("multiplied by 0.01 at p = 0.9, 0.25 at p = 0.5, 0.81 at p = 0.1")
    assert "50.0% of characters and 12.5% of whole sequences" in sequences
    assert "a length of 3.0" in sequences


def test_numbers_that_no_formula_takes() -> None:
    assert told({"train_samples": 0.0, "batch_size": 8.0, "class_weights": [0.0, 1.0], "focal_gamma": 0.0}) == []
    assert told({"val_class_distribution": {"0": 0.0}}) == []
