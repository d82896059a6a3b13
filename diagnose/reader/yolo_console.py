"""The console that YOLOv5, v7, v9 and Ultralytics share: tables whose rows carry a progress bar."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from diagnose.model import Setting
from diagnose.reader.builder import RunBuilder
from diagnose.reader.console import ConsoleEvents
from diagnose.reader.grammar import LineGrammar, Match, number
from diagnose.reader.yolo_settings import printed, state
from diagnose.sources import Line, Source, lines

WARNINGS = 50
"""Distinct warnings reported of one file."""
HALF = 0.5
"""Share of an epoch from which the running means of an unfinished one count as its losses."""

TRAIN_NAMES = {
    "box": "train/box_loss",
    "giou": "train/box_loss",
    "obj": "train/obj_loss",
    "cls": "train/cls_loss",
    "seg": "train/seg_loss",
    "total": "train/loss",
    "loss": "train/loss",
    "train_loss": "train/loss",
    "val_loss": "val/loss",
    "top1_acc": "val/accuracy",
    "top5_acc": "val/accuracy_top5",
    "labels": "train/instances",
    "targets": "train/instances",
    "instances": "train/instances",
}
VAL_NAMES = {
    "labels": "val/labels",
    "targets": "val/labels",
    "instances": "val/labels",
    "p": "val/precision",
    "r": "val/recall",
    "top1_acc": "val/accuracy",
    "top5_acc": "val/accuracy_top5",
}
SIZES = ("size", "img_size", "imgsz")
HEAD = re.compile(r"(?:([A-Z])[a-z]+\()?([^()]+)\)?")
BAD_SHARE = 0.5
"""Share of a checkpoint's tensors below which it hardly fits the model."""


@dataclass(slots=True)
class _Row:
    """The last printed state of the training row of one epoch."""

    epoch: float
    planned: float
    values: list[tuple[str, float]]
    line: int
    done: float
    seconds: float


