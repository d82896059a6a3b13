"""The parts of a plan."""

from __future__ import annotations

from typing import Any

from diagnose.configs.edit import REMOVE
from diagnose.model import UNKNOWN, Change, Setting
from diagnose.model.change import RISKS
from diagnose.records import dataclass, field

HALF, KEPT = "half a step", "stays"
TOTAL = frozenset({"batch_size", "batch_size_per_device", "accumulate", "devices"})
"""What the batch of one step is a product of."""


@dataclass(frozen=True, slots=True)
class Move:
    """One change in the terms of OLD's config.

    Attributes:
        change: what the comparison says.
        key: the key in OLD, or where it would stand there.
        new: what NEW has; ``REMOVE`` where it has none.
        before, after: the setting on both sides; None where it is absent.
    """

    change: Change
    key: str
    new: Any
    before: Setting | None
    after: Setting | None

    @property
    def known(self) -> bool:
        """Whether NEW's value can be told, so that it can be written."""
        return self.new is not UNKNOWN

    @property
    def old(self) -> Any:
        """What OLD has, written or by default."""
        return self.before.value if self.before is not None else self.change.old


@dataclass(slots=True)
class Atom:
    """Changes that are tested as one.

    Attributes:
        moves: the most dangerous first.
        because: why they belong together; empty for one alone.
        stems: the lists that are replaced as a whole, since items came or went.
    """

    moves: list[Move]
    because: str = ""
    stems: tuple[str, ...] = ()

    @property
    def lead(self) -> Move:
        """The most dangerous change."""
        return self.moves[0]

    @property
    def risk(self) -> str:
        """The highest risk among them."""
        return min((move.change.risk for move in self.moves), key=RISKS.index)


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A file to be written.

    Attributes:
        name: without folders.
        encoding: of the text; the line ends are in the text itself.
    """

    name: str
    text: str
    encoding: str = "utf-8"

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.text.encode(self.encoding)


@dataclass(frozen=True, slots=True)
class Single:
    """The control with one suspect changed.

    Attributes:
        number: from 1, the first suspect first.
        files: the names of its files, that with the suspect first.
        passing: further keys that took on NEW's value since they are written in terms of a changed one.
    """

    number: int
    atom: Atom
    files: tuple[str, ...]
    passing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the next trial does with one change: half a step, or OLD's value."""

    move: Move
    what: str
    value: Any
    why: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Changes that no file tests alone, and why."""

    keys: tuple[str, ...]
    why: str
    risk: str


@dataclass(slots=True)
class FixPlan:
    """The files of a plan, and what they are.

    Attributes:
        old, new: the names of both sides.
        files: what is to be written, ``PLAN.md`` and ``plan.json`` included.
        control, trial: the names of their files.
        skipped: changes without a file of their own.
        notes: what the user must know before running them.
        edited: whether the files are copies of OLD; False if OLD's settings were written anew as YAML.
        seeds: paired seeds of a confirmation.
    """

    old: str
    new: str
    files: list[PlanFile] = field(default_factory=list)
    control: tuple[str, ...] = ()
    singles: list[Single] = field(default_factory=list)
    trial: tuple[str, ...] = ()
    decisions: list[Decision] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    edited: bool = True
    seeds: int = 4


def shown(value: Any) -> str:
    """Return a value as comments and the plan show it."""
    if value is REMOVE or value is None:
        return "nothing" if value is REMOVE else "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
