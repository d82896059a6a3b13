"""The console of a Hugging Face Trainer: ``{'loss': 0.5, 'grad_norm': 1.2, 'epoch': 1.0}`` among progress bars."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from diagnose.patterns import lazy
from diagnose.reader import ConsoleEvents, LineGrammar, Marked, Match, RunBuilder, number
from diagnose.reader.console_rows import VISIBLE, ConsoleRows
from diagnose.reader.huggingface import EVALUATION, SUMMARY, series_name
from diagnose.reader.huggingface_rows import EntryRows, Plan, Progress, entry_plan, progress_plan
from diagnose.reader.raw_lines import raw_lines
from diagnose.scan import Walk, line_texts
from diagnose.sources import Line, Source

NAME = "hf-console"
TITLE = "Hugging Face Trainer console"
SAMPLES = (
    (
        "{'loss': 0.71, 'grad_norm': 2.25, 'learning_rate': 4e-05, 'epoch': 0.5}\n"
        " 25%|██▌       | 10/40 [00:05<00:15,  1.95it/s]\n"
        "{'eval_loss': nan, 'eval_runtime': 1.21, 'eval_samples_per_second': 8.3, 'epoch': 1.0}\n"
        "{'train_runtime': 21.5, 'train_samples_per_second': 15.1, 'train_loss': 0.64, 'epoch': 2.0}\n"
    ),
    (
        "***** Running training *****\n  Num examples = 640\n  Num Epochs = 3\n  Total optimization steps = 120\n"
        "{'loss': '0.9', 'grad_norm': '3.1', 'learning_rate': '1e-05', 'epoch': '0.25'}\n"
    ),
)

GRAMMAR = LineGrammar("hf_console", gate=r"[{|=*]|Saving model|Loading best|LOAD REPORT|keys in the checkpoint")
PIECES = {
    "{": lazy(r"\{(?=['\"])"),
    "%|": lazy(r"(?<![\w.])(?<!: )\d+%\|"),
    "*****": lazy(r"\*{5} (?=[A-Za-z])"),
    "There were": lazy(r"There were (?:missing|unexpected) keys in the checkpoint"),
}
"""How pieces begin that stand on one line, and a text without which none does so."""
LONG = 2000
"""Characters of a line of which it is not remembered how it is cut."""
FACTS = {
    "Num examples": "train_samples",
    "Num Epochs": "planned_epochs",
    "Instantaneous batch size per device": "batch_size_per_device",
    "Gradient Accumulation steps": "accumulate",
    "Total optimization steps": "planned_steps",
    "Number of trainable parameters": "trainable_params",
}

MARKS = (
    r"\{'(?:loss|eval_\w+|train_runtime|train_loss)': [^{}\n]*'epoch': '?[\d.]+'?\}",
    # Other scripts print the same title, and no epochs below it.
    r"\*{5} Running training \*{5}.*\n(?:.*\n)?.*Num Epochs = ",
)


sniff = Marked(*MARKS)
"""Dicts that end with the epoch, and the trainer's headings."""


def read(source: Source, build: RunBuilder) -> None:
    """Read dicts as points; a run ends with its summary, and the next starts when the epoch falls back."""
    raw = raw_lines(GRAMMAR)
    walk = Walk(source, raw.shapes, VISIBLE, apart=True)
    reader, events, last = _Reader(build, line_texts(source)), ConsoleEvents(build), 0
    rows: ConsoleRows[Plan] = ConsoleRows(walk, raw, GRAMMAR, reader.row, EntryRows(build, reader).batch)
    for line in walk:
        if walk.skipped:
            rows.flush()
        if line.number > max(last, rows.last) + 1:
            events.passed(line.number - 1)
        last = line.number
        found = [
            (match, piece)
            for piece in (_pieces if len(line.text) < LONG else _cut)(line.text)
            if (match := GRAMMAR.parse(piece)) is not None
        ]
        for match, piece in found:
            reader.take(match, Line(line.number, piece))
        if not found:
            events.feed(line)
            if events.idle:
                walk.ignore()
        elif len(found) == 1:
            enable(rows, *found[0])
        walk.everything = events.attentive
    rows.flush()
    if walk.seen > max(last, rows.last):
        events.passed(walk.seen)
    events.finish()


def enable(rows: ConsoleRows[Plan], match: Match, piece: str) -> None:
    """Read lines like the one that was just taken in bulk, if they are dicts or bars."""
    if match.kind == "metrics":
        rows.enable(match, piece, entry_plan)
    elif match.kind == "bar" and (known := GRAMMAR.shapes.place(piece)) is not None:
        rows.enable(match, piece, progress_plan(known[0]))