@dataclass
class YoloConsole:
    """Reads one console.

    Attributes:
        build: takes what is found.
        grammar: the format's grammar, which accepts at least ``line`` of yolo_table.lark.
        losses: loss columns where the log does not show its header.
        counts_from: number of the first epoch; ``early stopping`` and ``resuming`` lines count like the rows.
    """

    build: RunBuilder
    grammar: LineGrammar
    losses: tuple[str, ...]
    counts_from: int
    columns: list[str] = field(default_factory=list)
    val_columns: list[str] = field(default_factory=list)
    pending: _Row | None = None
    trained: bool = False
    finished: bool = False
    validated: bool = True
    fused: bool = False
    done_line: bool = False
    frozen: int = 0
    sessions: int = 0
    last_banner: Line | None = None
    frozen_line: int = 0
    damaged: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    instances: dict[str, float] = field(default_factory=dict)
    classes_line: int = 0
    scans: dict[str, tuple[Match, Line]] = field(default_factory=dict)

    def read(self, source: Source) -> None:
        """Read all lines."""
        events = ConsoleEvents(self.build)
        for line in lines(source):
            match = self.grammar.parse(line.text)
            if match is None or match.kind == "class_row":
                if match is not None and self.finished:
                    self.class_row(match, line)
                elif events.feed(line):
                    continue
            else:
                getattr(self, match.kind)(match, line)
        self.flush()
        self.flush_data()
        events.finish()

    # Tables

    def train_header(self, match: Match, line: Line) -> None:
        """Take the column names, up to the image size: an overwritten header may trail behind."""
        names = [name.lower() for name in match.all("COLUMN")]
        if len(names) < 2 or not names[0].startswith(("gpu_mem", "mem")):
            return
        end = next((at for at, name in enumerate(names) if name in SIZES), len(names))
        self.columns = names[1:end]

    def train_row(self, match: Match, line: Line) -> None:
        """Keep the row until the next one of another epoch, or a validation, shows that it was the last state."""
        at, _, planned = match.tokens[0][1].partition("/")
        values, tail = _numbers(match)
        names = self.columns or [*self.losses, *(f"column_{n}" for n in range(9)), "instances"]
        if not self.columns:
            names = [*self.losses, *(f"column_{n}" for n in range(len(values) - len(self.losses) - 2)), "instances"]
        epoch = float(at) - self.counts_from + 1
        # The classifier of YOLOv5 counts from 1, unlike its detector.
        if self.counts_from == 0 and "train_loss" in self.columns:
            epoch -= 1
        done, seconds = _progress(tail)
        row = _Row(
            epoch,
            float(planned) - self.counts_from + 1,
            [*zip(names, values, strict=False)],
            line.number,
            done,
            seconds,
        )
        if "train_loss" in self.columns and self.counts_from == 0:
            row.planned -= 1
        memory = match.get("MEMORY")
        if memory:
            row.values.append(("gpu_mem", number(memory.rstrip("KMG"))))
        if self.pending is not None and self.pending.epoch != epoch:
            self.flush()
        if self.finished and self.trained and self.validated and self.build.current_epoch == epoch:
            return
        self.pending = row

    def flush(self) -> None:
        """Turn the row that is waiting into points."""
        row, self.pending = self.pending, None
        if row is None:
            return
        build = self.build
        whole = row.done >= 1
        if self.trained and self.validated and row.epoch == build.current_epoch and build.is_open:
            return  # the finished row, printed once more after its validation
        broken = any(not math.isfinite(value) for _, value in row.values)
        if not whole and row.done < HALF and not broken and build.has_points and row.epoch > build.current_epoch:
            return
        self.trained, self.validated, self.finished = True, False, False
        known = build.known("planned_epochs")
        build.epoch(
            row.epoch, row.line, planned=None if known is not None and known.value == row.planned else row.planned
        )
        epoch = row.epoch if whole else row.epoch - 1 + row.done
        for name, value in row.values:
            if name == "gpu_mem":
                build.point(name, value, row.line, name="mem/gpu", epoch=epoch)
            else:
                build.point(name, value, row.line, split="train", name=TRAIN_NAMES.get(name, ""), epoch=epoch)
        if whole and row.seconds > 0:
            build.point("elapsed", row.seconds, row.line, name="time/epoch", epoch=epoch)

    def val_header(self, match: Match, line: Line) -> None:
        """Take the column names; those in ``Mask(...)`` and ``Pose(...)`` get a suffix, as in results.csv."""
        names, group = [], ""
        for name in match.all("COLUMN"):
            found = HEAD.fullmatch(name)
            if found is None:
                return
            group = found[1] or group
            names.append(found[2].lower() + (f"_{group.lower()}" if group and group != "B" else ""))
        # A header that something else cut off tells less than the one before it.
        if len(names) >= len(self.val_columns) and names[:1] in (["images"], ["top1_acc"]):
            self.val_columns = names

    def all_row(self, match: Match, line: Line) -> None:
        """Points of the epoch's validation; of the best weights after training, a summary."""
        values, _ = _numbers(match)
        names = self.val_columns
        if len(names) != len(values):
            names = ["images", "labels", "p", "r", "map50", "map50-95"][: len(values)] if len(values) != 2 else []
            names = names or ["top1_acc", "top5_acc"]
        row = dict(zip(names, values, strict=False))
        self.flush()
        summary = self.finished or not self.trained or self.validated
        self.validated = True
        for name, value in row.items():
            if name == "images":
                known = self.build.known("val_samples")
                if not self.finished and (known is None or known.value != value):
                    self.build.fact("val_samples", value, line.number, line.text.strip())
                continue
            canonical = VAL_NAMES.get(name, "")
            for short, long in (("p_", "val/precision_"), ("r_", "val/recall_")):
                canonical = long + name[2:] if name.startswith(short) else canonical
            if not summary:
                self.build.point(name, value, line.number, split="val", name=canonical)
            elif canonical != "val/labels":
                metric = canonical or {"map50": "val/map50", "map50-95": "val/map"}.get(name, f"val/{name}")
                self.build.event("metric_summary", line.number, line.text.strip(), metric=metric, value=value)
        labels = next((row[name] for name in ("labels", "targets", "instances") if name in row), 1.0)
        if labels == 0 and "val" not in self.warned:
            self.warned.add("val")
            self.build.event("no_labels", line.number, line.text.strip(), message="0 labels in the validation set")

    def class_row(self, match: Match, line: Line) -> None:
        """Count the instances of a class, from the table of the best weights."""
        values, _ = _numbers(match)
        name = (match.get("NAME") or "").strip()
        if name in self.instances or len(values) not in (6, 10, 11):
            return
        self.instances[name] = values[1]
        self.classes_line = self.classes_line or line.number

    # Settings

    def settings(self, match: Match, line: Line) -> None:
        """The argument line: a program start."""
        if not match.tokens[0][1].startswith(("train", "engine", "yolo")):
            self.finished = True
            return
        self.session(line)
        state(self.pairs(match, line), self.build)

    def namespace(self, match: Match, line: Line) -> None:
        """The argument line of old versions."""
        found = [*self.pairs(match, line)]
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
        self.flush_data()
        if self.sessions or self.trained:
            self.build.start(line.number, fresh=True)
        self.sessions += 1
        self.state_banner()
        self.build.event("session_start", line.number, line.text.strip())
        self.trained = self.finished = self.fused = self.done_line = False
        self.validated = True
        self.columns, self.val_columns, self.frozen = [], [], 0

    # Single lines, in the order in which a run prints them

    def banner(self, match: Match, line: Line) -> None:
        """Program, Python, torch and device. Ultralytics prints it before the arguments, and again to validate."""
        self.flush()
        self.last_banner = line
        if not self.trained:
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
        if self.trained or self.fused or "(fused)" in line.text:
            return
        total, trainable = (number(text) for text in match.all("COUNT"))
        self.build.fact("total_params", total, line.number, line.text.strip())
        self.build.fact("trainable_params", trainable, line.number, line.text.strip())

    def transferred(self, match: Match, line: Line) -> None:
        """Pretrained weights were loaded, as far as they fit."""
        text = line.text.strip()
        fitting, _, total = (match.get("FRACTION") or "0/1").partition("/")
        path = (match.get("ANY") or "").strip()
        self.build.event("loaded", line.number, text, path=path)
        self.build.fact("pretrained", int(fitting) > 0, line.number, text)
        if int(fitting) < BAD_SHARE * int(total):
            missing = int(total) - int(fitting)
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
        """A state of the data set's scan; the last one counts."""
        split = match.tokens[0][1].split(":")[0].strip()
        if not self.finished:
            self.scans[split if split in ("train", "val", "test") else ""] = (match, line)

    def begin(self, match: Match, line: Line) -> None:
        """Training starts: all that was scanned before belongs to it."""
        self.flush()
        if self.build.has_points:
            self.flush_data()
            self.build.close()
        else:
            self.flush_data()
        self.trained = self.finished = self.done_line = False
        self.validated = True
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
        """The program says that training is done."""
        self.flush()
        if not self.done_line:
            self.build.event("session_end", line.number, line.text.strip())
        self.finished = self.done_line = True

    def after(self, match: Match, line: Line) -> None:
        """What is printed from here on describes the best weights."""
        self.flush()
        self.fused = True
        self.finished = self.finished or self.trained

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
        text = line.text.strip()
        if text not in self.warned:
            self.warned.add(text)
            self.build.event("no_labels", line.number, text, message=text[:200])

    def corrupt(self, match: Match, line: Line) -> None:
        """Count images that could not be read, or were repaired, until the training starts."""
        kind = "restored" if "restored" in line.text else "ignored"
        count, first, text = self.damaged.get(kind, (0, line.number, line.text.strip()))
        self.damaged[kind] = (count + 1, first, text)

    def nms(self, match: Match, line: Line) -> None:
        """Non-maximum suppression gave up: normal in the first epochs, once per run is enough."""
        if "nms" not in self.warned:
            self.warned.add("nms")
            self.build.event(
                "warning", line.number, line.text.strip(), category="nms-time-limit", message="NMS time limit exceeded"
            )

    def nan(self, match: Match, line: Line) -> None:
        """The program itself reports a NaN."""
        self.flush()
        self.build.event(
            "nan_reported", line.number, line.text.strip(), what="loss" if "loss" in line.text.lower() else "value"
        )

    def warning(self, match: Match, line: Line) -> None:
        """Any other warning, each text once."""
        text = line.text.strip()
        message = text.partition("WARNING")[2].lstrip(" :!\u26a0\ufe0f")[:200]
        if message and message not in self.warned and len(self.warned) < WARNINGS:
            self.warned.add(message)
            self.build.event("warning", line.number, text, category="", message=message)

    def noise(self, match: Match, line: Line) -> None:
        """The trainer could not write its own settings file: nothing about the run."""

    # What is only complete later

    def flush_data(self) -> None:
        """Report what the scans found: samples, missing labels, damaged images; and the classes of the last table."""
        corrupt = 0
        for split, (match, line) in self.scans.items():
            corrupt += self.scanned(split, match, line)
        self.scans.clear()
        for kind, (count, first, text) in self.damaged.items():
            if kind == "restored" or not corrupt:
                self.build.event("corrupt_images", first, text, count=count, message=f"{count} {kind}: {text}"[:200])
        self.damaged.clear()
        if self.instances:
            total = sum(self.instances.values())
            text, line_number = "instances of each class in the validation of the best weights", self.classes_line
            self.build.fact("class_names", list(self.instances), line_number, text)
            if total > 0:
                shares = {name: count / total for name, count in self.instances.items()}
                self.build.fact("val_class_distribution", shares, line_number, text)
            self.instances, self.classes_line = {}, 0

    def scanned(self, split: str, match: Match, line: Line) -> int:
        """Report one scan; return its number of corrupt images."""
        text = line.text.strip()[:400]
        count = {
            name: int(value)
            for (_, value), (_, name) in zip(match.tokens[1::3], match.tokens[2::3], strict=False)
            if value.isdigit()
        }
        total = int(bar[1]) if (bar := _fraction(match)) else 0
        found = count.get("found", count.get("images", 0))
        missing = count.get("missing", count.get("backgrounds", 0))
        empty = count.get("empty", 0)
        corrupt = count.get("corrupt", count.get("corrupted", 0))
        if bar and bar[0] != bar[1]:
            return 0  # cut off in the middle of the scan
        bare = found == 0 or found == missing == total if "images" in count else found == empty
        if split != "test":
            samples = (total or found + (missing if "found" in count else 0)) - corrupt
            if samples > 0:
                self.build.fact(f"{split or 'train'}_samples", float(samples), line.number, text)
        if bare:
            self.build.event("no_labels", line.number, text, message=f"no labels among the {split or 'scanned'} images")
        elif missing or empty:
            self.build.event(
                "labels_missing", line.number, text, found=found, missing=missing, empty=empty, corrupt=corrupt
            )
        if corrupt:
            self.build.event("corrupt_images", line.number, text, count=corrupt, message=f"{corrupt} corrupt")
        return corrupt


