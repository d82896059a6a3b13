"""Keras consoles: Keras 1 to 3 and tf.keras, verbose 1 and 2, with what scripts print around them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from diagnose.patterns import lazy
from diagnose.reader import ConsoleEvents, LineGrammar, Marked, Match, RunBuilder, number
from diagnose.reader.bar_plans import FLOAT, BarPlan, Header, bar_plan, header_plan
from diagnose.reader.bar_rows import BarRows
from diagnose.reader.bars import Bar, Epochs
from diagnose.reader.console_rows import VISIBLE, ConsoleRows
from diagnose.reader.raw_lines import RawLines, raw_lines
from diagnose.reader.remarks import Remarks
from diagnose.reader.scopes import Scopes
from diagnose.scan import Walk, line_texts
from diagnose.sources import Line, Source

NAME = "keras"
TITLE = "Keras console (verbose=1 or 2)"

BAR = "=" * 30
SAMPLES: tuple[str | bytes, ...] = (
    f"Epoch 1/4\n90/90 [{BAR}] - 3s 31ms/step - loss: 0.7512 - acc: 0.5417 - val_loss: 0.6022\n",
    f"Epoch 1/4\n\x1b[1m90/90\x1b[0m \x1b[32m{'━' * 20}\x1b[0m \x1b[1m3s\x1b[0m 31ms/step - loss: 0.7512\n",
    "Epoch 1/4\n90/90 - 3s - loss: 0.7512 - val_loss: 0.6022 - 3s/epoch - 31ms/step\n",
    "Train on 720 samples, validate on 80 samples\nEpoch 1/4\n3s - loss: 0.7512 - acc: 0.5417\n",
    "Epoch 5/90 - 4.1s - loss: 1.2512 - val_loss: 1.3022 - kappa: 0.1417 - val_kappa: 0.0000\n",
    "Epoch 17: early stopping\nRestoring model weights from the end of the best epoch: 7.\n",
    "WARNING:tensorflow:Can save best model only with val_f1 available, skipping.\n",
)

MARKS = (
    r"^ *\d+/(\d+|Unknown) \[[=>.]{20,}\] ",
    r"^ *\d+/(\d+|Unknown) [━─╸╺]{10,} +\d",
    r"^ *(\d+/\d+ - )?\d+m?s - loss: ",
    r"^ *\d+/\d+ - \d+m?s - [\d.]+[mu]?s/step( - \S+: [\d.]|$)",
    r"^ *\d+/\d+ - \d+m?s - \w+: .* - [\d.]+[mu]?s/step",
    r"^ *Epochs? \d+/\d+ - ([\d.]+m?s - \w+|\w*loss): [\dn-]",
    r"^ *Epoch \d+: early stopping *$",
    r"^ *Restoring model weights from the end of the best epoch",
    r"Your input ran out of data; interrupting training",
    r"Early stopping conditioned on metric `[^`]+` which is not available\. Available metrics are",
    r"Can save best model only with \S+ available",
    r"^ *Epoch \d+: \S+ (improved from \S+ to \S+, saving model to|did not improve from) ",
    r"^ *Epoch \d+: (ReduceLROnPlateau )?reducing learning rate to ",
    r"^ *Train (on \d+ samples, validate on \d+ samples|for \d+ steps(, validate for \d+ steps)?) *$",
    r"Gradients do not exist for variables ",
)

GLUED = lazy(
    r"(?<=\S)(?=WARNING:tensorflow:|(?<!-)-{60,}$|Traceback \(most recent|Batch \d+: Invalid loss)"
    r"|(?<=[\w\])])(?=Epochs? \d+/\d+\s*$)"
    r"|(?:(?<=\d\.\d{4})|(?<=\d[eE][+-]\d\d)|(?<=/step))(?=(?:[./~]|[A-Za-z]:\\)\S*\.py:\d+: \w*Warning: )"
)
"""Where a line printed into an unfinished bar begins."""
MAY_BE_GLUED = ("WARNING:", "Warning: ", "Epoch", "-" * 60, "Traceback", "Invalid loss")
"""Texts one of which stands in every such line, though not at its beginning."""
IN_BULK = frozenset({"epoch", "bar", "plain"})
"""Kinds of lines that come so often that they are read in bulk."""
LONGEST = 20_000
"""Characters of a line of Keras."""
LONG = 1000
"""Characters of a line of which it is not remembered whether others were printed into it."""
UNLOADED = lazy(r"A total of (\d+) objects could not be loaded|weight count mismatch|expects \d+ weight\(s\), but")
GATE = (
    r"Epoch|\d\s*/|\d(?:s|ms|us|µs|ns)\s*[-\d]|ETA|Restoring|Early stopping|Can save|conditioned|ran out|Gradients"
    r"|trainable|Invalid|Train |Found|Using|param"
)


sniff = Marked(*MARKS)
"""Output of Keras' ``fit``."""


