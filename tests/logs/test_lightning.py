"""Lightning: metrics.csv with blank cells and its console with everything on one line."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import lightning_console, lightning_csv, read
from diagnose.model import Event, Run
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
SUMMARY = (
    "  | Name | Type | Params\n1.5 K     Trainable params\n0         Non-trainable params\n1.5 K     Total params\n"
)


def parse(text: str) -> Run:
    run = read(from_bytes("x", text.encode()))
    assert run is not None
    assert run.format.startswith("lightning")
    return run


def events(run: Run, kind: str) -> list[Event]:
    return [event for segment in run.segments for event in segment.events if event.kind == kind]


def test_blank_cells_are_no_points_and_epochs_count_from_one() -> None:
    run = parse("epoch,step,train_loss,val_loss\n0,9,1.5,\n0,9,,1.4\n1,19,nan,\n")
    series = run.segments[0].series
    assert series["val/loss"].epoch.tolist() == [1]
    assert len(series["train/loss"]) == 2
    assert math.isnan(series["train/loss"].value[1])


def test_forked_names_are_put_together_again() -> None:
    run = parse("epoch,step,loss_epoch,loss_step,val_loss_step\n0,9,,2.0,\n,0,,,1.0\n,1,,,1.1\n0,19,1.5,,\n")
    series = run.segments[0].series
    assert set(series) == {"loss", "loss_step", "val/loss"}
    assert series["val/loss"].step.tolist() == [0, 1]
    assert all(math.isnan(epoch) for epoch in series["val/loss"].epoch)


def test_a_first_epoch_beyond_zero_was_resumed() -> None:
    (event,) = events(parse("epoch,step,train_loss_step\n17,299,0.5\n17,309,0.4\n"), "resumed")
    assert event.fields["epoch"] == 18


def test_short_epochs_between_two_rows_are_not_a_resumed_run() -> None:
    run = parse("epoch,step,train_loss\n2,49,0.5\n4,99,0.4\n7,149,0.3\n")
    assert events(run, "resumed") == []


def test_rows_after_the_last_training_are_summaries() -> None:
    run = parse("epoch,step,test_acc,train_acc,val_acc\n0,9,,,0.5\n0,9,,0.6,\n1,10,,,0.55\n1,10,0.7,,\n")
    assert run.segments[0].series["val/accuracy"].value.tolist() == [0.5]
    assert [event.fields["metric"] for event in events(run, "metric_summary")] == ["val_acc", "test_acc"]


def test_epochs_that_fall_back_start_another_segment() -> None:
    run = parse("epoch,step,train_loss,val_loss\n0,9,1,\n1,19,2,2\n0,9,3,\n")
    assert len(run.segments) == 2


def test_all_epochs_on_one_physical_line() -> None:
    bars = "".join(
        f"\rEpoch {epoch}: {at * 50:3d}%|{'#' * at}| {at}/2 [00:01<00:01,  1.50it/s, v_num=1, "
        f"loss={3 - epoch - at * 0.1:.1f}]"
        for epoch in range(3)
        for at in (0, 1, 2)
    )
    run = parse(SUMMARY + bars + "`Trainer.fit` stopped: `max_epochs=3` reached.\n")
    (segment,) = run.segments
    assert segment.series["train/loss"].value.tolist() == [2.8, 1.8, 0.8]
    assert segment.series["train/loss"].epoch.tolist() == [1, 2, 3]
    assert segment.facts["planned_epochs"].value == 3
    assert segment.facts["trainable_params"].value == 1500
    assert events(run, "session_end")


def test_validation_metrics_of_an_unfinished_bar_are_those_of_the_epoch_before() -> None:
    run = parse(
        SUMMARY
        + "Epoch 0: 100%|##| 4/4 [00:01<00:00,  4.0it/s, v_num=1, train_loss=1.0, val_loss=0.9]\n"
        + "Epoch 1:  50%|# | 2/4 [00:01<00:01,  4.0it/s, v_num=1, train_loss=0.8, val_loss=0.9]\n"
    )
    series = run.segments[0].series
    assert series["val/loss"].epoch.tolist() == [1]
    assert series["train/loss"].epoch.tolist() == [1, 2]
    assert not events(run, "session_end")


def test_early_stopping_tells_metric_patience_and_best_epoch() -> None:
    bar = "Epoch {}: 100%|###| 8/8 [00:01<00:00,  7.5it/s, v_num=0]"
    run = parse(
        bar.format(0)
        + "Metric val_loss improved. New best score: 0.500\n"
        + bar.format(1)
        + "Metric val_loss improved by 0.100 >= min_delta = 0.0. New best score: 0.400███| 3/8 [00:00<00:00]\n"
        + bar.format(4)
        + "Monitored metric val_loss did not improve in the last 3 records. Best score: 0.400.\n"
    )
    (segment,) = run.segments
    assert segment.series["val/loss"].value.tolist() == [0.5, 0.4]
    assert segment.series["val/loss"].epoch.tolist() == [1, 2]
    assert segment.facts["patience"].value == 3
    assert segment.facts["monitor"].value == "val_loss"
    (stop,), (best,) = events(run, "early_stop"), events(run, "best_summary")
    assert stop.fields["epoch"] == 5
    assert best.fields == {"metric": "val/loss", "value": 0.4, "epoch": 2.0}


def test_bars_of_unknown_length_and_checkpoint_messages() -> None:
    run = parse(
        "Sanity Checking DataLoader 0: 100%|##| 2/2 [00:00<00:00,  3.1it/s]\n"
        "Epoch 0: : 939it [04:02,  3.87it/s, loss=8.5, v_num=ab]Epoch 0, global step 939: 'val/AP' reached 0.31"
        " (best 0.31), saving model to '/x/epoch=0.ckpt' as top 20\n"
        "Epoch 1: : 12it [00:04,  3.87it/s, loss=7.5, v_num=ab]\n"
        "Epoch 1, global step 1878: 'val/AP' was not in top 20\n"
    )
    (segment,) = run.segments
    assert segment.series["train/loss"].value.tolist() == [8.5, 7.5]
    assert segment.series["val/ap"].step.tolist() == [939]
    assert events(run, "checkpoint")[0].fields["path"] == "/x/epoch=0.ckpt"
    assert events(run, "checkpoint_not_improved")[0].fields["epoch"] == 2


def test_tables_of_a_validation() -> None:
    run = parse(
        "┏━━━━━━━━━━━┓\n┃    Test metric    ┃   DataLoader 0   ┃\n┡━━━━━━━━━━━┩\n"
        "│     test_acc      │      0.875       │\n"
        "│     test_loss     │       nan        │\n└──────┘\nsome words 5\n"
    )
    assert [event.fields["metric"] for event in events(run, "metric_summary")] == ["test_acc", "test_loss"]


def test_a_model_without_trainable_parameters() -> None:
    run = parse("  | Name | Type | Params\n0         Trainable params\n1.5 K     Non-trainable params\n")
    assert run.segments[0].facts["trainable_params"].value == 0
    assert events(run, "no_trainable")


@settings(max_examples=150)
@given(st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject) -> None:
    module = data.draw(st.sampled_from([lightning_console, lightning_csv]))
    text = data.draw(st.sampled_from(module.SAMPLES)).encode()
    at = data.draw(st.integers(0, len(text)))
    broken = text[:at] + data.draw(st.binary(max_size=9)) + text[at + data.draw(st.integers(0, 20)) :]
    if broken[:1] in b"\x1fBZ\xfd(":
        return
    module.sniff(lightning_csv.Head("x", broken))
    module.read(from_bytes("x", broken), RunBuilder("x", module.NAME))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the corpus")
class TestCorpus:
    def test_a_diverging_run_that_was_cut(self) -> None:
        run = read(open_source(CORPUS / "lightning" / "luis_cnn_v10_loss_diverges_metrics.csv"))
        assert run is not None
        series = run.segments[0].series
        assert series["train/loss_step"].value[-1] > 22
        assert len(series["val/loss"]) == 4
        assert series["train/loss_step"].epoch[-1] == 5

    def test_a_screen_copy_with_null_bytes(self) -> None:
        run = read(open_source(CORPUS / "seeds_origin" / "c" / "abc_final_status.txt"))
        assert run is not None
        (segment,) = run.segments
        assert segment.facts["planned_steps"].value == 100_000
        assert segment.series["val/map"].value.tolist() == [0.317]
        assert events(run, "session_end")

    def test_a_screen_copy_of_a_run_that_goes_on(self) -> None:
        run = read(open_source(CORPUS / "seeds_origin" / "c" / "abc_training_status.txt"))
        assert run is not None
        assert run.segments[0].series["train/loss"].value.tolist() == [8.59]
        assert not events(run, "session_end")

    def test_messages_over_bars(self) -> None:
        run = read(open_source(CORPUS / "lightning" / "console_base_cnn_text_interleaved_with_bars.log"))
        assert run is not None
        assert events(run, "early_stop")[0].fields["epoch"] == 4
        assert events(run, "best_summary")[0].fields["epoch"] == 1


RICH_RULE = "━" * 10
RICH_TEXT = (
    f"Epoch 0/2  {RICH_RULE}╺━━ 3/4 0:00:00 • 0:00:01 31.00it/s v_num: 0.000 \n"
    f"Epoch 0/2  {RICH_RULE}━━━ 4/4 0:00:00 • 0:00:00 31.00it/s v_num: 0.000 train_loss_step: 0.9\n"
    f"Epoch 1/2  {RICH_RULE}╺━━ 1/4 0:00:00 • -:--:-- 0.00it/s v_num: 0.000 train_loss_step: 0.8 \n"
    "                                                     val_loss: 0.7 val_acc: 0.5\n"
    "                                                     train_loss_epoch: 0.85\n"
    f"Epoch 1/2  {RICH_RULE}━━━ 4/4 0:00:00 • 0:00:00 31.00it/s v_num: 0.000 train_loss_step: 0.6 \n"
    "                                                     val_loss: 0.7 val_acc: 0.5\n"
    f"Epoch 2/2  {RICH_RULE}━━━ 0/4 0:00:00 • -:--:-- 0.00it/s v_num: 0.000 val_loss: nan val_acc: 0.6\n"
)


def test_rich_bars_draw_what_an_epoch_gave_with_the_next_one() -> None:
    (segment,) = parse(RICH_TEXT).segments

    assert [1.0, 2.0] == segment.series["val/loss"].epoch.tolist()
    assert 0.7 == segment.series["val/loss"].value[0]
    assert math.isnan(segment.series["val/loss"].value[1])
    assert [0.5, 0.6] == segment.series["val/accuracy"].value.tolist()
    assert [0.9, 0.6] == segment.series["train/loss_step"].value.tolist()
    assert 3.0 == segment.facts["planned_epochs"].value


def test_a_callback_without_its_metric() -> None:
    (event,) = events(
        parse(
            "GPU available: False, used: False\n"
            "RuntimeError: Early stopping conditioned on metric `val_f1` which is not available. Pass in or modify your"
            " `EarlyStopping` callback to use any of the following: `train_loss`, `val_acc`\n"
        ),
        "metric_missing",
    )

    assert "val_f1" == event.fields["metric"]
    assert ["train_loss", "val_acc"] == event.fields["available"]
