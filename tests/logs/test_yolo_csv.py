"""results.csv of the YOLO trainers."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from yolo_help import epochs, events, needs_corpus, only, real, run_of, values

from diagnose.logs import yolo_csv
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

V5 = "   epoch,  train/box_loss,  metrics/mAP_0.5,  val/box_loss,  x/lr0,  x/lr1\n"
V8 = "epoch,time,train/box_loss,metrics/precision(B),metrics/mAP50(B),metrics/mAP50-95(B),val/box_loss,lr/pg0,lr/pg1\n"


def test_epochs_of_v5_count_from_one() -> None:
    segment = only(run_of(V5 + "  0, 0.1, 0.2, 0.3, 0.09, 0.001\n  1, 0.1, 0.3, 0.3, 0.08, 0.002\n"))
    assert epochs(segment, "val/map50") == [1, 2]
    assert segment.epochs == 2


def test_epochs_of_ultralytics_stay() -> None:
    segment = only(run_of(V8 + "1,9.5,1.1,0.5,0.4,0.3,1.2,0.01,0.01\n2,19.5,1.0,0.5,0.5,0.4,1.1,0.02,0.02\n"))
    assert epochs(segment, "val/map") == [1, 2]
    assert set(segment.series) >= {"val/precision", "val/map50", "time/total", "lr", "lr/pg1"}


def test_the_rate_of_the_weights_is_the_one_that_starts_low() -> None:
    segment = only(run_of(V5 + "  0, 0.1, 0.2, 0.3, 0.09, 0.001\n  1, 0.1, 0.3, 0.3, 0.08, 0.002\n"))
    assert values(segment, "lr") == [0.001, 0.002]
    assert segment.series["lr"].printed == "x/lr1"


def test_a_restart_and_a_resume_begin_segments() -> None:
    rows = [
        "0, 1, .1, 1, .1, .1",
        "1, 1, .2, 1, .1, .1",
        "0, 1, .1, 1, .1, .1",
        "1, 1, .3, 1, .1, .1",
        "1, 1, .4, 1, .1, .1",
    ]
    run = run_of(V5 + "\n".join(rows) + "\n")
    assert [values(segment, "val/map50") for segment in run.segments] == [[0.1, 0.2], [0.1, 0.3], [0.4]]
    assert [len(events(segment, "resumed")) for segment in run.segments] == [0, 0, 1]
    assert events(run.segments[2], "resumed")[0].fields["epoch"] == 2


def test_a_table_that_starts_late_was_resumed() -> None:
    segment = only(run_of(V5 + "15, 1, .1, 1, .1, .1\n16, 1, .2, 1, .1, .1\n"))
    assert epochs(segment, "val/map50") == [16, 17]
    assert [event.fields["epoch"] for event in events(segment, "resumed")] == [16]


def test_a_second_header_begins_a_segment() -> None:
    assert len(run_of(V5 + "0, 1, .1, 1, .1, .1\n" + V5 + "1, 1, .2, 1, .1, .1\n").segments) == 2


def test_blank_cells_are_no_points_and_nan_is_one() -> None:
    segment = only(run_of(V5 + "0, nan, , 1, .1, .1\n1, inf, .2, 1, .1, .1\n2, .1"))
    assert math.isnan(values(segment, "train/box_loss")[0])
    assert values(segment, "train/box_loss")[1:] == [math.inf, 0.1]
    assert values(segment, "val/map50") == [0.2]


def test_validation_losses_that_were_never_computed_are_left_out() -> None:
    head = "epoch,train/box_loss,metrics/mAP_0.5,val/box_loss,val/cls_loss,x/lr0\n"
    segment = only(run_of(head + "0,1.1,.5,0,0,.01\n1,1.0,.6,0,0,.01\n"))
    assert "val/box_loss" not in segment.series
    # one class only: its classification loss is zero, the box loss is not
    assert values(only(run_of(head + "0,1.1,.5,.2,0,.01\n")), "val/cls_loss") == [0]


@needs_corpus
def test_real_tables() -> None:
    segment = only(real("yolo/agusraharja_exp7/results.csv"))
    assert segment.epochs == 146
    assert len(segment.series["val/map50"]) == 146
    assert only(real("yolo/kazhili8_train105/results.csv")).epochs == 100
    assert "val/box_loss" not in only(real("yolo/bryce399_yolov9_petwatch/results.csv")).series


@settings(max_examples=150)
@given(st.text(alphabet='epoch,train/box_loss metrics\n0123456789.-+enaif"\r\x00é'))
def test_any_text_is_read(text: str) -> None:
    for head in ("", V5):
        data = (head + text).encode()
        build = RunBuilder("x", yolo_csv.NAME)
        yolo_csv.read(from_bytes("x", data), build)
        build.finish()