def read(source: Source, build: RunBuilder) -> None:
    """Read bars, epoch lines, callbacks and warnings, and the remarks of the script around them."""
    grammar = LineGrammar("keras", gate=GATE)
    raw = raw_lines(grammar)
    walk = Walk(source, raw.shapes, VISIBLE, frames=source.frames, apart=True)
    reader = _Reader(build, walk, raw, grammar, line_texts(source), frames=source.frames)
    last, rows, remarks, console = 0, reader.rows, reader.remarks, reader.console
    for line in walk:
        number, text, overwritten = line
        if walk.skipped:
            rows.flush()
        if last + 1 < number > rows.last + 1:
            console.passed(number - 1)
        last = number
        if overwritten:
            reader.frame(line)
        elif len(parts := _parts(text) if len(text) < LONG else _cut(text)) > 1:
            for part in parts:
                reader.feed(Line(number, part))
        else:
            match = reader.feed(line)
            if reader.idle:
                walk.ignore()
            elif match is not None and match.kind in IN_BULK:
                reader.enable(match, text.strip())
        walk.everything = remarks.attentive or console.attentive
    rows.flush()
    if walk.seen > max(last, rows.last):
        console.passed(walk.seen)
    reader.finish()
    del reader.rows  # which hold the reader: such circles stay until Python looks for them


