"""results.txt of YOLOv7, and the settings files beside the tables."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from yolo_help import epochs, events, needs_corpus, only, real, run_of, values

from diagnose.logs import detect, yolo_txt
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

ROW = (
    "   {at}/{last}  5.02G  0.0712  0.0233  0.0311  0.1256  41  512  0.11  0.20  {map}  0.03  0.0688  0.0119  0.0217\n"
)


def rows(*epochs: int, last: int = 9, score: str = "0.09") -> str:
    return "".join(ROW.format(at=at, last=last, map=score) for at in epochs)


def test_columns_epochs_and_plan() -> None:
    segment = only(run_of(rows(0, 1, 2)))
    assert epochs(segment, "val/map50") == [1, 2, 3]
    assert segment.facts["planned_epochs"].value == 10
    assert {name: values(segment, name)[0] for name in segment.series} == {
        "mem/gpu": 5.02,
        "train/box_loss": 0.0712,
        "train/obj_loss": 0.0233,
        "train/cls_loss": 0.0311,
        "train/loss": 0.1256,
        "train/instances": 41,
        "val/precision": 0.11,
        "val/recall": 0.2,
        "val/map50": 0.09,
        "val/map": 0.03,
        "val/box_loss": 0.0688,
        "val/obj_loss": 0.0119,
        "val/cls_loss": 0.0217,
    }


def test_restarts_resumes_and_nan() -> None:
    run = run_of(rows(0, 1) + rows(0, score="nan") + rows(0, last=19))
    assert [part.epochs for part in run.segments] == [2, 1, 1]
    assert math.isnan(values(run.segments[1], "val/map50")[0])
    assert run.segments[2].facts["planned_epochs"].value == 20
    assert events(only(run_of(rows(7, 8))), "resumed")[0].fields["epoch"] == 8


def test_a_cut_last_row_gives_its_training_half() -> None:
    segment = only(run_of(rows(0, 1) + rows(2)[:70]))
    assert len(segment.series["train/loss"]) == 3
    assert len(segment.series["val/map50"]) == 2


def test_more_losses_than_three() -> None:
    segment = only(run_of(rows(0).replace("  0.1256", "  0.05  0.1756")))
    assert values(segment, "train/loss") == [0.1756]
    assert values(segment, "train/loss_4") == [0.05]


def test_a_console_is_not_such_a_table() -> None:
    bar = "   0/9  5.02G  0.07  0.02  0.03  0.12  41  512: 100%|##| 4/4 [00:01<00:00]\n"
    found = detect(from_bytes("x", (bar * 3).encode()))
    assert found is None or found.NAME != "yolo-txt"


def beside(name: str, text: str) -> RunBuilder:
    build = RunBuilder("runs/results.txt", "yolo-txt")
    yolo_txt.companion(from_bytes(f"runs/{name}", text.encode()), build)
    return build


def test_companions_state_facts_with_their_own_place() -> None:
    build = beside("opt.yaml", "weights: a.pt\nepochs: 30\nbatch_size: 8\nimg_size:\n- 512\n- 640\npatience: 0\n")
    segment = only(build.finish())
    assert {name: fact.value for name, fact in segment.facts.items()} == {
        "planned_epochs": 30,
        "batch_size": 8,
        "image_size": 640,
    }
    place = segment.facts["planned_epochs"].place
    assert (place.path, place.line, place.text) == ("runs/opt.yaml", 2, "epochs: 30")
    assert segment.config.settings["weights"].place.path == "runs/opt.yaml"


def test_hyperparameters_have_one_name_in_both_files() -> None:
    nested = only(beside("opt.yaml", "hyp:\n  lr0: 0.02\n  fl_gamma: 1.5\n").finish())
    alone = only(beside("hyp.yaml", "lr0: 0.02\nfl_gamma: 1.5\n").finish())
    assert nested.config.settings["hyp.lr0"].value == alone.config.settings["hyp.lr0"].value == 0.02
    assert nested.facts["focal_gamma"].value == alone.facts["focal_gamma"].value == 1.5


def test_auto_values_are_no_facts() -> None:
    assert not only(beside("args.yaml", "batch: -1\noptimizer: auto\nepochs: null\nimgsz: true\n").finish()).facts


def test_a_damaged_companion_is_an_event() -> None:
    (event,) = only(beside("args.yaml", "epochs: [3\n").finish()).events
    assert event.fields["category"] == "config"
    assert "runs/args.yaml:" in event.fields["message"]


def test_many_rows_of_several_runs() -> None:
    """What is read in bulk is what each row says, and a run ends where the epoch falls."""
    table = "".join(rows(epoch, last=99, score="nan" if epoch == 40 else f"0.{epoch:03}") for epoch in range(100))
    segments = run_of(table * 3 + rows(7, last=8)).segments
    assert [part.epochs for part in segments] == [100, 100, 100, 8]
    for at, part in enumerate(segments[:3]):
        assert epochs(part, "train/loss") == epochs(part, "val/map50") == [*range(1, 101)]
        assert [f"{value:.3f}" for value in values(part, "val/map50")] == [
            "nan" if epoch == 40 else f"0.{epoch:03}" for epoch in range(100)
        ]
        assert part.series["mem/gpu"].line.tolist() == [*range(100 * at + 1, 100 * at + 101)]
    assert segments[3].facts["planned_epochs"].value == 9


@needs_corpus
def test_real_tables() -> None:
    segment = only(real("yolo/titu_yolov7_exp4_truncated/results.txt"))
    assert (segment.epochs, segment.facts["planned_epochs"].value) == (20, 30)
    assert only(real("yolo/umanniyaz_plantvillage/results.txt")).epochs == 300


@settings(max_examples=150)
@given(st.text(alphabet="0123456789/.G \nnaife+-:%|\r\x00"))
def test_any_text_is_read(text: str) -> None:
    build = RunBuilder("x", yolo_txt.NAME)
    yolo_txt.read(from_bytes("x", (rows(0) + text).encode()), build)
    build.finish()
