"""What is odd about how a config overrides its bases, where it is certain."""

from __future__ import annotations

import ast
from typing import Any

from diagnose.configs.python.scope import Scope
from diagnose.configs.python.values import Items, Slot, Symbol, Table, is_scalar
from diagnose.model import UNKNOWN
from diagnose.names.slips import one_off

ADAPTIVE = frozenset({"Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "Lion", "LAMB", "Lamb"})
NO_BETAS = frozenset({"SGD", "ASGD", "Rprop", "RMSprop", "Adagrad", "Adadelta", "LARS"})
NO_BETA = frozenset({"L1Loss", "MSELoss", "IoULoss", "GIoULoss", "DIoULoss", "CIoULoss"})
BY_STEPS = frozenset({"IterBasedTrainLoop", "IterBasedRunner"})
BY_EPOCHS = frozenset({"EpochBasedTrainLoop", "EpochBasedRunner"})
REFUSED: dict[str, frozenset[str]] = {
    "momentum": ADAPTIVE,
    "nesterov": ADAPTIVE | {"RMSprop", "ASGD", "Rprop"},
    "dampening": ADAPTIVE | {"RMSprop", "ASGD", "Rprop"},
    "betas": NO_BETAS,
    "amsgrad": NO_BETAS | {"Adamax", "NAdam", "RAdam", "Lion"},
    "beta": NO_BETA,
    "max_epochs": BY_STEPS,
    "max_iters": BY_EPOCHS,
}
"""Arguments, and the classes that do not take them."""
SHORTEST = 6
"""Letters of a key that may be a slip for another; shorter ones resemble each other by chance."""


def note_override(own: Table, base: Table, scope: Scope, path: str) -> None:
    """Remark on arguments of a replaced class that stay, and on keys that look like a slip for one of the base."""
    _note_left_over(own, base, scope, path)
    if base.open or own.open or (not path and scope.used is None):
        return
    free = [key for key in base.slots if isinstance(key, str) and len(key) >= SHORTEST and key not in own.slots]
    for key, slot in own.slots.items():
        if key in base.slots or not isinstance(key, str) or len(key) < SHORTEST:
            continue
        if not path and key in (scope.used or ()):
            continue
        for meant in free:
            if one_off(key, meant) and _kind(slot.value) == _kind(base.slots[meant].value):
                there = base.slots[meant].place
                message = f"{_dotted(path, key)} overrides nothing: the base has {meant!r} ({there.path}:{there.line})"
                scope.remark("dead-override", _dotted(path, key), message, slot.node)


def note_unused(statements: list[ast.stmt], scope: Scope) -> set[str]:
    """Remark on names that get a second value before the first is used; return all names that are used."""
    used: set[str] = set()
    given: dict[str, ast.expr] = {}
    for statement in statements:
        simple = isinstance(statement, ast.Assign) and len(statement.targets) == 1
        target = statement.targets[0] if simple and isinstance(statement, ast.Assign) else None
        read = {part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and part is not target}
        used |= read
        for name in read:
            given.pop(name, None)
        if isinstance(target, ast.Name) and isinstance(statement, ast.Assign):
            before, name = given.get(target.id), target.id
            given[name] = statement.value
            if before is not None and ast.dump(before) != ast.dump(statement.value):
                first, second = scope.text.place(before).line, scope.text.place(statement).line
                message = f"{name!r} gets a value twice: line {second} replaces line {first}, which nothing has used"
                scope.remark("duplicate-key", name, message, statement)
    return used


def _note_left_over(own: Table, base: Table, scope: Scope, path: str) -> None:
    new, old = own.slots.get("type"), base.slots.get("type")
    if new is None or (old is not None and _name(new) == _name(old)):
        return
    left = [key for key in base.slots if key not in own.slots and _name(new) in REFUSED.get(str(key), ())]
    if not left:
        return
    first = base.slots[left[0]].place
    former = f" of {_name(old)}" if old is not None and _name(old) else ""
    message = (
        f"{path or 'the config'} becomes {_name(new)} but keeps {', '.join(map(str, left))}{former} "
        f"({first.path}:{first.line}), which {_name(new)} does not take: add _delete_=True"
    )
    scope.remark("delete-missing", path, message, new.node)


def _name(slot: Slot) -> str:
    value = slot.value
    return value.name if isinstance(value, Symbol) else value if isinstance(value, str) else ""


def _dotted(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _kind(value: Any) -> object:
    if isinstance(value, bool):
        return "switch"
    if value is None or value is UNKNOWN:
        return object()
    if is_scalar(value):
        return str if isinstance(value, str) else float
    if isinstance(value, Table):
        return _name(value.slots["type"]) if "type" in value.slots else Table
    return Items if isinstance(value, Items) else object()
