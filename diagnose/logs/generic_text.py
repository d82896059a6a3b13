"""Any training log in text: names and numbers on lines that name an epoch or a step, or stand below one that does.

Reads what no other format claims: Python's logging, ``key: value`` and ``key=value``, dicts, tqdm bars, tables drawn
with ``|``, and the widespread prints of training scripts. Scores below every specific format.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from diagnose.names import canonical, slug, split_of, traits
from diagnose.names.stated import TEXTS, fact_named, fact_value
from diagnose.patterns import lazy
from diagnose.reader import ConsoleEvents, Head, LineGrammar, Match, RunBuilder, number
from diagnose.reader.likeness import home_split
from diagnose.reader.plain_row import BAR, RUNNING, Row, measures, row_of
from diagnose.reader.plain_signs import LONGEST, PREFIX, TRIAL, likelihood
from diagnose.reader.printed import PrintedConfig
from diagnose.scan import lines
from diagnose.sources import Line, Source

NAME = "text"
TITLE = "training log in text"
IS_GENERIC, MOST = True, 39
SAMPLES = (
    (
        "2024-03-01 10:00:00,101 - trainer - INFO - Epoch   1 | Batch   10/50 | Loss: 2.3100 | LR: 0.001000\n"
        "2024-03-01 10:01:00,102 - trainer - INFO - Epoch   1 Results:\n"
        "2024-03-01 10:01:00,102 - trainer - INFO -   Train Loss: 2.1100\n"
        "2024-03-01 10:01:00,103 - trainer - INFO -   Val Acc:    31.5%\n"
        "2024-03-01 10:02:00,104 - trainer - INFO - Epoch   2 Results:\n"
        "2024-03-01 10:02:00,104 - trainer - INFO -   Train Loss: 1.9800\n"
        "2024-03-01 10:02:00,105 - trainer - INFO -   Val Acc:    35.0%\n"
    ),
    "step 100 d_loss 0.62 g_loss 0.71\nstep 200 d_loss 0.65 g_loss 0.70\nstep 300 d_loss 0.61 g_loss 0.74\n",
    "Epoch [1/3], train loss: 0.91, val loss: 1.02\nEpoch [2/3], train loss: 0.72, val loss: 0.98\n",
)

ROWS = LineGrammar("generic_text", gate=r"\d|(?i:nan|inf)\b|:\s*\S")
TALK = LineGrammar(
    "generic_talk",
    gate=r"(?i)early|best|resum|sav|complete|finish|done|ended|for \d+|start|begin|running|fold"
    r"|experiment|trial|run|stage|phase|seed|param set|split|^\d+/\d+[.:)] ",
)
BEST = lazy(r"(?i)\b(best|highest|lowest|max|min|maximum|minimum|top)\b")
FINAL = lazy(r"(?i)\b(final|initial)\b")
BESIDE = frozenset({"rate", "norm", "time", "memory"})
"""Kinds of quantities that stand beside metrics on numbered lines."""
POLICY = lazy(r"(^|_)(returns?|rewards?|entropy|approx_kl|clip_?frac(tion)?)($|_mean$)")
"""What reinforcement learning logs beside its losses."""
ECHO = lazy(r"(?i)\bbest\b|\bsav(ed|ing)\b|\bimprov|\bcheckpoint|[(（](?>[^()]*?\w\s*[:=]\s*[\d.])[^()]*[)）]\s*$")
"""A line about what was printed before: a new best, a file that was written, or a remark in brackets."""
URL = lazy(r"(?<!\w)\w++://\S+")
THOUSANDS = lazy(r"(?<=\d),(?=\d{3}(?!\d))")
LAYER = lazy(r"(?<!\w)(?=\w*?[dD]rop)\w++\([^()]*\)")
"""A layer of a printed model, whose `p` is no precision."""
REPORT = lazy(r"(?:accuracy|(?:macro|micro|weighted|samples)[ _]avg)(?:\s+[\d.]+){1,3}\s+\d+")
"""The last rows of scikit-learn's classification report, which do not tell the split."""


