"""Whether the seed does anything: runs that are copies of one another are one run, however many there are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diagnose.confirm.model import Outcome

SAID = (
    "The seed has no effect: runs with different seeds gave the same metric to the last digit. Is `{seed}` read by the "
    "program? (With --unseeded: does it draw a new seed each time?)"
)
DIGITS = 6
"""Digits that a metric must have to be no coincidence in two runs of a config."""
CHANCE = 0.01
ENOUGH = 4
"""Runs from which on fewer digits will do."""


def seedless(arms: Sequence[Sequence[Outcome]]) -> bool:
    """Return whether the runs of each config gave one metric whatever their seed.

    Configs whose runs diverged tell nothing, nor do those that are perfect or score what guessing does.

    Args:
        arms: runs of different seeds, by config.
    """
    found = [[one.metric for one in arm if one.metric is not None and math.isfinite(one.metric)] for arm in arms]
    found = [values for values in found if len(values) > 1]
    if not found or any(len(set(values)) > 1 for values in found):
        return False
    few = min(map(len, found)) < ENOUGH
    return any(_digits(values[0]) >= DIGITS if few else not _is_trivial(values[0]) for values in found)


def _is_trivial(value: float) -> bool:
    """Return whether a metric is whole, or one part of so many classes, which many runs can share."""
    return value.is_integer() or abs(1 / value - round(1 / value)) < CHANCE


def _digits(value: float) -> int:
    """Return how many significant digits a number has."""
    return len(repr(value).partition("e")[0].replace(".", "").lstrip("-0").rstrip("0"))
