"""Consoles of Ultralytics 8."""

from hypothesis import given, settings
from hypothesis import strategies as st
from yolo_help import epochs, events, needs_corpus, only, real, run_of, values

from diagnose.logs import detect, ultralytics
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

BANNER = "Ultralytics 8.4.1 🚀 Python-3.12.3 torch-2.9.0+cu130 CUDA:0 (Some Card, 81152MiB)\n"
ARGS = (
    "engine/trainer: task=detect, mode=train, model=m.pt, epochs=2, patience=5, batch=8, imgsz=320, save_dir=runs/a\n"
)
HEADER = "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
VAL = "\r\x1b[K       Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100% ━━━━ 2/2 0.6s\n"


def row(epoch: int, of: int = 2) -> str:
    bar = f"\r\x1b[K        {epoch}/{of}      3.97G       1.92      3.994      1.363         39        320: "
    return (
        bar
        + "0% ──── 0/22  1.1s"
        + bar
        + "50% ━━── 11/22 9.9it/s 1.1s<9.0s"
        + bar
        + "100% ━━━━ 22/22 9.9it/s 1:02.2s\n"
    )


def everything(score: str = "0.337") -> str:
    return f"                   all        767        817      0.313      0.461      {score}      0.267\n"


def test_epochs_count_from_one() -> None:
    segment = only(
        run_of(BANNER + ARGS + HEADER + row(1) + VAL + everything() + HEADER + row(2) + VAL + everything("0.4"))
    )
    assert epochs(segment, "train/dfl_loss") == [1, 2] == epochs(segment, "val/map")
    assert values(segment, "val/map50") == [0.337, 0.4]
    assert values(segment, "time/epoch") == [62, 62]
    assert segment.facts["planned_epochs"].value == 2
    assert segment.facts["framework"].value == "Ultralytics 8.4.1 🚀"
    assert segment.config.settings["save_dir"].value == "runs/a"


def test_the_tables_of_the_best_weights_and_of_a_test_are_summaries() -> None:
    text = ARGS + HEADER + row(1, 1) + VAL + everything() + "\n1 epochs completed in 0.395 hours.\n"
    for score in ("0.5", "0.6"):
        text += "Validating runs/a/weights/best.pt...\n" + BANNER
        text += (
            "m summary (fused): 101 layers, 9,424,410 parameters, 0 gradients, 21.4 GFLOPs\n" + VAL + everything(score)
        )
        text += "                  boat         23         24      0.761      0.708       0.77       0.71\n"
    segment = only(run_of(text))
    assert values(segment, "val/map50") == [0.337]
    summaries = [
        event.fields["value"] for event in events(segment, "metric_summary") if event.fields["metric"] == "val/map50"
    ]
    assert summaries == [0.5, 0.6]
    assert segment.facts["class_names"].value == ["boat"]


def test_early_stopping_counts_from_one() -> None:
    line = "EarlyStopping: Training stopped early as no improvement observed in last 1 epochs. "
    line += "Best results observed at epoch 1, best model saved as best.pt.\n"
    segment = only(run_of(HEADER + row(1, 9) + VAL + everything() + HEADER + row(2, 9) + VAL + everything() + line))
    assert events(segment, "early_stop")[0].fields["epoch"] == 2
    assert events(segment, "best_summary")[0].fields["epoch"] == 1


def test_parameters_with_commas_repaired_images_and_its_own_settings_file() -> None:
    text = (
        "ERROR ❌ Error writing to /home/a/.config/Ultralytics/settings.json: [Errno 122] Disk quota exceeded\n"
        + BANNER
        + ARGS
        + "m summary: 182 layers, 9,439,402 parameters, 9,439,386 gradients, 21.6 GFLOPs\n"
        + "Freezing layer 'model.23.dfl.conv.weight'\nFreezing layer 'model.0.conv.weight'\n"
        + "train: /d/a.jpg: corrupt JPEG restored and saved\ntrain: /d/b.jpg: corrupt JPEG restored and saved\n"
        + "optimizer: 'optimizer=auto' found, ignoring 'lr0=0.01' and determining best\n"
        + "Starting training for 2 epochs...\n"
        + HEADER
        + row(1)
    )
    segment = only(run_of(text))
    assert segment.facts["trainable_params"].value == 9439386
    assert segment.facts["frozen_layers"].value == 1
    assert [event.kind for event in segment.events] == ["session_start", "corrupt_images"]
    assert events(segment, "corrupt_images")[0].fields["count"] == 2


def test_a_second_session_keeps_its_own_banner() -> None:
    run = run_of(BANNER + ARGS + HEADER + row(1) + BANNER.replace("8.4.1", "8.4.2") + ARGS + HEADER + row(1))
    assert [part.facts["framework"].value for part in run.segments] == ["Ultralytics 8.4.1 🚀", "Ultralytics 8.4.2 🚀"]


def test_classification() -> None:
    text = ARGS + (
        "      Epoch    GPU_mem       loss  Instances       Size\n"
        "        1/5      1.97G     0.9201         16        224: 100%|##| 9/9 [00:03<00:00]\n"
        "               classes   top1_acc   top5_acc: 100%|##| 2/2 [00:00<00:00]\n"
        "                   all      0.813      0.991\n"
    )
    segment = only(run_of(text))
    assert values(segment, "train/loss") == [0.9201]
    assert values(segment, "val/accuracy") == [0.813]
    assert values(segment, "val/accuracy_top5") == [0.991]


def test_zero_based_rows_belong_to_the_older_trainers() -> None:
    text = (
        HEADER
        + "        0/9      3.97G       1.92      3.994      1.363         39        320: 100%|##| 9/9 [00:03<00:00]\n"
    )
    found = detect(from_bytes("x", text.encode()))
    assert found is not None
    assert found.NAME == "yolov5"


@needs_corpus
def test_a_real_console() -> None:
    segment = only(real("yolo/bdaqiq01_dogbreeds_yolo11s/train.log"))
    assert (segment.epochs, len(segment.series["val/map"])) == (50, 50)
    assert events(segment, "corrupt_images")[0].fields["count"] == 2
    assert len(segment.facts["class_names"].value) == 30


PIECES = [BANNER, ARGS, HEADER, VAL, row(1), everything(), "\n", "\r", "\x1b[K", "━", "100% "]


@settings(max_examples=100)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=25), st.integers(0, 400))
def test_any_mixture_is_read(pieces: list[str], cut: int) -> None:
    data = "".join(pieces).encode("utf-8", "replace")
    build = RunBuilder("x", ultralytics.NAME)
    ultralytics.read(from_bytes("x", data[cut:]), build)
    build.finish()
