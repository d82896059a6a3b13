"""Two sides that were compared: what was changed, and what came of it."""

from __future__ import annotations

from diagnose.model.change import Change
from diagnose.model.place import Place
from diagnose.records import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What one metric came to on both sides.

    Attributes:
        metric: canonical name (``val/map50``).
        printed: the metric's name in the log.
        better: ``higher`` or ``lower``.
        old, new: best value of each run of a side, on the metric's natural scale.
        noise: spread (highest minus lowest) among the runs of one side, the larger of both; None with one run each.
        verdict: ``better``, ``worse``, ``same`` (printed alike), or ``within noise``.
        old_place, new_place: where the best values stand.
    """

    metric: str
    printed: str
    better: str
    old: tuple[float, ...]
    new: tuple[float, ...]
    noise: float | None
    verdict: str
    old_place: Place
    new_place: Place


@dataclass(frozen=True, slots=True)
class Comparison:
    """One pair: an old and a new config, run, or state of a file in git.

    Attributes:
        old, new: their names, as the user gave them (``HEAD~1:configs/a.yaml`` for a revision).
        changes: what differs, the most dangerous first.
        results: what the metrics came to where both sides have a log.
        same: how many settings were compared and are equal.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    results: tuple[Result, ...] = ()
    same: int = 0
