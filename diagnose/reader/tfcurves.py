"""From the tags of an event file to the points of a run: their names and epochs, and where another run begins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from diagnose.names import canonical
from diagnose.reader.huggingface import EVALUATION, SUMMARY, series_name
from diagnose.reader.lightning import PLACEHOLDER, unforked
from diagnose.reader.tfepochs import EPOCHS
from diagnose.reader.tflong import Long
from diagnose.reader.tfpoints import Curve, Remark, add_curves
from diagnose.reader.tftable import table_of
from diagnose.records import replace

if TYPE_CHECKING:
    from diagnose.reader import RunBuilder
    from diagnose.reader.room import Room
    from diagnose.reader.tfevents import Columns
    from diagnose.reader.tftable import Curves, Table

FALL_BACK = 0.9
"""A step below this share of the last one is a new run in the same file, not writers out of order."""


def add_points(portions: Iterator[Columns], build: RunBuilder, folder: str) -> None:
    """Add the scalars of an event file to a run; *folder* is the name of the one it lies in."""
    table = _all(portions, build.room)
    if any(tag.name.startswith("epoch_") for tag in table.tags):
        _keras(table, build, folder)
    else:
        _trainer(table, build)


def _all(portions: Iterator[Columns], room: Room) -> Curves:
    """Return one table: the only portion, or what remains of several."""
    tables = (_without_placeholders(table_of(columns)) for columns in portions)
    first: Table | None = next(tables)
    long: Long | None = None
    for table in tables:
        if long is None:
            long = Long(room)
            long.add(cast("Table", first))
            first = None  # it need not be held beside what is read now
        long.add(table)
        del table
    if long is None:
        return cast("Table", first)
    long.settle()
    return long


def _without_placeholders(table: Table) -> Table:
    for number, tag in enumerate(table.tags):
        if tag.name == PLACEHOLDER and (gone := tag.value == -1).any():
            return table.without(number, gone)
    return table


# Trainers that log steps


def _trainer(table: Curves, build: RunBuilder) -> None:
    plain = unforked(tag.name for tag in table.tags)
    named: list[tuple[int, str]] = []
    sums: list[int] = []
    shown = [number for number, tag in enumerate(table.tags) if tag.name not in EPOCHS]
    for number in shown:
        tag = table.tags[number].name
        if tag.startswith("train/") and tag.removeprefix("train/") in SUMMARY:
            sums.append(number)
        elif name := series_name(plain[tag]) if EVALUATION.match(plain[tag]) else canonical(plain[tag]):
            named.append((number, name))
    cuts = _falls(table, shown)
    if cuts or sums or len(shown) < len(table.tags) or len({name for _, name in named}) < len(named):
        epochs, places = table.epochs(), table.places
    else:  # each curve stands for itself: the order in the file need not be found out
        epochs, places = None, [tag.record for tag in table.tags]
    curves = [Curve.of(table.tags[at], name, places[at], None if epochs is None else epochs[at]) for at, name in named]
    add_curves(curves, [remark for at in sums for remark in _remarks(table, at)], cuts, build)


def _falls(table: Curves, numbers: list[int]) -> list[int]:
    """Return the places at which the step of a tag falls back; what came before such a place is forgotten there."""
    suspects: list[tuple[int, int, bool, bool]] = []
    for number in numbers:
        step = table.tags[number].step
        if step.min() >= 0 and not (step[1:] < step[:-1]).any():
            continue
        place = table.places[number]
        fell = np.append(False, step[1:] < step[:-1] * FALL_BACK)
        for at in np.flatnonzero(fell | (step < 0)).tolist():
            before = int(place[at - 1]) if at else -1
            suspects.append((int(place[at]), before, bool(fell[at]), bool(step[at] < 0)))
    cuts: list[int] = []
    for place_of, before, fell_back, negative in sorted(suspects):
        if fell_back if before >= (cuts[-1] if cuts else 0) else negative:
            cuts.append(place_of)
    return cuts


def _remarks(table: Curves, number: int) -> Iterator[Remark]:
    """Yield what Hugging Face's trainer sums up at its end: ``train_loss`` is a mean over the run, not a point."""
    tag = table.tags[number]
    for at, line in enumerate(tag.record.tolist()):
        value, place = float(tag.value[at]), int(table.places[number][at])
        text = f"{tag.name} {value:g} at step {tag.step[at]:.0f}"
        if tag.name == "train/train_loss":
            yield Remark("metric_summary", place, line, text, {"metric": "train_loss", "value": value})
        elif tag.name == "train/train_runtime":
            yield Remark("session_end", place, line, text, {})


# Keras


def _keras(table: Curves, build: RunBuilder, folder: str) -> None:
    """Add the points of Keras' callback: ``epoch_*`` counts epochs from 0, ``evaluation_*_vs_iterations`` batches.

    Both hold the same values in the file of the validation writer, so the second only tells the steps.
    """
    tags = {tag.name: number for number, tag in enumerate(table.tags)}
    evaluated = {tag: tag.removeprefix("evaluation_").removesuffix("_vs_iterations") for tag in tags if _evaluates(tag)}
    number_of = {base: tags[tag] for tag, base in evaluated.items()}
    split = "val" if evaluated or folder.startswith("val") else "train"
    curves = []
    for name, number in tags.items():
        tag, place = table.tags[number], table.places[number]
        base = name.removeprefix("epoch_")
        if name in evaluated:
            if f"epoch_{evaluated[name]}" not in tags:
                curves.append(Curve.of(tag, f"val/{evaluated[name]}", place))
        elif base == name:
            curves.append(Curve.of(tag, canonical(name, "train"), place))
        else:
            step = np.full(len(place), math.nan)
            counter = number_of.get(base)
            if counter is not None and table.tags[counter].weight is None:
                known = table.places[counter][: len(place)]
                there = np.flatnonzero(known < place[: len(known)])
                step[there] = table.tags[counter].step[there]
            curve = Curve.of(tag, canonical(base, split), place, tag.step + 1.0)
            curves.append(replace(curve, step=step))
    add_curves(curves, [], _keras_cuts(table), build)


def _evaluates(tag: str) -> bool:
    return tag.startswith("evaluation_") and tag.endswith("_vs_iterations")


def _keras_cuts(table: Curves) -> list[int]:
    """Return the places at which the number of the epoch falls back."""
    numbers = [number for number, tag in enumerate(table.tags) if tag.name.startswith("epoch_")]
    place = np.concatenate([table.places[number] for number in numbers])
    order = np.argsort(place)
    epoch = np.concatenate([table.tags[number].step for number in numbers])[order]
    before = np.append(-1.0, epoch[:-1])
    return [int(at) for at in place[order][epoch < before * FALL_BACK]]
