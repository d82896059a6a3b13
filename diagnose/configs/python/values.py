"""What a name of a Python config may stand for: scalars, lists, dictionaries, classes by name, and the unknown."""

from __future__ import annotations

import ast
from typing import Any

from diagnose.configs.python.text import Text
from diagnose.model import UNKNOWN, Place
from diagnose.records import dataclass, field

MOST_STEPS = 150_000
"""Values that are looked at for one config and its bases."""
MOST_ITEMS = 50_000
"""Members of one list, and values that one name may stand for."""
DEEPEST = 100


class UnknownError(Exception):
    """The value of an expression cannot be told."""


class TooMuchError(Exception):
    """Work or a value beyond what any config needs."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(slots=True)
class Budget:
    """Counts the values that are looked at."""

    left: int = MOST_STEPS

    def spend(self, count: int = 1) -> None:
        """Take from the budget.

        Raises:
            TooMuchError: if nothing is left.
        """
        self.left -= count
        if self.left < 0:
            raise TooMuchError("it stands for more values than any config needs")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A class, function or module that the config imports: ``torch.optim.AdamW``."""

    dotted: str

    @property
    def name(self) -> str:
        """The last part, as text configs write it."""
        return self.dotted.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the config itself. It is never called."""

    node: ast.AST


@dataclass(slots=True)
class Items:
    """A list, tuple or set. *open* is one whose members cannot be told."""

    kind: str
    slots: list[Slot] = field(default_factory=list)
    open: bool = False


@dataclass(slots=True)
class Table:
    """A dictionary.

    Attributes:
        inherited: whether it comes from a base, where keys are attributes and ``update`` reaches into the depth.
        open: whether it may hold more than is known here.
    """

    slots: dict[Any, Slot] = field(default_factory=dict)
    inherited: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A value at the place where it is put: to a name, under a key, into a list.

    Attributes:
        value: what it stands for; lists and dictionaries are shared as in Python.
        text: the text it is written in.
        node: the expression it is written as.
        exact: whether the expression stands for this one value alone, so that it may be edited.
    """

    value: Any
    text: Text
    node: ast.expr
    exact: bool = True

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.text.place(self.node)


def spoil(value: Any) -> None:
    """Forget what a list or dictionary holds: something that cannot be followed may have changed it."""
    if isinstance(value, Table | Items):
        value.slots.clear()
        value.open = True


def inherited(value: Any, budget: Budget, depth: int = 0) -> Any:
    """Return the value as a base hands it on: a copy in which dictionaries have attributes."""
    budget.spend()
    if depth > DEEPEST:
        raise TooMuchError("it is nested too deeply")
    if isinstance(value, Table):
        slots = {key: moved(slot, inherited(slot.value, budget, depth + 1)) for key, slot in value.slots.items()}
        return Table(slots, True, value.open)
    if isinstance(value, Items):
        members = [moved(slot, inherited(slot.value, budget, depth + 1)) for slot in value.slots]
        return Items(value.kind, members, value.open)
    return value


def hooked(value: Any, budget: Budget) -> Any:
    """Return the value as a dictionary of a base takes it in: one of its own kind is kept, a plain one is copied."""
    return value if isinstance(value, Table) and value.inherited else inherited(value, budget)


def copied(value: Any, budget: Budget, depth: int = 0) -> Any:
    """Return a deep copy."""
    budget.spend()
    if depth > DEEPEST:
        raise TooMuchError("it is nested too deeply")
    if isinstance(value, Table):
        slots = {key: moved(slot, copied(slot.value, budget, depth + 1)) for key, slot in value.slots.items()}
        return Table(slots, value.inherited, value.open)
    if isinstance(value, Items):
        return Items(
            value.kind, [moved(slot, copied(slot.value, budget, depth + 1)) for slot in value.slots], value.open
        )
    return value


def moved(slot: Slot, value: Any) -> Slot:
    """Return a slot of another value that is written at the same place."""
    return Slot(value, slot.text, slot.node, slot.exact)


def is_scalar(value: Any) -> bool:
    """Tell whether a value is known and no container."""
    return value is None or isinstance(value, str | int | float)


def as_known(value: Any) -> Any:
    """Return the value.

    Raises:
        UnknownError: if it is unknown.
    """
    if value is UNKNOWN:
        raise UnknownError
    return value
