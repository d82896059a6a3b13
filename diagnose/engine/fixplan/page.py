"""``PLAN.md`` for people and ``plan.json`` for commands to come."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose.configs.edit import REMOVE
from diagnose.engine.fixplan.model import HALF, FixPlan, Move, shown
from diagnose.model import UNKNOWN, Comparison
from diagnose.text import escape, wording
from diagnose.text.templates import environment

if TYPE_CHECKING:
    from jinja2 import Template

SCHEMA = "diagnose/plan-v1"
SOURCE = "exact permutation test on paired seeds: all of 4 + 4 runs apart has a chance of 1 in 70"


def as_markdown(plan: FixPlan, comparison: Comparison) -> str:
    """Return the page that says what each file is for."""
    page = _template().render(
        plan=plan,
        comparison=comparison,
        results=[one for one in comparison.results if one.verdict == "worse"] or comparison.results,
        chance=_chance(plan.seeds),
        moved=sum(one.what == HALF for one in plan.decisions),
        differ=wording.plural(len(comparison.changes), "setting")
        + (" differs" if len(comparison.changes) == 1 else " differ"),
    )
    return page.rstrip("\n") + "\n"


def _chance(seeds: int) -> int:
    """Return one in how many times all runs of one side lie above the others by chance."""
    return math.comb(2 * seeds, seeds)


@cache
def _template() -> Template:
    made = environment("plan")
    made.filters.update(
        cell=lambda value: escape.code_span(shown(value), cell=True),
        best=lambda found: ", ".join(f"{value:.4g}" for value in found),
    )
    return made.get_template("PLAN.md.j2")


def as_json(plan: FixPlan) -> str:
    """Return the plan for other commands."""
    data = {
        "schema": SCHEMA,
        "old": plan.old,
        "new": plan.new,
        "edited": plan.edited,
        "seeds": {"first": "as in old", "paired": plan.seeds, "because": SOURCE},
        "control": {"file": plan.control[0], "files": plan.control},
        "singles": [
            {
                "number": single.number,
                "file": single.files[0],
                "files": single.files,
                **_move(single.atom.lead),
                "with": [_move(move) for move in single.atom.moves[1:]],
                "together": single.atom.because,
                "passing": single.passing,
            }
            for single in plan.singles
        ],
        "next_trial": {
            "file": plan.trial[0],
            "files": plan.trial,
            "settings": [
                {**_move(one.move), "decision": one.what, "value": _plain(one.value), "why": one.why}
                for one in plan.decisions
            ],
        },
        "skipped": [{"keys": one.keys, "risk": one.risk, "why": one.why} for one in plan.skipped],
        "notes": plan.notes,
    }
    return escape.json(data, indent=1) + "\n"


def _move(move: Move) -> dict[str, Any]:
    change = move.change
    return {
        "key": move.key,
        "name": change.name,
        "old": _plain(move.old),
        "new": _plain(None if move.new is REMOVE else move.new),
        "kind": change.kind,
        "role": change.role,
        "risk": change.risk,
        "because": change.because,
    }


def _plain(value: Any) -> Any:
    if value is UNKNOWN:
        return "unknown"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)
