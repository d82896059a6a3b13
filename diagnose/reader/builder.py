"""Collects what a reader finds into a Run: columns of numbers, events, facts, segments."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from diagnose.model import Config, Event, Fact, Place, Run, Segment, Setting
from diagnose.model.events import told
from diagnose.names import batch_name, canonical, event_kinds, fact_names, traits
from diagnose.reader.column import MANY, Column
from diagnose.reader.dump import LONGEST_TEXT, Dump, PrintedSettings
from diagnose.reader.room import ABSURD, FIRST, Room, Table
from diagnose.reader.unread import unread
from diagnose.records import dataclass, field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnose.model.events import Alike, Part
    from diagnose.reader.column import Shared
    from diagnose.reader.room import Places

TEXT = LONGEST_TEXT
"""Characters kept of a line that an event or a fact quotes."""
FAILURES = frozenset({"error_line", "traceback", "out_of_memory", "interrupted", "killed"})


@dataclass(slots=True)
class _Draft:
    name: str
    first_line: int
    last_line: int
    facts: dict[str, Fact]
    settings: PrintedSettings
    title_line: int = 0
    columns: dict[str, Column] = field(default_factory=dict)
    frames: dict[tuple[tuple[str, str], ...], Table] = field(default_factory=dict)
    events: list[Part] = field(default_factory=list)
    closed: bool = False


class RunBuilder:
    """Takes points, events and facts in the order of the file and sorts them into segments.

    A segment starts when a point or an epoch arrives and none is open: at the start, after ``close()``, or when the
    epoch number falls back. A ``heading()`` (stage, fold, experiment) closes the segment before it, if that holds
    any points or events of its own, and names the next one. Facts are inherited by every later segment until replaced.
    """

    def __init__(self, path: str, format: str) -> None:
        """Start an empty run read from *path*; a reader may say whose keys its config has, and that parts lack."""
        self.path, self.format = path, format
        self.current_epoch = math.nan
        self.current_step = math.nan
        self.framework, self.partial = "", False
        self.paths = [path]
        self._known: dict[str, Fact] = {}
        self.stated = 0
        """How often facts were stated or taken back."""
        self._settings = PrintedSettings()
        self.room = Room()
        self._drafts: list[_Draft] = []
        self._waiting: list[Part] = []
        self._heading, self._heading_line = "", 0

    # What a reader calls

    def point(
        self,
        printed: str,
        value: float,
        line: int,
        *,
        split: str = "",
        step: float | None = None,
        epoch: float | None = None,
        name: str = "",
    ) -> None:
        """Add one value.

        Args:
            printed: the metric's name in the log; mapped to its canonical name unless *name* gives it.
            value: the value, NaN included.
            line: physical line.
            split: train, val or test where the line tells and the printed name does not.
            step: optimizer step or iteration; by default the builder's current one.
            epoch: epoch counted from 1; by default the builder's current one.
            name: canonical name, to overrule the mapping.
        """
        self.row([(printed, name or canonical(printed, split), value)], line, step=step, epoch=epoch)

    def row(
        self,
        values: Iterable[tuple[str, str, float]],
        line: int,
        *,
        step: float | None = None,
        epoch: float | None = None,
    ) -> None:
        """Add the values of one line, each with its printed and its canonical name, as ``point`` does."""
        step, epoch = self.current_step if step is None else step, self.current_epoch if epoch is None else epoch
        step, epoch = _counted(step), _counted(epoch)
        draft = None
        for printed, name, value in values:
            draft = draft or self._open(line)
            column = draft.columns.get(name)
            if column is None:
                column = draft.columns[name] = Column(printed, self.path)
            elif column.printed != printed and column.line and column.line[-1] == line:
                # Two printed names of one line share a canonical name: the first keeps it.
                column = draft.columns.setdefault(f"{name}~{printed}", Column(printed, self.path))
            column.put(value, step, epoch, line)
            if len(column.line) > MANY:
                column.store(self.room)

    def frames(self, names: tuple[tuple[str, str], ...], rows: bytes | memoryview, segment: int | None = None) -> None:
        """Add what bars show within epochs to a segment, by default the open one, as points of ``batch/...``.

        Nothing else depends on such points: they stand beside those of whole epochs.

        Args:
            names: for each metric its name in the bar, and the canonical one of its values of whole epochs.
            rows: doubles of each state: its line, epochs done with the fraction, batches since the first epoch began
                (NaN where the bar does not tell), then the metrics.
            segment: the segment that began as the so many-th; 0 for none.
        """
        if segment is None:
            segment = self.opened
        if segment:
            tables = self._drafts[segment - 1].frames
            if names not in tables:
                width = FIRST + len(names)
                tables[names] = Table(self.room, width, 0, lambda rows: (rows[:, 0], rows[:, 1]), rises=True)
            tables[names].add(rows)

    def points(self, printed: str, name: str, value: NDArray[np.float64], places: Places) -> None:
        """Add several values of one metric, by its canonical name, in the order of their lines."""
        draft = self._open(int(places.line[0]))
        draft.columns.setdefault(name, Column(printed, self.path)).add(value, places)
        draft.last_line = max(draft.last_line, int(places.line[-1]))

    def epoch(self, number: float, line: int, *, planned: float | None = None) -> None:
        """Enter an epoch (counted from 1). A number that falls back, or a new plan for epoch 1, starts a segment."""
        draft = self._drafts[-1] if self._drafts else None
        if draft is not None and not draft.closed and draft.columns and number < self.current_epoch:
            self.close()
        self._open(line)
        self.current_epoch = _counted(float(number))
        if planned is not None:
            self.fact("planned_epochs", float(planned), line)

    def event(self, kind: str, line: int, text: str = "", *, ahead: object = False, **fields: Any) -> None:
        """Add an event to the open segment; to the last one if it was closed; to the first if none has begun.

        With *ahead* it belongs to the fit that is about to begin: it waits for the next segment if none is open.
        """
        if kind not in event_kinds():
            raise ValueError(f"unknown event kind {kind!r}: add it to names/events.yaml")
        self.happened(Event(kind, Place(self.path, line, 1, text[:TEXT]), fields), ahead=ahead)

    def happened(self, event: Event, *, ahead: object = False) -> None:
        """Add an event, as ``event`` does; it may stand in another file."""
        kind, line = event.kind, event.place.line
        if kind in FAILURES and self._heading and self._drafts:
            self._open(line)  # what fails after a title is what the title announced, though it printed no number
        if not self._drafts or (ahead and self._drafts[-1].closed):
            self._waiting.append(event)
            return
        draft = self._drafts[-1]
        draft.events.append(event)
        draft.last_line = max(draft.last_line, line)

    def happened_all(self, events: Alike) -> None:
        """Add events that are no failures, as ``happened`` does."""
        if not self._drafts:
            self._waiting.append(events)
            return
        draft = self._drafts[-1]
        draft.events.append(events)
        draft.last_line = max(draft.last_line, events.last_line)

    def fact(self, name: str, value: Any, line: int, text: str = "", *, path: str = "") -> None:
        """State a fact; it holds for the open segment and all later ones. *path*: a companion file that tells it."""
        if name not in fact_names():
            raise ValueError(f"unknown fact {name!r}: add it to names/facts.yaml")
        fact = Fact(name, value, Place(path or self.path, line, 1, text[:TEXT]))
        self._known[name] = fact
        self.stated += 1
        if self._drafts and not self._drafts[-1].closed:
            self._drafts[-1].facts[name] = fact

    def forget(self, name: str) -> None:
        """Take a fact back: it no longer holds for the open segment and those to come."""
        self._known.pop(name, None)
        self.stated += 1
        if self._drafts and not self._drafts[-1].closed:
            self._drafts[-1].facts.pop(name, None)

    def setting(self, key: str, value: Any, line: int, text: str = "", *, path: str = "") -> None:
        """Add one key of the config that the log prints, or that stands in the companion file *path*."""
        self.adopt(Setting(key, value, Place(path or self.path, line, 1, text[:TEXT])))

    def settings(self, settings: Mapping[str, Setting], *, at: int = 0, shift: int = 0) -> None:
        """Add keys of a config that the log prints, *shift* lines below where they say, or all at the line *at*."""
        dump = Dump(settings, self.path, at=at, shift=shift)
        draft = self._drafts[-1] if self.is_open else None
        alike = draft is not None and draft.settings.is_copy(self._settings)
        self._settings.add(settings, dump)
        if draft is not None and alike:
            draft.settings = self._settings.copy()  # to put them together but once
        elif draft is not None:
            draft.settings.add(settings, dump)

    def adopt(self, setting: Setting) -> None:
        """Add one key of a config that a reader of configs has read."""
        self._settings[setting.key] = setting
        if self._drafts and not self._drafts[-1].closed:
            self._drafts[-1].settings[setting.key] = setting

    def reach(self, line: int) -> None:
        """The open segment extends to this line at least, though nothing was taken from it."""
        if self.is_open:
            self._drafts[-1].last_line = max(self._drafts[-1].last_line, line)

    def forget_setting(self, key: str) -> None:
        """Take a setting back for the segments to come: the next experiment has its own."""
        self._settings.pop(key, None)

    def heading(self, name: str, line: int) -> None:
        """A title that begins something new: close the open segment and name the next."""
        if self._drafts and (self._drafts[-1].columns or self._drafts[-1].events):
            self.close()
        self._heading, self._heading_line = name.strip(), line

    def start(self, line: int, name: str = "", *, fresh: bool = False) -> None:
        """Begin a segment now, whatever was open. *fresh*: another program; what was known no longer holds."""
        self.close()
        if fresh:
            self._known, self._settings = {}, PrintedSettings()
            self.stated += 1
        if name:
            self._heading, self._heading_line = name, line
        self._open(line)

    def close(self) -> None:
        """End the open segment; the next point begins another."""
        if self._drafts:
            self._drafts[-1].closed = True
        self.current_epoch = self.current_step = math.nan

    @property
    def is_open(self) -> bool:
        """Whether a segment is open."""
        return bool(self._drafts) and not self._drafts[-1].closed

    @property
    def opened(self) -> int:
        """The number of the open segment among all that have begun, from 1; 0 if none is open."""
        return len(self._drafts) if self.is_open else 0

    @property
    def started(self) -> int:
        """How many segments have begun."""
        return len(self._drafts)

    @property
    def has_points(self) -> bool:
        """Whether the open segment holds any point."""
        return self.is_open and bool(self._drafts[-1].columns)

    def known(self, name: str) -> Fact | None:
        """Return a fact stated so far."""
        return self._known.get(name)

    def unsuffix(self, suffix: str) -> None:
        """Name a curve ``loss_step`` plainly ``loss`` in every segment that has no ``loss`` beside it."""
        for draft in self._drafts:
            for name in [name for name in draft.columns if name.endswith(suffix)]:
                if (plain := name.removesuffix(suffix)) not in draft.columns:
                    draft.columns[plain] = draft.columns.pop(name)

    @property
    def columns(self) -> Mapping[str, Column]:
        """The points of the series of the open segment so far, by canonical name."""
        return self._drafts[-1].columns if self.is_open else {}

    def column(self, name: str) -> Column | None:
        """Return the points of a series in the open segment, by canonical name."""
        return self.columns.get(name)

    def new_column(self, name: str, printed: str) -> Column:
        """Begin a series in the open segment whose points come in bulk, if it has not begun."""
        columns = self._drafts[-1].columns
        column = columns.get(name)
        if column is None:
            column = columns[name] = Column(printed, self.path)
        return column

    def correct_steps(self, steps: Mapping[int, float]) -> None:
        """Give the points of lines of the open segment, added one by one, the steps that only its end has shown."""
        for column in self._drafts[-1].columns.values() if self.is_open else ():
            for at, line in enumerate(column.line):
                if line in steps:
                    column.step[at] = _counted(steps[line])

    def reached(self, segment: int, line: int) -> None:
        """The segment that began as the so many-th extends to this line at least."""
        self._drafts[segment - 1].last_line = max(self._drafts[segment - 1].last_line, line)

    def latest(self, name: str) -> tuple[str, float, float, float] | None:
        """Return how the last point of a series in the open segment is printed, with its value, epoch and step."""
        column = self._drafts[-1].columns.get(name) if self.is_open else None
        return None if column is None else (column.printed, column.value[-1], column.epoch[-1], column.step[-1])

    def settle(self) -> None:
        """Mend what only whole curves of a free log show: clocks that are called times, scores in two scales."""
        for draft in self._drafts:
            for name, column in list(draft.columns.items()):
                column.settle()
                if name == "time/iter" and column.is_clock():
                    draft.columns.setdefault("time/elapsed", draft.columns.pop(name))
                elif traits(name).kind == "score" and traits(name).high == 1:
                    column.to_one_scale()

    def finish(self, last_line: int = 0) -> Run:
        """Return the run. A log with facts or events but no points still has one segment."""
        if not self._drafts and (self._waiting or self._known or self._settings):
            self._open(1)
        if self._drafts:
            self._drafts[-1].events += self._waiting
            self._drafts[-1].last_line = max(last_line, self._drafts[-1].last_line)
            if self._heading and self._heading_line:
                place = Place(self.path, self._heading_line, 1, self._heading[:TEXT])
                self._drafts[-1].events.append(Event("unstarted", place, {"message": self._heading}))
        segments = []
        self.room.close()
        for index, draft in enumerate(self._drafts):
            shared: Shared = {}
            segments.append(
                Segment(
                    draft.name,
                    index,
                    self.path,
                    draft.first_line,
                    draft.last_line,
                    {
                        name: unread(name, column.printed, column.path, partial(column.points, shared))
                        for name, column in self._columns(draft).items()
                    },
                    told(draft.events),
                    draft.facts,
                    Config(draft.settings, framework=self.framework, partial=self.partial),
                    title_line=draft.title_line,
                )
            )
            draft.columns, draft.frames = {}, {}
        if len(segments) > 1:
            for segment in segments:
                segment.name = segment.name or f"run {segment.index + 1}"
        return Run(self.path, self.format, segments, self.paths)

    def _columns(self, draft: _Draft) -> dict[str, Column]:
        """Return the series of a segment, with those of bars."""
        columns: dict[str, Column] = {}
        for names, table in draft.frames.items():
            for at, (printed, name) in enumerate(names):
                column = columns.setdefault(batch_name(name), Column(f"{printed} (bar)", self.path))
                if column.printed == f"{printed} (bar)":
                    column.attach(table, FIRST + at)
        return draft.columns | columns

    def _open(self, line: int) -> _Draft:
        if not self._drafts or self._drafts[-1].closed:
            title_line = self._heading_line if self._heading else 0
            self._drafts.append(_Draft(self._heading, line, line, dict(self._known), self._settings.copy(), title_line))
            self._drafts[-1].events += self._waiting
            self._heading, self._waiting = "", []
        draft = self._drafts[-1]
        if draft.last_line < line:
            draft.last_line = line
        return draft


def _counted(number: float) -> float:
    """Return an epoch or a step; NaN for what can be neither, such as 1e999 in a damaged log."""
    return number if abs(number) < ABSURD else math.nan
