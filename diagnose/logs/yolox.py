"""``train_log.txt`` of YOLOX. The trainer appends: most files hold many sessions, of which most crashed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagnose.model import Place, Setting
from diagnose.reader import ConsoleEvents, LineGrammar, Marked, Match, RunBuilder, number
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.coco import coco_metric
from diagnose.reader.console_rows import VISIBLE, is_just
from diagnose.reader.printed import printed_settings
from diagnose.reader.yolo_rows import whole
from diagnose.reader.yolo_settings import plain, state, state_one
from diagnose.scan import Condition, Walk
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    from diagnose.reader.bulk import Floats

NAME = "yolox"
TITLE = "YOLOX train_log.txt"
SAMPLES: tuple[str, ...] = (
    """\
2023-03-04 08:09:10.1 | INFO | yolox.core.trainer:before_train:130 - args: Namespace(batch_size=16, fp16=True, opts=[])
2023-03-04 08:09:10.1 | INFO | yolox.core.trainer:before_train:131 - exp value:
│ keys      │ values │
│ max_epoch │ 40     │
2023-03-04 08:09:10.1 | INFO | yolox.core.trainer:before_epoch:205 - ---> start train epoch1
2023-03-04 08:09:10.1 | INFO | yolox.core.trainer:after_iter:270 - epoch: 1/40, iter: 20/55, mem: 4010Mb, \
iter_time: 0.301s, data_time: 0.002s, total_loss: 13.1, cls_loss: 2.5, lr: 4.132e-05, size: 512, ETA: 1 day, 0:11:02
""",
)

NAMES = {"total_loss": "train/loss", "mem": "mem/gpu", "gpu_mem": "mem/gpu"}
SETTINGS = {"max_epoch": "epochs", "input_size": "imgsz", "fp16": "amp"}
"""Settings whose names differ from those of the other trainers, for the facts that they state."""
VOC = {"map_5095:": "val/map", "map_50:": "val/map50"}

MARKS = (
    r"\| (?:INFO|ERROR|WARNING|DEBUG) +\| +yolox\.[\w.]+:[\w<>]+:\d+ +- ",
    r"epoch: \d+/\d+, iter: \d+/\d+, (?:gpu )?mem: \d[\d.]*+[MG]b, .{0,300}?total_loss: ",
    r"Training of experiment is done and the best AP is ",
)


sniff = Marked(*MARKS)
"""Lines of its modules, or its iteration lines."""


def read(source: Source, build: RunBuilder) -> None:
    """Read every session."""
    _Log(build).read(source)


class _Log:
    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.grammar = LineGrammar("yolox")
        self.misfits: dict[str, list[Line]] = {"shape": [], "absent": []}
        self.checkpoint = ""
        self.reached = self.total = 0.0  # iterations of the epoch
        self.counters = (0.0, 0.0)  # of the last row that was read in bulk

    def read(self, source: Source) -> None:
        build, events = self.build, ConsoleEvents(self.build)
        walk = Walk(source, self.grammar.shapes, VISIBLE)
        bulk, last = Bulk(build, walk), 0
        for line in walk:
            if walk.skipped:
                self.catch_up(walk)
            if line.number > last + 1:
                events.passed(line.number - 1)
            last = line.number
            match = self.grammar.parse(line.text)
            if match is None:
                events.feed(line)
                if events.idle:
                    walk.ignore()
            else:
                getattr(self, match.kind)(match, line)
                if match.kind == "cell":
                    bulk.finish()  # it may tell how many epochs are planned
            bulk.check()
            if self.counters != (now := (build.current_epoch, self.reached)):
                walk.counters = self.counters = now
            walk.everything = events.attentive
            if match is not None and match.kind == "iteration" and walk.template >= 0:
                self.enable(bulk, match, line.text)
        self.catch_up(walk)
        bulk.finish()
        if walk.seen > last:
            events.passed(walk.seen)
        self.flush()
        events.finish()

    def catch_up(self, walk: Walk) -> None:
        """Follow the iterations that were read in bulk since the last line."""
        self.counters = epoch, done = walk.counters
        if (epoch, done) > (self.build.current_epoch, self.reached):
            self.reached, self.build.current_epoch = done, epoch
            self.build.current_step = (epoch - 1) * self.total + done

    def enable(self, bulk: Bulk, match: Match, text: str) -> None:
        """Read iterations like the last one in bulk from here on, as far as they go on and as many are planned."""
        template, ends = self.grammar.shapes.place(text) or (None, ())
        if template is None:
            return
        found = template.numbers_within(text, ends)
        counts = [parts for (name, _), parts in zip(match.tokens, found, strict=True) if name == "FRACTION"]
        items = []
        for printed, name, at in quantities(match, text):
            (terminal, value), parts = match.tokens[at], found[at]
            if terminal == "NUMBER" and not is_just(value, parts):
                return
            items.append(Item(printed, "train", parts[0][0] if parts else -1, name, number(value)))
        if any(len(parts) != 2 for parts in counts):
            return
        total = self.total

        def position(rows: Floats) -> tuple[Floats, Floats]:
            return rows[:, 0], (rows[:, 0] - 1) * total + rows[:, 1]

        (epoch, epochs), (done, planned) = ([part for part, _ in parts] for parts in counts)
        checks = ((epochs, float(counts[0][1][1]), True),)
        bulk.enable(items, position, (), Condition(epoch, done, planned, total, checks=checks))

    def session(self, _: Match, line: Line) -> None:
        """Begin the segment of another program start."""
        self.flush()
        self.build.start(line.number, fresh=True)
        self.build.event("session_start", line.number, line.text.strip())
        settings = printed_settings(line, self.build.path)
        self.state(settings)
        self.checkpoint = next((str(found.value or "") for found in settings if found.key == "ckpt"), "")

    def cell(self, match: Match, line: Line) -> None:
        """Take a row of the table of experiment values."""
        key, value = [text.strip() for text in match.all("CELL")]
        if key and key != "keys":
            place = Place(self.build.path, line.number, 1, line.text.strip())
            state_one(Setting(key, plain(value), place), self.build, renamed=SETTINGS)

    def state(self, settings: list[Setting]) -> None:
        state(settings, self.build, renamed=SETTINGS)

    def params(self, match: Match, line: Line) -> None:
        millions = number(match.get("NUMBER") or "nan")
        self.build.fact("total_params", millions * 1e6, line.number, line.text.strip())

    def tuning(self, match: Match, line: Line) -> None:
        self.build.event("loaded", line.number, line.text.strip(), path=self.checkpoint)
        self.build.fact("pretrained", True, line.number, line.text.strip())

    def resumed(self, match: Match, line: Line) -> None:
        epoch = float(match.get("INT") or 0) + 1
        self.build.event("resumed", line.number, line.text.strip(), epoch=epoch, path=self.checkpoint)

    def shape(self, match: Match, line: Line) -> None:
        self.misfits["shape"].append(line)

    def absent(self, match: Match, line: Line) -> None:
        self.misfits["absent"].append(line)

    def flush(self) -> None:
        """Report the tensors of the checkpoint that did not fit, as one event."""
        shape, absent = self.misfits["shape"], self.misfits["absent"]
        if found := [*shape, *absent]:
            first = min(found)
            self.build.event(
                "state_dict_mismatch",
                first.number,
                first.text.strip(),
                missing=len(absent),
                unexpected=0,
                mismatched=len(shape),
                message=first.text.partition(" - ")[2][:200],
            )
        self.misfits = {"shape": [], "absent": []}

    def epoch_start(self, match: Match, line: Line) -> None:
        self.flush()
        self.build.epoch(float(match.get("INT") or 1), line.number)
        self.reached = 0.0

    def iteration(self, match: Match, line: Line) -> None:
        build = self.build
        (epoch, epochs), (done, total) = (map(whole, text.split("/")) for text in match.all("FRACTION"))
        known = build.known("planned_epochs")
        planned = None if known is not None and known.value == epochs else epochs
        build.epoch(epoch, line.number, planned=planned)
        step = float((epoch - 1) * total + done)
        per_epoch = build.known("steps_per_epoch")
        if per_epoch is None or per_epoch.value != total:
            build.fact("steps_per_epoch", float(total), line.number, line.text.strip())
        build.current_step, self.reached, self.total = step, float(done), float(total)
        for printed, name, at in quantities(match, line.text):
            build.point(printed, number(match.tokens[at][1]), line.number, split="train", name=name)

    def coco(self, match: Match, line: Line) -> None:
        """A line of pycocotools' summary; -1 means that there is nothing of that size."""
        value = number(match.get("NUMBER") or "nan")
        if value >= 0 and (name := coco_metric(match.get("COCO") or "")):
            self.build.point(name, value, line.number, name=name)

    def voc(self, match: Match, line: Line) -> None:
        """A line of the VOC evaluator."""
        if name := VOC.get(match.get("VOC") or ""):
            self.build.point(name, number(match.get("NUMBER") or "nan"), line.number, name=name)

    def saved(self, match: Match, line: Line) -> None:
        path = (match.get("ANY") or "").strip()
        self.build.event("checkpoint", line.number, line.text.strip(), epoch=self.build.current_epoch, path=path)

    def done(self, match: Match, line: Line) -> None:
        """The summary, in percent. It is printed even after a crash: the session ended well only at its last epoch."""
        text, build = line.text.strip(), self.build
        value = number(match.get("NUMBER") or "nan") / 100
        build.event("best_summary", line.number, text, metric="val/map", value=value, epoch=math.nan)
        planned = build.known("planned_epochs")
        if planned is not None and build.current_epoch >= planned.value:
            build.event("session_end", line.number, text)

    def caught(self, match: Match, line: Line) -> None:
        """The head of a traceback, which follows and is reported itself."""

    def message(self, match: Match, line: Line) -> None:
        """Any other line: warnings and errors are events."""
        head, text = match.get("HEAD") or "", (match.get("ANY") or "").strip()[:200]
        if "| WARNING" in head:
            self.build.event("warning", line.number, line.text.strip(), category="", message=text)
        elif "| ERROR" in head or "| CRITICAL" in head:
            self.build.event("error_line", line.number, line.text.strip(), message=text)


def quantities(match: Match, text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the numbers of an iteration that count: printed name, canonical name if it is special, and which token."""
    name = ""
    for at, (terminal, found) in enumerate(match.tokens):
        if terminal == "NAME":
            name = found.strip().replace(" ", "_")
        elif terminal in ("NUMBER", "NONFINITE") and name and name != "size":
            if name == "mem" and "gpu mem" in text:
                name = "mem/host"
            yield name, NAMES.get(name, name if "/" in name else ""), at
            name = ""
