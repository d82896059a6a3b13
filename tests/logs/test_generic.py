"""Formats that nobody defined: tables, JSON and text of any trainer, and what must not be taken for one."""

import json
import math
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.logs import detect, generic_csv, generic_json, generic_jsonl, generic_text, keras_csv, read
from diagnose.model import Event, Run
from diagnose.names import canonical
from diagnose.reader import Head, RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
GENERIC = {"csv", "jsonl", "json", "text"}


def parse(text: str, name: str) -> Run:
    run = read(from_bytes("x", text.encode()))
    assert run is not None
    assert run.format == name
    return run


def events(run: Run, kind: str) -> list[Event]:
    return [event for segment in run.segments for event in segment.events if event.kind == kind]


def values(run: Run, name: str, segment: int = 0) -> list[float]:
    return run.segments[segment].series[name].value.tolist()


def epochs(run: Run, name: str, segment: int = 0) -> list[float]:
    return run.segments[segment].series[name].epoch.tolist()


FOREIGN = {
    "readme": "# Project\n\nTrained to loss 0.5 at epoch 10, acc: 0.9 at epoch 20.\n\n## Usage\n```\nrun\n```\n",
    "prose": "In epoch 3 we saw it. The loss was 0.5 then.\nLater, in epoch 9, it had changed.\n",
    "source": "import a\nfrom a import b\n\ndef f(x):\n    loss = 0.5\n\nfor e in range(3):\n    f('epoch 3 loss 4')\n",
    "packages": "numpy==1.26.0\ntorch==2.1.0\nlossy==0.3\nmaplib==1.0\n",
    "yaml": "epochs: 10\nlr: 0.1\nloss:\n  cls_loss: 2.0\n  box_loss: 1.0\nstep: 5\n",
    "annotations": json.dumps(
        {"images": [{"id": 1}], "annotations": [{"score": 0.5}, {"score": 0.6}], "loss": 1, "acc": 2}
    ),
    "predictions": json.dumps([{"image_id": 1, "bbox": [1, 2], "score": 0.9, "ap": 0.5, "acc": 0.1}] * 3),
    "json config": json.dumps({"loss": {"name": "ce"}, "loss_weight": 0.5, "iou_thr": 0.5, "map_scale": 2, "lr": 0.1}),
    "package.json": json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"loss": "1.0"}}),
    "table of words": "name,city,age\na,b,1\nc,d,2\n",
    "results of conditions": "condition,mAP50,precision\nclean,0.5,0.6\nfog,0.1,0.2\nrain,0.2,0.3\n",
    "data": "feature1,feature2,label\n0.1,0.2,1\n0.2,0.3,0\n",
    "dataset of texts": '{"text": "a", "loss": 0.5}\n{"text": "b", "loss": 0.7}\n',
    "one line": "loss: 0.5\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_files_are_left_alone(name: str) -> None:
    found = detect(from_bytes("x", FOREIGN[name].encode()))
    assert found is None or found.NAME not in GENERIC


class TestTables:
    def test_epochs_percentages_and_blank_cells(self) -> None:
        run = parse("epoch,train_loss,val_acc,note\n0,1.5,51.5%,start\n1,nan,,x\n2,1.1,60%,\n", "csv")
        assert epochs(run, "train/loss") == [1, 2, 3]
        assert math.isnan(values(run, "train/loss")[1])
        assert values(run, "val/accuracy") == [51.5, 60]

    def test_rows_are_epochs_where_they_hold_a_validation(self) -> None:
        run = parse("train_loss\tval_loss\n0.9\t0.8\n0.7\t0.75\n", "csv")
        assert epochs(run, "val/loss") == [1, 2]

    def test_rows_are_steps_where_they_hold_none(self) -> None:
        run = parse("loss;reward\n0.9;3\n0.7;4\n", "csv")
        assert run.segments[0].series["train/loss"].step.tolist() == [1, 2]
        assert math.isnan(epochs(run, "train/loss")[0])

    def test_a_second_run_in_the_same_table(self) -> None:
        run = parse("epoch,train_loss\n1,3\n2,2\nepoch,train_loss\n1,4\n2,1\n3,", "csv")
        assert [len(segment.series["train/loss"]) for segment in run.segments] == [2, 2]


