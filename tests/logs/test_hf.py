"""Hugging Face: trainer_state.json with lines, and the console with dicts among bars."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import hf_console, hf_state, read
from diagnose.model import Event, Run
from diagnose.reader import Head, RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "hf"


def parse(text: str) -> Run:
    run = read(from_bytes("x", text.encode()))
    assert run is not None
    assert run.format.startswith("hf")
    return run


def state(*history: dict[str, float], **more: object) -> Run:
    return parse(json.dumps({"log_history": history, **more}, indent=1))


def events(run: Run, kind: str) -> list[Event]:
    return [event for segment in run.segments for event in segment.events if event.kind == kind]


def test_every_value_has_its_own_line() -> None:
    run = state({"epoch": 1.0, "loss": 0.5, "grad_norm": 2.0, "step": 5})
    lines = {name: int(series.line[0]) for name, series in run.segments[0].series.items()}
    assert lines == {"train/loss": 5, "grad_norm": 6}


def test_the_summary_is_no_point_of_the_curve() -> None:
    run = state(
        {"epoch": 1.0, "loss": 0.5, "step": 5}, {"epoch": 1.0, "train_loss": 0.9, "train_runtime": 3, "step": 5}
    )
    assert run.segments[0].series["train/loss"].value.tolist() == [0.5]
    assert events(run, "metric_summary")[0].fields == {"metric": "train_loss", "value": 0.9}
    assert events(run, "session_end")


def test_several_evaluation_sets_and_one_before_training() -> None:
    run = state(
        {"epoch": 0, "eval_a_loss": 2.0, "step": 0},
        {"epoch": 0, "eval_b_loss": 3.0, "eval_b_samples_per_second": 9.0, "step": 0},
        {"epoch": 1.0, "eval_a_loss": 1.0, "step": 9},
    )
    (segment,) = run.segments
    assert segment.series["val/a_loss"].epoch.tolist() == [0, 1]
    assert "throughput" not in segment.series


def test_the_plan_and_the_state_reached() -> None:
    run = state({"epoch": 2.0, "loss": 1, "step": 20}, max_steps=40, num_train_epochs=4, global_step=20, epoch=2.0)
    facts = {name: fact.value for name, fact in run.segments[0].facts.items()}
    assert facts["planned_steps"] == 40
    assert facts["planned_epochs"] == 4
    assert facts["steps_per_epoch"] == 10
    assert events(run, "checkpoint")[0].fields == {"epoch": 2.0, "step": 20.0}


def test_a_plan_without_an_end_is_none() -> None:
    run = state({"loss": 0.5, "epoch": 1.0, "step": 5}, num_train_epochs=9223372036854775807, max_steps=40)
    assert "planned_epochs" not in run.segments[0].facts
    assert run.segments[0].facts["planned_steps"].value == 40


def test_nan_tokens_and_a_cut_file() -> None:
    text = json.dumps({"log_history": [{"epoch": 1.0, "loss": 0.0, "grad_norm": math.nan, "step": 1}] * 2}, indent=1)
    run = parse(text[:-40])
    assert math.isnan(run.segments[0].series["grad_norm"].value[0])
    assert events(run, "warning")[0].fields["category"] == "damaged file"


def test_several_runs_of_a_console() -> None:
    run = parse(
        "{'loss': 1.0, 'grad_norm': 2.0, 'learning_rate': 1e-4, 'epoch': 0.5}\n"
        " 50%|█████     | 5/10 [00:01<00:01,  3.10it/s]{'eval_loss': nan, 'eval_runtime': 2.0, 'epoch': 1.0}  \n"
        "{'train_runtime': 9.0, 'train_loss': 1.5, 'epoch': 1.0}\n"
        "100%|██████████| 10/10 [00:03<00:00,  3.05it/s]\n"
        "Results: {'eval_loss': 0.4, 'epoch': 0.99}\n"
        "{'loss': 0.0, 'grad_norm': nan, 'learning_rate': 1e-4, 'epoch': 0.5}\n"
    )
    first, second = run.segments
    assert first.series["train/loss"].value.tolist() == [1.0]
    assert math.isnan(first.series["val/loss"].value[0])
    assert first.series["val/loss"].step.tolist() == [5]
    assert first.facts["planned_steps"].value == 10
    assert [event.fields["value"] for event in events(run, "metric_summary")] == [1.5, 0.4]
    assert math.isnan(second.series["grad_norm"].value[0])
    assert "planned_steps" not in second.facts


def test_bars_with_a_title_are_not_the_bar_of_the_training() -> None:
    run = parse(
        "Loading checkpoint shards: 100%|████| 2/2 [00:01<00:00,  1.46it/s]\n"
        "Map: 100%|████| 8/8 [00:00<00:00, 301.10 examples/s]\n"
        "{'loss': 1.0, 'epoch': 0.5}\n"
    )
    assert "planned_steps" not in run.segments[0].facts


def test_the_logger_of_the_trainer() -> None:
    run = parse(
        "***** Running training *****\n  Num examples = 1,000\n  Num Epochs = 3\n"
        "  Instantaneous batch size per device = 4\n"
        "  Total train batch size (w. parallel, distributed & accumulation) = 8\n"
        "  Total optimization steps = 375\n  Number of trainable parameters = 0\n"
        "{'loss': '1.0', 'epoch': '0.5'}\nSaving model checkpoint to out/checkpoint-125\n"
        "There were missing keys in the checkpoint model loaded: ['a.weight', 'b.bias'].\n"
        "***** eval metrics *****\n  eval_accuracy = 0.9\n"
    )
    (segment,) = run.segments
    facts = {name: fact.value for name, fact in segment.facts.items()}
    assert facts["train_samples"] == 1000
    assert facts["batch_size"] == 8
    assert facts["planned_steps"] == 375
    assert segment.series["train/loss"].value.tolist() == [1.0]
    assert events(run, "checkpoint")[0].fields["step"] == 125
    assert events(run, "state_dict_mismatch")[0].fields["missing"] == 2
    assert events(run, "metric_summary")[0].fields["value"] == 0.9
    assert events(run, "no_trainable")


@settings(max_examples=150)
@given(st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject) -> None:
    module = data.draw(st.sampled_from([hf_console, hf_state]))
    text = data.draw(st.sampled_from(module.SAMPLES)).encode()
    at = data.draw(st.integers(0, len(text)))
    broken = b" " + text[:at] + data.draw(st.binary(max_size=9)) + text[at + data.draw(st.integers(0, 20)) :]
    module.sniff(Head("x", broken))
    module.read(from_bytes("x", broken), RunBuilder("x", module.NAME))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the corpus")
class TestCorpus:
    def test_lines_of_real_values(self) -> None:
        run = read(open_source(CORPUS / "aigoncharov_multi_eval_prefix_overfit_trainer_state.json"))
        assert run is not None
        series = run.segments[0].series["val/g0_loss"]
        assert (int(series.line[1]), int(series.line[-1])) == (76, 1845)
        assert len(series) == 31

    def test_four_runs_without_headers(self) -> None:
        run = read(open_source(CORPUS / "console_grid_longtrend_grad_nan_loss_zero.log"))
        assert run is not None
        assert [len(segment.series["train/loss"]) for segment in run.segments] == [27, 2, 4, 6]

    def test_a_loss_that_turns_to_zero(self) -> None:
        run = read(open_source(CORPUS / "console_800k_eval_loss_nan_late.txt"))
        assert run is not None
        (segment,) = run.segments
        assert segment.series["train/loss"].value[-1] == 0
        assert math.isnan(segment.series["grad_norm"].value[-1])


def test_the_title_of_a_training_is_not_only_the_trainers() -> None:
    title = b"INFO:absl:***** Running training *****\nINFO:absl:  Num examples = 800\n"

    assert hf_console.sniff(Head("x", title + b"INFO:absl:  Num steps = 90\n")) == 0
    assert hf_console.sniff(Head("x", title + b"INFO:absl:  Num Epochs = 9\n")) >= 100


def test_many_dicts_and_bars_of_several_runs() -> None:
    """What is read in bulk is what each line says: values, epochs, and the steps that the bars before them tell."""
    count, text = 400, ""
    for run in range(3):
        for at in range(1, count + 1):
            loss = "nan" if at == 250 else f"{(run + 1) / at:.4f}"
            text += f"{{'loss': {loss}, 'learning_rate': {1e-4 / at!r}, 'epoch': {at / 100:.2f}}}\n"
            if at % 5 == 0:
                text += f" {at // 4}%|####  | {at * 10}/{count * 10} [00:{at % 60:02d}<10:00,  6.{at % 10}0it/s]\n"
            if at % 100 == 0:
                text += f"{{'eval_loss': {run + 2 / at:.3f}, 'epoch': {at / 100:.2f}}}\n"
                text += "100%|#####| 8/8 [00:01<00:00, 6.5it/s]\n"
        text += f"{{'train_runtime': 9.5, 'train_loss': 0.5, 'epoch': {count / 100}}}\n"
    segments = parse(text).segments
    assert len(segments) == 3
    for run, segment in enumerate(segments):
        loss, evaluated = segment.series["train/loss"], segment.series["val/loss"]
        assert [f"{value:.4f}" for value in loss.value] == [
            "nan" if at == 250 else f"{(run + 1) / at:.4f}" for at in range(1, count + 1)
        ]
        assert segment.series["lr"].value.tolist() == [1e-4 / at for at in range(1, count + 1)]
        assert loss.epoch.tolist() == [float(f"{at / 100:.2f}") for at in range(1, count + 1)]
        assert loss.step.tolist()[5:] == [(at - 1) // 5 * 50.0 for at in range(6, count + 1)]
        assert evaluated.step.tolist() == [at * 10.0 for at in range(100, count + 1, 100)]
        assert [event.kind for event in segment.events].count("session_end") == 1
