"""Events of which a log repeats some kinds by the thousand: those are held as the lines that tell them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from diagnose.model.run import Event

    Part: TypeAlias = "Event | Alike"


class Alike(ABC):
    """Events of one kind, in the order of their lines, which are made whenever they are looked at.

    Attributes:
        kind: of all of them.
    """

    __slots__ = ("kind",)
    kind: str

    @property
    @abstractmethod
    def last_line(self) -> int:
        """The line of the last one."""

    @abstractmethod
    def __iter__(self) -> Iterator[Event]:
        """Make each."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def __getitem__(self, at: int) -> Event:
        """Make one."""

    @abstractmethod
    def may_say(self, phrase: str) -> bool:
        """Whether any of them can contain a phrase in lower case; if not, none does."""


class Events(Sequence["Event"]):
    """Events in the order in which they were told, some of them held together.

    Attributes:
        parts: single events, and others that are alike.
    """

    __slots__ = ("parts",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, parts: list[Part]) -> None:
        """Hold these; the list is not copied."""
        self.parts = parts

    def __iter__(self) -> Iterator[Event]:
        for part in self.parts:
            if isinstance(part, Alike):
                yield from part
            else:
                yield part

    def __len__(self) -> int:
        return sum(len(part) if isinstance(part, Alike) else 1 for part in self.parts)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(self)[at]
        left = at if at >= 0 else len(self) + at
        for part in self.parts if left >= 0 else ():
            if not isinstance(part, Alike):
                if not left:
                    return part
                left -= 1
            elif left < len(part):
                return part[left]
            else:
                left -= len(part)
        raise IndexError(at)

    def __reversed__(self) -> Iterator[Event]:
        for part in reversed(self.parts):
            yield from reversed(list(part)) if isinstance(part, Alike) else (part,)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, list | Events) else NotImplemented

    def __repr__(self) -> str:
        return repr(list(self))

    def __add__(self, more: Iterable[Event]) -> Events:
        return Events([*self.parts, *more])

    def __radd__(self, before: list[Event]) -> Events:
        return Events([*before, *self.parts])

    def append(self, event: Event) -> None:
        """Add an event."""
        self.parts.append(event)

    def extend(self, events: Iterable[Event]) -> None:
        """Add events."""
        self.parts.extend(events)

    def of(self, kinds: tuple[str, ...]) -> Sequence[Event]:
        """Return those of some kinds."""
        return told([part for part in self.parts if part.kind in kinds])

    def that_may_say(self, phrase: str) -> Sequence[Event]:
        """Return those among which are all that contain a phrase in lower case."""
        return told([part for part in self.parts if not isinstance(part, Alike) or part.may_say(phrase)])


def told(parts: list[Part]) -> list[Event] | Events:
    """Return events as a plain list if none of them are held together."""
    return Events(parts) if any(isinstance(part, Alike) for part in parts) else parts  # type: ignore[return-value]
