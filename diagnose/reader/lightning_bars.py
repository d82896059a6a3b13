"""The progress bars of PyTorch Lightning: which state of a bar holds the values of which epoch."""

from __future__ import annotations

import math
from struct import pack

from diagnose.names import canonical, split_of
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import number
from diagnose.records import dataclass, field
from diagnose.sources import Line

RICH = lazy(
    r"^\s*Epoch (?P<epoch>\d{1,9})/(?P<last>\S+) +[━╸╺]+ +(?P<done>\d{1,9})/(?P<total>\d{1,9}|--) +[\d:]+ • [\d:-]+ +"
    r"[\d.]+it/s ?(?P<metrics>.*)$"
)
"""The bar of RichProgressBar; metrics that do not fit beside it stand on the lines below."""
RICH_METRIC = lazy(r"([A-Za-z_][\w./@-]*+)(?:: (-?\d[\d.]*(?:e[+-]?\d+)?|-?nan|-?inf)(?:\s+|$))?")
"""A word is passed over as a whole, and so also where no value follows it."""
SHOWN = frozenset({"v_num", "epoch", "step", "global_step"})
"""What a bar shows besides metrics."""


@dataclass(slots=True)
class Bar:
    """One state of the bar of an epoch, counted from 0; *total* is 0 where the bar does not know it."""

    line: Line
    epoch: int
    done: int
    total: int
    values: dict[str, float] = field(default_factory=dict)


class Bars:
    """Takes the states of bars as they are drawn and reports the last one of each epoch.

    Attributes:
        before: what the bar before the current one showed.
        fits: how often the epochs have begun anew.
        rich_seen: whether the bars are those of RichProgressBar.
    """

    def __init__(self, build: RunBuilder, *, frames: bool = False) -> None:
        """Report to *build*; with *frames*, also what every state of a bar shows."""
        self._build = build
        self._frames = frames
        self._states: list[Bar] = []  # overwritten ones, until the last state of their bar is drawn
        self._framed = (-1, 0)  # epoch and batches of the state whose points were added last
        self._bar: Bar | None = None
        self._ended: Bar | None = None  # the rich bar of the epoch before, until the next has been read
        self._told = (-1, -1)  # epoch and batch of the last bar that was reported
        self._in_rich = False
        self.before: dict[str, float] = {}
        self.fits = 0
        self.rich_seen = False

    def shows(self, metric: str) -> bool:
        """Whether the open bar shows a metric."""
        return self._bar is not None and metric in self._bar.values

    def drawn(self, bar: Bar) -> None:
        """Take a state of a bar; one without values only says how far the epoch has come."""
        if self._bar is not None and self._bar.epoch != bar.epoch:
            self.flush(complete=self._bar.epoch < bar.epoch)
        self.enter(bar.epoch, bar.line)
        for state in (*self._states, bar) if self._frames else ():
            self._add_frame(state)
        self._states.clear()
        if bar.values or self._bar is None or not self._bar.values:
            self._bar = bar
        else:
            self._bar.done, self._bar.total = bar.done, bar.total

    def overwritten(self, bar: Bar) -> None:
        """Take a state of the bar that is drawn next."""
        self._states.append(bar)

    def _add_frame(self, bar: Bar) -> None:
        """Add what a state of a bar shows of batches; before the first one it shows the epoch before."""
        if not bar.done or self._framed == (bar.epoch, bar.done):
            return
        self._framed = bar.epoch, bar.done
        step = bar.epoch * bar.total + bar.done if bar.total or not bar.epoch else math.nan
        epoch = bar.epoch + bar.done / bar.total if bar.total else bar.epoch + 1.0
        named = [(printed, canonical(printed, "train")) for printed in bar.values if not printed.endswith("_epoch")]
        names = tuple([(printed, name.removesuffix("_step")) for printed, name in named if split_of(name) == "train"])
        row = (bar.line.number, epoch, step, *(bar.values[printed] for printed, _ in names))
        if names:
            self._build.frames(names, pack(f"={len(row)}d", *row))

    def finish(self) -> None:
        """Report the last bar."""
        self._settle()
        self.flush(self._bar is not None and self._bar.done == self._bar.total)

    def rich(self, line: Line) -> bool:
        """Take a line of a rich bar; return whether it was one."""
        if self._ended is None and not self._in_rich and "•" not in line.text:
            return False
        if found := RICH.match(line.text):
            self._settle()
            if self._bar is not None and self._frames:
                self._add_frame(self._bar)
            epoch, metrics = int(found["epoch"]), found["metrics"]
            if self._bar is not None and self._bar.epoch < epoch:
                self._ended, self._bar = self._bar, None
            elif self._bar is not None and self._bar.epoch > epoch:
                self.flush(complete=False)
            self.enter(epoch, line)
            if found["last"].isdigit() and len(found["last"]) < 10 and not self._build.known("planned_epochs"):
                self._build.fact("planned_epochs", float(found["last"]) + 1, line.number, line.text.strip())
            self._bar = Bar(line, epoch, int(found["done"]), int(found["total"]) if found["total"] != "--" else 0)
        elif self._in_rich and not RICH_METRIC.sub(lambda found: "" if found[2] else "-", line.text).strip():
            metrics = line.text
        else:
            self._settle()
            self._in_rich = False
            return False
        self._in_rich = self.rich_seen = True
        if self._bar is not None:
            self._bar.values |= {
                key: number(text) for key, text in RICH_METRIC.findall(metrics) if text and key not in SHOWN
            }
        return True

    def _settle(self) -> None:
        """Report a rich bar that has ended: what its epoch's end gave is drawn with the first bar of the next."""
        if self._ended is None or self._bar is None:
            return
        late = {key: value for key, value in self._bar.values.items() if not key.endswith("_step")}
        current, self._bar, self._ended = self._bar, self._ended, None
        if current.done < current.total:
            self._bar.values |= late
        self.flush(complete=True)
        self._bar = current

    def enter(self, epoch: int, line: Line) -> None:
        """Enter an epoch, counted from 0 by Lightning."""
        if self._build.is_open and epoch + 1 < self._build.current_epoch:
            self._build.close()
            self.before, self._told, self._framed = {}, (-1, -1), (-1, 0)
            self.fits += 1
        self._build.epoch(epoch + 1, line.number)

    def flush(self, complete: bool) -> None:
        """Add the points of a bar. Validation metrics in an unfinished bar are still those of the epoch before."""
        bar, self._bar = self._bar, None
        if bar is None or self._told == (bar.epoch, bar.done):
            return  # the bar is drawn once more after the fit
        self._told = (bar.epoch, bar.done)
        if bar.total and complete:
            self._build.fact("steps_per_epoch", float(bar.total), bar.line.number, bar.line.text)
        step = bar.epoch * bar.total + bar.done if bar.total else math.nan
        for printed, value in bar.values.items():
            name = canonical(printed.removesuffix("_epoch"), "train")
            known = self.before.get(printed, math.inf)
            repeated = known == value or (math.isnan(known) and math.isnan(value))
            stale = split_of(name) != "train" and repeated and not complete
            if not stale:
                self._build.point(printed, value, bar.line.number, step=float(step), epoch=bar.epoch + 1.0, name=name)
        self.before = bar.values
        if complete:
            self._build.event("epoch_end", bar.line.number, bar.line.text, epoch=bar.epoch + 1.0)
