"""The parts of a config's text that can be edited: mappings and lists with their entries and where they stand."""

from __future__ import annotations

from diagnose.records import dataclass, field

LINES = "lines"
"""A mapping whose entries stand on lines of their own: YAML's block style, a TOML table, the names of a Python file."""
BRACES = "braces"
"""A mapping between braces, or between the brackets of ``dict(...)``."""
ITEMS = "items"
"""A list; its entries are named by their number."""


@dataclass(slots=True)
class Entry:
    """One key with its value.

    Attributes:
        name: the key, without quotes.
        start: where the entry begins.
        value: where the value begins.
        end: just behind the value.
        block: what the value holds, if it is a mapping or list that is written here.
    """

    name: str
    start: int
    value: int
    end: int
    block: Block | None = None


@dataclass(slots=True)
class Block:
    """A mapping or list.

    Attributes:
        kind: ``LINES``, ``BRACES`` or ``ITEMS``.
        start: where it begins; just behind the opening bracket if it has one.
        end: where it ends; at the closing bracket if it has one.
        entries: in the order of the text; of a name that stands twice both are here.
        column: characters that a new line of it begins with.
        call: whether it is ``dict(...)`` in Python.
    """

    kind: str
    start: int
    end: int
    entries: list[Entry] = field(default_factory=list)
    column: int = 0
    call: bool = False

    def get(self, name: str) -> Entry | None:
        """Return the entry that counts for a name: the last one."""
        return next((entry for entry in reversed(self.entries) if entry.name == name), None)


def find(block: Block, key: str) -> tuple[list[tuple[Block, Entry]], Block | None, str]:
    """Walk down a dotted key as far as it is written here.

    Returns:
        The way: each block with the entry that was taken; the block in which the rest of the key is missing (None if
        nothing is missing, or the last entry holds no mapping); the rest of the key.
    """
    way: list[tuple[Block, Entry]] = []
    here: Block | None = block
    rest = key
    while rest and here is not None:
        entry, left = _longest(here, rest)
        if entry is None:
            return way, here, rest
        way.append((here, entry))
        here, rest = entry.block, left
    return way, None, rest


def _longest(block: Block, key: str) -> tuple[Entry | None, str]:
    """Return the entry that a dotted key begins with; names may hold dots of their own."""
    parts = key.split(".")
    for count in range(len(parts), 0, -1):
        entry = block.get(".".join(parts[:count]))
        if entry is not None:
            return entry, ".".join(parts[count:])
    return None, key
