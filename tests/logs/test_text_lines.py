"""Lines of free text that are easily misread: labels with digits, bars, echoes, clocks, restarts, changes of scale."""

import math

import pytest

from diagnose.logs import read
from diagnose.model import Run, Series
from diagnose.sources import from_bytes


def parse(text: str) -> Run:
    run = read(from_bytes("x", text.encode()))
    assert run is not None
    assert run.format == "text"
    return run


def series(run: Run, segment: int = 0) -> dict[str, list[float]]:
    return {name: column.value.tolist() for name, column in run.segments[segment].series.items()}


def column(run: Run, name: str) -> Series:
    return run.segments[0].series[name]


def test_the_digits_of_a_label_are_no_value() -> None:
    found = series(
        parse(
            "".join(
                f"Epoch: [{epoch}][0/20]  Loss 2.{epoch} (2.{epoch})\nPrec@1     5{epoch}.5 (50.1)\n"
                f"Prec@1  05 6{epoch}.5 (61.0)\nPrec@1 001 7{epoch}.5 (70.0)\n"
                for epoch in range(3)
            )
        )
    )
    assert found["train/accuracy"] == [50.5, 51.5, 52.5]
    assert [60.5, 61.5, 62.5] in found.values()
    assert not any(value in (5.0, 1.0) for values in found.values() for value in values)


@pytest.mark.parametrize(
    ("prefix", "split"), [("Test", "test"), ("Val", "val"), ("Eval", "val"), ("Validation", "val")]
)
def test_the_word_before_a_fraction_names_the_split(prefix: str, split: str) -> None:
    run = parse(
        "".join(
            f"Epoch: [{epoch}][10/20]  Time 0.5  Loss 2.{epoch}\n{prefix}: [0/7]  Time 0.3  Loss 3.{epoch}\n"
            for epoch in range(3)
        )
    )
    assert series(run)["train/loss"] == [2.0, 2.1, 2.2]
    assert series(run)[f"{split}/loss"] == [3.0, 3.1, 3.2]
    assert column(run, f"{split}/loss").epoch.tolist() == [1, 2, 3]
    assert run.segments[0].facts["steps_per_epoch"].value == 20


def test_the_description_of_a_bar_is_no_metric() -> None:
    found = series(
        parse(
            "Map: 100%|██████████| 2500/2500 [00:10<00:00, 231.6 examples/s]\n"
            "Epoch 1: 100%|██████████| 9/9 [00:10<00:00,  1.6it/s, loss=0.5]\n"
            "Epoch 2:  50%|█████     | 5/9 [00:10<00:00,  1.6it/s, loss=0.4]\n"
        )
    )
    assert found == {"train/loss": [0.5, 0.4]}


def test_a_clock_that_runs_on_is_no_time_per_iteration() -> None:
    lines = "".join(
        f"Epoch: [{epoch}/3] Iter [{batch}/100] || Time: {batch * 0.31 + 0.2:.2f} sec || Loss: 1.5\n"
        for epoch in (1, 2)
        for batch in range(10, 101, 10)
    )
    found = series(parse(lines))
    assert "time/iter" not in found
    assert len(found["time/elapsed"]) == 20


def test_a_time_per_iteration_that_wobbles_stays_one() -> None:
    lines = "".join(
        f"Epoch: [1/3] Iter [{batch}/100] || Time: {0.3 + batch % 3 * 0.01:.2f} sec || Loss: 1.5\n"
        for batch in range(10, 101, 5)
    )
    assert len(series(parse(lines))["time/iter"]) == 19


@pytest.mark.parametrize(
    "echo",
    ["  saved the best model (val_loss={v})", "  gespeichert (val_loss={v})", "New best Val Loss: {v}, model saved"],
)
def test_a_value_that_is_said_again_counts_once(echo: str) -> None:
    lines = "".join(
        f"Epoch {epoch}/9 - Train Loss: 4.{epoch}, Val Loss: 3.{epoch}\n" + echo.format(v=f"3.{epoch}") + "\n"
        for epoch in range(1, 4)
    )
    assert series(parse(lines)) == {"train/loss": [4.1, 4.2, 4.3], "val/loss": [3.1, 3.2, 3.3]}


def test_keys_without_a_blank_before_them() -> None:
    found = series(parse("epoch: 1 accuracy: 49.41loss: 0.5\nepoch: 2 accuracy: 51.41loss: 0.25\n"))
    assert found == {"train/accuracy": [49.41, 51.41], "train/loss": [0.5, 0.25]}


def test_what_is_said_in_words() -> None:
    run = parse(
        "".join(
            f"Epoch {epoch}, Step 25, total used time {epoch + 7.5} (s), avg loss so far is 0.1{epoch}\n"
            f"Epoch {epoch}, val loss is 0.04{epoch}, val mse is 0.02{epoch}.\n"
            for epoch in range(3)
        )
    )
    found = series(run)
    assert found["train/loss"] == [0.10, 0.11, 0.12]
    assert found["val/loss"] == [0.04, 0.041, 0.042]
    assert found["val/mse"] == [0.02, 0.021, 0.022]
    assert column(run, "val/loss").epoch.tolist() == [1, 2, 3]
    assert "time/iter" not in found


def test_prose_with_numbers_stays_prose() -> None:
    text = "The loss is 5 times what we saw at epoch 3.\nAt epoch 9 the accuracy is 3 points lower.\nSo it goes.\n"
    assert read(from_bytes("x", text.encode())) is None


def test_the_step_stands_on_the_line_before() -> None:
    run = parse("".join(f"current step: {step}th step\nbatch loss:{4 - step / 10:.3f}\n" for step in range(1, 6)))
    (losses,) = run.segments[0].series.values()
    assert losses.value.tolist() == [3.9, 3.8, 3.7, 3.6, 3.5]
    assert losses.step.tolist() == [1, 2, 3, 4, 5]


