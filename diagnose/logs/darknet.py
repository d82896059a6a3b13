"""Console of Darknet: iterations without epochs; ``-nan`` in the lines of single layers is normal."""

from __future__ import annotations

from diagnose.patterns import lazy
from diagnose.reader import ConsoleEvents, LineGrammar, Marked, Match, RunBuilder, number
from diagnose.scan import lines
from diagnose.sources import Line, Source

NAME = "darknet"
TITLE = "Darknet console"
SAMPLES: tuple[str, ...] = (
    """\
Learning Rate: 0.002, Momentum: 0.9, Decay: 0.0005
Region 82 Avg IOU: -nan, Class: -nan, Obj: -nan, No Obj: 0.412205, .5R: -nan, .75R: -nan,  count: 0
 1: 801.221802, 801.221802 avg loss, 0.000000 rate, 4.120921 seconds, 64 images, -1.000000 hours left
 2: 799.103210, 801.009943 avg loss, 0.000000 rate, 4.090112 seconds, 128 images, 9.120033 hours left
""",
)

ITERATION = r"^ *\d+: -?[\d.naif]+, -?[\d.naif]+ avg( loss)?, [\d.]+ rate, [\d.]+ seconds, \d+ images"
OVERLAP = lazy(r"mAP@0?(\.\d+)")

MARKS = (
    ITERATION,
    r"^(v3 \(.*\) )?Region \d+ Avg \(?IOU: ",
    r"mean[ _]average[ _]precision \(mAP@0\.\d+\) = ",
)


sniff = Marked(*MARKS)
"""Iteration lines, layer lines, its evaluation."""


def read(source: Source, build: RunBuilder) -> None:
    """Read every iteration; one that falls back begins another run."""
    _Console(build).read(source)


class _Console:
    def __init__(self, build: RunBuilder) -> None:
        self.build = build
        self.grammar = LineGrammar("darknet")
        self.step = -1.0
        self.unread: dict[str, tuple[int, Line]] = {}

    def read(self, source: Source) -> None:
        events = ConsoleEvents(self.build)
        for line in lines(source):
            match = self.grammar.parse(line.text)
            if match is None:
                events.feed(line)
            else:
                getattr(self, match.kind)(match, line)
        self.flush()
        events.finish()

    def iteration(self, match: Match, line: Line) -> None:
        build = self.build
        values = match.numbers()
        if len(values) != 6:
            return
        step, loss, average, rate, seconds, _ = values
        if step <= self.step:
            self.flush()
            build.close()
        self.step = build.current_step = step
        build.point("avg loss", average, line.number, name="train/loss", step=step)
        build.point("loss", loss, line.number, name="train/batch_loss", step=step)
        build.point("rate", rate, line.number, name="lr", step=step)
        build.point("seconds", seconds, line.number, name="time/iter", step=step)

    def region(self, match: Match, line: Line) -> None:
        """A layer that saw no object prints -nan: nothing to report."""

    def mean_ap(self, match: Match, line: Line) -> None:
        found = OVERLAP.search(line.text)
        at = round(float(found[1]) * 100) if found else 50
        self.build.point(f"mAP@{at / 100:g}", number(match.get("NUMBER") or "nan"), line.number, name=f"val/map{at}")

    def counts(self, match: Match, line: Line) -> None:
        _, *values = match.numbers()
        for name, value in zip(("precision", "recall", "f1"), values, strict=False):
            self.build.point(name, value, line.number, split="val")

    def class_ap(self, match: Match, line: Line) -> None:
        """The precision of one class: left to the mean."""

    def saved(self, match: Match, line: Line) -> None:
        path = (match.get("ANY") or "").strip()
        step = self.build.current_step
        self.build.event("checkpoint", line.number, line.text.strip(), step=step, path=path)

    def loaded(self, match: Match, line: Line) -> None:
        self.build.event("loaded", line.number, line.text.strip(), path=match.get("LOADED_FILE") or "")
        self.build.fact("pretrained", True, line.number, line.text.strip())

    def rates(self, match: Match, line: Line) -> None:
        values = match.numbers()
        for name, value in zip(("lr", "momentum", "weight_decay"), values, strict=False):
            self.build.fact(name, value, line.number, line.text.strip())

    def batches(self, match: Match, line: Line) -> None:
        self.build.fact("batch_size", float(match.all("INT")[1]), line.number, line.text.strip())

    def unreadable(self, match: Match, line: Line) -> None:
        kind = " ".join(line.text.split()[:2])
        count, first = self.unread.get(kind, (0, line))
        self.unread[kind] = (count + 1, first)

    def flush(self) -> None:
        """Report unreadable files, one event a kind of complaint."""
        for count, first in self.unread.values():
            text = first.text.strip()
            self.build.event("missing_files", first.number, text, count=count, message=text[:200])
        self.unread.clear()
