"""What ``diagnose.reader.tfcurves`` does with columns, done scalar by scalar: slow and plain, to compare with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from diagnose.names import canonical
from diagnose.reader import RunBuilder
from diagnose.reader.huggingface import EVALUATION, SUMMARY, series_name
from diagnose.reader.lightning import PLACEHOLDER, unforked
from diagnose.reader.tfcurves import FALL_BACK
from diagnose.reader.tfevents import Columns


class Scalar(NamedTuple):
    record: int
    tag: str
    step: float
    value: float


def scalars_of(columns: Columns) -> Iterator[Scalar]:
    """Yield the scalars of a file in its order."""
    order, rows = columns
    cells = [
        zip(
            memoryview(record).cast("B").cast("q"),
            memoryview(step).cast("B").cast("d"),
            memoryview(value).cast("B").cast("d"),
            strict=True,
        )
        for _, value, step, record in rows
    ]
    for number in memoryview(order).cast("B").cast("I"):
        tag = rows[number][0].decode("utf-8", "replace")
        record, step, value = next(cells[number])
        if not (tag == PLACEHOLDER and value == -1):
            yield Scalar(record, tag, step, value)


def add_points(portions: Iterator[Columns], build: RunBuilder, folder: str) -> None:
    scalars = [scalar for columns in portions for scalar in scalars_of(columns)]
    tags = {scalar.tag for scalar in scalars}
    if any(tag.startswith("epoch_") for tag in tags):
        keras(scalars, tags, build, folder)
        return
    names = unforked(tags)
    last: dict[str, float] = {}
    for scalar, epoch in with_epochs(scalars):
        if scalar.step < last.get(scalar.tag, 0) * FALL_BACK:
            build.close()
            last.clear()
        last[scalar.tag] = scalar.step
        if scalar.tag.removeprefix("train/") in SUMMARY and scalar.tag.startswith("train/"):
            summary(scalar, build)
            continue
        tag = names[scalar.tag]
        if name := series_name(tag) if EVALUATION.match(tag) else canonical(tag):
            build.point(scalar.tag, scalar.value, scalar.record, step=scalar.step, epoch=epoch, name=name)


def summary(scalar: Scalar, build: RunBuilder) -> None:
    text = f"{scalar.tag} {scalar.value:g} at step {scalar.step:.0f}"
    if scalar.tag == "train/train_loss":
        build.event("metric_summary", scalar.record, text, metric="train_loss", value=scalar.value)
    elif scalar.tag == "train/train_runtime":
        build.event("session_end", scalar.record, text)


def with_epochs(scalars: list[Scalar]) -> Iterator[tuple[Scalar, float]]:
    first = next((scalar.value for scalar in scalars if scalar.tag == "epoch"), 1.0)
    offset = 1.0 if first == 0 else 0.0
    waiting: list[Scalar] = []
    for scalar in scalars:
        if waiting and waiting[0].step != scalar.step:
            yield from ((late, math.nan) for late in waiting)
            waiting = []
        if scalar.tag in ("epoch", "train/epoch"):
            epoch = scalar.value + (offset if scalar.tag == "epoch" else 0.0)
            yield from ((late, epoch) for late in waiting)
            waiting = []
        else:
            waiting.append(scalar)
    yield from ((late, math.nan) for late in waiting)


def keras(scalars: list[Scalar], tags: set[str], build: RunBuilder, folder: str) -> None:
    evaluated = {tag for tag in tags if tag.startswith("evaluation_") and tag.endswith("_vs_iterations")}
    split = "val" if evaluated or folder.startswith("val") else "train"
    steps: dict[str, list[float]] = {}
    seen: Counter[str] = Counter()
    last = -1.0
    for scalar in scalars:
        base = scalar.tag.removeprefix("epoch_")
        if scalar.tag in evaluated:
            base = scalar.tag.removeprefix("evaluation_").removesuffix("_vs_iterations")
            steps.setdefault(base, []).append(scalar.step)
            if f"epoch_{base}" not in tags:
                build.point(scalar.tag, scalar.value, scalar.record, step=scalar.step, name=f"val/{base}")
            continue
        if base == scalar.tag:
            build.point(scalar.tag, scalar.value, scalar.record, step=scalar.step, split="train")
            continue
        if scalar.step < last * FALL_BACK:
            build.close()
        last = scalar.step
        known = steps.get(base, [])
        step = known[seen[base]] if seen[base] < len(known) else math.nan
        seen[base] += 1
        name = canonical(base, split)
        build.point(scalar.tag, scalar.value, scalar.record, step=step, epoch=scalar.step + 1.0, name=name)