class TestJsonLines:
    def test_nested_objects_and_a_config(self) -> None:
        run = parse(
            '{"config": {"lr": 0.1, "epochs": 3}}\n{"epoch": 0, "train": {"loss": 1.0}, "val": {"acc": 0.5}}\n'
            '{"epoch": 1, "train": {"loss": NaN}, "val": {"acc": 0.6}}\n{"epoch": 2, "tra',
            "jsonl",
        )
        assert epochs(run, "train/loss") == [1, 2]
        assert values(run, "val/accuracy") == [0.5, 0.6]
        assert run.segments[0].facts["planned_epochs"].value == 3

    def test_the_split_of_a_whole_line(self) -> None:
        run = parse('{"split": "train", "step": 1, "loss": 1}\n{"split": "valid", "step": 1, "loss": 2}\n', "jsonl")
        assert values(run, "val/loss") == [2]

    def test_a_current_step_beside_the_total(self) -> None:
        rows = (
            '{"current_steps": 5, "total_steps": 80, "loss": 2}\n{"current_steps": 10, "total_steps": 80, "loss": 1}\n'
        )
        (segment,) = parse(rows, "jsonl").segments
        assert segment.series["train/loss"].step.tolist() == [5, 10]
        assert segment.facts["planned_steps"].value == 80


class TestDocuments:
    def test_histories(self) -> None:
        run = parse(
            json.dumps({"history": {"loss": [3, 2], "val_loss": [4, 5]}, "params": {"lr": 0.1}}, indent=1), "json"
        )
        assert values(run, "train/loss") == [3, 2]
        assert epochs(run, "val/loss") == [1, 2]
        assert run.segments[0].series["val/loss"].line.tolist() == [8, 9]

    def test_keys_that_are_epochs(self) -> None:
        run = parse('{"mAP_by_epoch": {"2": 0.5, "3": 0.4, "10": 0.3}}', "json")
        assert epochs(run, "val/map") == [2, 3, 10]

    def test_a_list_of_epochs(self) -> None:
        run = parse('[{"epoch": 0, "loss": 2.0, "val_acc": 0.1}, {"epoch": 1, "loss": 1.0, "val_acc": 0.2}]', "json")
        assert epochs(run, "train/loss") == [1, 2]

    def test_first_best_and_last_values(self) -> None:
        run = parse(
            json.dumps(
                {
                    "a_result": {
                        "epochs_done": 9,
                        "acc_first": 0.1,
                        "acc_best": 0.6,
                        "acc_best_row": 4,
                        "acc_last": 0.5,
                    },
                    "b_result": {"f1_first": 0.2, "f1_best": 0.3, "f1_last": 0.3, "failed": "no disk", "nan_lines": 2},
                    "c_result": {"first": 0.3, "best": 0.5, "last": 0.4},
                }
            ),
            "json",
        )
        assert [segment.name for segment in run.segments] == ["a", "b", "c"]
        assert (values(run, "val/accuracy"), epochs(run, "val/accuracy")) == ([0.1, 0.6, 0.5], [1, 4, 9])
        assert values(run, "val/f1", 1) == [0.2, 0.3]
        assert {event.kind for event in run.segments[1].events} == {"error_line", "nan_reported"}
        assert values(run, "val/score", 2) == [0.3, 0.5, 0.4]

    def test_experiments_of_a_list(self) -> None:
        run = parse(
            json.dumps(
                {
                    "best_result": {"name": "b", "best_val_accuracy": 0.5},
                    "all_results": [
                        {"name": "a", "hyperparameters": {"lr": 1, "gamma": 2}, "best_val_accuracy": 0},
                        {"name": "b", "hyperparameters": {"lr": 2}, "final_train_loss": math.inf},
                    ],
                }
            ),
            "json",
        )
        assert [segment.name for segment in run.segments] == ["a", "b"]
        assert run.segments[1].facts["lr"].value == 2
        assert "gamma" not in run.segments[1].config.settings
        assert events(run, "best_summary")[0].fields["value"] == 0
        assert events(run, "metric_summary")[0].fields["value"] == math.inf

    def test_a_document_that_is_cut(self) -> None:
        run = parse('{"loss": [3, 2, 1], "val_loss": [4, 3', "json")
        assert values(run, "val/loss") == [4, 3]
        assert events(run, "warning")