class _Reader:
    def __init__(
        self,
        build: RunBuilder,
        walk: Walk,
        raw: RawLines,
        grammar: LineGrammar,
        text_of: Callable[[int], str],
        *,
        frames: bool,
    ) -> None:
        self._build = build
        self.idle = False  # whether the line fed last meant nothing, nor would any that differs from it in digits only
        self._grammar = grammar
        scopes = Scopes(build)
        self._epochs = Epochs(build, scopes.ended, frames=frames)
        self.remarks = Remarks(build, self._epochs.settle, scopes, text_of)
        told = BarRows(self._epochs, self._header)
        self.rows: ConsoleRows[Header | BarPlan] = ConsoleRows(
            walk, raw, grammar, told.row, told.batch, told.state, told.few, lambda plan: plan.layout
        )
        self.console = ConsoleEvents(build)
        self._found = 0
        self._samples_of = -1
        self._gradients = ("", 0.0)
        self._saved = (0.0, "")

    def feed(self, line: Line) -> Match | None:
        self.idle = False
        match = self._grammar.parse(line.text.strip()) if len(line.text) < LONGEST else None
        if match is None:
            if not self.remarks.feed(line):
                failures = self.console.failures
                self.console.feed(line)
                self.idle = self.console.idle and not self.remarks.attentive
                self.idle = self.idle and not self.remarks.may_be_title(line.text)
                if ("weight" in line.text or "loaded" in line.text) and (unloaded := UNLOADED.search(line.text)):
                    text = line.text.strip()
                    fields = {"mismatched": float(unloaded[1])} if unloaded[1] else {}
                    self.idle = False
                    self._build.event("state_dict_mismatch", line.number, text, message=text[:200], **fields)
                if self.console.failures > failures:
                    self._epochs.failed(line.number, announced=self.remarks.scopes.level > 0)
            return None
        getattr(self, f"_on_{match.kind}")(match, line)
        return match

    def frame(self, line: Line) -> None:
        """Take a state of a bar that a later one overwrites."""
        match = self._grammar.parse(line.text.strip()) if len(line.text) < LONGEST else None
        if match is not None and match.kind == "bar":
            self._epochs.frame(_bar(match, line.number))
            self.enable(match, line.text.strip())

    def enable(self, match: Match, text: str) -> None:
        """Read lines like the one that was just fed in bulk, if it is a header, a bar or what stands for one."""
        if match.kind == "epoch":
            self.rows.enable(match, text, header_plan)
        elif match.kind in IN_BULK:
            self.rows.enable(match, text, lambda match, numbers: bar_plan(_bar(match, 0), match, numbers))

    def finish(self) -> None:
        self._epochs.finish()
        self.remarks.finish()
        self.console.finish()

    # Epochs

    def _on_epoch(self, match: Match, line: Line) -> None:
        epoch, planned = (int(text) for text in match.all("INT"))
        self._header(epoch, planned, line.number, match)

    def _header(self, epoch: int, planned: int, line: int, match: Match | None = None) -> None:
        if epoch == 1:
            self.remarks.begin_listed()
        if match is not None and (metrics := _metrics(match)):
            self._epochs.whole(epoch, planned, metrics, line, _seconds(match))
        else:
            self._epochs.header(epoch, planned, line)
        if -1 < self._samples_of < self._epochs.fits:
            self._samples_of = -1
            for name in ("train_samples", "val_samples"):
                self.remarks.scopes.forget(name)

    def _on_bar(self, match: Match, line: Line) -> None:
        bar = _bar(match, line.number)
        self.idle = not bar.metrics
        self._epochs.bar(bar)

    def _on_plain(self, match: Match, line: Line) -> None:
        self._epochs.bar(_bar(match, line.number))

    # Callbacks

    def _on_stop(self, match: Match, line: Line) -> None:
        self._epochs.early_stop(int(match.tokens[0][1]), line.number, line.text.strip())

    def _on_restored(self, match: Match, line: Line) -> None:
        epoch = match.get("INT")
        self._epochs.restored(int(epoch) if epoch else None, line.number, line.text.strip())

    def _on_improved(self, match: Match, line: Line) -> None:
        value = [text for name, text in match.tokens if name in FLOAT][-1]
        self._saved = epoch, path = float(self._epochs.told(int(match.tokens[0][1]))), match.get("PATH") or ""
        self._build.event(
            "checkpoint",
            line.number,
            line.text.strip(),
            epoch=epoch,
            path=path,
            metric=match.get("MONITOR"),
            value=number(value),
        )

    def _on_not_improved(self, match: Match, line: Line) -> None:
        best = next((text for name, text in match.tokens if name in FLOAT), "nan")
        self._build.event(
            "checkpoint_not_improved",
            line.number,
            line.text.strip(),
            epoch=float(self._epochs.told(int(match.tokens[0][1]))),
            metric=match.get("MONITOR"),
            value=number(best),
        )

    def _on_saving(self, match: Match, line: Line) -> None:
        """Keras 3 says twice that it saves what improved."""
        epoch, path = float(self._epochs.told(int(match.tokens[0][1]))), match.get("PATH") or ""
        if self._saved != (epoch, path):
            self._build.event("checkpoint", line.number, line.text.strip(), epoch=epoch, path=path)

    def _on_plateau(self, match: Match, line: Line) -> None:
        epoch = float(self._epochs.told(int(match.tokens[0][1])))
        value = number(match.get("NUMBER") or "nan")
        self._build.event("lr_reduced", line.number, line.text.strip(), epoch=epoch, value=value)

    def _on_scheduled(self, match: Match, line: Line) -> None:
        if value := match.get("NUMBER"):
            epoch = float(self._epochs.told(int(match.tokens[0][1])))
            self._epochs.begin(line.number)
            self._build.point("lr", number(value), line.number, epoch=epoch)

    # Warnings

    def _on_stop_blind(self, match: Match, line: Line) -> None:
        self._blind("EarlyStopping", match.get("QUOTED") or "", match, line)

    def _on_plateau_blind(self, match: Match, line: Line) -> None:
        self._blind("ReduceLROnPlateau", match.get("QUOTED") or "", match, line)

    def _on_save_blind(self, match: Match, line: Line) -> None:
        self._blind("ModelCheckpoint", match.get("MONITORED") or "", match, line)

    def _blind(self, wanted_by: str, metric: str, match: Match, line: Line) -> None:
        """A callback without its metric; a crash inside an epoch causes the same warning, so its progress is noted."""
        names = match.get("NAMES")
        self._build.event(
            "metric_missing",
            line.number,
            line.text.strip(),
            ahead=True,
            metric=metric.strip("`"),
            wanted_by=wanted_by,
            available=[name.strip() for name in names.split(",")] if names else [],
            **self._epochs.progress(),
        )

    def _on_exhausted(self, match: Match, line: Line) -> None:
        text = line.text.strip()
        self._build.event("input_exhausted", line.number, text, ahead=True, **self._epochs.progress())

    def _on_gradients(self, match: Match, line: Line) -> None:
        """Report each list of variables once an epoch: every replica and every trace repeats it."""
        text = match.get("TAIL") or ""
        said = (text, self._epochs.progress().get("epoch", 0.0))
        if said == self._gradients:
            return
        self._gradients = said
        names = re.findall(r"'[^']+'", text.split("] when")[0])
        self._build.event(
            "gradients_missing", line.number, line.text.strip(), ahead=True, count=len(names), message=text[:200]
        )

    def _on_untrainable(self, match: Match, line: Line) -> None:
        self._build.event("no_trainable", line.number, line.text.strip(), ahead=True, count=0)

    def _on_invalid(self, match: Match, line: Line) -> None:
        self._build.event("nan_reported", line.number, line.text.strip(), what="loss")

    # Data and model

    def _on_train_on(self, match: Match, line: Line) -> None:
        train, *val = (float(text) for text in match.all("INT"))
        self._epochs.counted_in_samples(int(train))
        self._fact("train_samples", train, line)
        if val:
            self._fact("val_samples", val[0], line)
        self._samples_of = self._epochs.fits

    def _on_train_for(self, match: Match, line: Line) -> None:
        train, *val = (float(text) for text in match.all("INT"))
        self._fact("steps_per_epoch", train, line)
        if val:
            self._fact("val_samples" if "samples" in line.text else "val_steps", val[0], line)

    def _on_found(self, match: Match, line: Line) -> None:
        """Scripts make their generators in the order train, validation, test."""
        count, classes = (float(text) for text in match.all("INT"))
        if self._epochs.settle():
            self._found = 0
        self._found += 1
        if self._found <= 2:
            self._fact("train_samples" if self._found == 1 else "val_samples", count, line)
        if self._found == 1:
            self._fact("num_classes", classes, line)

    def _on_files(self, match: Match, line: Line) -> None:
        purpose = "train" if match.get("PURPOSE") == "training" else "val"
        self._fact(f"{purpose}_samples", float(match.tokens[0][1]), line)

    def _on_params(self, match: Match, line: Line) -> None:
        names = {"Total": "total_params", "Trainable": "trainable_params"}
        if name := names.get(match.get("SHARE") or ""):
            self._fact(name, number(match.get("COUNT") or "nan"), line)

    def _fact(self, name: str, value: float, line: Line) -> None:
        self.remarks.fact(name, value, line.number, line.text.strip())


