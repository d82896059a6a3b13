"""A sweep in the contract ``diagnose/sweep-v1``. Keys are added, never renamed or removed."""

from __future__ import annotations

import math
from typing import Any

from diagnose.model import Link, Report, Sweep, Trial
from diagnose.text.document import document

SCHEMA = "diagnose/sweep-v1"


def sweep_document(sweep: Sweep, report: Report, version: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the sweep and what was found in it; *config* tells of the winner's config where one was written."""
    base = document(report, version)
    winner = sweep.winner
    return {
        "schema": SCHEMA,
        "version": version,
        "metric": sweep.metric,
        "printed": sweep.printed,
        "goal": sweep.goal,
        "detected": sweep.detected,
        "at": sweep.at,
        "winner": winner.run if winner is not None else None,
        "ranking": [_trial(trial, index) for index, trial in enumerate(sweep.trials, 1)],
        "findings": base["findings"],
        "settings": [_link(link) for link in sweep.links],
        "importance": [
            {"method": one.method, "shares": one.shares, "missing": one.missing} for one in sweep.importance
        ],
        "noise": sweep.noise,
        "repeats": [list(group) for group in sweep.repeats],
        "nearest": {"run": sweep.nearest[0], "settings": list(sweep.nearest[1])} if sweep.nearest else None,
        "config": config,
        "files": base["files"],
        "rules": base["rules"],
        "notes": [*sweep.notes, *base["notes"]],
        "summary": base["summary"],
    }


def _trial(trial: Trial, rank: int) -> dict[str, Any]:
    return {
        "run": trial.run,
        "value": finite(trial.value),
        "status": trial.status,
        "reason": trial.reason,
        "rank": rank if trial.value is not None else None,
        "epoch": finite(trial.epoch),
        "last": finite(trial.last),
        "stated": finite(trial.stated),
        "epochs": trial.epochs or None,
        "planned": trial.planned,
        "parameters": finite(trial.params),
        "settings": {name: finite(value) for name, value in trial.settings.items()},
        "metrics": {name: finite(value) for name, value in trial.metrics.items()},
        "curve": [[finite(epoch), finite(value)] for epoch, value in trial.curve],
        "path": trial.place.path,
        "line": max(trial.place.line, 1),
        "paths": list(trial.paths),
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "name": link.name,
        "kind": link.kind,
        "runs": link.runs,
        "tried": [finite(value) for value in link.values],
        "best": finite(link.best),
        "statistic": "spearman" if link.kind == "number" else "share-of-ranks",
        "value": finite(link.statistic),
        "interval": [finite(link.low), finite(link.high)] if link.low is not None else None,
        "p": finite(link.p),
        "p_adjusted": finite(link.adjusted),
        "verdict": link.verdict,
        "edge": link.edge or None,
        "groups": [
            {"value": one.value, "runs": one.runs, "median": one.median, "low": one.low, "high": one.high}
            for one in link.groups
        ],
    }


def finite(value: Any) -> Any:
    """Return a value that JSON can hold: no NaN and no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