class TestText:
    def test_metrics_below_the_line_of_their_epoch(self) -> None:
        head = "2024-01-01 10:{:02d}:00,5 - app.trainer - INFO - "
        run = parse(
            "".join(
                head.format(epoch) + line + "\n"
                for epoch in (1, 2, 3)
                for line in (
                    f"Epoch   {epoch} | Batch   25/50 | Loss: 1.{epoch} | LR: 0.001000",
                    f"Epoch   {epoch} Results:",
                    f"  Train Loss: 0.{epoch}",
                    f"  Val Char Acc:   3{epoch}.5%",
                )
            ),
            "text",
        )
        assert values(run, "train/loss") == [0.1, 0.2, 0.3]
        assert values(run, "train/loss_step") == [1.1, 1.2, 1.3]
        assert run.segments[0].series["train/loss_step"].step.tolist() == [25, 75, 125]
        assert values(run, "val/char_acc") == [31.5, 32.5, 33.5]
        assert values(run, "time/epoch") == [60, 60]
        assert run.segments[0].facts["steps_per_epoch"].value == 50

    def test_experiments_under_headings(self) -> None:
        run = parse(
            "INFO:root:Starting experiment: a\nINFO:root:Starting training for 2 epochs\nEpoch 1: loss 2.0\n"
            "Epoch 2: loss 1.0\nINFO:root:Training completed in 3 seconds\nINFO:root:Best character accuracy: 0.0000\n"
            "INFO:root:Starting experiment: b\n2024-01-01 10:00:00 - x - ERROR - Experiment b failed: no such preset\n"
            "INFO:root:Starting experiment: c\nEpoch 1: loss nan\n",
            "text",
        )
        assert [segment.name for segment in run.segments] == ["a", "b", "c"]
        assert run.segments[0].facts["planned_epochs"].value == 2
        assert "planned_epochs" not in run.segments[2].facts
        assert [event.kind for event in run.segments[0].events] == ["session_end", "best_summary"]
        assert [event.kind for event in run.segments[1].events] == ["error_line"]
        assert math.isnan(values(run, "train/loss", 2)[0])

    def test_losses_of_two_networks(self) -> None:
        run = parse(
            "generator loss at step 0: 0.61\ncritic loss at step 0: 0.72\ngenerator loss at step 100: 0.5\n", "text"
        )
        assert run.segments[0].series["train/generator_loss"].step.tolist() == [0, 100]

    @pytest.mark.parametrize(
        ("line", "name", "value", "epoch"),
        [
            ("Epoch [{e}/9], Step [10/50], Loss: 0.5", "train/loss", 0.5, 2),
            ("Epoch {e}/9 => loss: 0.5, val_loss: 0.25", "val/loss", 0.25, 2),
            ("epoch={e} train_loss=0.5 val_acc=12.5%", "val/accuracy", 12.5, 2),
            ("Epoch {e} of 9: 100%|███| 9/9 [00:01<00:00, 9.5it/s, loss=0.5]", "train/loss", 0.5, 2),
            ("Train Epoch: {e} [640/60000 (1%)]\tLoss: 0.5", "train/loss", 0.5, 2),
            ("{{'epoch': {e}, 'train_loss': 0.5}}", "train/loss", 0.5, 2),
            ("Epoch {e} | train loss 0.5, acc 0.75 | val loss 1.5, acc 0.25", "val/accuracy", 0.25, 2),
            ("2024/01/02 10:00:00 | INFO | valid | epoch 00{e} | loss 0.5 | ppl 2.5", "val/ppl", 2.5, 2),
            ("[{e}]\ttrain-rmse:0.5\teval-rmse:0.25", "val/rmse", 0.25, math.nan),
        ],
    )
    def test_spellings(self, line: str, name: str, value: float, epoch: float) -> None:
        run = parse("".join(line.format(e=number) + "\n" for number in (1, 2)), "text")
        assert values(run, name)[-1] == value
        found = epochs(run, name)[-1]
        assert found == epoch or (math.isnan(found) and math.isnan(epoch))

    @pytest.mark.parametrize(
        "line",
        [
            "GET https://example.org/list?p=0&loss=1",
            "/venv/keras/losses.py:31: the name is deprecated",
            "it deserves a good score 7",
            "    (drop): Dropout(p=0.3, inplace=False)",
            "    accuracy                           0.81      1200",
            "   macro avg       0.80      0.81      0.80      1200",
        ],
    )
    def test_what_only_looks_like_a_metric(self, line: str) -> None:
        run = parse(f"Epoch 1 loss: 0.5\n{line}\nEpoch 2 loss: 0.4\n{line}\n", "text")
        assert list(run.segments[0].series) == ["train/loss"]

    def test_a_counter_at_its_end_has_stopped_the_run(self) -> None:
        run = parse(
            "Epoch 1 loss: 0.5\nEarlyStopping counter: 1 out of 2\n"
            "Epoch 2 loss: 0.4\nEarlyStopping counter: 2 out of 2\n",
            "text",
        )
        assert len(events(run, "checkpoint_not_improved")) == 2
        assert [event.fields["epoch"] for event in events(run, "early_stop")] == [2]

    def test_names_of_boards_and_camels(self) -> None:
        run = parse("epoch=1 TrainLoss=0.5 ValLoss=0.75\nepoch=2 TrainLoss=0.25 ValLoss=0.5\n", "text")
        assert values(run, "val/loss") == [0.75, 0.5]
        assert canonical("Accuracy/Val_Gate") == "val/accuracy_gate"
        assert canonical("Loss/Train_Epoch") == "train/loss"

    def test_thousands_of_parameters(self) -> None:
        run = parse("Epoch 1 loss: 0.5\nTotal params: 3,004,800 (11.4 MB)\nEpoch 2 loss: 0.4\n", "text")
        assert run.segments[0].facts["total_params"].value == 3004800

    def test_split_and_fraction_of_a_test(self) -> None:
        lines = "Train Epoch: {0} [0/600 (0%)]\tLoss: 2.5\nTest set: Average loss: 0.5, Accuracy: 95/100 (95%)\n"
        run = parse(lines.format(1) + lines.format(2), "text")
        assert values(run, "test/accuracy") == [0.95, 0.95]
        assert run.segments[0].facts["train_samples"].value == 600

    def test_what_scripts_say(self) -> None:
        run = parse(
            "Batch size: 32\nDevice: cpu\nEpoch: 1 \tTraining Loss: 0.5\n"
            "Validation loss decreased (inf --> 0.413).  Saving model ...\n"
            "Epoch: 2 \tTraining Loss: 0.4\nEarlyStopping counter: 1 out of 5\nEarly stopping triggered at epoch 2\n"
            "Loaded best model from epoch 1\nBest val loss: 0.413 at epoch 1\n",
            "text",
        )
        assert [event.kind for event in run.segments[0].events] == [
            "checkpoint",
            "checkpoint_not_improved",
            "early_stop",
            "weights_restored",
            "best_summary",
        ]
        facts = run.segments[0].facts
        assert (facts["batch_size"].value, facts["device"].value, facts["patience"].value) == (32, "cpu", 5)

    def test_where_a_traceback_ends_and_how_far_lines_follow_it(self) -> None:
        text = (
            "Epoch 1 loss: 0.5\nEpoch 2 loss: 0.4\nEpoch 3 loss: 0.3\nTraceback (most recent call last):\n"
            '  File "check.py", line 3, in main\n    step()\nValueError: of no shape\n' + "[note] next check\n" * 50
        )
        run = parse(text, "text")
        (event,) = events(run, "traceback")
        assert (event.place.line, event.fields["ends"]) == (4, 7)
        assert run.segments[-1].last_line == 57

    def test_a_traceback_without_its_first_line(self) -> None:
        run = parse(
            '_rnn.py", line 1, in forward\n    x = f(x)\n  File "/a/b/c.py", line 2, in f\n    g()\n'
            '  File "/a/b/d.py", line 9, in g\n    assert x\nAssertionError: width must be even\n'
            "Training completed! Bye\n",
            "text",
        )
        (event,) = events(run, "traceback")
        assert event.fields == {"error": "AssertionError", "message": "width must be even"}
        assert not events(run, "session_end")