def _cut(text: str) -> tuple[str, ...]:
    """Cut a line where a bar or a dict begins in it, and drop what follows a dict."""
    starts = sorted(
        [found.start() for needed, piece in PIECES.items() if needed in text for found in piece.finditer(text)]
    )
    if not starts or text[: starts[0]].strip():
        starts.insert(0, 0)
    pieces = [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return tuple(
        [piece[: piece.find("}") + 1] if piece.startswith("{") and "}" in piece else piece for piece in pieces if piece]
    )


_pieces = lru_cache(maxsize=1000)(_cut)


class _Reader:
    def __init__(self, build: RunBuilder, text_of: Callable[[int], str]) -> None:
        self.build = build
        self.text_of = text_of
        self.total = 0
        self.split = ""  # the table of metrics that is being printed
        self.ended = False

    def take(self, match: Match, line: Line) -> None:
        """Report what a piece of a line says."""
        handler = getattr(self, f"_{match.kind}", None)
        if handler is not None:
            handler(match, line)

    def _metrics(self, match: Match, line: Line) -> None:
        pairs: dict[str, float] = {}
        for key, text in match.pairs():
            try:
                pairs[key[1:-1]] = number(text.strip("'\""))
            except ValueError:
                continue
        self.entry(pairs, line.number, lambda: line.text)

    def row(self, plan: Plan, line: int, columns: Sequence[float]) -> None:
        """Take a dict or a bar that was read in bulk."""

        def text() -> str:
            return self.text_of(line).strip()

        if isinstance(plan, Progress):
            self.progress(int(columns[0]), int(columns[1]), line, text)
        else:
            self.entry(plan.pairs(columns), line, text)

    def entry(self, pairs: dict[str, float], line: int, text: Callable[[], str]) -> None:
        """Report the numbers of a dict; *text* gives what the line shows."""
        epoch = pairs.pop("epoch", math.nan)
        if math.isnan(epoch) and not {"loss", "eval_loss", "train_loss"} & pairs.keys():
            return
        after = self.ended and not self._falls_back(epoch) and "loss" not in pairs
        if self.ended and not after:
            self._restart()
        if not math.isnan(epoch) and not after:
            if self.build.is_open and epoch < self.build.current_epoch:
                self._restart()
            self.build.epoch(epoch, line)
        if "train_runtime" in pairs:
            self._end(pairs, line, text())
            return
        named = [(key, name, value) for key, value in pairs.items() if (name := series_name(key))]
        if not after:
            self.build.row(named, line, epoch=epoch)
            return
        for key, name, value in named:
            if self.build.has_points:
                self.build.event("metric_summary", line, text(), metric=key, value=value)
            else:
                self.build.point(key, value, line, name=name, epoch=epoch)

    def _restart(self) -> None:
        """Another run begins: what was planned for the last one does not hold for it."""
        self.build.close()
        self.build.forget("planned_steps")
        self.ended, self.total = False, 0

    def _falls_back(self, epoch: float) -> bool:
        return epoch < self.build.current_epoch - 0.5

    def _end(self, pairs: dict[str, float], line: int, text: str) -> None:
        for key, value in pairs.items():
            if key not in SUMMARY or key == "train_loss":
                self.build.event("metric_summary", line, text, metric=key, value=value)
        self.build.event("session_end", line, text)
        self.ended = True

    def _bar(self, match: Match, line: Line) -> None:
        done, total = (int(text) for text in match.all("INT")[:2])
        if re.search(r"(it/s|s/it)", line.text):
            self.progress(done, total, line.number, lambda: line.text)

    def progress(self, done: int, total: int, line: int, text: Callable[[], str]) -> None:
        """Take a state of a bar; *text* gives what the line shows."""
        if not self.total and total > 1:
            # The first bar without a title is that of training; bars of evaluations have other totals.
            self.total = total
            self.build.fact("planned_steps", float(total), line, text())
        if total == self.total and done:
            self.build.current_step = float(done)

    def _fact(self, match: Match, line: Line) -> None:
        label = match.get("LABEL") or ""
        fact = FACTS.get(label, "batch_size" if label.startswith("Total train batch") else "")
        value = number(match.get("COUNT") or "0")
        self.build.fact(fact, value, line.number, line.text)
        if fact == "planned_steps":
            self.total = int(value)
        if fact == "trainable_params" and not value:
            self.build.event("no_trainable", line.number, line.text, count=0)

    def _running(self, _match: Match, line: Line) -> None:
        self.build.heading("", line.number)
        self.build.event("session_start", line.number, line.text, ahead=True)
        self.ended, self.total, self.split = False, 0, ""

    def _table_head(self, match: Match, _line: Line) -> None:
        self.split = (match.get("SPLIT_METRICS") or "").split()[0]

    def _table_row(self, match: Match, line: Line) -> None:
        name = match.get("NAME") or ""
        value = match.get("NUMBER") or match.get("NONFINITE") or match.get("PERCENT")
        if not self.split or value is None or name in SUMMARY or name == "epoch" or EVALUATION.match(name):
            return
        self.build.event("metric_summary", line.number, line.text, metric=name, value=number(value))

    def _saving(self, match: Match, line: Line) -> None:
        path = match.get("PATH") or ""
        step = re.search(r"checkpoint-(\d+)", path)
        fields = {"step": float(step[1])} if step else {}
        self.build.event("checkpoint", line.number, line.text, path=path, **fields)

    def _best(self, _match: Match, line: Line) -> None:
        step = re.search(r"checkpoint-(\d+)", line.text)
        fields = {"step": float(step[1])} if step else {}
        self.build.event("weights_restored", line.number, line.text, **fields)

    def _load_report(self, match: Match, line: Line) -> None:
        if self.ended or self.build.has_points:
            self.build.close()
            self.ended = False
        self.build.heading(match.get("PATH") or "", line.number)

    def _keys_differ(self, match: Match, line: Line) -> None:
        count = (match.get("LIST") or "").count("'") // 2
        missing = "missing" in (match.get("KEYS_DIFFER") or "")
        counts = {"missing": count if missing else 0, "unexpected": 0 if missing else count}
        self.build.event("state_dict_mismatch", line.number, line.text, message=line.text[:200], mismatched=0, **counts)
