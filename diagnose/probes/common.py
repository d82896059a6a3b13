"""Parameters that several mechanisms share, with the places where a log tells them."""

from __future__ import annotations

from typing import Any

from diagnose.probes.declare import Parameter, Value
from diagnose.probes.sources import fact, number, numbers, patience, series, setting, whole

MOST_EPOCHS = 400


def classes_of(value: Any) -> int | None:
    """Read the number of classes from their shares or weights."""
    found = numbers(value)
    return len(found) if found is not None and len(found) >= 2 else None


def moderate(value: Any) -> int | None:
    """Read a number of epochs that a small experiment can take."""
    found = whole(value)
    return found if found is not None and found <= MOST_EPOCHS else None


def samples(default: int) -> Parameter:
    """Return the number of training samples."""
    return Parameter("samples", default, "training samples", (fact("train_samples", whole),), least=6, most=20_000)


def val_samples(default: int) -> Parameter:
    """Return the number of validation samples."""
    return Parameter("val_samples", default, "validation samples", (fact("val_samples", whole),), least=6, most=20_000)


def classes(default: int = 3) -> Parameter:
    """Return the number of classes."""
    sources = (
        fact("num_classes", whole),
        fact("val_class_distribution", classes_of),
        fact("class_weights", classes_of),
    )
    return Parameter("classes", default, "classes, equally frequent", sources, least=2, most=20)


def batch(default: int) -> Parameter:
    """Return the samples of one update."""
    sources = (fact("batch_size", whole), setting("batch_size", whole))
    return Parameter("batch", default, "samples of one update", sources, least=1)


def waiting(default: int) -> Parameter:
    """Return the patience of early stopping."""
    return Parameter(
        "patience", default, "epochs without a better metric before it stops", (patience,), least=1, most=1000
    )


def epochs(default: int) -> Parameter:
    """Return the epochs planned."""
    return Parameter(
        "epochs", default, "epochs planned", (fact("planned_epochs", moderate),), least=1, most=MOST_EPOCHS
    )


def rate(default: Value, meaning: str = "learning rate of Adam") -> Parameter:
    """Return the learning rate."""
    sources = (series("lr"), fact("lr", number), setting("lr", number))
    return Parameter("lr", default, meaning, sources, least=0.0, most=10.0)


def signal(default: float) -> Parameter:
    """Return how separable the classes are, which no log tells."""
    return Parameter(
        "signal", default, "distance of a cloud's centre from the middle, in standard deviations", least=0.0
    )
