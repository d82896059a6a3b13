"""Parameters that several mechanisms share, with the places where a log tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.probes.declare import Factor, Found, Parameter, Value, Values
from diagnose.probes.sources import fact, number, numbers, optimizer_of, patience, series, setting, whole

if TYPE_CHECKING:
    from diagnose.model import Segment

MOST_EPOCHS = 400


def classes_of(value: Any) -> int | None:
    """Read the number of classes from their shares or weights."""
    found = numbers(value)
    return len(found) if found is not None and len(found) >= 2 else None


def steps_times_batch(segment: Segment) -> Found | None:
    """Return the samples that the updates of an epoch take together, where the log has both."""
    steps, size = fact("steps_per_epoch", whole)(segment), fact("batch_size", whole)(segment)
    if steps is None or size is None:
        return None
    return Found(steps.value * size.value, (*steps.places, *size.places), "updates of an epoch times batch")


def samples(default: int, beside: str = "") -> Parameter:
    """Return the number of training samples; *beside* names the parameter that means nothing without them."""
    sources = (fact("train_samples", whole), steps_times_batch)
    return Parameter("samples", default, "training samples", sources, least=6, most=20_000, beside=beside)


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
    return Parameter("epochs", default, "epochs planned", (fact("planned_epochs", whole),), least=1, most=MOST_EPOCHS)


def rate(default: Value, optimizer: str = "adam") -> Parameter:
    """Return the learning rate, whose default is one of Adam unless another optimizer (or none: "") is told."""
    sources = (series("lr"), fact("lr", number), setting("lr", number))
    meaning = "learning rate; the default is one of Adam" if optimizer == "adam" else "learning rate"
    return Parameter("lr", default, meaning, sources, least=0.0, most=10.0, optimizer=optimizer)


def optimizer(default: str = "adam") -> Parameter:
    """Return the optimizer."""
    sources = (fact("optimizer", optimizer_of), setting("optimizer", optimizer_of))
    return Parameter("optimizer", default, "adam, or sgd with momentum 0.9", sources, choices=("adam", "sgd"))


def smaller_batch(values: Values) -> dict[str, int]:
    """Return batches of 32, or of a tenth of the data, or as they are where they are smaller."""
    return {"batch": max(1, min(32, values["samples"] // 10, values["batch"]))}


LARGE_BATCH = Factor("large-batch", "batches of 32 or a tenth of the data", smaller_batch)
"""The batch as a suspected cause of its own."""


def signal(default: float) -> Parameter:
    """Return how separable the classes are, which no log tells."""
    return Parameter(
        "signal", default, "distance of a cloud's centre from the middle, in standard deviations", least=0.0
    )
