"""The console that YOLOv5, v7, v9 and Ultralytics share: tables whose rows carry a progress bar."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from diagnose.model import Setting
from diagnose.names import canonical
from diagnose.reader.builder import RunBuilder
from diagnose.reader.console import ConsoleEvents
from diagnose.reader.console_rows import VISIBLE, Batch, ConsoleRows
from diagnose.reader.grammar import LineGrammar, Match, number
from diagnose.reader.printed import printed_settings
from diagnose.reader.raw_lines import raw_lines
from diagnose.reader.yolo_bulk import Pairs, Plan, Titles, Train, Val, Value, alike, columns_of, elapsed, plan_of
from diagnose.reader.yolo_data import DataReport
from diagnose.reader.yolo_rows import (
    TRAIN_NAMES,
    TrainRow,
    first_epoch,
    named_values,
    train_columns,
    train_row,
    val_columns,
    val_name,
    val_row,
    val_values,
    whole,
)
from diagnose.reader.yolo_settings import printed, state
from diagnose.reader.yolo_states import EpochStates
from diagnose.records import dataclass, field
from diagnose.scan import Walk, line_texts
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

IN_BULK = frozenset({"train_header", "train_row", "val_header", "all_row"})

WARNINGS = 50
"""Distinct warnings reported of one file."""
HALF = 0.5
"""Share of an epoch from which the running means of an unfinished one count as its losses."""
FITTING = 0.5
"""Share of a checkpoint's tensors below which it hardly fits the model."""


@dataclass(slots=True)
class _Phase:
    """Where in a session the reader is.

    Attributes:
        trained: an epoch has been read.
        validated: a validation followed the last epoch.
        finished: what comes describes the best weights, after training.
        fused: a model was prepared for validation only.
        said: the program said that training is done.
    """

    trained: bool = False
    validated: bool = True
    finished: bool = False
    fused: bool = False
    said: bool = False


