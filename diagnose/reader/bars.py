"""Epochs of a Keras console: which progress bars and lines are training epochs, and which fit they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.names import canonical
from diagnose.reader.builder import RunBuilder

COARSE = 10
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
    """

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._bar: Bar | None = None
        self._orphan: Bar | None = None
        self._sample_total = 0
        self._reset()

    def _reset(self) -> None:
        self._epoch = 0
        self._planned = 0
        self._headed = False
        self._seen: set[str] = set()
        self._stopped = self._restored = self._nested = False

    # What a reader calls

    def header(self, epoch: int, planned: int, line: int) -> None:
        """``Epoch 3/100``. Headers that all say 1/1 come from a loop around ``fit(epochs=1)`` and count up."""
        self._flush(before=epoch)
        if epoch == planned == 1 and self._planned == 1 and self._build.is_open and not self._stopped:
            epoch = self._epoch + 1 if self._seen else self._epoch
        elif self._stopped or epoch < self._epoch or (epoch == self._epoch and self._seen):
            self._close()
        self._epoch, self._planned, self._headed = epoch, planned, True
        self._seen.clear()
        self._build.epoch(epoch, line, planned=float(planned) if planned > 1 else None)

    def whole(self, epoch: int, planned: int, metrics: dict[str, float], line: int, seconds: float | None) -> None:
        """``Epoch 3/100 - 2.1s - loss: 0.5``: header and metrics in one line."""
        if epoch != self._epoch or not self._headed or self._stopped:
            self.header(epoch, planned, line)
        self._emit(Bar(0, 0, metrics, line, seconds))

    def bar(self, bar: Bar) -> None:
        """Any bar or verbose=2 line; those without metrics are downloads and predictions."""
        if not bar.metrics:
            return
        waiting = self._bar
        if waiting is not None:
            same = bar.total == waiting.total or not waiting.total
            if same and not waiting.final and bar.done >= waiting.done:
                self._bar = bar
            elif same and waiting.final and bar.validated and not waiting.validated:
                self._bar = bar
            elif self._headed:
                if bar.validated and not waiting.final:
                    self._bar = bar
                elif bar.validated:
                    self._flush()
                    self._seen.clear()
                    self._bar = bar
            else:
                self._flush()
                self._bar = bar
        elif not self._headed or not self._seen or (bar.validated and self._nested):
            self._bar = bar
        if not bar.gauge and self._bar is bar:
            self._flush()

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
        if self._build.is_open and self._epoch:
            shown["epoch"] = float(self._epoch)
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

    def begin(self, line: int) -> None:
        """Make sure that a segment is open."""
        if not self._build.is_open:
            self._build.start(line)
            self._reset()

    def settle(self, heading: bool = False) -> bool:
        """Close the fit if it has ended, before something of the next one is reported.

        Args:
            heading: a title follows, which ends a fit whatever its state; but one between an epoch's header and its
                bar (folds inside an epoch) ends none.

        Returns:
            Whether a fit was closed.
        """
        complete = self._bar is not None and self._bar.final
        if heading and self._headed and (self._nested or not (self._seen or self._bar)):
            self._flush()
            self._nested = True
            return False
        ended = self._planned > 1 and self._epoch >= self._planned and (complete or bool(self._seen))
        if heading or self._stopped or ended:
            self._flush()
            was_open = self._build.is_open
            self._close()
            return was_open
        return False

    def finish(self) -> None:
        """Report the last epoch if it was completed."""
        self._flush()

    # Inside

    def _close(self) -> None:
        self._flush()
        self._build.close()
        self._reset()

    def _flush(self, before: int = 0) -> None:
        """Report the waiting bar as an epoch; a bar that broke off is none, unless the next epoch follows."""
        bar, self._bar = self._bar, None
        if bar is None:
            return
        if self._headed:
            if bar.final or before == self._epoch + 1 or (before == self._planned == 1):
                self._emit(bar)
            return
        if before > 1 and not self._epoch:
            self._epoch = before - 1
        elif bar.validated or (self._orphan is not None and bar.total == self._orphan.total):
            if self._orphan is not None and not bar.validated:
                self._epoch += 1
                self._emit(self._orphan)
                self._orphan = None
            self._epoch += 1
        else:
            self._orphan = bar
            return
        self._emit(bar)

    def _emit(self, bar: Bar) -> None:
        self.begin(bar.line) if not self._headed else None
        for printed, value in bar.metrics.items():
            split = "" if printed.startswith("val_") else "train"
            name = canonical(printed, split)
            if name in self._seen:
                continue
            self._seen.add(name)
            self._build.point(printed, value, bar.line, split=split, epoch=float(self._epoch))
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
