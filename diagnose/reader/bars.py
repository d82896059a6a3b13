"""Epochs of a Keras console: which progress bars and lines are training epochs, and which fit they belong to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from struct import pack
from typing import TYPE_CHECKING, TypeAlias

from diagnose.names import canonical
from diagnose.reader.builder import RunBuilder
from diagnose.reader.room import ABSURD, EPOCH, FIRST, STEP, Places
from diagnose.records import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

COARSE = 5
"""Seconds below which a duration printed in whole seconds is too coarse for a series."""


@dataclass(slots=True)
class Bar:
    """One state of a progress bar, or a line that stands for a finished one (verbose=2).

    Attributes:
        done, total: batches (or samples, in old Keras); 0 where the line has none or the total is unknown.
        metrics: printed values by name.
        running: whether the line says that time is left.
        gauge: first character of the bar; empty for verbose=2.
        steps, samples: whether the line gives a time per step, per sample.
    """

    done: int
    total: int
    metrics: dict[str, float]
    line: int
    seconds: float | None = None
    running: bool = False
    gauge: str = ""
    steps: bool = False
    samples: bool = False

    @property
    def validated(self) -> bool:
        """Whether validation metrics are on the line: only ``fit`` prints them."""
        return any(name.startswith("val_") for name in self.metrics)

    @property
    def final(self) -> bool:
        """Whether this is the last state of its epoch; Keras 3 shows no difference, so all batches must be done."""
        if self.validated or not self.gauge:
            return True
        return not self.running and (self.done >= self.total > 0 or self.gauge == "[")


class Epochs:
    """Sorts headers, bars and callback lines into epochs and fits and reports them to a builder.

    The last state of a bar waits until something shows that its epoch is over, since Keras 3 prints every state of a
    bar on a line of its own where the output is no terminal.

    Attributes:
        fits: how many fits have ended.
    """

    def __init__(self, build: RunBuilder, ended: Callable[[], None] = lambda: None, *, frames: bool = False) -> None:
        """Report to *build*, and call *ended* after the end of each fit; with *frames*, report each state of a bar."""
        self._build = build
        self._ended = ended
        self._frames = frames
        self._bar: Bar | None = None
        self._orphan: Bar | None = None
        self._headless_total = -1
        self._sample_total = 0
        self._header_line = 0
        self.fits = 0
        self._reset()

    def _reset(self) -> None:
        self._epoch = 0
        self._planned = 0
        self._headed = False
        self._seen: set[str] = set()
        self._stopped = self._restored = self._nested = self._failed = False
        self._framed = (0, 0)  # epoch and batches of the state that was reported last

    # What a reader calls

    def header(self, epoch: int, planned: int, line: int) -> None:
        """``Epoch 3/100``. Headers that all say 1/1 come from a loop around ``fit(epochs=1)`` and count up."""
        self._flush(before=epoch)
        if epoch == planned == 1 and self._planned == 1 and self._build.is_open and not self._stopped:
            epoch = self._epoch + 1 if self._seen else self._epoch
        elif self._stopped or epoch < self._epoch or (epoch == self._epoch and self._seen):
            self._close()
        news = planned if planned not in (1, self._planned) else None
        self._epoch, self._planned, self._headed, self._header_line = epoch, planned, True, line
        self._seen.clear()
        self._failed = False
        self._build.epoch(epoch, line, planned=news)

    def whole(self, epoch: int, planned: int, metrics: dict[str, float], line: int, seconds: float | None) -> None:
        """``Epoch 3/100 - 2.1s - loss: 0.5``: header and metrics in one line."""
        if epoch != self._epoch or not self._headed or self._stopped:
            self.header(epoch, planned, line)
        self._emit(Bar(0, 0, metrics, line, seconds))

    def bar(self, bar: Bar) -> None:
        """Any bar or verbose=2 line; those without metrics are downloads and predictions."""
        if not bar.metrics:
            return
        self.frame(bar)
        waiting = self._bar
        if waiting is None:
            if not self._headed or not self._seen or (bar.validated and self._nested):
                self._bar = bar
        elif self._continues(waiting, bar):
            self._bar = bar
        elif not self._headed or (bar.validated and waiting.final):
            self._flush()
            self._seen.clear()
            self._bar = bar
        if not bar.gauge and self._bar is bar:
            self._flush()

    @property
    def epoch(self) -> int:
        """The number of the current epoch."""
        return self._epoch

    @property
    def segment(self) -> int:
        """The number of the open segment; 0 if none is open."""
        return self._build.opened

    @property
    def wants_frames(self) -> bool:
        """Whether each state of a bar is to be reported."""
        return self._frames

    @property
    def awaits_bar(self) -> bool:
        """Whether an epoch has begun of which nothing has been told yet but states within it."""
        return self._headed and self._bar is None and not self._seen

    def is_new(self, epoch: float, done: float) -> bool:
        """Whether the state reported last was another one."""
        return self._framed != (epoch, done)

    def framed(self, epoch: float, done: float) -> None:
        """Note the state that is reported last."""
        self._framed = (int(epoch), int(done))

    def frames(
        self,
        metrics: tuple[str, ...],
        rows: Floats,
        done: Floats,
        total: Floats,
        epoch: Floats,
        samples: NDArray[np.bool_] | None,
        chosen: NDArray[np.bool_] | None,
        segment: int,
    ) -> None:
        """Report states of bars within epochs.

        Args:
            metrics: their names, none of a validation.
            rows: the line of each state, room for two numbers, and the metrics.
            done: batches of each state.
            total: batches planned, 0 if they are not known.
            epoch: the number of its epoch.
            samples: which bars count samples, as their times show; None if none does.
            chosen: which of them are to be reported; None for all.
            segment: that in which they stand.
        """
        import numpy as np

        if not metrics:
            return
        before, known = epoch - 1, total > 0
        at, step = rows[:, EPOCH], rows[:, STEP]
        np.multiply(total, before, out=step)
        step += done
        if known.all():
            np.divide(done, total, out=at)
            at += before
        else:
            at[:] = np.where(known, before + done / np.where(known, total, 1), epoch)
            step[~known & (before != 0)] = math.nan
        if samples is not None:
            step[samples] = math.nan
        if self._sample_total > 0:
            step[total == self._sample_total] = math.nan
        shown = rows.copy() if chosen is None else rows.compress(chosen, axis=0)
        self._build.frames(_names(metrics), shown.data.cast("B"), segment)

    def frame(self, bar: Bar) -> None:
        """Report what a state of the bar of the current epoch shows, if that is wanted; evaluations have no place."""
        if not self._frames or not self._headed or not bar.gauge or self._framed == (self._epoch, bar.done):
            return
        waiting = self._bar
        if self._seen if waiting is None else not self._continues(waiting, bar):
            return
        self._framed = self._epoch, bar.done
        before, in_samples = self._epoch - 1, bar.samples or bar.total == self._sample_total > 0
        step = math.nan if in_samples or (before and not bar.total) else float(before * bar.total + bar.done)
        epoch = before + bar.done / bar.total if bar.total else float(self._epoch)
        trained = tuple([name for name in bar.metrics if not name.startswith("val_")])
        if trained:
            values = [bar.metrics[name] for name in trained]
            self._build.frames(_names(trained), pack(f"={FIRST + len(values)}d", bar.line, epoch, step, *values))

    def several(
        self,
        epoch: Floats,
        header: int,
        line: NDArray[np.int64],
        metrics: Mapping[str, Floats | float],
        seconds: Floats | float | None,
        first: Bar | None = None,
    ) -> bool:
        """Take epochs that follow the last one, each planned like it and with one bar like its bar.

        Args:
            epoch: their numbers.
            header: line of the last one's header.
            line: of each bar.
            metrics: values of each metric of the bars.
            seconds: spent on each; None where the bars do not tell.
            first: the bar of the first of them, if its header was told already.

        Returns:
            Whether they were taken; if not, they must be told one by one.
        """
        import numpy as np

        build = self._build
        if not self._headed or self._stopped or not build.is_open or epoch[-1] >= ABSURD:
            return False
        if self._epoch + (first is None) != epoch[0] or not (first is None or self.awaits_bar):
            return False
        if first is None:
            self._flush(before=int(epoch[0]))
        else:
            self._state_steps(first)
        names = _by_name(metrics)
        places = Places(np.full(len(epoch), build.current_step), epoch, line)
        for name, printed in names.items():
            build.new_column(name, printed).add(_each(metrics[printed], epoch), places)
        if seconds is not None:
            spent = _each(seconds, epoch)
            timed = (spent >= COARSE) | (spent != np.trunc(spent))
            if timed.any():
                clock = build.new_column(canonical("epoch_time"), "epoch_time")
                clock.extend(spent[timed], places.step[timed], epoch[timed], line[timed])
        self._epoch, self._header_line, self._seen = int(epoch[-1]), header, set(names)
        build.epoch(epoch[-1], int(line[-1]))
        return True

    def some(
        self,
        epochs: Sequence[float],
        header: int,
        lines: Sequence[int],
        metrics: Mapping[str, Sequence[float]],
        seconds: Sequence[float],
    ) -> bool:
        """Take a few epochs, as ``several`` takes many."""
        build = self._build
        if (
            not self._headed
            or self._stopped
            or not build.is_open
            or self._epoch + 1 != epochs[0] <= epochs[-1] < ABSURD
        ):
            return False
        self._flush(before=int(epochs[0]))
        names = _by_name(metrics)
        columns = {name: build.column(name) for name in names}
        timed = [at for at, spent in enumerate(seconds) if spent >= COARSE or spent % 1]
        clock = build.column(canonical("epoch_time"))
        if None in columns.values() or (clock is None and timed):
            return False
        for name, column in columns.items():
            if column is not None:
                column.put_all(metrics[names[name]], build.current_step, epochs, lines)
        if clock is not None and timed:
            spent, at = ([one[at] for at in timed] for one in (seconds, epochs))
            clock.put_all(spent, build.current_step, at, [lines[at] for at in timed])
        self._epoch, self._header_line, self._seen = int(epochs[-1]), header, set(names)
        build.epoch(epochs[-1], lines[-1])
        return True

    def _continues(self, waiting: Bar, bar: Bar) -> bool:
        """Whether a bar is a later state of the one that waits; another in the same epoch is an evaluation."""
        if bar.total == waiting.total or not waiting.total:
            if waiting.final:
                return bar.validated and not waiting.validated
            return bar.done >= waiting.done
        return self._headed and bar.validated and not waiting.final

    def counted_in_samples(self, total: int) -> None:
        """Note that bars up to *total* count samples, not batches."""
        self._sample_total = total

    def told(self, epoch: int) -> int:
        """Return the 1-based epoch for the number a callback prints: Keras up to 2.0 counts them from 0 there."""
        if self._headed and not self._stopped and (epoch == self._epoch - 1 or self._planned == 1):
            return self._epoch
        return epoch

    def progress(self) -> dict[str, float]:
        """Return the epoch, and the batches done and planned where an unfinished bar shows them."""
        shown: dict[str, float] = {}
        if not self._build.is_open:
            shown["epoch"] = 1.0
        elif self._epoch or self._bar is not None:
            shown["epoch"] = float(max(self._epoch, 1))
        if self._bar is not None and self._bar.done < self._bar.total:
            shown |= {"done": float(self._bar.done), "planned": float(self._bar.total)}
        return shown

    def early_stop(self, epoch: int, line: int, text: str) -> None:
        """A fit was stopped; a second stop belongs to a fit that printed nothing else."""
        if self._stopped:
            self._close()
        self.begin(line)
        epoch = self.told(epoch)
        self._build.event("early_stop", line, text, epoch=float(epoch))
        self._stopped = True

    def restored(self, epoch: int | None, line: int, text: str) -> None:
        """Weights were restored: before or after the stop, and before or after the last metrics."""
        if self._restored:
            self._close()
        self.begin(line)
        self._build.event("weights_restored", line, text, **({} if epoch is None else {"epoch": float(epoch)}))
        self._restored = True

    def failed(self, line: int, *, announced: bool) -> None:
        """The program crashed: what is stated next belongs to another attempt, unless the epochs simply go on.

        Where a title *announced* the fit it has begun, though it printed nothing before it failed.
        """
        if announced:
            self.begin(line)
        self._failed = True

    def begin(self, line: int) -> None:
        """Make sure that a segment is open."""
        if not self._build.is_open:
            self._build.start(line)
            self._reset()

    def settle(self, heading: int = 0) -> bool:
        """Close the fit if it has ended, before something of the next one is reported.

        Args:
            heading: the line of a title that follows, which ends a fit whatever its state. Only one right under an
                epoch's header does not: there, folds are nested inside epochs.

        Returns:
            Whether a fit was closed; for a heading, whether it is one that ends fits.
        """
        if heading and self._headed and (self._nested or (heading <= self._header_line + 2 and not self._begun)):
            self._flush()
            self._seen.clear()
            self._nested = True
            return False
        was_open = self._build.is_open
        complete = self._planned > 1 and self._epoch >= self._planned and self._begun
        if heading or self._stopped or self._failed or complete:
            self._close()
            return was_open or bool(heading)
        return False

    def finish(self) -> None:
        """Report the last epoch if it was completed, and how far it came if not."""
        if self._headed and self._build.is_open and not (self._begun or self._stopped or self._nested):
            line, done, total = self._header_line, 0, 0
            if self._bar is not None:
                line, done, total = self._bar.line, self._bar.done, self._bar.total
            self._build.event(
                "epoch_broken_off", line, epoch=float(self._epoch), done=float(done), planned=float(total)
            )
        self._flush()

    # Inside

    @property
    def _begun(self) -> bool:
        """Whether the current epoch has printed its values, or all but the last state of them."""
        return bool(self._seen) or (self._bar is not None and self._bar.final)

    def _close(self) -> None:
        self._flush()
        was_open = self._build.is_open
        self._build.close()
        self._reset()
        if was_open:
            self.fits += 1
            self._ended()

    def _flush(self, before: int = 0) -> None:
        """Report the waiting bar as an epoch; a bar that broke off is none, unless the next epoch follows."""
        bar, self._bar = self._bar, None
        if bar is None:
            return
        self.begin(bar.line)
        if self._headed:
            if bar.final or before == self._epoch + 1 or (before == self._planned == 1):
                self._emit(bar)
            return
        if before > 1 and not self._epoch:
            self._epoch = before - 1
            self._emit(bar)
            return
        if self._orphan is not None and bar.total == self._orphan.total:
            self._headless(self._orphan)
            self._headless(bar)
        elif bar.validated or bar.total == self._headless_total:
            self._headless(bar)
        else:
            self._orphan = bar

    def _headless(self, bar: Bar) -> None:
        """Report a bar without a header as the next epoch; it takes two alike to tell a fit from an evaluation."""
        self._orphan, self._headless_total = None, bar.total
        self._epoch += 1
        self._seen.clear()
        self._emit(bar)

    def _emit(self, bar: Bar) -> None:
        names = {name: printed for name, printed in _by_name(bar.metrics).items() if name not in self._seen}
        self._seen.update(names)
        values = [(printed, name, bar.metrics[printed]) for name, printed in names.items()]
        self._build.row(values, bar.line, epoch=float(self._epoch))
        if bar.seconds is not None and (bar.seconds >= COARSE or bar.seconds != int(bar.seconds)):
            self._build.point("epoch_time", bar.seconds, bar.line, epoch=float(self._epoch))
        self._state_steps(bar)

    def _state_steps(self, bar: Bar) -> None:
        """State the batches of an epoch; a bar of old Keras counts samples, and only its rate may tell."""
        if not bar.total or not bar.steps or bar.samples or bar.total == self._sample_total:
            return
        known = self._build.known("steps_per_epoch")
        if known is None or known.value != bar.total:
            self._build.fact("steps_per_epoch", float(bar.total), bar.line)


@lru_cache(maxsize=256)
def _names(metrics: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the names of metrics of training, printed and canonical."""
    return tuple([(name, canonical(name, "train")) for name in metrics])


@lru_cache(maxsize=4096)
def _named(printed: str) -> str:
    """Return the canonical name of a metric of a whole epoch."""
    return canonical(printed.removeprefix("val_"), "val" if printed.startswith("val_") else "train")


def _by_name(metrics: Iterable[str]) -> dict[str, str]:
    """Return metrics by canonical name; of two that share one, the first."""
    names: dict[str, str] = {}
    for printed in metrics:
        names.setdefault(_named(printed), printed)
    return names


def _each(value: Floats | float, epoch: Floats) -> Floats:
    """Return the value of each epoch."""
    import numpy as np

    return np.full(len(epoch), value) if isinstance(value, float) else value
