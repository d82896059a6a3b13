"""train_log.txt of YOLOX."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yolo_help import epochs, events, needs_corpus, only, real, run_of, values

from diagnose.engine.enrich import enrich
from diagnose.logs import yolox
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

TRAINER = "2023-03-04 08:09:10.1 | INFO     | yolox.core.trainer:"
START = (
    TRAINER
    + "before_train:126 - args: Namespace(batch_size=8, ckpt='s.pth', devices=1, fp16=True, name=None, opts=[])\n"
)
TABLE = (
    TRAINER + "before_train:127 - exp value:\n╒════╤════╕\n│ keys       │ values     │\n╞════╪════╡\n"
    "│ max_epoch  │ 2          │\n├────┼────┤\n│ input_size │ (416, 640) │\n╘════╧════╛\n"
)
MISFIT = (
    "2023-03-04 08:09:10.1 | WARNING  | yolox.utils.checkpoint:load_ckpt:25 - Shape of head.cls.{n}.weight in "
    "checkpoint is torch.Size([80, 1]), while shape of head.cls.{n}.weight in model is torch.Size([3, 1]).\n"
)
CRASH = (
    "2023-03-04 08:09:10.1 | ERROR    | yolox.core.launch:launch:98 - An error has been caught in function 'launch', "
    "process 'MainProcess' (1), thread 'MainThread' (2):\nTraceback (most recent call last):\n\n"
    '  File "tools/train.py", line 132, in <module>\n    args=(exp, args),\n          │    └ Namespace(batch_size=8)\n'
    '> File "/y/launch.py", line 98, in launch\n    main_func(*args)\n    └ <function>\n\nIndexError: list index\n'
)


def iteration(epoch: int, at: int, loss: str = "10.6", *, last: int = 2) -> str:
    return (
        TRAINER
        + f"after_iter:246 - epoch: {epoch}/{last}, iter: {at}/30, mem: 5436Mb, iter_time: 0.272s, data_time: 0.001s, "
        f"total_loss: {loss}, iou_loss: 3.0, l1_loss: 0.0, conf_loss: 5.4, cls_loss: 2.2, lr: 6.250e-05, size: 544, "
        "ETA: 1 day, 0:01:57\n"
    )


def done(best: str) -> str:
    return TRAINER + f"after_train:184 - Training of experiment is done and the best AP is {best}\n"


def test_iterations_are_steps_of_epochs() -> None:
    segment = only(run_of(START + TABLE + iteration(1, 10) + iteration(1, 20) + iteration(2, 10, "nan")))
    assert list(segment.series["train/loss"].step) == [10, 20, 40]
    assert epochs(segment, "train/loss") == [1, 1, 2]
    assert math.isnan(values(segment, "train/loss")[2])
    assert values(segment, "lr") == [6.25e-05] * 3
    assert set(segment.series) >= {"mem/gpu", "time/iter", "time/data", "train/iou_loss"}
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert facts == {"batch_size": 8, "amp": True, "planned_epochs": 2, "image_size": 640, "steps_per_epoch": 30}
    assert segment.config.settings["ckpt"].value == "s.pth"


def test_sessions_are_segments_with_facts_of_their_own() -> None:
    run = run_of(START + TABLE + iteration(1, 10) + START + CRASH)
    assert len(run.segments) == 2
    assert "planned_epochs" not in run.segments[1].facts
    assert [event.kind for event in run.segments[1].events] == ["session_start", "traceback"]
    assert events(run.segments[1], "traceback")[0].fields["error"] == "IndexError"


def test_done_is_printed_after_a_crash_too() -> None:
    crashed = only(run_of(START + TABLE + iteration(1, 10) + done("0.00") + CRASH))
    assert not events(crashed, "session_end")
    assert events(crashed, "best_summary")[0].fields["value"] == 0
    assert "val/map" not in enrich(run_of(START + TABLE + iteration(1, 10) + done("0.00") + CRASH)).segments[0].series
    ended = only(run_of(START + TABLE + iteration(2, 10) + done("40.43")))
    assert events(ended, "session_end")
    assert events(ended, "best_summary")[0].fields["value"] == pytest.approx(0.4043)


def test_tensors_that_do_not_fit_are_one_event() -> None:
    text = (
        START
        + TRAINER
        + "resume_train:286 - loading checkpoint for fine tuning\n"
        + MISFIT.format(n=0)
        + MISFIT.format(n=1)
    )
    absent = (
        "2023-03-04 08:09:10.1 | WARNING | yolox.utils.checkpoint:load_ckpt:20 - head.x is not in the ckpt. Please.\n"
    )
    segment = only(run_of(text + absent + TRAINER + "before_epoch:188 - ---> start train epoch1\n"))
    (event,) = events(segment, "state_dict_mismatch")
    assert (event.fields["mismatched"], event.fields["missing"]) == (2, 1)
    assert event.fields["message"].startswith("Shape of head.cls.0.weight")
    assert events(segment, "loaded")[0].fields["path"] == "s.pth"
    assert not events(segment, "warning")


def test_coco_and_voc_evaluations() -> None:
    text = (
        START
        + iteration(1, 10)
        + (
            " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.405\n"
            " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.593\n"
            " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000\n"
            " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 0.500\n"
            "map_5095: 0.31\nmap_50: 0.58\n"
        )
    )
    segment = only(run_of(text))
    assert values(segment, "val/map") == [0.405, 0.31]
    assert values(segment, "val/map50") == [0.593, 0.58]
    assert values(segment, "val/ar_10") == [0.5]
    assert "val/map_small" not in segment.series


def test_resumed_sessions_and_other_lines() -> None:
    text = START + TRAINER + "resume_train:280 - loaded checkpoint 'True' (epoch 7)\n"
    text += "2023-03-04 08:09:10.1 | ERROR    | my.module:f:1 - it broke\n" + TRAINER + "f:1 - an error word\n"
    segment = only(run_of(text + iteration(8, 10, last=9)))
    assert events(segment, "resumed")[0].fields["epoch"] == 8
    assert [event.fields["message"] for event in events(segment, "error_line")] == ["it broke"]


@needs_corpus
def test_real_logs() -> None:
    run = real("yolo/kunwoopark_yolox_fire/train_log.txt")
    assert len(run.segments) == 19
    assert run.segments[-1].epochs == 300
    assert events(run.segments[-1], "session_end")
    run = real("yolo/csid_dgu_yolox_voc_s/train_log.txt")
    assert (len(run.segments), run.segments[-1].epochs) == (10, 93)
    assert not events(run.segments[-1], "session_end")
    assert len(real("yolo/user851624623_yolox_s_apex/train_log.txt").segments) == 60


PIECES = [START, TABLE, iteration(1, 10), done("1.0"), CRASH, MISFIT, "│", "\n", TRAINER]


@settings(max_examples=100)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=25), st.integers(0, 400))
def test_any_mixture_is_read(pieces: list[str], cut: int) -> None:
    data = "".join(pieces).encode("utf-8", "replace")
    build = RunBuilder("x", yolox.NAME)
    yolox.read(from_bytes("x", data[cut:]), build)
    build.finish()


def test_many_iterations() -> None:
    """Iterations that are read in bulk, as long as they go on; sessions, and what is not finite."""
    session = START + TABLE.replace("│ 2  ", "│ 40 ")
    for epoch in range(1, 41):
        session += TRAINER + f"before_epoch:193 - ---> start train epoch{epoch}\n"
        session += "".join(
            iteration(epoch, at, "inf" if (epoch, at) == (9, 20) else f"{epoch + at / 100}", last=40)
            for at in (10, 20, 30)
        )
    segments = run_of(session * 3).segments
    assert len(segments) == 3
    for segment in segments:
        series = segment.series["train/loss"]
        assert series.epoch.tolist() == [epoch for epoch in range(1, 41) for _ in range(3)]
        assert series.step.tolist() == [10.0 * count for count in range(1, 121)]
        assert series.value.tolist() == [
            math.inf if (epoch, at) == (9, 20) else epoch + at / 100 for epoch in range(1, 41) for at in (10, 20, 30)
        ]
        assert (segment.epochs, segment.facts["planned_epochs"].value) == (40, 40)
