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
    left = [MOST_ITEMS]
    open_ones: list[tuple[str, Iterator[tuple[Any, Slot]]]] = [("", iter([(key, slot)]))]
    while open_ones:
        prefix, members = open_ones[-1]
        depth = len(open_ones) - 1
        for name, member in members:
            key, value = f"{prefix}{name}", member.value
            _spend(depth, left)
            if isinstance(value, Table) and value.slots:
                open_ones.append((f"{key}.", iter(value.slots.items())))
                break
            if isinstance(value, Items) and not value.open and _holds_table(value, depth, left):
                open_ones.append((f"{key}.", iter(enumerate(value.slots))))
                break
            literal, span = member.text.literal(member.node)
            yield Setting(key, _plain(value, depth, left), member.place, literal, span if member.exact else None)
        else:
            open_ones.pop()


def is_open(value: Any, depth: int = 0) -> bool:
    """Tell whether a dictionary anywhere below may hold more than is known."""
    if depth > DEEPEST:
        return False
    if isinstance(value, Table):
        return value.open or any(is_open(slot.value, depth + 1) for slot in value.slots.values())
    return isinstance(value, Items) and any(is_open(slot.value, depth + 1) for slot in value.slots)


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
