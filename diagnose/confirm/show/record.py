"""The contract ``diagnose/confirm-v1``. Keys are only added."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from diagnose import __version__
from diagnose.configs.edit import REMOVE
from diagnose.confirm.confirmation import Asked, Confirmation, Planned
from diagnose.confirm.studies.result import Culprit
from diagnose.text import escape
from diagnose.text.change_records import plain
from diagnose.text.secrets import masked

SCHEMA = "diagnose/confirm-v1"


def as_json(found: Confirmation) -> str:
    """Return a study as one JSON document."""
    result = found.result
    told = {
        **_head(found.asked),
        "verdict": found.verdict,
        "reason": result.reason,
        "culprits": [_culprit(one, found.asked) for one in result.culprits],
        "cleared": list(result.cleared),
        "fix_accepted": result.fix_accepted,
        "runs": result.runs,
        "pilots": found.pilots,
        "failed": result.failed,
        "seeds": list(result.seeds),
        "seconds": round(result.seconds, 3),
        "gpu_hours": round(result.gpu_seconds / 3600, 6),
        "spent": {
            "runs": found.spent.runs,
            "gpu_hours": round(found.spent.gpu_seconds / 3600, 6),
            "wall_seconds": round(found.spent.wall, 3),
        },
        "steps": [asdict(one) for one in result.steps],
        "not_varied": list(result.not_varied),
        "trials": [
            {"parts": list(one.trial.parts), "seed": one.trial.seed, "repeat": one.trial.repeat, "status": one.status,
             "symptom": one.symptom, "metric": one.metric, "seconds": round(one.seconds, 3), "log": one.log or None,
             "detail": one.detail or None}
            for one in found.outcomes
        ],
        "record": found.record or None,
    }  # fmt: skip
    return escape.json(told, indent=2) + "\n"


def plan_as_json(planned: Planned) -> str:
    """Return a dry run as one JSON document."""
    each = planned.seconds
    told = {
        **_head(planned.asked),
        "verdict": None,
        "dry_run": True,
        "steps": [asdict(one) for one in planned.plan.steps],
        "expected_runs": planned.expected,
        "largest_runs": planned.largest,
        "pilots": planned.pilots,
        "known_runs": planned.known,
        "slots": planned.slots,
        "seconds_per_run": each,
        "expected_seconds": None if each is None else each * planned.expected / planned.slots,
        "example": planned.example,
    }
    return escape.json(told, indent=2) + "\n"


def _head(asked: Asked) -> dict[str, Any]:
    question = asked.question
    return {
        "schema": SCHEMA,
        "version": __version__,
        "id": asked.id,
        "baseline": asked.comparison.old,
        "suspect": asked.comparison.new,
        "diff": asked.diff,
        "command": asked.command,
        "executor": asked.executor,
        "symptom": None if asked.open else question.symptom or None,
        "metric": question.metric or None,
        "better": question.better or None,
        "cut": {"unit": question.cut.unit, "at": question.cut.at} if question.cut else None,
        "origins": dict(asked.origins),
        "budget": asdict(asked.budget),
        "atoms": [
            {"id": id, "risk": one.risk, "prior": round(asked.prior[id], 6), "together": one.atom.because or None,
             "changes": [
                 {"key": move.key, "old": _plain(move.key, move.old), "new": _plain(move.key, move.new)}
                 for move in one.atom.moves
             ]}
            for id, one in asked.varied.items()
        ],
        "untested": list(asked.aside),
        "notes": list(asked.notes),
    }  # fmt: skip


def _plain(key: str, value: Any) -> Any:
    return None if value is REMOVE else plain(masked(key, value))


def _culprit(one: Culprit, asked: Asked) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "atoms": list(one.atoms),
        "keys": asked.keys(one.atoms),
        "titles": [asked.title(atom) for atom in one.atoms],
        "posterior": one.posterior,
        "confirmed": one.confirmed,
    }