def test_a_restart_in_the_first_epoch_is_a_run_of_its_own() -> None:
    attempt = "Epoch [1/50]\nIter: 0 | Train Loss: 9.5 | Dev F1: 0.01\nIter: 100 | Train Loss: 3.5 | Dev F1: {}\n"
    run = parse(attempt.format(37.42) + attempt.format(0.3742) + "Epoch [2/50]\nIter: 200 | Train Loss: 2.5\n")
    assert [series(run, index)["train/loss"] for index in (0, 1)] == [[9.5, 3.5], [9.5, 3.5, 2.5]]
    batches = "Epoch 1/5\nBatch 10/40 loss: 2.5 acc: 0.5\nBatch 20/40 loss: 2.25 acc: 0.5\n"
    assert len(parse(batches * 2).segments) == 2


def test_counts_that_begin_anew_within_an_epoch_are_no_restart() -> None:
    run = parse(
        "".join(
            f"Epoch {epoch}/3\nTrain Batch 10/40 loss: 2.5\nTrain Batch 20/40 loss: 2.25\n"
            f"Epoch {epoch}/3\nVal Batch 5/10 loss: 2.5\n"
            for epoch in (1, 2, 3)
        )
    )
    assert len(run.segments) == 1


def test_a_score_is_kept_on_one_scale() -> None:
    scores = [31.2, 35.4, 37.1, 37.42, 0.3755, 0.381, 0.384]
    found = series(parse("".join(f"Epoch {n}: train loss 1.5 val f1: {v}\n" for n, v in enumerate(scores, 1))))
    assert found["val/f1"] == pytest.approx([31.2, 35.4, 37.1, 37.42, 37.55, 38.1, 38.4])


@pytest.mark.parametrize("scores", [[1.0, 91.5, 92.5, 93.0], [92.5, 60.5, 1.0, 0.5, 0.4], [0.5, 0.6, 0.7, 0.8]])
def test_a_score_that_rises_or_falls_is_left_alone(scores: list[float]) -> None:
    found = series(parse("".join(f"Epoch {n}: train loss 1.5 val f1: {v}\n" for n, v in enumerate(scores, 1))))
    assert found["val/f1"] == scores


def test_returns_and_entropy_beside_a_loss() -> None:
    found = series(
        parse(
            "".join(
                f"a2c:  1%|          | {n}/200 [00:0{n}<00:42,  3.0s/it][step={n}] return=-8{n}.5 loss=252{n}.5 "
                f"value_loss=533.25 entropy=1.9{n}\n"
                for n in range(1, 5)
            )
        )
    )
    assert found["train/return"] == [-81.5, -82.5, -83.5, -84.5]
    assert found["train/entropy"] == [1.91, 1.92, 1.93, 1.94]


def test_what_a_model_is_doing_is_no_metric() -> None:
    found = series(
        parse("Step 10; acc: 44.6; ppl: 5.5\nModel is improving ppl: inf --> 5.5.\nStep 20; acc: 45.6; ppl: 5.25\n")
    )
    assert found["train/ppl"] == [5.5, 5.25]
    assert not any(math.isinf(value) for values in found.values() for value in values)


def test_lines_below_a_batch_of_an_evaluation_belong_to_it() -> None:
    found = series(
        parse(
            "".join(
                f"Epoch: [{epoch}][10/20]  Loss 2.{epoch}\nPrec@1  41.{epoch} (40.1)\n"
                f"Test: [0/7]  Loss 3.{epoch}\nPrec@1  31.{epoch} (30.2)\n"
                for epoch in range(3)
            )
        )
    )
    assert found["train/accuracy"] == [41.0, 41.1, 41.2]
    assert found["test/accuracy"] == [31.0, 31.1, 31.2]


def test_code_that_a_warning_shows_hides_no_log() -> None:
    code = "WARNING: use it so:\nimport numpy\nfrom numpy import array\n\nclass Data(Set):\n    def get(self):\n"
    lines = "".join(f"Epoch {n}, Step 5, avg loss so far is 0.{n}\n" for n in range(10, 20))
    assert len(series(parse(code + lines))["train/loss"]) == 10
    assert read(from_bytes("x", (code + "print('epoch 1 loss 0.5')\n" * 3).encode())) is None


TRACE = (
    'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    # why\n    # not\n    g()\nValueError: bad\n'
)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("[INFO] - Instantiating model <a.B>\n[INFO] - Instantiating datamodule <a.C>\n" + TRACE, {"traceback"}),
        (
            "loading the model on the gpu\nRuntimeError: CUDA out of memory. Tried to allocate 2 GiB\n",
            {"out_of_memory"},
        ),
        (
            "2024-01-01 10:00:00 - train.py - INFO - Built the model\n"
            "2024-01-01 10:00:01 - train.py - ERROR - Failed to build the dataloaders!\n"
            "2024-01-01 10:10:01 - train.py - ERROR - Failed to start the first epoch!\n",
            {"error_line"},
        ),
    ],
)
def test_a_training_that_failed_before_its_first_result_is_read(text: str, kinds: set[str]) -> None:
    (segment,) = parse(text).segments
    assert {event.kind for event in segment.events} == kinds


@pytest.mark.parametrize(
    "text",
    [
        "GET /index 500\n" + TRACE,
        "2024-01-01 10:00:00 web ERROR no such page\n2024-01-01 10:00:05 web ERROR no such user\n",
        "2024-01-01 10:00:00 web ERROR data model invalid\n2024-01-01 10:00:05 web ERROR batch of mails lost\n",
    ],
)
def test_other_programs_fail_too(text: str) -> None:
    assert read(from_bytes("x", text.encode())) is None
