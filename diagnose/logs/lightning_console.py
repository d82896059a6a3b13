"""The console of PyTorch Lightning: tqdm bars with metrics, early stopping, model summary, validation tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache

from diagnose.names import canonical
from diagnose.patterns import lazy
from diagnose.reader import ConsoleEvents, LineGrammar, Marked, Match, RunBuilder, number
from diagnose.reader.lightning_bars import SHOWN, Bar, Bars
from diagnose.sources import Line, Source, lines

NAME = "lightning-console"
TITLE = "PyTorch Lightning console"
SAMPLES = (
    (
        "  | Name  | Type   | Params\n---------------------------------\n0 | net   | MLP    | 51.2 K\n"
        "51.2 K    Trainable params\n"
        "Epoch 0: 100%|██████████| 40/40 [00:03<00:00, 12.10it/s, loss=1.25, v_num=3, val_acc=0.61]\n"
        "Epoch 1: 100%|██████████| 40/40 [00:03<00:00, 12.35it/s, loss=0.98, v_num=3, val_acc=0.66]"
        "`Trainer.fit` stopped: `max_epochs=2` reached.\n"
    ),
    (
        "Epoch 0: 100%|█████| 8/8 [00:01<00:00,  7.51it/s, v_num=0]Metric val_loss improved. New best score: 0.871\n"
        "Monitored metric val_loss did not improve in the last 4 records. Best score: 0.871."
        " Signaling Trainer to stop.\n"
    ),
)

GRAMMAR = LineGrammar("lightning_console")
PIECE = lazy(  # every alternative begins with a letter of its own, by which the search is fast
    r"Epoch \d+(?=:|, (?:global )?step \d+:)|Metric \S+ improved|Monitored metric \S+ |`Trainer\.fit` stopped|"
    r"Validation [Ss]anity [Cc]heck|Sanity [Cc]heck|sanity [Cc]heck|Validat(?:ing|ion DataLoader)|"
    r"Testing(?: DataLoader)?|\[rank: \d+\] (?:Global seed|Seed) set to|Global seed set to|Seed set to|"
    r"Restor(?:ing|ed all) states from|Loaded model weights from"
)
WORTH = ("params", "metric", "RESULTS", "GPU available", "| Name")
"""Texts that lines hold which are worth parsing, wherever they begin."""
BAR = lazy(r"\s*([A-Z][a-z]+(?: [A-Za-z]+)* ?\d*): +(?:\d+%\||:? ?\d+it )")
LONG = 2000
"""Characters of a line of which it is not remembered how it is cut."""
BEHIND = ("Metric", "Monitored", "Epoch", "`Trainer")
"""Words behind a bar that begin something else on its line."""
COCO = lazy(
    r"^ ?Average (?P<what>Precision|Recall)\s+\((?:AP|AR)\) @\[ IoU=(?P<iou>[\d.:]+)\s*\| area=\s*(?P<area>\w+)\s*\|"
    r" maxDets=\s*(?P<dets>\d+)\s*\] = (?P<value>-?[\d.]+)"
)
TABLE = lazy(
    r"^[\s│]*[A-Za-z][\w./@=+-]*[\s│]+-?[\d.]+(e[+-]?\d+)?[\s│]*$|^[\s│]*[A-Za-z]\S*(?:(?<=│)|\s[\s│]*+)(nan|inf)[\s│]*$"
)
MISSING = lazy(
    r"(?P<early>Early stopping) conditioned on metric [`']?(?P<metric>[^`'\s]+)[`']? which is not available(?P<rest>.*)"
    r"|ModelCheckpoint\(monitor=[`'](?P<key>[^`']+)[`']\)`? could not find the monitored key in the returned metrics"
    r"(?P<keys>[^\]]*)"
)
UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}

MARKS = (
    r"Epoch \d+:[^\n\[E]*\[[\d:]++(?:<[\d:]*+)?, (?:(?!Epoch \d).)*?\bv_num=",
    r"`Trainer\.fit` stopped: `",
    r"Metric \S+ improved( by [\d.]+ >= min_delta = [\d.-]+)?\. New best score: ",
    r"Monitored metric \S+ did not improve in the last \d+ records",
    r"(Validate|Test|Validation) metric[\s┃│]+DataLoader 0",
    r"^Epoch \d+, global step \d+: '?\S+'? (reached|was not in top)",
    r"^[\d.,]+( [KMBT])?\s+Trainable params$",
    r"^[^\S\n]*Epoch \d+/\S+ +[━╸╺]+ +\d+/\d+ +[\d:]+ • ",
    r"^GPU available: (True|False)\b.*, used: (True|False)",
    r"which is not available\. Pass in or modify your `EarlyStopping` callback",
    r"^(Validation )?[Ss]anity [Cc]hecking DataLoader 0:",
)


sniff = Marked(*MARKS)
"""The version number in the bars, and the messages of the trainer and its callbacks."""


def read(source: Source, build: RunBuilder) -> None:
    """Read the last state of every epoch's bar, and all messages."""
    reader, events = _Reader(build, frames=source.frames), ConsoleEvents(build)
    for line in _states(source):
        if line.overwritten:
            if source.frames:
                reader.frame(line)
            continue
        if "Average" in line.text and (found := COCO.match(line.text)):
            reader.average(found, line)
            continue
        if reader.bars.rich(line):
            continue
        if "metric" in line.text and (found := MISSING.search(line.text)):
            _missing(found, line, build)
        known = False
        for piece in (_pieces if len(line.text) < LONG else _cut)(line.text):
            match = GRAMMAR.parse(piece)
            if match is not None and (match.kind != "table_row" or reader.in_table):
                reader.take(match, Line(line.number, piece))
                known = True
        if not known:
            events.feed(line)
    reader.finish()
    events.finish()


