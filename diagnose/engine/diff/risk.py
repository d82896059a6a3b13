"""How dangerous a change is: what the setting can cost, and how far it moved."""

from __future__ import annotations

import math
from pathlib import PurePosixPath
from typing import Any

from diagnose.model import Change
from diagnose.model.change import RISKS
from diagnose.names import Hyperparameter
from diagnose.records import replace

STEPS = ((1.05, -3), (1.15, -2), (4.0, -1), (math.inf, 0))
"""Levels by which a change of less than a factor is less dangerous than the worst that its setting can do.

From a factor of 4 on Goyal et al. 2017 (arXiv 1706.02677) see the linear rule of rate and batch broken beyond what
warmup mends; the others are ours, set so that the twenty changes of the first document of this project fall in the
order in which its authors suspected them, and checked on pairs of configs of the corpus (``docs/risk.md``).
"""
FEAR = {
    "learning-rate": 0.30,
    "schedule": 0.15,
    "loss": 0.12,
    "batch": 0.10,
    "model": 0.10,
    "matching": 0.10,
    "data": 0.10,
    "regularisation": 0.06,
    "optimizer": 0.06,
    "budget": 0.04,
    "augmentation": 0.03,
    "precision": 0.03,
    "stopping": 0.02,
}
"""Prior that a change of this role did it; ranks changes of one risk. From fANOVA studies (Greff et al. 2017, arXiv
1503.04069; Sharma et al. 2019) and counts of real faults (52 cases of DeepFD); a written weight, no probability."""
REST = 0.01
PRETRAINED = "pretrained"
NAMES = frozenset({"name", "id", "title", "description"})
"""Whole keys that name a run; below another key they may mean anything."""
PLACES = (
    ("loss", "loss", "medium"),
    ("optimizer", "optimizer", "medium"),
    ("scheduler", "schedule", "medium"),
    ("lr", "learning-rate", "medium"),
    ("pipeline", "augmentation", "low"),
    ("transform", "augmentation", "low"),
    ("augment", "augmentation", "low"),
    ("data", "data", "low"),
    ("model", "model", "medium"),
    ("backbone", "model", "medium"),
    ("head", "model", "medium"),
    ("neck", "model", "medium"),
    ("fpn", "model", "medium"),
    ("encoder", "model", "medium"),
    ("decoder", "model", "medium"),
    ("hook", "bookkeeping", "none"),
    ("log", "bookkeeping", "none"),
)
"""Role and risk of a key that the table does not know, by a word in it: the last part that has one counts."""


def judge(change: Change, row: Hyperparameter | None) -> Change:
    """Return the change with role, risk, reasons and score."""
    role, usual, reasons = _known(row) if row is not None else _placed(change.key)
    level = RISKS[::-1].index(usual)
    step, reason = _step(change, row, role)
    found = max(min(level + step, len(RISKS) - 1), 1) if level else 0
    if change.kind == "deactivation" and role == "loss":
        reasons = ("switched off: what it did for training is missing now",)
    elif reason:
        reasons = (reason, *reasons)
    score = FEAR.get(role, REST) * (1 + math.log10(min(magnitude(change), 1e3)))
    return replace(change, role=role, risk=RISKS[::-1][found], because=reasons, score=round(score, 4))


def raised(change: Change) -> Change:
    """Return the change with the next risk above its own: never critical by that, and what has no effect stays so."""
    index = RISKS.index(change.risk)
    return replace(change, risk=RISKS[index - 1]) if 2 <= index < len(RISKS) - 1 else change


def magnitude(change: Change) -> float:
    """Return by which factor a number moved, 1 or more; 10 for what is no number or passed zero."""
    if not change.factor:  # none, or too small for a float
        return 10.0
    return max(change.factor, 1 / change.factor)


def _known(row: Hyperparameter) -> tuple[str, str, tuple[str, ...]]:
    told = row.because + (f" ({row.source})" if row.source else "")
    return row.role, row.risk, (told,) if told else ()


def _placed(key: str) -> tuple[str, str, tuple[str, ...]]:
    if key.lower() in NAMES:
        return "bookkeeping", "none", ("it names the run",)
    for part in reversed(key.lower().replace("_", ".").split(".")):
        for word, role, risk in PLACES:
            if part.startswith(word):
                return role, risk, (f"not in the table of hyperparameters; `{part}` in its key speaks of {role}",)
    return "", "low", ("not in the table of hyperparameters",)


def _step(change: Change, row: Hyperparameter | None, role: str) -> tuple[int, str]:
    """Return by how many levels the change differs from the worst of its setting, and why, where numbers do not say."""
    if change.kind == "activation":
        return (1, "a part of the loss that was not there before") if role == "loss" else (0, "")
    if change.kind == "unknown":
        return -1, "one side cannot be told without running the config"
    if change.kind in ("choice", "added", "removed"):
        if _same_file(change.old, change.new):
            return -3, "a file of the same name in another folder"
        if change.kind == "choice" and row is not None and row.name == PRETRAINED:
            return -1, "both sides start from trained weights"
        return 0, ""
    if change.kind != "tuning" or change.factor is None:
        return 0, ""
    far, memory = magnitude(change), ""
    if row is not None and row.scale == "share" and 0 < change.old < 1 and 0 < change.new < 1:
        rest = (1 - change.new) / (1 - change.old)
        if row.role in ("optimizer", "regularisation") and max(rest, 1 / rest) > far:
            far, memory = max(rest, 1 / rest), f"1 / (1 - value) moves by a factor of {max(rest, 1 / rest):.3g}"
    if role == "learning-rate" and change.factor < 1 and far >= STEPS[-2][0]:
        return -1, "a lower rate is slower, not less stable"
    return next(step for limit, step in STEPS if far < limit), memory


def _same_file(one: Any, other: Any) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    names = [PurePosixPath(text.replace("\\", "/")).name for text in (one, other)]
    return names[0] == names[1] != "" and "." in names[0]
