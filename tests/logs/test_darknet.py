"""Consoles of Darknet."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from yolo_help import events, only, run_of, values

from diagnose.logs import darknet
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

RATES = "Learning Rate: 0.001, Momentum: 0.949, Decay: 0.0005\nmini_batch = 4, batch = 64, time_steps = 1, train = 1\n"
LAYER = "Region 82 Avg IOU: 0.31, Class: -nan, Obj: -nan, No Obj: 0.49, .5R: -nan, .75R: -nan,  count: 0\n"


def iteration(at: int, loss: str = "2.5", average: str = "2.4") -> str:
    return f" {at}: {loss}, {average} avg loss, 0.001000 rate, 3.2 seconds, {at * 64} images, 12.5 hours left\n"


def test_iterations() -> None:
    segment = only(
        run_of(
            RATES
            + "Loading weights from d.conv.74...Done! Loaded 75 layers from weights-file\n"
            + LAYER
            + iteration(1)
            + LAYER
            + iteration(2, "-nan", "nan")
        )
    )
    assert list(segment.series["train/loss"].step) == [1, 2]
    assert values(segment, "train/loss")[0] == 2.4
    assert math.isnan(values(segment, "train/loss")[1])
    assert values(segment, "lr") == [0.001, 0.001]
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert facts == {"lr": 0.001, "momentum": 0.949, "weight_decay": 0.0005, "batch_size": 64, "pretrained": True}
    assert events(segment, "loaded")[0].fields["path"] == "d.conv.74"


def test_layers_without_objects_are_no_nan() -> None:
    v3 = "v3 (mse loss, Normalizer: (iou: 0.75, cls: 1.00) Region 82 Avg (IOU: -nan), count: 1, total_loss = -nan\n"
    segment = only(run_of((LAYER + v3) * 50 + iteration(1)))
    assert not segment.events
    assert values(segment, "train/loss") == [2.4]


def test_evaluations() -> None:
    text = iteration(1000) + (
        "class_id = 0, name = boat, ap = 80.00%   \t (TP = 12, FP = 3) \n"
        " for conf_thresh = 0.25, precision = 0.81, recall = 0.72, F1-score = 0.76 \n"
        " mean average precision (mAP@0.50) = 0.712345, or 71.23 % \n"
    )
    segment = only(run_of(text))
    assert values(segment, "val/map50") == [0.712345]
    assert list(segment.series["val/map50"].step) == [1000]
    assert [values(segment, name)[0] for name in ("val/precision", "val/recall", "val/f1")] == [0.81, 0.72, 0.76]


def test_a_restart_begins_a_segment_and_files_are_counted() -> None:
    run = run_of(
        iteration(1)
        + "Cannot load image a.jpg\nCannot load image b.jpg\n"
        + iteration(2)
        + iteration(1)
        + "CUDA Error: out of memory\n"
    )
    assert [len(part.series["train/loss"]) for part in run.segments] == [2, 1]
    assert events(run.segments[0], "missing_files")[0].fields["count"] == 2
    assert events(run.segments[1], "out_of_memory")


@settings(max_examples=100)
@given(st.lists(st.one_of(st.sampled_from([RATES, LAYER, iteration(3), "\n"]), st.text(max_size=12)), max_size=25))
def test_any_mixture_is_read(pieces: list[str]) -> None:
    build = RunBuilder("x", darknet.NAME)
    darknet.read(from_bytes("x", "".join(pieces).encode("utf-8", "replace")), build)
    build.finish()
