"""Consoles of YOLOv5, YOLOv7 and YOLOv9."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yolo_help import epochs, events, needs_corpus, only, real, run_of, values

from diagnose.logs import detect, yolov5
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes

ARGS = "train: weights=w.pt, cfg=, data=d.yaml, epochs=3, batch_size=4, patience=9, freeze=[0], device=, name=a (b)\n"
HEADER = "      Epoch    GPU_mem   box_loss   obj_loss   cls_loss  Instances       Size\n"
VAL = "          Class     Images  Instances          P          R      mAP50   mAP50-95: 100%|##| 1/1 [00:01<00:00]\n"


def row(epoch: int, last: int = 2, *, box: str = "0.11", done: str = "100%|##| 9/9 [01:02<00:00,  1.9it/s]") -> str:
    return f"        {epoch}/{last}      2.51G     {box}    0.03127    0.02711         35        512: {done}\n"


def everything(score: str = "0.101", labels: int = 31) -> str:
    return f"                   all         48        {labels}      0.121      0.207      {score}     0.0412\n"


def epoch(number: int, last: int = 2, score: str = "0.101") -> str:
    return HEADER + row(number, last) + VAL + everything(score)


def test_epochs_from_zero_become_epochs_from_one() -> None:
    segment = only(run_of(ARGS + "Starting training for 3 epochs...\n" + epoch(0) + epoch(1) + epoch(2)))
    assert epochs(segment, "train/box_loss") == [1, 2, 3] == epochs(segment, "val/map50")
    assert values(segment, "time/epoch") == [62, 62, 62]
    assert set(segment.series) == {
        "train/box_loss",
        "train/obj_loss",
        "train/cls_loss",
        "train/instances",
        "mem/gpu",
        "time/epoch",
        "val/labels",
        "val/precision",
        "val/recall",
        "val/map50",
        "val/map",
    }
    assert segment.facts["planned_epochs"].place.line == 2


def test_arguments_and_hyperparameters_are_settings() -> None:
    segment = only(run_of(ARGS + "hyperparameters: lr0=0.02, fl_gamma=1.5, copy_paste=0.0\n" + epoch(0)))
    config = {key: setting.value for key, setting in segment.config.settings.items()}
    assert config["freeze"] == [0]
    assert config["name"] == "a (b)"
    assert config["device"] == config["cfg"] == ""
    assert config["hyp.lr0"] == 0.02
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert (facts["planned_epochs"], facts["batch_size"], facts["patience"], facts["focal_gamma"]) == (3, 4, 9, 1.5)


def test_only_the_last_state_of_a_bar_counts() -> None:
    states = "".join(row(0, box=f"0.1{n}", done=f"{n}0%|# | {n}/9 [00:0{n}<00:09]") for n in range(1, 9))
    for separator in ("\n", "\r"):
        segment = only(run_of(HEADER + (states + row(0)).replace("\n", separator) + "\n" + VAL + everything()))
        assert values(segment, "train/box_loss") == [0.11]


def test_a_row_printed_again_after_its_validation_is_no_second_epoch() -> None:
    segment = only(run_of(epoch(0) + row(0) + epoch(1)))
    assert epochs(segment, "train/box_loss") == [1, 2]


def test_an_epoch_cut_off_late_is_a_fraction_and_one_cut_off_early_is_none() -> None:
    late = only(run_of(epoch(0) + HEADER + row(1, done="77%|# | 7/9 [00:10<00:03")))
    assert epochs(late, "train/box_loss") == [1, pytest.approx(1 + 7 / 9)]
    early = only(run_of(epoch(0) + HEADER + row(1, done="11%|# | 1/9 [00:10<00:03")))
    assert epochs(early, "train/box_loss") == [1]
    broken = only(run_of(epoch(0) + HEADER + row(1, box="nan", done="11%|# | 1/9 [00:10<00:03")))
    assert math.isnan(values(broken, "train/box_loss")[1])


def test_the_header_names_the_columns() -> None:
    header = "     Epoch   gpu_mem       box       obj       cls       seg     total    labels  img_size\n"
    text = (
        header
        + "   0/9     6.12G   0.069   0.151   0.042   0.300   0.562        51       640: 100%|##| 3/3 [00:01<00:00]\n"
    )
    segment = only(run_of(text))
    assert values(segment, "train/seg_loss") == [0.3]
    assert values(segment, "train/loss") == [0.562]
    assert values(segment, "train/instances") == [51]


def test_masks_have_their_own_series() -> None:
    text = (
        HEADER
        + row(0)
        + (
            "          Class     Images  Instances      Box(P          R      mAP50  mAP50-95)     Mask(P          R"
            "      mAP50  mAP50-95): 100%|##| 1/1 [00:01<00:00]\n"
            "            all         48         31        .11        .12        .13        .14        .21        .22"
            "        .23        .24\n"
        )
    )
    segment = only(run_of(text, "yolov5"))
    names = ["val/precision", "val/recall", "val/map50", "val/map"]
    assert [values(segment, name)[0] for name in names] == [0.11, 0.12, 0.13, 0.14]
    names = ["val/precision_m", "val/recall_m", "val/map50_m", "val/map50-95_m"]
    assert [values(segment, name)[0] for name in names] == [0.21, 0.22, 0.23, 0.24]


def test_the_validation_of_the_best_weights_is_a_summary() -> None:
    text = epoch(0, 0) + "\n1 epochs completed in 0.02 hours.\nValidating exp/weights/best.pt...\nFusing layers... \n"
    text += "Model summary: 157 layers, 1760518 parameters, 0 gradients, 4.1 GFLOPs\n" + VAL + everything("0.9")
    text += "              boat one         48         21        0.5        0.5        0.5        0.5\n"
    text += "                     2         48         10        0.5        0.5        0.5        0.5\n"
    segment = only(run_of(text))
    assert values(segment, "val/map50") == [0.101]
    assert [event.fields["value"] for event in events(segment, "metric_summary")][2] == 0.9
    assert segment.facts["val_class_distribution"].value == {"boat one": 21 / 31, "2": 10 / 31}
    assert "trainable_params" not in segment.facts
    assert len(events(segment, "session_end")) == 1


def test_rows_of_classes_in_training_are_no_epochs() -> None:
    classes = "                  boat         48         21        0.5        0.5        0.5        0.5\n"
    assert values(only(run_of(epoch(0) + classes + epoch(1) + classes)), "val/map50") == [0.101, 0.101]


def test_a_second_validation_of_one_epoch_is_a_summary() -> None:
    segment = only(run_of(epoch(0) + VAL + everything("0.7")))
    assert values(segment, "val/map50") == [0.101]


def test_early_stopping_names_its_epoch_and_the_best() -> None:
    line = "Stopping training early as no improvement observed in last 7 epochs. "
    line += "Best results observed at epoch 0, best model"
    segment = only(
        run_of(epoch(0, 99) + epoch(1, 99) + line + " saved as best.pt.\n2 epochs completed in 1.2 hours.\n")
    )
    assert events(segment, "early_stop")[0].fields["epoch"] == 2
    assert events(segment, "best_summary")[0].fields["epoch"] == 1
    assert segment.facts["patience"].value == 7
    assert segment.facts["planned_epochs"].value == 100


def test_sessions_in_one_file_are_segments() -> None:
    run = run_of(
        ARGS + epoch(0) + ARGS.replace("epochs=3", "epochs=5") + "Traceback (most recent call last):\n"
        '  File "train.py", line 3, in <module>\nValueError: no\n' + ARGS + epoch(0)
    )
    assert [len(part.series) > 0 for part in run.segments] == [True, False, True]
    assert run.segments[1].facts["planned_epochs"].value == 5
    assert events(run.segments[1], "traceback")[0].fields["error"] == "ValueError"


def test_a_new_start_without_arguments_is_a_segment_too() -> None:
    start = "Starting training for 1 epochs...\n"
    assert len(run_of(start + epoch(0, 0) + start + epoch(0, 0)).segments) == 2


def test_resuming_counts_like_the_rows() -> None:
    text = "Resuming training from exp/last.pt from epoch 15 to 30 total epochs\n" + epoch(15, 29)
    segment = only(run_of(text))
    assert events(segment, "resumed")[0].fields == {"epoch": 16, "path": "exp/last.pt"}
    assert epochs(segment, "val/map50") == [16]


def test_scans() -> None:
    def scan(split: str, found: str) -> str:
        return f"{split}: Scanning '/d 2/labels.cache' images and labels... {found}: 100%|##| 50/50 [00:00<?, ?it/s]\n"

    segment = only(
        run_of(
            scan("train", "44 found, 4 missing, 2 empty, 2 corrupt")
            + "train: WARNING: Ignoring corrupted image and/or label /d/a.jpg: cannot identify\n" * 2
            + scan("val", "0 found, 50 missing, 0 empty, 0 corrupt")
            + "Starting training for 3 epochs...\n"
            + epoch(0)
        )
    )
    assert segment.facts["train_samples"].value == 48
    assert events(segment, "labels_missing")[0].fields == {"found": 44, "missing": 4, "empty": 2, "corrupt": 2}
    assert [event.fields["count"] for event in events(segment, "corrupt_images")] == [2]
    assert [event.place.line for event in events(segment, "no_labels")] == [4]


def test_new_scans_count_images_and_backgrounds() -> None:
    def of(found: str) -> list[str]:
        text = f"train: Scanning /d/train.cache... {found}: 100%|##| 60/60 [00:00<?, ?it/s]\n"
        return [event.kind for event in only(run_of(text + epoch(0))).events]

    assert of("60 images, 0 backgrounds, 0 corrupt") == []
    assert of("40 images, 20 backgrounds, 0 corrupt") == ["labels_missing"]
    assert of("60 images, 60 backgrounds, 0 corrupt") == ["no_labels"]
    assert of("0 images, 60 backgrounds, 0 corrupt") == ["no_labels"]
    assert of("60 images, 0 backgrounds, 3 corrupt") == ["corrupt_images"]


def test_no_labels_in_the_validation_set() -> None:
    segment = only(run_of(HEADER + row(0) + VAL + everything("0", 0) + HEADER + row(1) + VAL + everything("0", 0)))
    assert values(segment, "val/labels") == [0, 0]
    assert len(events(segment, "no_labels")) == 1


def test_pretrained_weights_that_hardly_fit() -> None:
    segment = only(run_of("Transferred 340/349 items from s.pt\n" + epoch(0)))
    assert [event.kind for event in segment.events] == ["loaded"]
    assert segment.facts["pretrained"].value is True
    segment = only(run_of("Transferred 60/349 items from l.pt\n" + epoch(0)))
    assert events(segment, "state_dict_mismatch")[0].fields["missing"] == 289


def test_model_optimizer_and_environment() -> None:
    text = (
        "YOLOv5 🚀 v7.0-1-gabc Python-3.9.1 torch-1.13.0+cu117 CUDA:0 (Some Card, 15110MiB)\n"
        "Overriding model.yaml nc=80 with nc=2\n"
        "Model summary: 214 layers, 7022326 parameters, 7022326 gradients, 15.9 GFLOPs\n"
        "AMP: checks failed ❌. Anomalies were detected\n"
        "freezing model.0.conv.weight\nfreezing model.0.bn.weight\n"
        "optimizer: AdamW(lr=0.003, momentum=0.8) with parameter groups "
        "5 weight(decay=0.0), 6 weight(decay=0.001), 6 bias\n"
        "Image sizes 512 train, 512 val\n"
    )
    segment = only(run_of(text + epoch(0)))
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert facts["framework"] == "YOLOv5 🚀 v7.0-1-gabc"
    assert (facts["python"], facts["device"]) == ("3.9.1", "CUDA:0 (Some Card, 15110MiB)")
    assert facts["num_classes"] == 2
    assert facts["trainable_params"] == 7022326
    assert (facts["optimizer"], facts["lr"], facts["momentum"], facts["weight_decay"]) == ("AdamW", 0.003, 0.8, 0.001)
    assert (facts["amp"], facts["image_size"], facts["frozen_layers"]) == (False, 512, 2)


def test_nan_and_noise() -> None:
    text = (
        epoch(0)
        + "WARNING: non-finite loss, ending training tensor([nan, 1.])\n"
        + "WARNING: NMS time limit 10.0s exceeded\n" * 3
    )
    segment = only(run_of(text))
    assert [event.kind for event in segment.events] == ["nan_reported", "warning"]


def test_text_glued_into_a_bar_and_a_glued_end() -> None:
    glued = (
        row(0).rstrip("\n")
        + "Retrying (Retry(total=3)) after connection broken by 'ReadTimeoutError(\"Pool\")': /api\n"
    )
    segment = only(
        run_of(HEADER + glued + VAL + everything() + "1 epochs completed in 0.4 hours.Instances          P   R\n")
    )
    assert values(segment, "train/box_loss") == [0.11]
    assert len(events(segment, "session_end")) == 1


def test_an_old_log_with_targets_and_a_namespace() -> None:
    text = (
        "Namespace(batch_size=8, cfg='', epochs=4, img_size=[640, 640], weights='s.pt')\n"
        "     Epoch   gpu_mem      GIoU       obj       cls     total   targets  img_size\n"
        "       0/3     1.59G    0.0999     0.154    0.0425     0.296        21       640: 100%|##| 9/9 [00:09<00:00]\n"
        "               Class      Images     Targets           P           R      mAP@.5  mAP@.5:.95: 100%|##| 2/2\n"
        "                 all    2.51e+03    1.11e+04      0.0931       0.202      0.0711      0.0231\n"
    )
    segment = only(run_of(text))
    assert values(segment, "train/box_loss") == [0.0999]
    assert values(segment, "val/labels") == [11100]
    assert segment.config.settings["weights"].value == "s.pt"
    assert segment.facts["planned_epochs"].value == 4


def test_a_program_that_crashed_before_its_first_table_is_known_by_its_layers() -> None:
    text = "  0                -1  1      3520  models.common.Conv                      [3, 32, 6, 2, 2]\nKilled\n"
    found = detect(from_bytes("x", text.encode()))
    assert found is not None
    assert found.NAME == "yolov5"


@needs_corpus
def test_real_consoles() -> None:
    segment = only(real("yolo/bigbugman_yolov5n_nohup/nohup.out"))
    assert (segment.epochs, len(segment.series["val/map50"])) == (300, 300)
    assert values(segment, "val/map50")[-1] == 0.832
    segment = only(real("yolo/agusraharja_wandb_20221112_022526/output.log"))
    assert (segment.epochs, segment.facts["planned_epochs"].value) == (147, 250)
    segment = only(real("yolo/agusraharja_wandb_20221117_112728/output.log"))
    assert events(segment, "out_of_memory")
    assert events(only(real("yolo/issue_excerpts/tommao23_multiyolov5_issue7_labels_0.txt")), "no_labels")


PIECES = [
    ARGS,
    HEADER,
    VAL,
    row(0),
    row(1, 7, box="nan"),
    everything(),
    "Fusing layers...\n",
    "\r",
    "\x1b[A",
    "\x00",
    "|",
    ":",
]


@settings(max_examples=150)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=25), st.integers(0, 400))
def test_any_mixture_is_read(pieces: list[str], cut: int) -> None:
    data = "".join(pieces).encode("utf-8", "replace")
    for part in (data, data[cut:]):
        build = RunBuilder("x", yolov5.NAME)
        yolov5.read(from_bytes("x", part), build)
        build.finish()