def sniff(head: Head) -> int:
    """Accept repeated metrics on numbered lines, or a training's failure; never prose, source code or configs."""
    return likelihood(head)


def read(source: Source, build: RunBuilder) -> None:
    """Read numbers as points, announced plans as facts, and what the script says as events."""
    reader, events, printed = _Reader(build), ConsoleEvents(build), PrintedConfig(build)
    for line in lines(source):
        text = PREFIX.sub("", line.text[:LONGEST], count=1) if len(line.text) <= LONGEST else ""
        # Inside a traceback a line is code or an exception, whatever numbers stand in it.
        if not events.in_traceback and printed.feed(line):
            continue
        known = bool(text.strip()) and not events.in_traceback and reader.take(line, text.strip())
        if not known:
            reader.failed |= events.feed(line)
    events.finish()
    build.unsuffix("_step")
    build.settle()


class _Reader:
    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.offset: float | None = None
        self.clock: datetime | None = None
        self.entered: tuple[float, datetime] | None = None
        self.batches = 0.0
        self.begun_again = False  # whether a line named the open epoch once more
        self.evaluated = ""  # the split of the last numbered line, if that was a batch of an evaluation
        self.reached = 0.0  # the last batch of training in the open epoch
        self.stated: set[str] = set()  # facts of the heading in force
        self.headed = False
        self.failed = False

    def take(self, line: Line, text: str) -> bool:
        """Report what a line says; return whether it said anything."""
        if found := PREFIX.match(line.text):
            self._see_clock(found["clock"])
        if TRIAL.search(text):
            return self._trial(text, line)
        if REPORT.fullmatch(text):
            return False
        if "://" in text:
            text = URL.sub("", text)
        if "p=" in text:
            text = LAYER.sub("", text)
        if "%|" in text:
            text = BAR.sub(" |", text)
        if "param" in text.lower():
            text = THOUSANDS.sub("", text)  # `Total params: 4,007,990`
        match = ROWS.parse(text)
        row = row_of(match) if match is not None else Row()
        metrics = [(key, value) for key, value in row.numbers if measures(key)]
        if metrics and not all(BEST.search(key) or FINAL.search(key) for key, _ in metrics):
            self._results(row, line)
            return True
        if (talk := TALK.parse(text)) is not None and self._talk(talk, text, line, bool(metrics)):
            return True
        if metrics:
            self._summaries(row, metrics, line)
            return True
        if row.is_numbered:
            self._enter(row, line)
        stated = [self._state(key, value, line) for key, value in row.numbers]
        stated += [self._state(key, text, line) for key, text in row.texts]
        return any(stated) or not math.isnan(row.epoch)

    def _trial(self, text: str, line: Line) -> bool:
        """Report the outcome of a trial that its line tells together with its parameters."""
        found = re.search(r"(?i)\b(score|value|objective)\s*[:=]\s*([+-]?[\d.]+(?:e[+-]?\d+)?)", text)
        if found is None:
            return False
        value = number(found[2].rstrip("."))
        self.build.event("metric_summary", line.number, line.text.strip(), metric=found[1].lower(), value=value)
        return True

    # Rows of results

    def _results(self, row: Row, line: Line) -> None:
        self._enter(row, line)
        self.failed = False
        epoch = self.build.current_epoch
        if row.is_numbered:
            self.evaluated = row.split if row.batch and row.split in ("val", "test") else ""
        split = row.split or self.evaluated
        for key, value in row.numbers:
            if " " in key and (told := split_of(canonical(key))):
                split = told  # `val Loss: 0.35 Acc: 0.88`
            kind = traits(canonical(key)).kind
            beside = row.is_numbered and not self.evaluated and (kind in BESIDE or POLICY.search(slug(key)) is not None)
            if BEST.search(key) or not (measures(key) or beside):
                continue
            name = canonical(key, split or home_split(key) or ("" if kind in BESIDE else "train"))
            if kind == "time" and RUNNING.search(key):
                name = "time/elapsed"
            if row.batch is not None and split_of(name) == "train":
                name += "_step"
            step = self._step(row, epoch)
            if not self._is_echo(row, name, key, value, step, line):
                self.build.point(key, value, line.number, name=name, epoch=epoch, step=step)

    def _is_echo(self, row: Row, name: str, key: str, value: float, step: float, line: Line) -> bool:
        """Whether a line only says again what another has told of the same epoch: `saved (val_loss=0.52)`."""
        before = None if row.is_numbered else self.build.latest(name)
        if before is None or before[1] != value or math.isnan(self.build.current_epoch):
            return False
        same_place = before[2] == self.build.current_epoch and (before[3] == step or math.isnan(step))
        return same_place and (before[0] != key or ECHO.search(line.text) is not None)

    def _step(self, row: Row, epoch: float) -> float:
        if row.batch is None:
            return row.step if not math.isnan(row.step) else self.build.current_step
        done, total = row.batch
        if row.of_samples or split_of(row.split + "/") in ("val", "test"):
            return math.nan
        if total and not math.isnan(epoch):
            return (epoch - 1) * total + done
        return done if total and math.isnan(epoch) else math.nan

    def _enter(self, row: Row, line: Line) -> None:
        """Enter the epoch and step that a line names."""
        if not math.isnan(row.epoch):
            if self.offset is None:
                self.offset = 1.0 if row.epoch == 0 else 0.0
            epoch = row.epoch + self.offset
            if self.build.is_open and epoch < self.build.current_epoch:
                self.entered = None
            planned = row.planned if row.planned == row.planned and row.planned >= epoch - 1 else None
            bare = row.batch is None and not row.numbers
            self.begun_again = bare and self.build.is_open and epoch == self.build.current_epoch
            if epoch != self.build.current_epoch or not self.build.is_open:
                self._time(epoch, line)
            self.build.epoch(epoch, line.number, planned=planned)
        elif not math.isnan(row.step):
            alone = math.isnan(self.build.current_epoch)
            if self.build.is_open and row.step < self.build.current_step * 0.5 and (alone or self.begun_again):
                self._restart(line)
            self.build.current_step = row.step
        if row.split in ("val", "test"):
            return
        if row.batch is not None:
            if self.begun_again and row.batch[0] <= self.reached and row.batch[1] == self.batches:
                self._restart(line)
            self.begun_again, self.reached = False, row.batch[0]
        if row.batch is not None and row.batch[1] and row.batch[1] != self.batches:
            self.batches = row.batch[1]
            if row.of_samples:
                self._fact("train_samples", self.batches, line)
            elif not math.isnan(self.build.current_epoch):
                self._fact("steps_per_epoch", self.batches, line)
            else:
                self._fact("planned_steps", self.batches, line)

    def _restart(self, line: Line) -> None:
        """Begin another segment in the same epoch: its number was told anew, and its steps count from the start."""
        epoch = self.build.current_epoch
        self.build.close()
        if not math.isnan(epoch):
            self.build.epoch(epoch, line.number)
        self.begun_again, self.entered = False, None

    def _time(self, epoch: float, line: Line) -> None:
        """Add the seconds between the first lines of two epochs, where lines carry the time of day."""
        if self.entered is not None and self.clock is not None and epoch == self.entered[0] + 1:
            seconds = (self.clock - self.entered[1]).total_seconds()
            if seconds > 0:
                self.build.point("timestamps", seconds, line.number, name="time/epoch", epoch=epoch - 1)
        self.entered = (epoch, self.clock) if self.clock is not None else None

    def _see_clock(self, stamp: str | None) -> None:
        if stamp:
            try:
                self.clock = datetime.fromisoformat(re.sub(r"[,.]\d+$", "", stamp).replace("/", "-"))
            except ValueError:
                self.clock = None

    # Summaries, facts, talk

    def _summaries(self, row: Row, metrics: list[tuple[str, float]], line: Line) -> None:
        for key, value in metrics:
            text = line.text.strip()
            if BEST.search(key):
                name = canonical(BEST.sub("", key).strip(), row.split)
                epoch = row.epoch + (self.offset or 0.0)
                self.build.event("best_summary", line.number, text, metric=name, value=value, epoch=epoch)
            else:
                name = canonical(FINAL.sub("", key).strip(), row.split)
                self.build.event("metric_summary", line.number, text, metric=name, value=value)

    def _state(self, key: str, value: float | str, line: Line) -> bool:
        fact = fact_named(key)
        if not fact or (isinstance(value, str) != (fact in TEXTS)):
            return False
        stated = fact_value(fact, value)
        if stated is None:
            return False
        self._fact(fact, stated, line)
        return True

    def _fact(self, name: str, value: float | str, line: Line) -> None:
        self.build.fact(name, value, line.number, line.text.strip())
        self.stated.add(name)

    def _talk(self, match: Match, text: str, line: Line, measured: bool) -> bool:
        epoch = re.search(r"(?i)epoch[ :#]*(\d+)", text)
        named = float(epoch[1]) + (self.offset or 0.0) if epoch else self.build.current_epoch
        number_, full = line.number, line.text.strip()
        if match.kind == "heading":
            if measured or re.search(r"(?i)director|complete|finish|failed|successful|\bwith \d+ experiments", text):
                return False
            self.build.heading(_title(text), number_)
            for fact in self.stated if self.headed else ():
                self.build.forget(fact)  # what held for the last experiment
            self.stated.clear()
            self.headed = True
            self.offset, self.entered = None, None
        elif match.kind == "early_stop":
            if re.search(r"(?i)patience|enabled|disabled|true|false", text) and not re.search(
                r"(?i)trigger|epoch", text
            ):
                return False
            self.build.event("early_stop", number_, full, epoch=named)
        elif match.kind == "counter":
            patience = re.search(r"(?<!\d)\d++\s*$", text.rstrip(". "))
            if patience:
                self._fact("patience", float(patience[0]), line)
            self.build.event("checkpoint_not_improved", number_, full, epoch=named, metric="", value=math.nan)
            waited = re.search(r"(?<!\d)(\d++)\D+\d+\D*$", text)
            if patience and waited and float(waited[1]) >= float(patience[0]) > 0:
                self.build.event("early_stop", number_, full, epoch=named)
        elif match.kind == "restored":
            fields = {"epoch": named} if epoch else {}
            self.build.event("weights_restored", number_, full, **fields)
        elif match.kind == "resumed":
            self.build.event("resumed", number_, full, epoch=named if epoch else math.nan, path=_path(text))
        elif match.kind == "saved":
            self._saved(text, full, number_, named)
        elif match.kind == "done" and not self.failed:
            self.build.event("session_end", number_, full)
        elif match.kind == "plan":
            count = re.search(r"for (\d+) (epochs|steps|iterations)", text)
            if count:
                self._fact("planned_epochs" if count[2] == "epochs" else "planned_steps", float(count[1]), line)
        return True

    def _saved(self, text: str, full: str, line: int, epoch: float) -> None:
        fields: dict[str, object] = {}
        if found := re.search(r"\(([+-]?[\d.]+|inf|nan) --> ([+-]?[\d.]+|inf|nan)\)", text):
            fields = {
                "metric": canonical(
                    text.split("(", maxsplit=1)[0].replace("decreased", "").replace("increased", "").strip()
                )
            }
            fields["value"] = number(found[2].rstrip("."))
        self.build.event("checkpoint", line, full, epoch=epoch, path=_path(text), **fields)


def _title(text: str) -> str:
    bare = text.strip(" =*#~-_:").strip()
    name = re.sub(r"(?i)^(starting|beginning|begin|running) ", "", bare)
    name = re.sub(r"(?i)^(experiment|run|trial):? (?=\D)|^training with (best )?config(uration)?:? ", "", name)
    return re.sub(r"\s+", " ", name).strip(" :")[:80]


def _path(text: str) -> str:
    found = re.search(r"(?:to|at|from|:)\s+['\"]?(\S+[./\\]\S+)", text)
    return found[1].rstrip(".'\",") if found else ""