@pytest.mark.parametrize("module", [generic_csv, keras_csv])
def test_a_table_without_a_row_as_long_as_its_header_is_survived(module: ModuleType) -> None:
    source = from_bytes("x", b" ,epoch,loss\n1,1.31\n2,1.07\n3,0.93\n4,0.9\n")
    build = RunBuilder("x", module.NAME)
    module.read(source, build)
    assert not build.finish().segments


@settings(max_examples=200)
@given(st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject) -> None:
    module = data.draw(st.sampled_from([generic_csv, generic_json, generic_jsonl, generic_text]))
    text = data.draw(st.sampled_from(module.SAMPLES)).encode()
    at = data.draw(st.integers(0, len(text)))
    broken = b" " + text[:at] + data.draw(st.binary(max_size=9)) + text[at + data.draw(st.integers(0, 20)) :]
    module.sniff(Head("x", broken))
    module.read(from_bytes("x", broken), RunBuilder("x", module.NAME))


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    for module in (generic_csv, generic_json, generic_jsonl, generic_text):
        data = b" " + text.encode("utf-8", "replace")
        module.sniff(Head("x", data))
        module.read(from_bytes("x", data), RunBuilder("x", module.NAME))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the corpus")
class TestCorpus:
    def test_python_logging_of_seven_experiments(self) -> None:
        run = read(open_source(CORPUS / "seeds_origin/d/digits/hyperparameter_tuning_20250624_113236.log"))
        assert run is not None
        assert len(run.segments) == 7
        assert run.segments[4].name == "ctc_alignment_free"
        assert [event.kind for event in run.segments[4].events] == ["error_line"]
        assert all(event.fields["value"] == 0 for event in events(run, "best_summary"))

    def test_a_night_between_two_epochs(self) -> None:
        run = read(open_source(CORPUS / "seeds_origin/d/full_text/best_config_training_20250625_004627.log"))
        assert run is not None
        assert max(values(run, "time/epoch")) > 6 * 3600
        assert run.segments[0].facts["planned_epochs"].value == 50
        assert run.segments[0].epochs == 14

    def test_dicts_after_many_data_frames(self) -> None:
        run = read(open_source(CORPUS / "keras/gabor_gender_ethnicity_python_logging_dicts.log"))
        assert run is not None
        assert [len(segment.series["val/accuracy"]) for segment in run.segments] == [80, 80, 80]

    @pytest.mark.parametrize("path", sorted(CORPUS.glob("config_pairs/*/pair.json")), ids=lambda path: path.parent.name)
    def test_descriptions_of_pairs(self, path: Path) -> None:
        run = read(open_source(path))
        assert run is not None
        assert [segment.name for segment in run.segments] == ["baseline", "changed"]
