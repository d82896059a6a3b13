"""Whether seed and settings do anything: runs that are copies of one another are one run, however many there are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diagnose.confirm.model import Outcome

SAID = (
    "The seed has no effect: runs with different seeds gave the same metric to the last digit. Is `{seed}` read by the "
    "program? (With --unseeded: does it draw a new seed each time?)"
)
UNHEEDED = (
    "The changed settings have no effect: with every seed both configs logged the same to the last digit. Does the "
    "program read what `{config}` or `{set}` passes? (If it does, none of these changes acts on what it logs, or not "
    "before the cut.)"
)
DIGITS = 6
"""Digits that a metric must have to be no coincidence in two runs of a config."""
CHANCE = 0.01
ENOUGH = 4
"""Runs from which on fewer digits will do."""


def seedless(arms: Sequence[Sequence[Outcome]]) -> bool:
    """Return whether the runs of each config were copies of one another whatever their seed.

    Where the runs logged enough, all of what they logged is compared. Else one number must do, and then a config says
    nothing whose runs diverged, are perfect, score what guessing does, or show the symptom: a model that gives one
    answer to everything has the same score with every seed.

    Args:
        arms: runs of different seeds, by config.
    """
    found = [[one for one in arm if one.metric is not None and math.isfinite(one.metric)] for arm in arms]
    found = [arm for arm in found if len(arm) > 1]
    if not found or any(len({one.metric for one in arm}) > 1 for arm in found):
        return False
    traces = [{one.trace for one in arm} for arm in found]
    if any(len(seen) > 1 for seen in traces):
        return False
    if all("" not in seen for seen in traces):
        return True
    few = min(map(len, found)) < ENOUGH
    values = [arm[0].metric or 0.0 for arm in found if not any(one.symptom for one in arm)]
    if len(found) > 1 and len({arm[0].metric for arm in found}) == 1:
        return False  # all alike: either nothing has an effect, or all give one answer to everything
    return (
        bool(values)
        and all(_digits(value) >= DIGITS if few else True for value in values)
        and not any(map(_is_trivial, values))
    )


def unheeded(bad: Sequence[Outcome], good: Sequence[Outcome]) -> bool:
    """Return whether both configs gave the same run with each of four seeds or more, and the seeds different ones.

    Only runs that logged enough to compare are proof: equal verdicts and scores may be what a collapse comes to. Two
    seeds would not do: what acts on rare events alone, as clipping does, leaves many a run as it was.

    Args:
        bad: runs of one config.
        good: of the other.
    """
    other = {one.trial.seed: one.trace for one in good}
    pairs = [(one.trace, other[one.trial.seed]) for one in bad if one.trial.seed in other]
    alike = all(first and first == second for first, second in pairs)
    return alike and len(pairs) >= ENOUGH and len({first for first, _ in pairs}) > 1


def _is_trivial(value: float) -> bool:
    """Return whether a metric is whole, or one part of so many classes, which many runs can share."""
    return value.is_integer() or abs(1 / value - round(1 / value)) < CHANCE


def _digits(value: float) -> int:
    """Return how many significant digits a number has."""
    return len(repr(value).partition("e")[0].replace(".", "").lstrip("-0").rstrip("0"))
