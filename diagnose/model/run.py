"""What a log tells: runs, their segments, and the events and facts in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from diagnose.model.change import Change
from diagnose.model.config import Config
from diagnose.model.events import Events
from diagnose.model.place import Place
from diagnose.model.series import Series
from diagnose.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once: early stop, restored weights, checkpoint, traceback, resume.

    Attributes:
        kind: one of the names in ``names/events.yaml``.
        place: its (first) line.
        fields: what the line says, for example ``{"epoch": 1.0}``.
    """

    kind: str
    place: Place
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """What the log says about data, model or environment, with its line.

    Attributes:
        name: one of the names in ``names/facts.yaml``.
        value: number, text, list of numbers, or a mapping such as ``{"0": 0.31, "1": 0.69}``.
    """

    name: str
    value: Any
    place: Place


@dataclass(slots=True)
class Segment:
    """One fit: a stage, fold, restart or resumed session; rules look at one segment at a time.

    Attributes:
        name: what tells it from its siblings (``stage 1``, ``fold 2``, ``session 3``); empty if alone.
        index: position in the file, from 0.
        first_line, last_line: the physical lines it spans.
        title_line: the line of the heading that names it; 0 if none does.
        facts: what is known inside it, including what the log said before the first segment.
        summary: where a summary of several runs speaks of this one, if it was read together with one.
        changes: how its config differs from the one it is compared with; None if there is no such comparison.
    """

    name: str
    index: int
    path: str
    first_line: int
    last_line: int
    series: dict[str, Series] = field(default_factory=dict)
    events: list[Event] | Events = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    config: Config = field(default_factory=Config)
    summary: Place | None = None
    changes: tuple[Change, ...] | None = None
    title_line: int = 0

    @property
    def epochs(self) -> int:
        """The number of the last epoch that any point or event of the segment names; 0 if none does."""
        last = 0.0
        for epochs in {id(series.epoch): series.epoch for series in self.series.values()}.values():
            highest = epochs.item(epochs.argmax()) if len(epochs) else 0.0
            if not highest < math.inf:  # NaN
                highest = float(epochs[abs(epochs) < math.inf].max(initial=0.0))
            last = max(last, highest)
        for event in self.events_of(*ENDS_OF_EPOCH):
            epoch = event.fields.get("epoch")
            if isinstance(epoch, float | int) and math.isfinite(epoch):
                last = max(last, float(epoch))
        return math.ceil(last - 1e-9)

    @property
    def kinds(self) -> Iterable[str]:
        """The kinds of its events, in the order in which they came first."""
        events = self.events
        return dict.fromkeys([part.kind for part in (events.parts if isinstance(events, Events) else events)])

    def events_of(self, *kinds: str) -> Sequence[Event]:
        """Return its events of some kinds."""
        events = self.events
        return events.of(kinds) if isinstance(events, Events) else [event for event in events if event.kind in kinds]


ENDS_OF_EPOCH = frozenset({"early_stop", "epoch_end"})
"""Kinds of events whose ``epoch`` field is an epoch that was reached."""


@dataclass(slots=True)
class Run:
    """Everything read from one file, or from the files of one folder that belong together.

    Attributes:
        path: the file, or the folder.
        format: the format's name.
        segments: at least one unless the file holds no run at all.
        paths: all files read for it.
    """

    path: str
    format: str
    segments: list[Segment] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
