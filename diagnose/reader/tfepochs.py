"""The epochs of scalars, which Lightning and Hugging Face log after the metrics of the same step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diagnose.reader.tftable import Floats, Table

EPOCHS = ("epoch", "train/epoch")
"""Lightning's tag, which counts from 0, and Hugging Face's, which is the share of epochs that is done."""


def counts_from_0(table: Table) -> bool | None:
    """Whether Lightning's epochs begin at 0; None if the table does not tell."""
    return next((bool(tag.value[0] == 0) for tag in table.tags if tag.name == EPOCHS[0]), None)


def epochs(table: Table, *, from_0: bool | None) -> list[Floats] | None:
    """Return the epoch of every scalar of every tag, NaN where none was logged at its step; None if none is at all."""
    told = [number for number, tag in enumerate(table.tags) if tag.name in EPOCHS]
    if not told:
        return None
    step = table.steps
    at = np.sort(np.concatenate([table.places[number] for number in told]))
    number_at = np.full(len(step), math.nan)
    for number in told:
        tag = table.tags[number]
        number_at[table.places[number]] = tag.value + (1.0 if from_0 and tag.name == EPOCHS[0] else 0.0)
    # Each holds for those before it, back to the one before it or to where the step was another.
    since = np.append(-1, at[:-1]) + 1
    first = np.maximum(since, _stretches(step)[at])
    lengths = np.append(np.column_stack([first - since, at + 1 - first]), len(step) - 1 - at[-1])
    numbers = np.append(np.column_stack([np.full(len(at), math.nan), number_at[at]]), math.nan)
    epoch = np.repeat(numbers, lengths)
    return [epoch[place] for place in table.places]


def undecided(table: Table) -> int:
    """Return the place from which on the epoch is not known before more is read."""
    if not len(table.order):
        return 0
    told = [int(place[-1]) + 1 for tag, place in zip(table.tags, table.places, strict=True) if tag.name in EPOCHS]
    return max([int(_stretches(table.steps)[-1]), *told])


def _stretches(step: Floats) -> NDArray[np.intp]:
    """Return for each scalar where the stretch of equal steps that it lies in began."""
    changed = np.zeros(len(step), dtype=np.intp)
    changed[1:] = np.where(step[1:] != step[:-1], np.arange(1, len(step)), 0)
    return np.maximum.accumulate(changed)
