"""What the next trial does with a change: half a step where that is safe, else OLD's value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnose.engine.fixplan.halfway import halfway
from diagnose.engine.fixplan.model import HALF, KEPT, TOTAL, Atom, Decision, Move, shown
from diagnose.model import UNKNOWN
from diagnose.names import Hyperparameter, hyperparameter, hyperparameters

DANGEROUS = ("critical", "high")
"""Risks of changes that the next trial leaves out."""
SAFE = {
    "batch": frozenset({"batch_size", "batch_size_per_device", "accumulate"}),
    "optimizer": frozenset({"momentum", "beta1", "beta2", "clip", "clip_value", "ema_decay"}),
    "matching": frozenset({"iou_t", "anchor_t", "pos_iou", "neg_iou", "min_pos_iou", "match_cost"}),
    "loss": frozenset({"focal_gamma", "focal_alpha", "class_weights", "gan_regularisation"}),
}
"""Of these roles the settings that act at every value between two that work, beside the weights of losses."""
UNSAFE = frozenset({"close_mosaic", "repeated_augmentation", "crop"})
"""Of augmentations, which are else all safe, those that are cut to the length of the run or to the images."""
LARGEST = 1e15
WHOLE = frozenset({"samples", "steps", "iterations"})
"""Units of which there are no halves."""
LENGTH = frozenset({"schedule_horizon", "schedule_end"})
STAYS = {
    "learning-rate": "a learning rate stays where it worked",
    "schedule": "a schedule is cut to the length of the run, which stays",
    "budget": "the length of the run stays, as schedules are cut to it",
    "stopping": "the length of the run stays, and what ends it",
    "model": "the structure of a model is a choice, and weights fit one only",
    "data": "data, and what cuts them to size, are a choice",
    "precision": "a precision is a choice",
    "hardware": "hardware is a choice",
    "evaluation": "evaluation stays, so that results compare",
    "seed": "a seed is a choice",
}
"""Why no setting of a role takes half a step."""


def decided(atom: Atom, framework: str, among: Sequence[Move] = ()) -> list[Decision]:
    """Return the decisions about the changes of an atom: half a step for all of them or for none.

    Args:
        atom: the changes that belong together.
        framework: of OLD.
        among: all changes between OLD and NEW.
    """
    found = [_alone(atom, move, framework, among) for move in atom.moves]
    staying = next((one for one in found if one.what == KEPT), None)
    if staying is None:
        return found
    why = f"belongs to {staying.move.key}, which stays"
    return [one if one.what == KEPT else Decision(one.move, KEPT, one.move.old, why) for one in found]


def _alone(atom: Atom, move: Move, framework: str, among: Sequence[Move]) -> Decision:
    """Return the decision about one change, whatever becomes of the others."""
    row = hyperparameters().get(move.change.name) or hyperparameter(move.key, framework)
    why = _choice(atom, move) or _unsafe(move, row) or _off(move, row) or _held(move, row, among)
    if why:
        return Decision(move, KEPT, move.old, why)
    value = halfway(move.old, typed(move, move.new), row)
    if value is None:
        return Decision(move, KEPT, move.old, "nothing lies between the two values")
    return Decision(move, HALF, value, f"risk {move.change.risk}")


def _choice(atom: Atom, move: Move) -> str:
    """Return why a change is too dangerous, or nothing between two numbers; empty if it is neither."""
    change = move.change
    if change.risk in DANGEROUS:
        return f"risk {change.risk}, to be tested alone"
    if change.kind == "activation" and change.role == "loss":
        return "switches a part of the loss on, to be tested alone"
    if not move.known or move.old is UNKNOWN:
        return "a value that cannot be told has no half step"
    if change.kind in ("activation", "deactivation"):
        return "nothing lies between on and off"
    if atom.stems or change.kind in ("choice", "added", "removed", "unknown"):
        return "a choice has no half step"
    if not all(_number(value) and abs(value) < LARGEST for value in (move.old, move.new)):
        return "no number, so no half step"
    return ""


def _unsafe(move: Move, row: Hyperparameter | None) -> str:
    """Return why a setting is none of which half a step is known to be safe; empty if it is one."""
    if row is None:
        return "not in the table of hyperparameters: whether half a step makes sense is not known"
    if row.role in STAYS and not (row.role == "schedule" and row.name.startswith("warmup_")):
        return STAYS[row.role]
    if row.scale == "choice":
        return "a choice has no half step"
    weight = row.role == "loss" and row.name.endswith("_weight")
    if row.name in UNSAFE or not (weight or row.name in SAFE.get(row.role, (row.name,))):
        return f"whether half a step of {row.title} makes sense is not known"
    return ""


def _off(move: Move, row: Hyperparameter | None) -> str:
    """Return why a value on the way means that something is off, unset or wrong; empty if none does."""
    low, high = sorted((move.old, move.new))
    if low <= 0:
        return f"{shown(low)} may stand for off or unset, so nothing lies between"
    if row is None:
        return ""
    off = next((value for value in row.off if _number(value) and low <= value <= high), None)
    if off is not None:
        return f"{shown(off)}, at which it does nothing, lies on the way"
    if (row.unit in WHOLE or row.scale == "count") and any(value % 1 for value in (low, high)):
        return "not both are whole numbers, so they may not count the same"
    most = row.high if row.high is not None else 1 if row.scale == "share" else high
    if high > most or low < (row.low if row.low is not None else low):
        return "one of the two is no plausible value"
    return ""


def _held(move: Move, row: Hyperparameter | None, among: Sequence[Move]) -> str:
    """Return which other change makes half a step of this one pointless; empty if none does."""
    if row is None:
        return ""
    names = {one.change.name for one in among}
    if row.role == "schedule" and (names & LENGTH or any(one.change.role == "budget" for one in among)):
        return "the length of the run changes as well, and stays"
    if (row.role == "optimizer" or row.name == "weight_decay") and "optimizer" in names:
        return "the optimizer changes as well, and stays"
    if row.role == "loss" and "loss" in names:
        return "the loss changes as well, and stays"
    if row.name in TOTAL and len(names & TOTAL) > 1:
        return "the batch of one step is a product of which several parts change"
    return ""


def typed(move: Move, value: Any) -> Any:
    """Return a whole number as a decimal one where OLD writes such."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(move.old, float) and abs(value) < 1 << 53 else value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