def _cut(text: str) -> tuple[str, ...]:
    """Return a line in pieces, where others were printed into it."""
    return tuple(GLUED.split(text)) if any(text.find(word, 1) > 0 for word in MAY_BE_GLUED) else (text,)


_parts = lru_cache(maxsize=5000)(_cut)


def _bar(match: Match, line: int) -> Bar:
    done, *total = [int(text) for text in match.all("INT")] or [0]
    rates = match.all("RATE")
    gauge = match.get("GAUGE") or ""
    return Bar(
        done=done,
        total=total[0] if total else 0,
        metrics=_metrics(match),
        line=line,
        seconds=_seconds(match),
        running=match.get("ETA") is not None and not gauge.startswith("━") and len(match.all("DURATION")) < 2,
        gauge=gauge[:1],
        steps=any(rate.endswith("/step") for rate in rates),
        samples=any(rate.endswith("/sample") for rate in rates),
    )


def _metrics(match: Match) -> dict[str, float]:
    """Return the metrics of a line; of a name that a lost carriage return left twice, the last value."""
    return {
        key: number(value)
        for (name, key), (after, value) in zip(match.tokens, match.tokens[1:], strict=False)
        if name == "KEY" and after in FLOAT
    }


def _seconds(match: Match) -> float | None:
    durations = match.all("DURATION")
    if not durations or match.get("ETA"):
        return None
    return float(durations[-1][:-1]) if durations[-1][-2:-1].isdigit() else 0.0
