"""What the ledger knows of a run, and how that is asked for."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from diagnose.confirm.model import Outcome, Trial


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger knows of a run.

    Attributes:
        key: see ``Job.key``.
        state: ``planned``, ``running`` or ``finished``.
        outcome: what came of it, with the trial it was first asked for; of use once finished.
        exit: exit status of the command, negative for a signal.
        reached: whether it had passed the cut.
        judged_as: what its verdict was made with.
        folder: where it wrote.
        git: the commit its code was of.
        marker, executor: of the last attempt; empty without one.
    """

    key: str
    state: str
    outcome: Outcome
    exit: int | None
    reached: bool
    judged_as: str
    folder: str
    git: str
    marker: str
    executor: str


SELECT = """
SELECT run.*, coalesce(attempt.marker, '') AS marker, coalesce(session.executor, '') AS executor
FROM run
LEFT JOIN attempt ON attempt.key = run.key AND attempt.number = (SELECT max(number) FROM attempt WHERE key = run.key)
LEFT JOIN session ON session.number = attempt.session
"""
SPENT = """
SELECT coalesce(sum(attempt.result NOT IN ('', 'interrupted')), 0),
  coalesce(sum(run.gpus * coalesce(attempt.seconds,
    CASE WHEN session.number = :session THEN 0 ELSE max(0, session.seen - attempt.began) END)), 0)
FROM attempt JOIN run USING (key) JOIN session ON session.number = attempt.session
WHERE session.study = :study
"""


def row_of(found: sqlite3.Row) -> Row:
    """Return a row that was selected with ``SELECT``."""
    trial = Trial(tuple(json.loads(found["parts"])), found["seed"], found["repeat"])
    outcome = Outcome(
        trial,
        found["status"],
        None if found["symptom"] is None else bool(found["symptom"]),
        None if found["metric"] is None else float(found["metric"]),
        found["seconds"],
        found["gpus"],
        found["log"],
        found["detail"],
        found["trace"] if "trace" in found.keys() else "",  # noqa: SIM118 - no mapping: an older ledger, only looked at
    )
    return Row(
        found["key"],
        found["state"],
        outcome,
        found["exit"],
        bool(found["reached"]),
        found["judged_as"],
        found["folder"],
        found["git"],
        found["marker"],
        found["executor"],
    )
