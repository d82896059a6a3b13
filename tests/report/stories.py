"""A story made by hand: what the outputs are tested on, apart from what rules say."""

from __future__ import annotations

from diagnose.model import Argument, Cause, Change, Comparison, Evidence, FileReport, Finding, Place, Result
from diagnose.model.story import (
    UNTESTED,
    Chapter,
    Chart,
    Criterion,
    Curve,
    Decision,
    Expectation,
    Mark,
    Moment,
    Phase,
    Recovery,
    SeriesRow,
    SettingRow,
    Statement,
    Step,
    Story,
)

LOG = "runs/exp7/train.log"


def place(line: int, text: str = "", path: str = LOG) -> Place:
    return Place(path, line, text=text)


def make_story(say: str = "plain") -> Story:
    """Return a story with everything in it; *say* stands wherever a log could put its words."""
    finding = Finding(
        "LOSS001", "loss-nan", "error", f"{say} loss is NaN", place(40, f"Epoch 9 {say}"), say, "train/loss",
        (Evidence(place(39, f"Epoch 8 {say}"), ""), Evidence(place(40, f"Epoch 9 {say}"), f"first NaN {say}")),
        why=f"Once a weight is NaN, every later loss is. {say}", fingerprint="f1",
    )  # fmt: skip
    cause = Cause(
        "CAUSE001", "lr-too-high", f"The rate is too high {say}", LOG, say, 2.5,
        (Argument(3.0, f"the loss rose before {say}", (place(38),), "loss-nan"),),
        (Argument(-0.5, f"it was calm {say}"),), f"Halve `lr` {say}.", f"1. Halve it {say}.\n2. Clip.",
        ("loss-nan",), ("f1",),
    )  # fmt: skip
    weak = Cause("CAUSE002", "bad-sample", "A broken sample", LOG, "", -1.0, (Argument(0.5, "NaN"),))
    curve = Curve(
        "train/loss", f"loss {say}", f"loss {say}", "main", (1.0, 2.0, 3.0, 5.0, 6.0), (2.0, 1.5, None, 1.0, 0.9),
        (10, 20, 0, 30, 35), 5, ((4.0, 25),), LOG,
    )  # fmt: skip
    mark = Mark(4.0, None, "1", "finding", "error", (1,), f"1 loss-nan {say}")
    chart = Chart(f"loss {say}", "epoch", (curve,), (mark, Mark(6.0, 0.9, "best", "best", told="best 0.9")))
    chapter = Chapter(
        FileReport(LOG, "keras", runs=1, epochs=9, series=1),
        (say,),
        (Statement(f"It reached epoch 9 of 20 {say}.", places=(place(40),)),),
        ((1, finding),),
        (cause, weak),
        judged=True,
        timeline=(Moment(place(40, f"Epoch 9 {say}"), say, "epoch 9", f"loss is NaN {say}", "finding", "error", (1,)),),
        charts=(chart,),
        series=(
            SeriesRow("train/loss", f"loss {say}", say, 5, "2", "0.9", "epoch 6", "0.9", "0.9", "2", 1, place(35)),
        ),
        settings=(SettingRow(f"lr {say}", "learning rate", "learning-rate", f"0.1 {say}", place(3)),),
        expectations=(Expectation("length", "20 epochs", f"9 epochs {say}", "less", say, (place(40),)),),
        healthy=False,
    )
    change = Change("lr", "lr", 0.01, 0.1, 900.0, 10.0, "tuning", "learning-rate", "high", (f"It may diverge {say}.",))
    result = Result(f"val/map {say}", say, "higher", (0.4,), (0.1,), None, "worse", place(1), place(2))
    command = f"python train.py {say}"
    return Story(
        f"train.log {say}",
        [chapter],
        [Comparison(f"old {say}", f"new {say}", (change,), (result,), 3)],
        [(1, finding)],
        f"runs/good {say}",
        [chapter.file],
        Recovery(
            (Phase("Control", f"Does it come back? {say}", (Step(f"again {say}", f"why {say}", command, "", 12),)),),
            (Decision(f"it fails {say}", f"stop {say}"),),
            (Statement(f"by epoch 9 {say}", places=(place(40),)),),
            place(1, command),
            False,
            (Statement("stop at NaN"),),
        ),
        [Decision(f"only lr {say}", f"suspect it {say}")],
        [
            Criterion(
                "finite", "minimum", f"every loss is a number {say}", "all(is_finite(train/loss))", f"the log {say}"
            )
        ],
        [(f"A NaN stays {say}.", (1,))],
        [Statement(f"Nothing was tested {say}.", UNTESTED)],
        f"experiment: {say}\n",
    )
