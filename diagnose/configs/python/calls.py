"""The few functions and methods whose result follows from known arguments."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable
from typing import Any

from diagnose.configs.python.arithmetic import LONGEST_TEXT, applied
from diagnose.configs.python.scope import Scope
from diagnose.configs.python.values import (
    MOST_ITEMS,
    Items,
    Slot,
    Table,
    TooMuchError,
    UnknownError,
    as_known,
    copied,
    hooked,
    is_scalar,
    moved,
    spoil,
)
from diagnose.patterns import lazy

SCALAR: dict[str, Callable[..., Any]] = {
    "int": int, "float": float, "str": str, "bool": bool, "abs": abs, "round": round,
}  # fmt: skip
OF_NUMBERS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "sum": sum, "any": any, "all": all}
OF_ITEMS = frozenset({"list", "tuple", "set", "len", "range", "enumerate", "zip", "reversed", "sorted"})
BUILTINS = frozenset({*SCALAR, *OF_NUMBERS, *OF_ITEMS, "dict"})
OF_TEXT: dict[str, Callable[..., Any]] = {
    "lower": str.lower, "upper": str.upper, "strip": str.strip, "rstrip": str.rstrip, "lstrip": str.lstrip,
    "startswith": str.startswith, "endswith": str.endswith,
}  # fmt: skip
FIELD = lazy(r"\{\w*\}")
"""A field of ``str.format`` without a shape of its own."""
HARMLESS = ("os.", "math.", "platform.", "sys.")
"""Modules whose functions leave their arguments alone."""


def call_builtin(name: str, args: list[Slot], words: dict[str, Slot], scope: Scope, node: ast.expr) -> Any:
    """Return what a function of Python makes of the arguments.

    Raises:
        UnknownError: if it cannot be told.
        TooMuchError: if it would be larger than any config needs.
    """
    values = [as_known(slot.value) for slot in args]
    scope.budget.spend(len(values))
    if words and name != "dict":
        raise UnknownError
    if name in SCALAR:
        if not values or not all(is_scalar(value) for value in values):
            raise UnknownError
        return applied(SCALAR[name], *values)
    if name in OF_NUMBERS:
        members = [slot.value for slot in _members(values[0])] if len(values) == 1 else values
        if not members or not all(is_scalar(member) for member in members):
            raise UnknownError
        scope.budget.spend(len(members))
        return applied(OF_NUMBERS[name], members)
    if name == "range":
        return _range(values, scope, node)
    if name in ("list", "tuple", "set") and not values:
        return Items(name)
    if name == "zip":
        columns = [_members(value) for value in values]
        rows = list(zip(*columns, strict=False))
        scope.budget.spend(len(rows))
        return Items("list", [_slot(Items("tuple", list(row)), scope, node) for row in rows])
    if len(values) != 1:
        raise UnknownError
    if name == "len":
        if isinstance(values[0], str):
            return len(values[0])
        if isinstance(values[0], Table) and not values[0].open:
            return len(values[0].slots)
        return len(_members(values[0]))
    slots = _members(values[0], scope, node)
    scope.budget.spend(len(slots))
    match name:
        case "list" | "tuple" | "set":
            return Items(name, slots)
        case "enumerate":
            pairs = [Items("tuple", [_slot(index, scope, node), slot]) for index, slot in enumerate(slots)]
            return Items("list", [_slot(pair, scope, node) for pair in pairs])
        case "reversed":
            return Items("list", slots[::-1])
        case "sorted":
            kinds = {str if isinstance(slot.value, str) else float for slot in slots if is_scalar(slot.value)}
            if len(kinds) <= 1 and all(is_scalar(slot.value) and slot.value is not None for slot in slots):
                return Items("list", sorted(slots, key=lambda slot: slot.value))
    raise UnknownError


def call_symbol(dotted: str, args: list[Slot], words: dict[str, Slot], scope: Scope) -> Any:
    """Return what an imported function makes of the arguments: ``deepcopy`` and ``os.path.join`` are known.

    Raises:
        UnknownError: for all others, and lists or dictionaries handed to them are unknown from here on.
    """
    values = [slot.value for slot in args]
    if dotted in ("copy.deepcopy", "copy.copy") and len(values) == 1 and not words:
        if dotted == "copy.deepcopy" or is_scalar(values[0]):
            return copied(as_known(values[0]), scope.budget)
        return shallow(values[0], scope)
    if dotted in ("os.path.join", "posixpath.join") and values and all(isinstance(value, str) for value in values):
        return applied(posixpath.join, *values)
    if not dotted.startswith(HARMLESS):
        for slot in [*args, *words.values()]:
            spoil(slot.value)
    raise UnknownError


def call_method(holder: Any, name: str, args: list[Slot], words: dict[str, Slot], scope: Scope, node: ast.expr) -> Any:
    """Return what a method makes of the arguments; lists and dictionaries are changed as it would change them.

    Raises:
        UnknownError: if it cannot be told; what the method may have changed is unknown from here on.
    """
    try:
        scope.budget.spend(1 + len(args) + len(words))
        if isinstance(holder, Table):
            return _of_table(holder, name, args, words, scope, node)
        if isinstance(holder, Items):
            return _of_items(holder, name, args, words, scope)
        if isinstance(holder, str):
            return _of_text(holder, name, args, words, scope, node)
    except UnknownError:
        if name not in ("get", "keys", "values", "items", "copy", "index", "count"):
            spoil(holder)
        raise
    raise UnknownError


def set_item(table: Table, key: Any, slot: Slot, scope: Scope) -> None:
    """Put a value under a key, as a dictionary of this kind does."""
    if len(table.slots) > MOST_ITEMS:
        raise TooMuchError("a dictionary is too long")
    table.slots[key] = moved(slot, hooked(slot.value, scope.budget)) if table.inherited else slot


def update(table: Table, other: Table, scope: Scope) -> None:
    """Update a dictionary as Python does; one that comes from a base is updated in depth."""
    scope.budget.spend(len(other.slots) + 1)
    table.open |= other.open
    for key, slot in list(other.slots.items()):
        known = table.slots.get(key)
        if table.inherited and known and isinstance(known.value, Table) and isinstance(slot.value, Table):
            update(known.value, slot.value, scope)
        else:
            set_item(table, key, slot, scope)


def shallow(value: Any, scope: Scope) -> Any:
    """Return a copy of a container that shares its members."""
    scope.budget.spend(len(value.slots) if isinstance(value, Table | Items) else 1)
    if isinstance(value, Table):
        return Table(dict(value.slots), value.inherited, value.open)
    if isinstance(value, Items):
        return Items(value.kind, list(value.slots), value.open)
    raise UnknownError


def _of_table(table: Table, name: str, args: list[Slot], words: dict[str, Slot], scope: Scope, node: ast.expr) -> Any:
    first = args[0].value if args else None
    match name, len(args):
        case "update", 0 | 1:
            if "**" in words:
                raise UnknownError
            if args and not isinstance(first, Table):
                raise UnknownError
            if isinstance(first, Table):
                update(table, first, scope)
            update(table, Table(dict(words)), scope)
            return None
        case "merge", 1 if table.inherited and isinstance(first, Table):
            _merge(table, first, scope)
            return None
        case (("get" | "pop" | "setdefault"), 1 | 2) if is_scalar(first) and not words:
            if first not in table.slots and table.open:
                raise UnknownError
            if first in table.slots:
                slot = table.slots.pop(first) if name == "pop" else table.slots[first]
                return slot.value
            if len(args) == 1:
                if name == "pop" and not table.inherited:
                    raise UnknownError
                return None
            if name == "setdefault":
                set_item(table, first, args[1], scope)
            return args[1].value
        case "copy", 0:
            return shallow(table, scope)
        case "clear", 0:
            table.slots.clear()
            return None
        case (("keys" | "values" | "items"), 0) if not table.open:
            scope.budget.spend(len(table.slots))
            keys = [Slot(key, slot.text, slot.node, False) for key, slot in table.slots.items()]
            if name == "keys":
                return Items("list", keys)
            if name == "values":
                return Items("list", list(table.slots.values()))
            pairs = zip(keys, table.slots.values(), strict=True)
            return Items("list", [_slot(Items("tuple", list(pair)), scope, node) for pair in pairs])
    raise UnknownError


def _merge(table: Table, other: Table, scope: Scope) -> None:
    """Merge another dictionary into one of a base, in depth; ``_delete_`` replaces."""
    scope.budget.spend(len(other.slots) + 1)
    deletes = other.slots.get("_delete_")
    if deletes is not None and deletes.value:
        table.slots.clear()
    table.open |= other.open
    for key, slot in other.slots.items():
        known = table.slots.get(key)
        if key == "_delete_":
            continue
        if known and isinstance(known.value, Table) and isinstance(slot.value, Table):
            inner = shallow(known.value, scope)
            _merge(inner, slot.value, scope)
            table.slots[key] = moved(slot, inner)
        else:
            value = hooked(slot.value, scope.budget)
            if isinstance(value, Table):
                value.slots.pop("_delete_", None)
            table.slots[key] = moved(slot, value)


def _of_items(items: Items, name: str, args: list[Slot], words: dict[str, Slot], scope: Scope) -> Any:
    if words or items.open or len(items.slots) > MOST_ITEMS:
        raise UnknownError
    value = args[0].value if args else None
    match name, len(args):
        case "append", 1:
            items.slots.append(args[0])
            return None
        case "extend", 1:
            items.slots += _members(as_known(value))
            scope.budget.spend(len(items.slots))
            return None
        case "insert", 2 if isinstance(value, int):
            items.slots.insert(value, args[1])
            return None
        case "pop", 0 | 1:
            at = value if args else -1
            if isinstance(at, int) and -len(items.slots) <= at < len(items.slots):
                return items.slots.pop(at).value
        case "copy", 0:
            return shallow(items, scope)
        case "reverse", 0:
            items.slots.reverse()
            return None
        case "clear", 0:
            items.slots.clear()
            return None
        case (("index" | "count"), 1) if is_scalar(value):
            members = [slot.value for slot in items.slots]
            if all(is_scalar(member) for member in members):
                return applied(getattr(members, name), value)
    raise UnknownError


def _of_text(text: str, name: str, args: list[Slot], words: dict[str, Slot], scope: Scope, node: ast.expr) -> Any:
    values = [as_known(slot.value) for slot in args]
    if words and name != "format":
        raise UnknownError
    if name in OF_TEXT and all(is_scalar(value) for value in values):
        return applied(OF_TEXT[name], text, *values)
    if name == "replace" and len(values) == 2 and all(isinstance(value, str) for value in values):
        result = text.replace(*values) if len(text) * (1 + len(values[1])) <= LONGEST_TEXT * 10 else ""
        if len(result) > LONGEST_TEXT or (text and not result):
            raise TooMuchError("a text is too long")
        return result
    if name == "join" and len(values) == 1:
        words_joined = [slot.value for slot in _members(values[0])]
        if all(isinstance(word, str) for word in words_joined):
            if sum(len(word) + len(text) for word in words_joined) > LONGEST_TEXT:
                raise TooMuchError("a text is too long")
            return text.join(words_joined)
    if name == "split" and len(values) <= 1 and all(isinstance(value, str) for value in values):
        pieces = text.split(*values) if values != [""] else []
        return Items("list", [_slot(piece, scope, node) for piece in pieces])
    if name == "format" and not re.search(r"[{}]", FIELD.sub("", text)) and "**" not in words:
        named = {key: as_known(slot.value) for key, slot in words.items()}
        if all(is_scalar(value) for value in [*values, *named.values()]):
            longest = max((len(str(value)) for value in [*values, *named.values()]), default=0)
            if len(text) + text.count("{") * longest > LONGEST_TEXT:
                raise TooMuchError("a text is too long")
            return applied(text.format, *values, **named)
    raise UnknownError


def _members(value: Any, scope: Scope | None = None, node: ast.expr | None = None) -> list[Slot]:
    if isinstance(value, Items) and not value.open:
        return list(value.slots)
    if isinstance(value, Table) and not value.open:
        return [Slot(key, slot.text, slot.node, False) for key, slot in value.slots.items()]
    if isinstance(value, str) and scope is not None and node is not None and len(value) < LONGEST_TEXT:
        return [_slot(letter, scope, node) for letter in value]
    raise UnknownError


def _range(values: list[Any], scope: Scope, node: ast.expr) -> Items:
    bounds = [value for value in values if isinstance(value, int)]
    if len(bounds) != len(values) or not 1 <= len(bounds) <= 3 or bounds[2:] == [0]:
        raise UnknownError
    if any(abs(bound) > 1 << 40 for bound in bounds) or len(range(*bounds)) > MOST_ITEMS:
        raise TooMuchError("a range is too long")
    numbers = range(*bounds)
    scope.budget.spend(len(numbers))
    return Items("list", [_slot(number, scope, node) for number in numbers])


def _slot(value: Any, scope: Scope, node: ast.expr) -> Slot:
    return Slot(value, scope.text, node, False)