def _numbers(match: Match) -> tuple[list[float], list[tuple[str, str]]]:
    """Return the numbers of a row, and the tokens of the bar behind it."""
    end = next((at for at, (terminal, _) in enumerate(match.tokens) if terminal == "COLON"), len(match.tokens))
    row = [number(text) for terminal, text in match.tokens[:end] if terminal in ("NUMBER", "NONFINITE")]
    return row, [*match.tokens[end:]]


def _progress(tail: list[tuple[str, str]]) -> tuple[float, float]:
    """Return the share done and the seconds spent, from a bar. No bar means a whole epoch of unknown duration."""
    tokens = dict(reversed(tail))
    seconds = 0.0
    if elapsed := tokens.get("ELAPSED"):
        for part in elapsed.strip("[s").split(":"):
            seconds = seconds * 60 + float(part)
    if fraction := tokens.get("FRACTION"):
        done, total = (float(part) for part in fraction.split("/"))
        return (min(1.0, done / total) if total else 1.0), seconds
    if percent := tokens.get("PERCENT"):
        return min(1.0, number(percent) / 100), seconds
    return 1.0, seconds


def _fraction(match: Match) -> tuple[int, int] | None:
    if (text := match.get("FRACTION")) is None:
        return None
    done, _, total = text.partition("/")
    return int(done), int(total)
