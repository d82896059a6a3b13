"""Keras consoles: epochs and fits told apart, callbacks, warnings, and what scripts print around them."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import detect, keras, read
from diagnose.model import Run, Segment
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes, open_source

FIXTURES = Path(__file__).parents[2] / "fixtures" / "keras"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
BAR2 = "[" + "=" * 30 + "]"
BAR3 = "━" * 20


def parse(text: str | bytes) -> Run:
    source = from_bytes("run.log", text if isinstance(text, bytes) else text.encode())
    build = RunBuilder("run.log", keras.NAME)
    keras.read(source, build)
    return build.finish()


def only(text: str | bytes) -> Segment:
    (segment,) = parse(text).segments
    return segment


def values(segment: Segment, name: str) -> list[float]:
    return segment.series[name].value.tolist()


def epochs(segment: Segment, name: str = "train/loss") -> list[float]:
    return segment.series[name].epoch.tolist()


def kinds(segment: Segment) -> list[str]:
    return [event.kind for event in segment.events]


# Epochs


def test_bars_of_keras_2() -> None:
    segment = only(
        "Epoch 1/9\n"
        f"30/30 {BAR2} - 2s 40ms/step - loss: 0.9 - accuracy: 0.4 - val_loss: 0.8 - val_accuracy: 0.5\n"
        "Epoch 2/9\n"
        f"30/30 {BAR2} - 6s 40ms/step - loss: 7.5e-01 - accuracy: 0.6 - val_loss: nan - val_accuracy: 0.0000e+00\n"
    )
    assert values(segment, "train/loss") == [0.9, 0.75]
    assert values(segment, "val/accuracy") == [0.5, 0.0]
    assert math.isnan(values(segment, "val/loss")[1])
    assert epochs(segment) == [1, 2]
    assert segment.facts["planned_epochs"].value == 9
    assert segment.facts["steps_per_epoch"].value == 30


def test_every_state_of_a_bar_on_its_own_line() -> None:
    """Keras prints so where the output is no terminal; the line with validation is the last of an epoch."""
    states = "".join(f"{done}/4 {BAR3} 0s 9ms/step - loss: {2 - done / 10:.2f}\n" for done in (1, 2, 3, 4))
    last = f"4/4 {BAR3} 1s 30ms/step - loss: 1.60 - val_loss: 1.75\n"
    segment = only(f"Epoch 1/2\n{states}{last}Epoch 2/2\n{states}{last}")
    assert values(segment, "train/loss") == [1.6, 1.6]
    assert values(segment, "val/loss") == [1.75, 1.75]


@pytest.mark.parametrize("overwrite", ["\r", "\b" * 90, "\r\x1b[1A\x1b[2K"])
def test_a_bar_that_overwrites_itself(overwrite: str) -> None:
    states = overwrite.join(f"{done}/50 {BAR3} 0s 9ms/step - loss: {1 / done:.4f}" for done in (10, 25, 50))
    segment = only(f"Epoch 1/3\n{states}\nEpoch 2/3\n{states}\n")
    assert values(segment, "train/loss") == [0.02, 0.02]


@pytest.mark.parametrize(
    "line",
    [
        "12s - loss: 0.5 - acc: 0.8",
        "60/60 - 12s - loss: 0.5 - acc: 0.8 - 12s/epoch - 200ms/step",
        "60/60 - 12s - 200ms/step - acc: 0.8 - loss: 0.5",
        "720/720 - 12s - loss: 0.5 - acc: 0.8",
    ],
)
def test_verbose_2(line: str) -> None:
    segment = only(f"    Epoch 1/2\n    {line}\n    Epoch 2/2\n    {line}\n")
    assert values(segment, "train/loss") == [0.5, 0.5]
    assert values(segment, "train/accuracy") == [0.8, 0.8]
    assert values(segment, "time/epoch") == [12, 12]


def test_one_line_epochs_of_a_callback_leave_gaps() -> None:
    segment = only(
        "Epoch 1/80 - 9.5s - loss: 2.1 - val_kappa: 0.0000\nEpoch 20/80 - 2.5s - loss: 1.9 - val_kappa: 0.1\n"
    )
    assert epochs(segment) == [1, 20]
    assert values(segment, "val/kappa") == [0.0, 0.1]


def test_a_fit_begins_where_the_epoch_falls_back() -> None:
    fit = "Epoch 1/2\n3s - loss: 0.9\nEpoch 2/2\n3s - loss: 0.8\n"
    run = parse(fit * 3)
    assert [values(segment, "train/loss") for segment in run.segments] == [[0.9, 0.8]] * 3


def test_a_loop_around_single_epochs_counts_up() -> None:
    segment = only("".join(f"Epoch 1/1\n{9 - i}/{9 - i} {BAR2} - 1s 9ms/step - loss: 0.{9 - i}\n" for i in range(4)))
    assert epochs(segment) == [1, 2, 3, 4]
    assert "planned_epochs" not in segment.facts


def test_folds_inside_epochs_are_one_fit() -> None:
    bars = "".join(f"Training Fold {fold}\n8/8 {BAR2} - 1s 9ms/step - loss: 0.5 - val_loss: 0.6\n" for fold in (1, 2))
    segment = only(f"Epochs 1/2\n{bars}Epochs 2/2\n{bars}")
    assert epochs(segment) == [1, 1, 2, 2]


def test_folds_around_epochs_are_fits() -> None:
    fit = f"Epoch 1/2\n8/8 {BAR2} - 1s 9ms/step - loss: 0.5\nEpoch 2/2\n8/8 {BAR2} - 1s 9ms/step - loss: 0.4\n"
    run = parse(f"Fold 1/2\n{fit}--- Fold 2/2 ---\n{fit}")
    assert [segment.name for segment in run.segments] == ["Fold 1/2", "Fold 2/2"]


def test_a_missing_first_header() -> None:
    line = f"8/8 {BAR3} 1s 9ms/step - loss: 0.5 - val_loss: 0.6\n"
    assert epochs(only(f"{line}Epoch 2/5\n{line}Epoch 3/5\n{line}")) == [1, 2, 3]


def test_no_headers_at_all() -> None:
    line = f"8/8 {BAR2} - 1s 9ms/step - loss: 0.5\n"
    assert epochs(only(line * 3)) == [1, 2, 3]


def test_bars_that_are_no_epochs() -> None:
    segment = only(
        f"16384/27018416 {BAR3} 1s 0us/step\n"
        f"Epoch 1/1000\n50/50 {BAR2} - 1s 9ms/step - loss: 0.5 - val_loss: 0.6\n"
        f"9/9 {BAR2} - 0s 3ms/step\n"
        f"50/50 {BAR2} - 0s 3ms/step - loss: 0.55\n"
        f"20/20 {BAR2} - 0s 3ms/step - loss: 0.65\n"
    )
    assert values(segment, "train/loss") == [0.5]


def test_glued_lines() -> None:
    segment = only(
        f"Epoch 1/2\n50/50 {BAR2} - ETA: 0s - loss: 0.5WARNING:tensorflow:Early stopping conditioned on metric "
        "`val_f1` which is not available. Available metrics are: loss,val_loss\n"
        f"50/50 {BAR2} - 1s 9ms/step - loss: 0.5 - val_loss: 0.6\n"
        "48/50 [===========================>..] - ETA: 0sEpoch 2/2\n"
        f"50/50 {BAR2} - 1s 9ms/step - loss: 0.4 - val_loss: 0.5\n"
    )
    assert values(segment, "train/loss") == [0.5, 0.4]
    (event,) = segment.events
    assert event.kind == "metric_missing"
    assert event.fields["metric"] == "val_f1"
    assert event.fields["wanted_by"] == "EarlyStopping"
    assert event.fields["available"] == ["loss", "val_loss"]


def test_python_warnings_glued_to_a_bar() -> None:
    warning = (
        "/opt/python3.11/site-packages/keras/x.py:16: UserWarning: Your input ran out of data; interrupting training."
    )
    last = f"20/20 {BAR3} 1s 9ms/step - loss: 0.6000 - val_loss: 0.7\n"
    segment = only(f"Epoch 1/5\n{last}Epoch 2/5\n  9/20 {BAR3} 0s 9ms/step - loss: 0.6127{warning}\n{last}")
    assert segment.events[0].fields == {"epoch": 2.0, "done": 9.0, "planned": 20.0}
    assert values(segment, "train/loss") == [0.6, 0.6]


def test_a_list_line_right_before_a_fit_is_its_title() -> None:
    fit = "Epoch 1/2\n3s - loss: 0.9\nEpoch 2/2\n3s - loss: 0.8\n"
    run = parse(
        f"--- Fold 1/2: 30 train, 9 validation samples ---\n{fit}--- Fold 2/2: 31 train, 8 validation ---\n{fit}"
    )
    assert [segment.name for segment in run.segments] == ["Fold 1/2", "Fold 2/2"]


def test_a_lost_carriage_return_leaves_the_last_value() -> None:
    line = f"400/400 {BAR2} - ETA: 0s - loss: 0.8 - acc: 0.69 - 10s - loss: 0.7 - acc: 0.7012    - ETA:\n"
    segment = only(f"Epoch 1/2\n{line}Epoch 2/2\n{line}")
    assert values(segment, "train/accuracy") == [0.7012, 0.7012]


def test_an_epoch_that_broke_off_has_no_values() -> None:
    segment = only(
        f"Epoch 1/5\n40/40 {BAR2} - 1s 9ms/step - loss: 0.5\n"
        "Epoch 2/5\n12/40 [=======>......................] - ETA: 3s - loss: 0.4Traceback (most recent call last):\n"
    )
    assert values(segment, "train/loss") == [0.5]


@pytest.mark.parametrize(
    ("rest", "done", "planned"),
    [("", 0, 0), ("\r 3/10 [====>....] - ETA: 2s - loss: 0.61\r 4/10 [====>....] - ETA: 1s - loss: 0.60", 4, 10)],
)
def test_how_far_the_epoch_came_that_the_end_cuts_off(rest: str, done: int, planned: int) -> None:
    whole = "Epoch 1/5\n10/10 [==============================] - 1s 9ms/step - loss: 0.6\n"
    (segment,) = parse(whole + "Epoch 2/5\n" + rest).segments
    (event,) = (event for event in segment.events if event.kind == "epoch_broken_off")
    assert event.fields == {"epoch": 2, "done": done, "planned": planned}
    assert not parse(whole).segments[0].events


def test_samples_are_not_steps() -> None:
    segment = only(
        f"Train on 600 samples, validate on 60 samples\nEpoch 1/2\n600/600 {BAR2} - 1s 9us/step - loss: 0.5\n"
    )
    assert segment.facts["train_samples"].value == 600
    assert segment.facts["val_samples"].value == 60
    assert "steps_per_epoch" not in segment.facts


# Callbacks and warnings


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_stop_restore_and_metrics_come_in_any_order(order: tuple[int, ...]) -> None:
    last = ("9s - loss: 0.8", "Restoring model weights from the end of the best epoch: 1.", "Epoch 2: early stopping")
    fit = "\n".join(["Epoch 1/5", "9s - loss: 0.9", "Epoch 2/5", *(last[index] for index in order)]) + "\n"
    run = parse(fit * 2)
    assert len(run.segments) == 2
    for segment in run.segments:
        assert values(segment, "train/loss") == [0.9, 0.8]
        assert {event.kind: event.fields["epoch"] for event in segment.events} == {
            "early_stop": 2,
            "weights_restored": 1,
        }


def test_fits_that_print_only_their_stop() -> None:
    stop = "Epoch {}: early stopping\nRestoring model weights from the end of the best epoch: {}.\n"
    run = parse(stop.format(30, 20) + stop.format(11, 1) + stop.format(21, 11))
    assert [segment.epochs for segment in run.segments] == [30, 11, 21]
    assert all(kinds(segment) == ["early_stop", "weights_restored"] for segment in run.segments)


def test_old_keras_counts_epochs_from_0_in_callbacks() -> None:
    segment = only("Epoch 1/9\n2s - loss: 0.9\nEpoch 2/9\nEpoch 00001: early stopping\n2s - loss: 0.8\n")
    assert segment.events[0].fields == {"epoch": 2.0}


def test_checkpoints_and_plateaus() -> None:
    segment = only(
        "Epoch 1/9\n"
        "Epoch 1: val_loss improved from inf to 0.69000, saving model to best.keras\n2s - loss: 0.9 - val_loss: 0.69\n"
        "Epoch 2/9\n"
        "Epoch 2: val_loss did not improve from 0.69000\n"
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.0005.\n2s - loss: 0.8 - val_loss: 0.7\n"
    )
    improved, missed, reduced = segment.events
    assert improved.kind == "checkpoint"
    assert improved.fields == {"epoch": 1.0, "path": "best.keras", "metric": "val_loss", "value": 0.69}
    assert missed.fields == {"epoch": 2.0, "metric": "val_loss", "value": 0.69}
    assert (reduced.kind, reduced.fields["value"]) == ("lr_reduced", 0.0005)


def test_input_that_ran_out_shows_how_far_it_came() -> None:
    warning = "WARNING:tensorflow:Your input ran out of data; interrupting training. Make sure that"
    segment = only(
        f"Epoch 1/9\n 44/200 [=====>........................] - ETA: 9s - loss: 2.6{warning}\n"
        f"200/200 {BAR2} - 10s 9ms/step - loss: 2.6 - val_loss: 0.9\n"
    )
    (event,) = segment.events
    assert event.fields == {"epoch": 1.0, "done": 44.0, "planned": 200.0}
    assert values(segment, "train/loss") == [2.6]


def test_a_warning_before_anything_belongs_to_the_fit_that_follows() -> None:
    stop = "Epoch 9: early stopping\n"
    run = parse(
        f"STAGE 1: head\n{stop}STAGE 2: all\n/x.py:1: UserWarning: Your input ran out of data; interrupting\n{stop}"
    )
    first, second = run.segments
    assert kinds(first) == ["early_stop"]
    assert kinds(second) == ["input_exhausted", "early_stop"]
    assert second.events[0].fields["epoch"] == 1


def test_gradients_are_told_once_an_epoch() -> None:
    warning = (
        "WARNING:tensorflow:Gradients do not exist for variables ['a/kernel:0', 'a/bias:0'] when minimizing the loss.\n"
    )
    segment = only(f"Epoch 1/2\n{warning * 4}{'2s - loss: 0.5'}\n")
    (event,) = segment.events
    assert event.fields["count"] == 2


# What scripts print


def test_model_and_data() -> None:
    segment = only(
        "Found 1600 images belonging to 4 classes.\nFound 400 images belonging to 4 classes.\n"
        " Total params: 12,345 (48.22 KB)\n Trainable params: 345 (1.35 KB)\n Non-trainable params: 12,000 (46.88 KB)\n"
        "Batch size per replica: 32 (global batch size: 64, replicas: 2)\nEpoch 1/2\n2s - loss: 0.5\n"
    )
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert facts["train_samples"] == 1600
    assert facts["val_samples"] == 400
    assert facts["num_classes"] == 4
    assert facts["total_params"] == 12345
    assert facts["trainable_params"] == 345
    assert facts["batch_size"] == 64
    assert facts["batch_size_per_device"] == 32


def test_samples_of_a_fit_do_not_outlive_it() -> None:
    fit = "Epoch 1/2\n2s - loss: 0.5\nEpoch 2/2\n2s - loss: 0.4\n"
    first, second = parse(f"Train on 90 samples, validate on 10 samples\n{fit}{fit}").segments
    assert first.facts["train_samples"].value == 90
    assert "train_samples" not in second.facts


def test_stages_and_their_facts() -> None:
    run = parse(
        "Max epochs: 90 (with early stopping)\n"
        "Fold 1/2: 40 train patients, 41 valid patients\n  Valid dist: {0: 0.25, 1: 0.75}\n"
        "Fold 2/2: 41 train patients, 40 valid patients\n  Valid dist: {0: 0.5, 1: 0.5}\n\n"
        "Fold 1/2\n"
        "====\nPRE-TRAINING 1/1: depth\n====\n"
        "Epoch 30: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
        "  depth pre-training completed! Best val kappa: 0.0000\n"
        "Successfully frozen 9 layers across 1 branches!\nTotal model trainable weights: 4\n"
        "STAGE 1: head only (15 epochs)\n"
        "Epoch 12: early stopping\n"
        "STAGE 2: all layers\n  Learning rate: 2e-6 (very low)\n  Unfreezing image layers...\n"
        "Epoch 13: early stopping\n"
        "Confusion matrix:\n[[30  4]\n [ 9 31]]\n"
        "Fold 2/2 skipped (other process).\n"
    )
    pre, head, full = run.segments
    assert [segment.name for segment in run.segments] == [
        "Fold 1/2, PRE-TRAINING 1/1: depth",
        "Fold 1/2, STAGE 1: head only (15 epochs)",
        "Fold 1/2, STAGE 2: all layers",
    ]
    assert all(segment.facts["val_class_distribution"].value == {"0": 0.25, "1": 0.75} for segment in run.segments)
    assert [segment.facts["planned_epochs"].value for segment in run.segments] == [90, 15, 90]
    assert pre.events[-1].fields == {"metric": "val/kappa", "value": 0.0}
    assert head.facts["trainable_tensors"].value == 4
    assert head.facts["frozen_layers"].value == 9
    assert not {"trainable_tensors", "frozen_layers"} & (pre.facts.keys() | full.facts.keys())
    assert "lr" not in head.facts
    assert full.facts["lr"].value == 2e-6
    assert full.events[-1].fields == {"rows": [[30, 4], [9, 31]]}
    assert "unstarted" not in kinds(full)


def test_a_heading_without_a_fit_at_the_end() -> None:
    run = parse("CONFIG: a\n  lr=0.01, batch=16\nEpoch 9: early stopping\nCONFIG: b\n  lr=0.02, batch=16\n")
    (segment,) = run.segments
    assert segment.facts["lr"].value == 0.01
    assert segment.config.settings["batch"].value == 16
    assert kinds(segment) == ["early_stop", "unstarted"]


def test_class_counts_after_resampling() -> None:
    table = "{}:\nClass 0: {}\nClass 1: {}\n\n"
    segment = only(
        table.format("Class distribution in validation", 7, 8)
        + table.format("Original class distribution", 50, 10)
        + table.format("After oversampling", 50, 50)
        + "Excluded samples per class:\nClass 0: 3\nClass 1: 4\nEpoch 1/2\n2s - loss: 0.5\n"
    )
    assert segment.facts["class_counts"].value == {"0": 50, "1": 50}
    assert segment.facts["unique_class_counts"].value == {"0": 50, "1": 10}
    assert segment.facts["train_samples"].value == 100


@pytest.mark.parametrize(("title", "original"), [("Before oversampling", True), ("Train class distribution", False)])
def test_counts_that_are_told_as_the_original_ones(title: str, original: bool) -> None:
    segment = only(f"{title}:\nClass 0: 50\nClass 1: 10\n\nEpoch 1/2\n2s - loss: 0.5\n")
    assert segment.facts["class_counts"].value == {"0": 50, "1": 10}
    assert ("unique_class_counts" in segment.facts) is original


def test_samples_of_a_batch_that_was_adjusted() -> None:
    segment = only("Validation batch size adjusted: 256 → 252 (n_samples=253, num_gpus=4)\nEpoch 1/2\n2s - loss: 0.5\n")
    assert segment.facts["val_samples"].value == 253
    assert "batch_size" not in segment.facts


def test_equal_class_weights_do_not_hide_those_of_the_loss() -> None:
    segment = only(
        "Alpha values [a, b]: [0.4, 1.6]\nClass weights: {0: 1, 1: 1} or [1, 1]\nEpoch 1/2\n2s - loss: 0.5\n"
    )
    assert segment.facts["class_weights"].value == [0.4, 1.6]
    assert segment.facts["focal_alpha"].value == [0.4, 1.6]
    assert segment.facts["even_class_weights"].value == {"0": 1, "1": 1}
    assert segment.facts["even_class_weights"].place.line == 2


def test_class_weights_that_differ_are_no_alphas() -> None:
    segment = only("Alpha values [a, b]: [0.4, 1.6]\nClass weights: {0: 2, 1: 0.5}\nEpoch 1/2\n2s - loss: 0.5\n")
    assert segment.facts["class_weights"].value == {"0": 2, "1": 0.5}
    assert "focal_alpha" not in segment.facts


@pytest.mark.parametrize(
    "matrix",
    [
        "Confusion Matrix (val): [[5, 0], [2, 1]]",
        "Confusion Matrix:\n[[5 0]\n [2 1]]",
        "Confusion Matrix (validation):\n        Predicted: A    B\nActual Alpha:  5   0\nActual Beta:   2   1\n",
    ],
)
def test_confusion_matrices(matrix: str) -> None:
    segment = only(f"Epoch 1/2\n2s - loss: 0.5\n{matrix}\n")
    assert segment.events[-1].fields == {"rows": [[5, 0], [2, 1]]}


def test_memory_is_reported_once_a_failure() -> None:
    oom = "  (0) RESOURCE_EXHAUSTED:  OOM when allocating tensor with shape[8,9] on device:GPU:0\n"
    raised = "Traceback (most recent call last):\n  File 'a.py', line 3\na.ResourceExhaustedError: Graph error\n"
    crash = f"{oom}{raised}{oom}"
    run = parse(f"STAGE 1: x\n{crash}Total model trainable weights: 7\nSTAGE 1: x\n{crash}")
    assert [sorted(kinds(segment)) for segment in run.segments] == [["out_of_memory", "traceback"]] * 2


# Robustness


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    detect(from_bytes("x", b"\n" + data))
    parse(b"\n" + data)


PIECES = st.sampled_from(
    [
        "Epoch 1/3", "Epoch 3/3", "Epoch 1/1", "Epochs 2/3", f"9/9 {BAR2} - 1s 9ms/step - loss: 0.5", "2s - loss: 0.5",
        f"3/9 {BAR3} 1s 9ms/step - loss: 0.5", f"9/9 {BAR3} 1s - loss: 0.5 - val_loss: 1",
        "Epoch 2: early stopping",
        "Restoring model weights from the end of the best epoch: 1.", "Fold 1/2", "STAGE 2: x (3 epochs)", "Run 1",
        "Class 0: 5", "Class 1: 6", "Confusion matrix", "[[1 2]", "[3 4]]",
        "Traceback (most recent call last):", "x.Y: z",
        "Batch size: 8", "Train on 9 samples", "Learning rate: 0.1", "CONFIG: a", "a=1, b=2", "Unfreezing x", "",
        "Your input ran out of data", "Fold 1/2 skipped", "Class weights: {0: 1, 1: 'a'}", "Train dist: {0: 1}",
        "Best x: 1",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(PIECES, st.sampled_from(["\n", "\r", "", "\r\n"])), max_size=30))
def test_any_order(pieces: list[tuple[str, str]]) -> None:
    run = parse("".join(text + end for text, end in pieces))
    for segment in run.segments:
        for series in segment.series.values():
            known = series.epoch[series.epoch == series.epoch]
            assert (known[1:] >= known[:-1]).all()


@given(st.integers(0, 2000))
def test_a_cut_file(length: int) -> None:
    text = f"Epoch 1/9\n30/30 {BAR2} - 2s 40ms/step - loss: 0.9 - val_loss: 0.8\n" * 20
    parse(text[:length])


# Logs made for the project, and the corpus


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.log")), ids=lambda path: path.stem)
def test_fixtures_are_detected_and_read(path: Path) -> None:
    run = read(open_source(str(path)))
    assert run is not None
    assert run.format == keras.NAME
    assert all(segment.epochs for segment in run.segments)
    assert not any(event.kind in ("error_line", "unstarted") for segment in run.segments for event in segment.events)


def corpus(name: str) -> Run:
    path = CORPUS / name
    if not path.exists():
        pytest.skip("needs the corpus")
    source = open_source(str(path))
    found = detect(source)
    assert found is not None
    assert found.NAME == keras.NAME
    run = read(source)
    assert run is not None
    return run


def test_two_stage_run() -> None:
    run = corpus("keras/dfu_two_stage/training_fold1_before_fix.log")
    pre, head, full = run.segments
    for segment in run.segments:
        assert segment.facts["val_class_distribution"].value == {"0": 0.299, "1": 0.552, "2": 0.149}
        assert segment.facts["class_weights"].value == [0.599, 0.311, 2.09]
        assert segment.facts["train_samples"].value == 471
        assert segment.facts["batch_size"].value == 600
        assert kinds(segment).count("early_stop") == kinds(segment).count("weights_restored") == 1
    assert values(pre, "val/kappa") == [0.0, 0.0]
    assert epochs(pre) == [1, 20]
    assert kinds(pre).count("input_exhausted") == 1
    assert not head.series
    assert not full.series
    assert head.facts["trainable_tensors"].value == 2
    assert "trainable_tensors" not in full.facts
    assert full.facts["lr"].value == 1e-6
    assert [segment.epochs for segment in run.segments] == [21, 11, 11]


def test_a_stage_that_is_announced_names_its_fit() -> None:
    fit = "Epoch 1/2\n9/9 - 1s - loss: 0.7\nEpoch 2/2\n9/9 - 1s - loss: 0.6\n"
    plain = parse(f"PRE-TRAINING 1/1: depth\n{fit}FREEZING THE BACKBONE FOR STAGE 1\n{fit}")
    told = parse(f"FREEZING THE BACKBONE FOR STAGE 1\nTotal params: 9\nSTAGE 1: the head alone\n{fit}")

    assert [segment.name for segment in plain.segments] == [
        "PRE-TRAINING 1/1: depth",
        "FREEZING THE BACKBONE FOR STAGE 1",
    ]
    assert [segment.name for segment in told.segments] == ["STAGE 1: the head alone"]
    assert told.segments[0].facts["total_params"].value == 9


def test_two_stage_run_after_the_fix() -> None:
    run = corpus("keras/dfu_two_stage/training_fold1_after_fix.log")
    restored = [event.fields["epoch"] for segment in run.segments for event in segment.events[1:2]]
    assert restored == [23, 1, 11]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("keras/kyoto_kanji_model_train_concat_runs.txt", [19, 14, 19, 14]),
        ("keras/tf2_amazon_recsys_verbose2_restore1_then_escape.log", [7, 15]),
        ("keras/keras3_chantoone_classifier_ansi_bars_healthy.log", [100]),
        ("keras/keras1_leriomaggio_transfer_backspaces.log", [5]),
        ("keras/tf1_brainnetcnn_1000_epochs_cells.log", [1000]),
        ("twins/59278771_fixed.log", [200] * 10),
    ],
)
def test_fits_of_real_logs(name: str, fits: list[int]) -> None:
    assert [segment.epochs for segment in corpus(name).segments] == fits


# In bulk


@pytest.mark.parametrize("bar", [f"8/8 {BAR2} - ", f"8/8 {BAR3} ", "8/8 - ", ""], ids=["2", "3", "verbose2", "old"])
def test_many_small_fits(bar: str) -> None:
    """Epochs of fits that are too short to be looked at as a whole, and whose lines come again and again."""
    text = ""
    for fit in range(40):
        text += "Train on 90 samples, validate on 10 samples\n"
        for epoch in range(1, 13):
            value = "nan" if (fit, epoch) == (30, 6) else f"{(fit % 3 + 1) / epoch:.4f}"
            text += f"Epoch {epoch}/12\n{bar}{epoch}s - loss: {value} - val_loss: 0.5000\n"
    segments = parse(text).segments
    assert len(segments) == 40
    for fit, segment in enumerate(segments):
        assert epochs(segment) == epochs(segment, "val/loss") == [*range(1, 13)]
        assert [f"{value:.4f}" for value in values(segment, "train/loss")] == [
            "nan" if (fit, epoch) == (30, 6) else f"{(fit % 3 + 1) / epoch:.4f}" for epoch in range(1, 13)
        ]
        assert values(segment, "val/loss") == [0.5] * 12
        assert segment.series["train/loss"].line.tolist() == [25 * fit + 1 + 2 * epoch for epoch in range(1, 13)]
        assert values(segment, "time/epoch") == [*range(5, 13)]
        assert segment.facts["train_samples"].place.line == 25 * fit + 1


def test_titles_of_lists_that_come_again() -> None:
    """What is counted is told by the line above, which means nothing by itself."""
    counts = "Class 0: {} samples\nClass 1: 30 samples\n"
    text = "".join(
        f"Left out before balancing, patients:\n{counts.format(fit)}\nThis is what remains\n\n{counts.format(50 + fit)}"
        "Now it begins\nEpoch 1/2\n3s - loss: 0.5\nEpoch 2/2\n3s - loss: 0.4\n"
        for fit in range(30)
    )
    segments = parse(text).segments
    assert [segment.facts["class_counts"].value for segment in segments] == [
        {"0": 50.0 + fit, "1": 30.0} for fit in range(30)
    ]
    assert not any("unique_class_counts" in segment.facts for segment in segments)


def test_an_infinite_share_is_none() -> None:
    text = "Epoch 1/2\n10/10 - 1s - loss: 0.5 - val_loss: 0.6\nTrain class distribution: {0: 1e999, 1: 5}\n"

    assert "train_class_distribution" not in parse(text).segments[0].facts
