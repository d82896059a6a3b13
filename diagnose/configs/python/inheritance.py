"""How a config overrides its bases: key by key, and what is odd about it."""

from __future__ import annotations

from diagnose.configs.python.oddities import note_override
from diagnose.configs.python.scope import Scope
from diagnose.configs.python.values import DEEPEST, Slot, Table, TooMuchError, moved
from diagnose.model import UNKNOWN

DELETE = "_delete_"


def merge(own: Table, base: Table, scope: Scope, path: str = "", depth: int = 0) -> Table:
    """Return *base* with what *own* overrides; dictionaries are merged unless ``_delete_`` says otherwise.

    Raises:
        TooMuchError: if they are nested too deeply.
    """
    scope.budget.spend(len(own.slots) + len(base.slots) + 1)
    if depth > DEEPEST:
        raise TooMuchError("it is nested too deeply")
    note_override(own, base, scope, path)
    slots = dict(base.slots)
    for key, slot in own.slots.items():
        if isinstance(slot.value, Table):
            where = f"{path}.{key}" if path else str(key)
            slots[key] = moved(slot, _table(slot, slots.get(key), base.open, scope, where, depth))
        else:
            slots[key] = slot
    return Table(slots, True, base.open or own.open)


def _table(slot: Slot, known: Slot | None, base_open: bool, scope: Scope, path: str, depth: int) -> Table:
    own: Table = slot.value
    deletes = own.slots.get(DELETE)
    if known is None and not base_open:
        return own
    rest = Table({key: each for key, each in own.slots.items() if key != DELETE}, True, own.open)
    if deletes is not None and deletes.value is UNKNOWN:
        rest.open = True
        return rest
    if deletes is not None and deletes.value:
        return rest
    if known is None or known.value is UNKNOWN:
        rest.open = True
        return rest
    if not isinstance(known.value, Table):
        base = f"{known.place.path}:{known.place.line}"
        message = f"{path} is a dict here and none in the base ({base}): set {DELETE}=True to replace it"
        scope.remark("bad-value", path, message, slot.node)
        return rest
    return merge(rest, known.value, scope, path, depth + 1)