@dataclass
class YoloConsole:
    """Reads one console. Each method that takes a match is called for the lines of the kind that it is named after.

    Attributes:
        build: takes what is found.
        grammar: the format's grammar, which accepts at least ``line`` of yolo_table.lark.
        losses: loss columns where the log does not show its header.
        counts_from: number of the first epoch, in rows and in what is said about early stopping and resuming.
        pending: the row that waits for the end of its epoch.
        states: takes all rows, where each state of a bar counts.
    """

    build: RunBuilder
    grammar: LineGrammar
    losses: tuple[str, ...]
    counts_from: int
    phase: _Phase = field(default_factory=_Phase)
    columns: list[str] = field(default_factory=list)
    val_columns: list[str] = field(default_factory=list)
    pending: TrainRow | None = None
    states: EpochStates | None = None
    sessions: int = 0
    frozen: int = 0
    last_banner: Line | None = None
    warned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.data = DataReport(self.build)

    def read(self, source: Source) -> None:
        """Read all lines."""
        events = ConsoleEvents(self.build)
        raw = raw_lines(self.grammar)
        walk = Walk(source, raw.shapes, VISIBLE, frames=source.frames, apart=True)
        self.states = EpochStates(self.build, self.named) if source.frames else None
        self.texts = line_texts(source)
        rows: ConsoleRows[Plan] = ConsoleRows(
            walk,
            raw,
            self.grammar,
            self.row,
            Pairs(self.told, self.changes, self.several, self.add_states).batch,
            self.state,
            alike=alike,
        )
        last = 0
        for line in walk:
            if walk.skipped:
                rows.flush()
            if line.number > max(last, rows.last) + 1:
                events.passed(line.number - 1)
            last = line.number
            match = self.grammar.parse(line.text)
            if line.overwritten:
                self.frame(match, line)
                if match is not None and match.kind in IN_BULK:
                    rows.enable(match, line.text, plan_of, repeats=match.kind.endswith("header"))
                continue
            if match is None:
                events.feed(line)
                if events.idle:
                    walk.ignore()
                walk.everything = events.attentive
                continue
            getattr(self, match.kind)(match, line)
            if match.kind in IN_BULK:
                rows.enable(match, line.text, plan_of, repeats=match.kind.endswith("header"))
        rows.flush()
        if walk.seen > max(last, rows.last):
            events.passed(walk.seen)
        self.flush()
        self.data.flush()
        events.finish()

    # Tables in bulk

    def row(self, plan: Plan, line: int, columns: Sequence[float]) -> None:
        """Take a row that was read in bulk, as if it had been parsed."""
        self.state(plan, line, columns)
        self.told(plan, line, columns)

    def state(self, plan: Plan, line: int, columns: Sequence[float]) -> None:
        """Take a row as a state of a bar, where such states count."""
        if isinstance(plan, Train) and self.states is not None:
            self.states.add(self.train_row_of(plan, line, columns))

    def add_states(self, batch: Batch[Plan]) -> None:
        """Take rows of training as states of bars, where such states count."""
        if self.states is not None:
            self.states.add_batch(batch, first_epoch(self.columns, self.counts_from))

    def named(self, values: list[Value], memory: Value) -> dict[str, Value]:
        """Return where the numbers of rows of training stand, by column."""
        return named_values(values, memory, self.columns, self.losses)

    def train_row_of(self, plan: Train, line: int, columns: Sequence[float]) -> TrainRow:
        """Return a row of training that was read in bulk."""
        values = [one.of(columns) for one in plan.values]
        named = named_values(values, plan.memory.of(columns), self.columns, self.losses)
        first = first_epoch(self.columns, self.counts_from)
        return TrainRow(columns[0] - first, columns[1] - first, named, line, *plan.progress(columns))

    def told(self, plan: Plan, line: int, columns: Sequence[float]) -> None:
        """Take a row whose state has been taken."""
        if isinstance(plan, Titles):
            getattr(self, plan.kind)(plan.match, Line(line, ""))
        elif isinstance(plan, Train):
            self.take_train(self.train_row_of(plan, line, columns))
        else:
            values = [one.of(columns) for one in plan.values]
            self.take_all(val_values(values, self.val_columns), line, lambda: self.texts(line))

    def changes(self, titles: Titles) -> bool:
        """Whether titles are not those of the tables read so far."""
        if titles.kind == "train_header":
            return (train_columns(titles.match) or self.columns) != self.columns
        names = val_columns(titles.match)
        return len(names) >= len(self.val_columns) and names != self.val_columns

    def several(
        self,
        train: Train,
        rows: Floats,
        line: NDArray[np.int64],
        val: Val | None = None,
        val_rows: Floats | None = None,
        val_line: NDArray[np.int64] | None = None,
    ) -> bool:
        """Take epochs that follow the last one, with a row of training and one of validation each, or none at all.

        Returns:
            Whether they were taken; if not, they must be told one by one.
        """
        import numpy as np

        build, phase = self.build, self.phase
        first = first_epoch(self.columns, self.counts_from)
        if val is None and self.pending is not None and self.pending.epoch == rows[0, 0] - first - 1:
            self.flush(ended=True)
        if self.pending is not None or phase.finished or not (phase.trained and build.is_open):
            return False
        if phase.validated == (val is None):
            return False
        epoch, planned = rows[:, 0] - first, build.known("planned_epochs")
        if epoch[0] != build.current_epoch + 1 or planned is None or planned.value != rows[0, 1] - first:
            return False
        memory = next(columns_of([train.memory], rows))
        trained = named_values([*columns_of(train.values, rows)], memory, self.columns, self.losses)
        validated = {}
        if val is not None and val_rows is not None:
            validated = val_values([*columns_of(val.values, val_rows)], self.val_columns)
        images, known = validated.pop("images", None), build.known("val_samples")
        if images is not None and (known is None or not (images == known.value).all()):
            return False
        if any((values == 0).any() for column, values in validated.items() if val_name(column) == "val/labels"):
            return False
        named = [
            (name, TRAIN_NAMES.get(name, "") or canonical(name, "train"), values) for name, values in trained.items()
        ]
        named += [(column, val_name(column), values) for column, values in validated.items()]
        columns = {name: build.column(name) for _, name, _ in named}
        timed, seconds = elapsed(train, rows)
        clock = build.column("time/epoch")
        if len(columns) < len(named) or (clock is None and timed.any()):
            return False
        if any(
            column is None or column.printed != printed
            for (printed, *_), column in zip(named, columns.values(), strict=True)
        ):
            return False
        step = np.full(len(epoch), build.current_step)
        for index, (_, name, values) in enumerate(named):
            if (column := columns[name]) is not None:
                column.extend(values, step, epoch, line if val_line is None or index < len(trained) else val_line)
        if clock is not None and timed.any():
            clock.extend(seconds[timed], step[timed], epoch[timed], line[timed])
        build.epoch(float(epoch[-1]), int((line if val_line is None else val_line)[-1]))
        if self.states is not None:
            self.states.end(float(epoch[0]), float(epoch[-1]), int(line[-1]))
        return True

    # Tables

    def train_header(self, match: Match, line: Line) -> None:
        """Take the column names."""
        self.columns = train_columns(match) or self.columns

    def train_row(self, match: Match, line: Line) -> None:
        """Keep the row: it counts once the next epoch or a validation shows that it was the last state."""
        row = train_row(match, line.number, self.columns, self.losses, self.counts_from)
        if self.states is not None:
            self.states.add(row)
        self.take_train(row)

    def take_train(self, row: TrainRow) -> None:
        """Keep a row; see ``train_row``."""
        if self.pending is not None and self.pending.epoch != row.epoch:
            self.flush(ended=self.pending.epoch < row.epoch)
        self.pending = row

    def frame(self, match: Match | None, line: Line) -> None:
        """Take a state that a later one overwrites."""
        if match is not None and match.kind == "train_row" and self.states is not None:
            self.states.add(train_row(match, line.number, self.columns, self.losses, self.counts_from))

    def flush(self, *, ended: bool = False) -> None:
        """Turn the row that is waiting into points.

        Args:
            ended: something showed that the epoch went to its end, even if its bar was cut off.
        """
        row, self.pending = self.pending, None
        build, phase = self.build, self.phase
        if row is None:
            return
        if phase.trained and phase.validated and row.epoch == build.current_epoch:
            return  # printed once more after its validation
        whole = ended or row.done >= 1
        early = row.done < HALF and not row.is_broken and build.has_points and row.epoch > build.current_epoch
        if not early or whole:
            phase.trained, phase.validated, phase.finished = True, False, False
            row.add_to(build, whole=whole)
        if self.states is not None:
            self.states.end(row.epoch, row.epoch, row.line)

    def val_header(self, match: Match, line: Line) -> None:
        """Take the column names. A header that something else cut off tells less than the one before it."""
        names = val_columns(match)
        if len(names) >= len(self.val_columns):
            self.val_columns = names

    def all_row(self, match: Match, line: Line) -> None:
        """Points of the epoch's validation; of the best weights after training, a summary."""
        self.take_all(val_row(match, self.val_columns), line.number, lambda: line.text)

    def take_all(self, row: dict[str, float], line: int, shown: Callable[[], str]) -> None:
        """Take the numbers of a validation by column; see ``all_row``."""
        self.flush(ended=True)
        build, phase = self.build, self.phase
        summary = phase.finished or not phase.trained or phase.validated
        phase.validated = True
        images = row.pop("images", None)
        known = build.known("val_samples")
        if images is not None and not phase.finished and (known is None or known.value != images):
            build.fact("val_samples", images, line, shown().strip())
        for column, value in row.items():
            name = val_name(column)
            if not summary:
                build.point(column, value, line, name=name)
            elif name != "val/labels":
                build.event("metric_summary", line, shown().strip(), metric=name, value=value)
        if any(value == 0 and val_name(column) == "val/labels" for column, value in row.items()):
            self.once("no_labels", Line(line, shown()), key="validation", message="0 labels in the validation set")

    def class_row(self, match: Match, line: Line) -> None:
        """Rows of classes tell the class distribution; in the middle of training they are left out."""
        if self.phase.finished:
            self.data.class_row(match, line)

    # Settings

    def settings(self, match: Match, line: Line) -> None:
        """The argument line: a program start."""
        if not match.tokens[0][1].startswith(("train", "engine", "yolo")):
            self.phase.finished = True
            return
        self.session(line)
        state(self.pairs(match, line), self.build)

    def namespace(self, _: Match, line: Line) -> None:
        """The argument line of old versions."""
        found = printed_settings(line, self.build.path)
        if any(setting.key == "epochs" for setting in found):
            self.session(line)
            state(found, self.build)

    def hyperparameters(self, match: Match, line: Line) -> None:
        """The hyperparameter line."""
        state(self.pairs(match, line), self.build, "hyp.")

    def pairs(self, match: Match, line: Line) -> Iterator[Setting]:
        """Return the settings of an argument line."""
        return printed(match, line.number, line.text, self.build.path)

    def session(self, line: Line) -> None:
        """Begin a session; in a file that holds several, each is a segment."""
        self.flush()
        self.data.flush()
        if self.sessions or self.phase.trained:
            self.build.start(line.number, fresh=True)
        self.sessions += 1
        self.state_banner()
        self.build.event("session_start", line.number, line.text.strip())
        self.phase, self.columns, self.val_columns, self.frozen = _Phase(), [], [], 0

    # Single lines, in the order in which a run prints them

    def banner(self, match: Match, line: Line) -> None:
        """Program, Python, torch and device. Ultralytics prints it before the arguments, and again to validate."""
        self.flush()
        self.last_banner = line
        if not self.phase.trained:
            self.state_banner()

    def state_banner(self) -> None:
        """State the facts of the last banner."""
        if (line := self.last_banner) is None:
            return
        text = line.text.strip()
        self.build.fact("framework", re.split(r" (?:Python-|torch)", text)[0].strip(), line.number, text)
        if found := re.search(r"Python-(\S+)", text):
            self.build.fact("python", found[1], line.number, text)
        if found := re.search(r"((?:CUDA|cuda):\S+ \(.*\)|CPU|MPS)", text):
            self.build.fact("device", found[1], line.number, text)

    def classes(self, match: Match, line: Line) -> None:
        """The model's head was given the number of classes of the data."""
        count = float(match.all("INT")[1])
        self.build.fact("num_classes", count, line.number, line.text.strip())
        self.build.fact("num_classes_model", count, line.number, line.text.strip())

    def summary(self, match: Match, line: Line) -> None:
        """Parameters; after fusing (for validation) the trainer reports no gradients, which means nothing."""
        if self.phase.trained or self.phase.fused or "(fused)" in line.text:
            return
        total, trainable = (number(text) for text in match.all("COUNT"))
        self.build.fact("total_params", total, line.number, line.text.strip())
        self.build.fact("trainable_params", trainable, line.number, line.text.strip())

    def transferred(self, match: Match, line: Line) -> None:
        """Pretrained weights were loaded, as far as they fit."""
        text = line.text.strip()
        fitting, total = map(whole, (match.get("FRACTION") or "0/1").split("/"))
        path = (match.get("ANY") or "").strip()
        self.build.event("loaded", line.number, text, path=path)
        self.build.fact("pretrained", fitting > 0, line.number, text)
        if fitting < FITTING * total:
            missing = total - fitting
            self.build.event(
                "state_dict_mismatch",
                line.number,
                text,
                missing=missing,
                unexpected=0,
                mismatched=0,
                message=text[:200],
            )

    def freeze(self, match: Match, line: Line) -> None:
        """Count frozen tensors; the fixed kernel of the DFL is frozen in every Ultralytics model."""
        if ".dfl." not in line.text:
            self.frozen += 1
            self.build.fact("frozen_layers", float(self.frozen), line.number, line.text.strip())

    def optimizer(self, match: Match, line: Line) -> None:
        """Optimizer, learning rate, momentum, and the largest weight decay of its groups."""
        text = line.text.strip()
        self.build.fact("optimizer", match.get("OPTIMIZER_NAME"), line.number, text)
        values: dict[str, list[float]] = {}
        for setting in self.pairs(match, line):
            if isinstance(setting.value, int | float):
                values.setdefault(setting.key, []).append(float(setting.value))
        for key, fact in (("lr", "lr"), ("momentum", "momentum"), ("decay", "weight_decay")):
            if key in values:
                self.build.fact(fact, max(values[key]), line.number, text)

    def amp(self, match: Match, line: Line) -> None:
        """Mixed precision is on if its check passed."""
        text = line.text.strip()
        passed = "passed" in text
        self.build.fact("amp", passed, line.number, text)
        if not passed:
            self.build.event("warning", line.number, text, category="amp", message=text[:200])

    def image_size(self, match: Match, line: Line) -> None:
        """Training image size."""
        self.build.fact("image_size", float(match.get("INT") or 0), line.number, line.text.strip())

    def scan(self, match: Match, line: Line) -> None:
        """A state of a data set's scan; one after training is of other data."""
        if not self.phase.finished:
            self.data.scan(match, line)

    def begin(self, match: Match, line: Line) -> None:
        """Training starts: all that was scanned before belongs to it."""
        self.flush()
        self.data.flush()
        if self.build.has_points:
            self.build.close()
        self.phase = _Phase()
        self.build.fact("planned_epochs", float(match.get("INT") or 0), line.number, line.text.strip())

    def resuming(self, match: Match, line: Line) -> None:
        """Training goes on from a checkpoint."""
        epoch = float(match.get("INT") or 0) - self.counts_from + 1
        path = (match.get("FILE") or "").strip()
        self.build.event("resumed", line.number, line.text.strip(), epoch=epoch, path=path)

    def early_stop(self, match: Match, line: Line) -> None:
        """Training was stopped after the epoch that was read last."""
        self.flush()
        text, build = line.text.strip(), self.build
        patience, *best = match.all("INT")
        build.event("early_stop", line.number, text, epoch=build.current_epoch)
        build.fact("patience", float(patience), line.number, text)
        if best:
            epoch = float(best[0]) - self.counts_from + 1
            build.event("best_summary", line.number, text, metric="fitness", value=math.nan, epoch=epoch)

    def done(self, match: Match, line: Line) -> None:
        """The program says that training is done; cursor movements may make it say so twice."""
        self.flush(ended=True)
        if not self.phase.said:
            self.build.event("session_end", line.number, line.text.strip())
        self.phase.finished = self.phase.said = True

    def after(self, match: Match, line: Line) -> None:
        """What is printed from here on describes the best weights."""
        self.flush()
        self.phase.fused = True
        self.phase.finished = self.phase.finished or self.phase.trained

    def coco(self, match: Match, line: Line) -> None:
        """A line of pycocotools' summary."""
        name, _, rest = (match.get("COCO") or "").partition("@")
        metric = "AP" if "(AP)" in name else "AR"
        where = " ".join(rest.strip("[] =").replace("|", " ").split())
        self.build.event(
            "metric_summary",
            line.number,
            line.text.strip(),
            metric=f"{metric} {where}",
            value=number(match.get("NUMBER") or "nan"),
        )

    def no_labels(self, match: Match, line: Line) -> None:
        """The program found no labels."""
        self.once("no_labels", line, message=line.text.strip()[:200])

    def corrupt(self, match: Match, line: Line) -> None:
        """An image could not be read, or was repaired."""
        self.data.corrupt(line)

    def nms(self, match: Match, line: Line) -> None:
        """Non-maximum suppression gave up, which is normal in the first epochs."""
        self.once("warning", line, key="nms", category="nms-time-limit", message="NMS time limit exceeded")

    def nan(self, match: Match, line: Line) -> None:
        """The program itself reports a NaN."""
        self.flush()
        what = "loss" if "loss" in line.text.lower() else "value"
        self.build.event("nan_reported", line.number, line.text.strip(), what=what)

    def warning(self, match: Match, line: Line) -> None:
        """Any other warning."""
        message = line.text.partition("WARNING")[2].strip().lstrip(" :!\u26a0\ufe0f")[:200]
        if message and len(self.warned) < WARNINGS:
            self.once("warning", line, category="", message=message)

    def noise(self, match: Match, line: Line) -> None:
        """The trainer could not write its own settings file: nothing about the run."""

    def once(self, kind: str, line: Line, *, key: str = "", message: str, **fields: str) -> None:
        """Report an event unless it was reported before in this file."""
        key = key or message
        if key not in self.warned:
            self.warned.add(key)
            self.build.event(kind, line.number, line.text.strip(), message=message, **fields)