def _missing(found: re.Match[str], line: Line, build: RunBuilder) -> None:
    """Report a callback that finds no metric of the name it was given; it raises, so this is part of a traceback."""
    text = found["rest"].rpartition(":")[2] if found["early"] else found["keys"]
    build.event(
        "metric_missing",
        line.number,
        line.text,
        metric=found["metric"] or found["key"],
        wanted_by="EarlyStopping" if found["early"] else "ModelCheckpoint",
        available=re.findall(r"[`']([^`']+)[`']", text),
    )


def _cut(text: str) -> tuple[str, ...]:
    """Cut a line where a bar or message of Lightning begins in it; return what is worth parsing."""
    starts = sorted({0, *[found.start() for found in PIECE.finditer(text)]})
    cut = [text[start:end].strip(" \t\0") for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return tuple([piece for piece in cut if piece and _worth_parsing(piece)])


_pieces = lru_cache(maxsize=1000)(_cut)


def _states(source: Source) -> Iterator[Line]:
    """Yield lines; of the states of one epoch's bar all but the last are overwritten.

    Lightning draws all epochs on one physical line.
    """
    last, bar = None, ""
    for line in lines(source, frames=True):
        if last is not None:
            before, bar = bar, ""
            if last.number == line.number:
                before, bar = before or _bar(last.text), _bar(line.text)
            same = bar != "" and bar == before
            yield last if last.overwritten == same else Line(last.number, last.text, same)
        last = line
    if last is not None:
        yield Line(last.number, last.text)


def _bar(text: str) -> str:
    """Return what tells one bar from another, an empty text for what is not just a bar."""
    found = BAR.match(text)
    if found is None:
        return ""
    behind = text[text.find("]") + 1 :]
    return "" if len(behind) < len(text) and any(word in behind for word in BEHIND) else found[1]


def _worth_parsing(text: str) -> bool:
    return (
        PIECE.match(text) is not None
        or any(word in text for word in WORTH)
        or text.startswith("{'")
        or TABLE.match(text) is not None
    )


class _Reader:
    def __init__(self, build: RunBuilder, *, frames: bool) -> None:
        self.build = build
        self.bars = Bars(build, frames=frames)
        self.improved = math.nan  # epoch of the last improvement that early stopping saw
        self.in_table = ""
        self.averages: dict[str, tuple[float, int]] = {}
        self.improved_fit = -1  # the fit in which early stopping has said that its metric improved

    def take(self, match: Match, line: Line) -> None:
        """Report what a piece of a line says."""
        if match.kind != "table_row":
            self.in_table = ""
        handler = getattr(self, f"_{match.kind}", None)
        if handler is not None:
            handler(match, line)

    def frame(self, line: Line) -> None:
        """Take a state of a bar that a later one overwrites."""
        match = GRAMMAR.parse(line.text.strip(" \t\0")) if _worth_parsing(line.text) else None
        if match is not None and match.kind == "bar":
            self.bars.overwritten(_drawn(match, line))

    def finish(self) -> None:
        """Report the last bar and table."""
        self.bars.finish()
        self._flush_averages()
        self.build.unsuffix("_step")

    def _bar(self, match: Match, line: Line) -> None:
        self.bars.drawn(_drawn(match, line))

    def _metric_improved(self, match: Match, line: Line) -> None:
        *gain, best = _numbers(match)
        value = number(best)
        if not gain and self.improved_fit == self.bars.fits and self.build.is_open:
            self.bars.flush(complete=False)  # without "by" it is the first value of a fit
            self.build.close()
        self.improved_fit = self.bars.fits
        self.improved = self.build.current_epoch
        self._improvement(match, value, line)

    def _improvement(self, match: Match, value: float, line: Line) -> None:
        """Add a value that a callback prints, unless the bar shows the metric itself."""
        metric = _unquoted(match.get("METRIC"))
        self.build.fact("monitor", metric, line.number, line.text)
        if not self.bars.shows(metric) and metric not in self.bars.before:
            self.build.point(metric, value, line.number)

    def _metric_stale(self, match: Match, line: Line) -> None:
        metric, best = _unquoted(match.get("METRIC")), number(_numbers(match)[-1])
        self.build.fact("monitor", metric, line.number, line.text)
        self.build.fact("patience", float(match.get("INT") or 0), line.number, line.text)
        name = canonical(metric)
        self.build.event("best_summary", line.number, line.text, metric=name, value=best, epoch=self.improved)
        self._stop(line)

    def _metric_infinite(self, match: Match, line: Line) -> None:
        if "is not finite" in line.text:
            self.build.event("nan_reported", line.number, line.text, what=_unquoted(match.get("METRIC")))
            self._stop(line)

    def _stop(self, line: Line) -> None:
        self.build.event("early_stop", line.number, line.text, epoch=self.build.current_epoch)

    def _fit_stopped(self, match: Match, line: Line) -> None:
        limit, _, value = (match.get("LIMIT") or "").strip("`").partition("=")
        if not self.bars.rich_seen:  # a rich bar is drawn once more below the message
            self.bars.flush(complete=limit == "max_epochs")
        fact = {"max_epochs": "planned_epochs", "max_steps": "planned_steps"}.get(limit)
        if fact and value.isdigit():
            self.build.fact(fact, float(value), line.number, line.text)
        self.build.event("session_end", line.number, line.text)

    def _reached(self, match: Match, line: Line) -> None:
        self._flush_averages()
        epoch, *steps = match.all("INT")
        value = number(_numbers(match)[0])
        metric = _unquoted(match.get("METRIC"))
        step = float(steps[0]) if steps else math.nan
        self.bars.enter(int(epoch), line)
        if not self.bars.shows(metric):
            self.build.point(metric, value, line.number, step=step, epoch=int(epoch) + 1.0)
        if match.get("SAVING"):
            path = re.search(r"model to '?([^'\s]+)", line.text)
            fields = {"metric": canonical(metric), "value": value, "path": path[1] if path else ""}
            self.build.event("checkpoint", line.number, line.text, epoch=int(epoch) + 1.0, step=step, **fields)

    def _not_in_top(self, match: Match, line: Line) -> None:
        epoch = float(match.get("INT") or 0) + 1
        metric = canonical(_unquoted(match.get("METRIC")))
        self.build.event("checkpoint_not_improved", line.number, line.text, epoch=epoch, metric=metric, value=math.nan)

    def _params(self, match: Match, line: Line) -> None:
        count, _, unit = (match.get("COUNT_OF") or match.get("COUNT") or "").partition(" ")
        value = float(count.replace(",", "")) * UNITS.get(unit, 1)
        which = (match.get("PARAMS") or "").split()[0]
        if which == "Trainable":
            self.build.fact("trainable_params", value, line.number, line.text)
            if value == 0:
                self.build.event("no_trainable", line.number, line.text, count=0, ahead=True)
        elif which == "Total":
            self.build.fact("total_params", value, line.number, line.text)

    def _summary_head(self, _match: Match, line: Line) -> None:
        """A model summary is printed when a fit begins."""
        self.bars.flush(complete=False)
        self.build.heading("", line.number)

    def _device(self, _match: Match, line: Line) -> None:
        """Every trainer begins with the devices it found."""
        self.bars.flush(complete=False)
        self.build.heading("", line.number)
        self.improved_fit = -1

    def _seed(self, match: Match, line: Line) -> None:
        self.build.fact("seed", float(match.get("INT") or 0), line.number, line.text)

    def _resumed(self, match: Match, line: Line) -> None:
        self.build.event("resumed", line.number, line.text, path=match.get("TAIL") or "", ahead=True)

    def _restored(self, match: Match, line: Line) -> None:
        self.build.event("loaded", line.number, line.text, path=match.get("TAIL") or "")

    # Validation tables and the averages of a COCO evaluation

    def _table_head(self, match: Match, line: Line) -> None:
        self.bars.flush(complete=False)
        self.in_table = "test" if "est" in (match.get("TABLE_HEAD") or "").lower().replace("latest", "") else "val"

    def _results_head(self, match: Match, _line: Line) -> None:
        self.in_table = "test" if "TEST" in (match.get("RESULTS_HEAD") or "") else "val"

    def _table_row(self, match: Match, line: Line) -> None:
        self._result(_unquoted(match.get("METRIC")), number(_numbers(match)[0]), line)

    def _results(self, match: Match, line: Line) -> None:
        for key, text in match.pairs("KEY_QUOTED"):
            self._result(_unquoted(key), number(text), line)

    def _result(self, metric: str, value: float, line: Line) -> None:
        self.averages.clear()
        self.build.event("metric_summary", line.number, line.text, metric=metric, value=value)

    def average(self, found: re.Match[str], line: Line) -> None:
        """Keep one line of a COCO evaluation; evaluations of single classes are followed by the one of all."""
        letter = "ap" if found["what"] == "Precision" else "ar"
        limit = "" if found["iou"] == "0.50:0.95" else found["iou"].rstrip("0").replace("0.", "", 1).ljust(2, "0")
        area = "" if found["area"] == "all" else f"_{found['area']}"
        if letter == "ar":
            limit = f"@{found['dets']}"
        name = {"ap": "map", "ap50": "map50", "ap75": "map75"}.get(letter + limit + area, letter + limit + area)
        self.averages[f"val/{name}"] = (float(found["value"]), line.number)

    def _flush_averages(self) -> None:
        for name, (value, line) in self.averages.items():
            self.build.point(name.removeprefix("val/"), value, line, name=name)
        self.averages.clear()


def _drawn(match: Match, line: Line) -> Bar:
    """Return the state of a bar."""
    done, _, total = (match.get("DONE") or match.get("COUNT_ONLY") or "").removesuffix("it").partition("/")
    bar = Bar(line, int(match.get("INT") or 0), int(done), int(total) if total.isdigit() else 0)
    for key, text in match.pairs():
        if key in SHOWN:
            continue
        try:
            bar.values[key] = number(text)
        except ValueError:
            continue
    return bar


def _numbers(match: Match) -> list[str]:
    return [text for name, text in match.tokens if name in ("NUMBER", "NONFINITE")]


def _unquoted(name: str | None) -> str:
    return (name or "").strip("'\"")
