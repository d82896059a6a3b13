"""What was expected and what happened: no row against the findings, none beyond what the numbers can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.api.reporter import Reporter
from diagnose.api.session import Request
from diagnose.model.story import Chapter, Expectation

STAGES = """\
[LOG] FOLD 1/1
STAGE 1: frozen (30 epochs)
Epoch 1/30 - 3.1s - loss: 1.9000 - val_loss: 1.9100 - val_kappa: 0.1000
Epoch 2/30 - 3.1s - loss: 1.8000 - val_loss: 1.8500 - val_kappa: 0.1500
STAGE 2: all layers (20 epochs)
  Goal: tune
Epoch 7: early stopping
Restoring model weights from the end of the best epoch: 3.
====
  Stage 1 (frozen):    Kappa 0.1500
  No improvement from tuning (kept stage 1)
Cohen's Kappa: 0.2500
Accuracy: 51.5%
Elapsed: 30.5
accuracy   0.51   400
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def chapter(path: str, baseline: str | None = None) -> Chapter:
    (found,) = Reporter(Request(paths=(path,), isolated=True)).run(baseline=baseline).chapters
    return found


def row(told: Chapter, what: str) -> Expectation:
    (found,) = (one for one in told.expectations if what in one.what)
    return found


def table(name: str, losses: list[float], scores: list[float]) -> str:
    rows = [f"{at},{loss},{score}" for at, (loss, score) in enumerate(zip(losses, scores, strict=True), 1)]
    Path(name).write_text("\n".join(["epoch,loss,val_accuracy", *rows]) + "\n")
    return name


def test_a_loss_that_a_rule_calls_flat_is_not_as_expected() -> None:
    told = chapter(
        table("flat.csv", [1.0 - 1e-5 * at for at in range(40)], [0.1 + 0.001 * (at % 3) for at in range(40)])
    )

    (number,) = (number for number, finding in told.findings if finding.name == "loss-plateau")
    assert row(told, "training loss").verdict != "as expected"
    assert f"see finding {number} (loss-plateau)" in row(told, "training loss").happened


def test_a_hair_between_few_records_tells_nothing() -> None:
    for last in (0.2461, 0.2499):
        told = chapter(table("few.csv", [0.2488, 0.2475, last], [0.5, 0.6, 0.7]))
        assert row(told, "training loss").verdict == "cannot be told"


def test_a_loss_that_falls_is_as_expected() -> None:
    told = chapter(table("good.csv", [2 * 0.95**at for at in range(40)], [0.9 - 0.8 * 0.9**at for at in range(40)]))

    assert row(told, "training loss").verdict == "as expected"
    assert any("no NaN in 40 records" in one.text for one in told.summary)


def test_a_last_score_within_the_scatter_is_as_good_as_the_best() -> None:
    scores = [0.9 - 0.8 * 0.8**at + 0.02 * (-1) ** at for at in range(40)]
    told = chapter(table("noisy.csv", [2 * 0.95**at for at in range(40)], scores))

    assert "no more than it moves" in row(told, "last val_accuracy").happened
    assert row(told, "last val_accuracy").verdict == "as expected"


def test_a_short_run_is_compared_at_equal_epochs() -> None:
    table("long.csv", [2 * 0.95**at for at in range(40)], [0.9 - 0.8 * 0.95**at for at in range(40)])
    table("short.csv", [2 * 0.93**at for at in range(10)], [0.9 - 0.8 * 0.93**at for at in range(10)])
    told = chapter("short.csv", "long.csv")

    assert row(told, "by epoch 10 against the baseline").verdict == "better"
    (whole,) = (one for one in told.expectations if one.what.endswith("val_accuracy against the baseline"))
    assert whole.verdict == "cannot be told"
    (said,) = (one.text for one in told.summary if "the baseline's" in one.text)
    assert "worse than the baseline's" in said
    assert "by epoch 10, where the shorter of the two ends, it is better than it" in said


@pytest.mark.parametrize(
    ("optimizer", "warm", "verdict", "said"),
    [
        ("auto", 3.0, "cannot be told", ""),
        ("SGD", 5.0, "cannot be told", "still within the warm-up of 5 epochs"),
        ("SGD", 0.0, "differs", ""),
    ],
)
def test_a_rate_is_judged_after_its_warm_up_and_only_if_it_is_ours(
    folder: Path, optimizer: str, warm: float, verdict: str, said: str
) -> None:
    head = "epoch,time,train/box_loss,train/cls_loss,train/dfl_loss,metrics/mAP50(B),metrics/mAP50-95(B)"
    head += ",val/box_loss,lr/pg0"
    rates = (0.001, 0.0022, 0.0022)
    rows = [f"{at},{60 * at},{2 - 0.1 * at},1.5,1.2,{0.1 * at},{0.05 * at},2.1,{lr}" for at, lr in enumerate(rates, 1)]
    Path("results.csv").write_text("\n".join([head, *rows]) + "\n")
    Path("args.yaml").write_text(
        f"task: detect\nmode: train\nmodel: yolov8n.pt\nepochs: 3\noptimizer: {optimizer}\nlr0: 0.01\n"
        f"lrf: 0.01\nwarmup_epochs: {warm}\nbox: 7.5\ncls: 0.5\ndfl: 1.5\n"
    )
    rate = row(chapter("."), "learning rate")

    assert rate.verdict == verdict
    assert said in rate.happened


def test_a_stage_begins_at_its_title_and_the_log_states_its_own_result() -> None:
    Path("run.log").write_text(STAGES)
    told = chapter("run.log")

    begun = [moment for moment in told.timeline if moment.kind == "start"]
    assert [moment.place.line for moment in begun] == [2, 5]
    assert [moment.what.rpartition(" ")[2] for moment in begun] == ["begins", "begins"]
    assert any(moment.place.line == 7 and "early stopping" in moment.what for moment in told.timeline)
    (said,) = (one for one in told.summary if one.text.startswith("After its last fit"))
    for text in ("Stage 1 (frozen): Kappa 0.1500", "No improvement from tuning", "Cohen's Kappa: 0.2500", "51.5%"):
        assert text in said.text
    assert "Elapsed" not in said.text
    assert "400" not in said.text
    assert [place.line for place in said.places] == [10, 11, 12, 13]
