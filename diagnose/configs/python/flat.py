"""What a config has come to, as settings by dotted key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diagnose.configs.python.values import DEEPEST, MOST_ITEMS, Function, Items, Slot, Symbol, Table, TooMuchError
from diagnose.model import UNKNOWN, Setting

MOST_SETTINGS = 20_000


def flat(key: str, slot: Slot) -> Iterator[Setting]:
    """Yield the settings under a key; a list of plain values is one, one that holds dictionaries is numbered.

    Raises:
        TooMuchError: if it stands for more than any config holds.
    """
    return _flat(key, slot, 0, [MOST_ITEMS])


def is_open(value: Any, depth: int = 0) -> bool:
    """Tell whether a dictionary anywhere below may hold more than is known."""
    if depth > DEEPEST:
        return False
    if isinstance(value, Table):
        return value.open or any(is_open(slot.value, depth + 1) for slot in value.slots.values())
    return isinstance(value, Items) and any(is_open(slot.value, depth + 1) for slot in value.slots)


def _flat(key: str, slot: Slot, depth: int, left: list[int]) -> Iterator[Setting]:
    _spend(depth, left)
    value = slot.value
    if isinstance(value, Table) and value.slots:
        for name, member in value.slots.items():
            yield from _flat(f"{key}.{name}", member, depth + 1, left)
    elif isinstance(value, Items) and not value.open and _holds_table(value, depth, left):
        for index, member in enumerate(value.slots):
            yield from _flat(f"{key}.{index}", member, depth + 1, left)
    else:
        literal, span = slot.text.literal(slot.node)
        yield Setting(key, _plain(value, depth, left), slot.place, literal, span if slot.exact else None)


def _spend(depth: int, left: list[int]) -> None:
    left[0] -= 1
    if depth > DEEPEST:
        raise TooMuchError("it is nested too deeply")
    if left[0] < 0:
        raise TooMuchError("it stands for more values than any config needs")


def _holds_table(items: Items, depth: int, left: list[int]) -> bool:
    _spend(depth, left)
    return any(
        isinstance(slot.value, Table) or (isinstance(slot.value, Items) and _holds_table(slot.value, depth + 1, left))
        for slot in items.slots
    )


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    _spend(depth, left)
    if isinstance(value, Items):
        members = [_plain(slot.value, depth + 1, left) for slot in value.slots]
        return UNKNOWN if value.open or any(member is UNKNOWN for member in members) else members
    if isinstance(value, Table):
        return UNKNOWN if value.open else {}
    if isinstance(value, Symbol):
        return value.name
    return UNKNOWN if isinstance(value, Function) else value
